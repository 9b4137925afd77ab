// Transforms over Goldilocks by sppark, with plonky2's generator and roots of unity.
#define FEATURE_GOLDILOCKS
#define GOLDILOCKS_PLONKY2
#include <ff/goldilocks.hpp>
#define ASHLAR_FIELD goldilocks
#include "ntt_of_field.cuh"
#include "coset.cuh"

// In the device pass too, where the host code below is not compiled.
template __global__ void scale_by_powers<fr_t>(fr_t*, const fr_t, uint32_t, bool);

#ifndef __CUDA_ARCH__
#include "guard.hpp"
#include "icicle_abi.hpp"

namespace {
struct Transform : NTT { // its protected parts take a stream
    static void run(fr_t* data, uint32_t lg_size, icicle::Ordering ordering, bool inverse, stream_t& stream)
    {
        if (lg_size == 0) return;
        NTT_internal(data, lg_size, (InputOutputOrder)ordering, inverse ? Direction::inverse : Direction::forward,
                     Type::standard, stream);
        CUDA_OK(cudaGetLastError()); // the launchers for narrow fields do not ask
    }
};
} // namespace

// `batch` transforms of 2^lg_size elements, from `input` to `output`, both on the device, in the order of the caller's
// stream. `factor` is the coset's shift, or its inverse for an inverse transform; 1 without a coset. Elements below the
// modulus.
extern "C" cudaError_t ashlar_goldilocks_ntt(const uint64_t* input, uint64_t* output, uint32_t lg_size, size_t batch,
                                             icicle::Ordering ordering, icicle::Direction direction, uint64_t factor,
                                             const icicle::DeviceContext* context)
{
    return guarded([&] {
        require(lg_size <= MAX_LG_DOMAIN_SIZE, cudaErrorInvalidValue);
        require(ordering != icicle::Ordering::ReversedReversed, cudaErrorNotSupported);
        const gpu_t& gpu = gpu_of(context->device_id);
        stream_t& stream = gpu;
        chain(*context->stream, stream);
        const size_t size = (size_t)1 << lg_size;
        CUDA_OK(cudaMemcpyAsync(output, input, batch * size * sizeof(fr_t), cudaMemcpyDeviceToDevice, stream));
        const bool inverse = direction == icicle::Direction::Inverse;
        const bool coset = factor != 1;
        fr_t* data = (fr_t*)output;
        for (size_t i = 0; i < batch; i++, data += size) {
            if (coset && !inverse)
                launch_scale_by_powers(data, fr_t(factor), lg_size, ordering == icicle::Ordering::ReversedNatural, stream);
            Transform::run(data, lg_size, ordering, inverse, stream);
            if (coset && inverse)
                launch_scale_by_powers(data, fr_t(factor), lg_size, ordering == icicle::Ordering::NaturalReversed, stream);
        }
        chain(stream, *context->stream);
    });
}
#endif
