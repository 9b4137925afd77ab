// Transforms over BN254's scalar field by sppark. ICICLE 1.3.0's symbols.
#include <ff/alt_bn128.hpp>
using namespace alt_bn128;
#ifndef __CUDA_ARCH__
// sppark's own tables hold the powers of 5^t, halo2's root is 7^t: these take their place, filled by
// bn254InitializeDomain from the caller's root. FEATURE_BN254 stays undefined, or sppark would define them too.
static const int MAX_LOG_SIZE = 28;
static fr_t group_gen, group_gen_inverse;
static fr_t forward_roots_of_unity[MAX_LOG_SIZE + 1];
static fr_t inverse_roots_of_unity[MAX_LOG_SIZE + 1];
static fr_t domain_size_inverse[MAX_LOG_SIZE + 1];
#endif
#define MAX_LG_DOMAIN_SIZE 28
#define ASHLAR_FIELD bn254
#include "ntt_of_field.cuh"
#include "coset.cuh"

// In the device pass too, where the host code below is not compiled.
template __global__ void scale_by_powers<fr_t>(fr_t*, const fr_t, uint32_t, bool);

#ifndef __CUDA_ARCH__
#include <mutex>
#include "guard.hpp"
#include "icicle_abi.hpp"

static std::mutex domain_lock;
static int domain_log_size = -1; // -1: no domain yet

static fr_t load_scalar(const icicle::Words& canonical)
{
    fr_t value;
    std::memcpy((void*)&value, &canonical, sizeof canonical);
    value.to();
    return value;
}

// log2 of the order of `root`, -1 when that is no power of two up to 2^28.
static int log_order(fr_t root)
{
    for (int log = 0; log <= MAX_LOG_SIZE; log++) {
        if (root.is_one()) return log;
        root = root * root;
    }
    return -1;
}

// A root of order 2^28 whose power is `root`, of order 2^log.
static fr_t extend_root(const fr_t& root, int log)
{
    static const icicle::Words FIVE_TO_T = {{0x9bd61b6e725b19f0u, 0x402d111e41112ed4u, 0x00e0a7eb8ef62abcu, 0x2a3c09f0a58a7e85u}};
    fr_t powers[MAX_LOG_SIZE + 1]; // powers[k] has order 2^k
    powers[MAX_LOG_SIZE] = load_scalar(FIVE_TO_T);
    for (int k = MAX_LOG_SIZE; k > 0; k--) powers[k - 1] = powers[k] * powers[k];
    // The logarithm of `root` to the base powers[log], bit by bit from the lowest.
    uint32_t logarithm = 0;
    fr_t rest = root;
    for (int bit = 0; bit < log; bit++) {
        fr_t sign = rest;
        for (int i = 0; i < log - 1 - bit; i++) sign = sign * sign;
        if (!sign.is_one()) {
            logarithm |= 1u << bit;
            rest = rest * powers[log - bit].reciprocal();
        }
    }
    fr_t extended = fr_t::one(), square = powers[MAX_LOG_SIZE];
    for (uint32_t bits = log > 0 ? logarithm : 1; bits != 0; bits >>= 1, square = square * square)
        if (bits & 1) extended = extended * square;
    return extended;
}

static void fill_tables(const fr_t& root, int log)
{
    group_gen = load_scalar({{5, 0, 0, 0}}); // sppark's own cosets, which nobody asks for here
    group_gen_inverse = group_gen.reciprocal();
    forward_roots_of_unity[MAX_LOG_SIZE] = extend_root(root, log);
    inverse_roots_of_unity[MAX_LOG_SIZE] = forward_roots_of_unity[MAX_LOG_SIZE].reciprocal();
    for (int k = MAX_LOG_SIZE; k > 0; k--) {
        forward_roots_of_unity[k - 1] = forward_roots_of_unity[k] * forward_roots_of_unity[k];
        inverse_roots_of_unity[k - 1] = inverse_roots_of_unity[k] * inverse_roots_of_unity[k];
    }
    const fr_t half = load_scalar({{2, 0, 0, 0}}).reciprocal();
    domain_size_inverse[0] = fr_t::one();
    for (int k = 1; k <= MAX_LOG_SIZE; k++) domain_size_inverse[k] = domain_size_inverse[k - 1] * half;
}

// Transforms up to the order of `canonical_root` become possible. There is one family of roots per process, that of the
// first call; a root of another family is refused. (ICICLE 1.3.0 ignores later calls.) Touches no device.
extern "C" cudaError_t bn254InitializeDomain(icicle::Words canonical_root, const icicle::DeviceContext*)
{
    return guarded([&] {
        const fr_t root = load_scalar(canonical_root);
        const int log = log_order(root);
        require(log >= 0, cudaErrorInvalidValue);
        std::lock_guard<std::mutex> lock{domain_lock};
        if (domain_log_size < 0) fill_tables(root, log);
        require(forward_roots_of_unity[log] == root, cudaErrorInvalidValue);
        domain_log_size = std::max(domain_log_size, log);
    });
}

// For the tests of the host side: entry `log` of a table, canonical; false where there is none.
extern "C" bool ashlar_bn254_table_entry(int table, int log, icicle::Words* out)
{
    std::lock_guard<std::mutex> lock{domain_lock};
    if (domain_log_size < 0 || log < 0 || log > MAX_LOG_SIZE) return false;
    fr_t entry = table == 0 ? forward_roots_of_unity[log] : table == 1 ? inverse_roots_of_unity[log] : domain_size_inverse[log];
    entry.from();
    std::memcpy(out, (const void*)&entry, sizeof *out);
    return true;
}

namespace {
struct Transform : NTT { // its protected parts take a stream
    static void run(fr_t* data, uint32_t lg_size, icicle::Ordering ordering, bool inverse, stream_t& stream)
    {
        if (lg_size == 0) return;
        // sppark's own RR feeds reversed input to a kernel for natural input: go by RN and permute.
        const bool both_reversed = ordering == icicle::Ordering::ReversedReversed;
        const InputOutputOrder order = both_reversed ? InputOutputOrder::RN : (InputOutputOrder)ordering;
        NTT_internal(data, lg_size, order, inverse ? Direction::inverse : Direction::forward, Type::standard, stream);
        if (both_reversed) bit_rev(data, data, lg_size, stream);
    }
};
} // namespace

extern "C" cudaError_t bn254NTTCuda(const fr_t* input, int size, icicle::Direction direction,
                                    const icicle::NttConfig* config, fr_t* output)
{
    return guarded([&] {
        require(size > 0 && (size & (size - 1)) == 0, cudaErrorInvalidValue);
        uint32_t lg_size = 0;
        while (1 << lg_size < size) lg_size++;
        {
            std::lock_guard<std::mutex> lock{domain_lock};
            require((int)lg_size <= domain_log_size, cudaErrorInvalidValue); // no domain, or too small a one
        }
        const gpu_t& gpu = gpu_of(config->context.device_id);
        stream_t& stream = gpu;
        const cudaStream_t caller = *config->context.stream;
        chain(caller, stream);

        const size_t batch = config->batch_size > 0 ? (size_t)config->batch_size : 1;
        const size_t total = batch * (size_t)size;
        dev_ptr_t<fr_t> own{config->are_outputs_on_device ? 0 : total, stream};
        fr_t* data = config->are_outputs_on_device ? output : own.data();
        if (data != input) CUDA_OK(cudaMemcpyAsync(data, input, total * sizeof(fr_t), cudaMemcpyDefault, stream));

        const bool inverse = direction == icicle::Direction::Inverse;
        const bool reversed_input = config->ordering == icicle::Ordering::ReversedNatural
                                 || config->ordering == icicle::Ordering::ReversedReversed;
        const bool reversed_output = config->ordering == icicle::Ordering::NaturalReversed
                                  || config->ordering == icicle::Ordering::ReversedReversed;
        const fr_t shift = load_scalar(config->coset_generator);
        const bool coset = !shift.is_one();
        const fr_t factor = inverse ? fr_t{shift.reciprocal()} : shift;
        for (size_t i = 0; i < batch; i++, data += size) {
            if (coset && !inverse) launch_scale_by_powers(data, factor, lg_size, reversed_input, stream);
            Transform::run(data, lg_size, config->ordering, inverse, stream);
            if (coset && inverse) launch_scale_by_powers(data, factor, lg_size, reversed_output, stream);
        }
        if (config->are_outputs_on_device) {
            chain(stream, caller);
            if (!config->is_async) CUDA_OK(cudaStreamSynchronize(caller));
        } else {
            stream.DtoH(output, own.data(), total);
            stream.sync();
        }
    });
}
#endif
