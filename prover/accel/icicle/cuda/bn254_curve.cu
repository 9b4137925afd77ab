// Points and scalars of BN254: conversions, comparison, random values. ICICLE 1.3.0's symbols.
#include <cuda.h>
#include <ff/alt_bn128.hpp>
using namespace alt_bn128;
#include <ec/jacobian_t.hpp>
#include <ec/xyzz_t.hpp>
#include <util/exception.cuh>
#include <util/gpu_t.cuh>
#include "convert.hpp"

// Into Montgomery form or out of it, in place.
template<class F> __launch_bounds__(256) __global__
void convert_montgomery(F* data, size_t count, bool into)
{
#ifdef __CUDA_ARCH__
    const size_t threads = (size_t)gridDim.x * blockDim.x;
    for (size_t i = threadIdx.x + (size_t)blockIdx.x * blockDim.x; i < count; i += threads) {
        F value = data[i];
        if (into) value.to();
        else value.from();
        data[i] = value;
    }
#endif
}

// In the device pass too, where the host code below is not compiled: without these lines there are no kernels.
template __global__ void convert_montgomery<fr_t>(fr_t*, size_t, bool);
template __global__ void convert_montgomery<fp_t>(fp_t*, size_t, bool);

#ifndef __CUDA_ARCH__
#include <algorithm>
#include <random>
#include <sys/random.h>
#include "bn254_host.hpp"
#include "guard.hpp"

template<class F> static void launch_convert(void* device_data, size_t count, bool into, cudaStream_t stream)
{
    if (count == 0) return;
    const unsigned blocks = (unsigned)std::min<size_t>((count + 255) / 256, 65535);
    convert_montgomery<F><<<blocks, 256, 0, stream>>>((F*)device_data, count, into);
    CUDA_OK(cudaGetLastError());
}

void convert_base_elements(void* device_data, size_t count, bool into, cudaStream_t stream)
{
    launch_convert<fp_t>(device_data, count, into, stream);
}

// `data` may be on the device or on the host: ICICLE's wrapper passes either and does not say which.
template<class F> static cudaError_t convert(void* data, size_t count, bool into, const icicle::DeviceContext* context)
{
    return guarded([&] {
        const gpu_t& gpu = gpu_of(context->device_id);
        stream_t& stream = gpu;
        chain(*context->stream, stream);
        cudaPointerAttributes attributes;
        CUDA_OK(cudaPointerGetAttributes(&attributes, data));
        if (attributes.type == cudaMemoryTypeDevice || attributes.type == cudaMemoryTypeManaged) {
            launch_convert<F>(data, count, into, stream);
        } else {
            dev_ptr_t<F> copy{count, stream};
            stream.HtoD(copy.data(), data, count);
            launch_convert<F>(copy.data(), count, into, stream);
            stream.DtoH((F*)data, copy.data(), count);
        }
        stream.sync();
    });
}

extern "C" cudaError_t bn254ScalarConvertMontgomery(void* scalars, size_t count, bool into, const icicle::DeviceContext* context)
{
    return convert<fr_t>(scalars, count, into, context);
}

extern "C" cudaError_t bn254AffineConvertMontgomery(void* points, size_t count, bool into, const icicle::DeviceContext* context)
{
    return convert<fp_t>(points, 2 * count, into, context);
}

extern "C" cudaError_t bn254ProjectiveConvertMontgomery(void* points, size_t count, bool into, const icicle::DeviceContext* context)
{
    return convert<fp_t>(points, 3 * count, into, context);
}

static bool is_no_point(const icicle::Projective& p)
{
    return is_zero(p.x) && is_zero(p.y) && is_zero(p.z);
}

extern "C" bool bn254Eq(const icicle::Projective* a, const icicle::Projective* b)
{
    if (is_no_point(*a) || is_no_point(*b)) return false;
    const fp_t az = load_base(a->z), bz = load_base(b->z);
    return load_base(a->x) * bz == load_base(b->x) * az && load_base(a->y) * bz == load_base(b->y) * az;
}

extern "C" void bn254ToAffine(const icicle::Projective* point, icicle::Affine* out)
{
    *out = {};
    if (is_zero(point->z)) return;
    const fp_t inverse = load_base(point->z).reciprocal();
    out->x = store_base(load_base(point->x) * inverse);
    out->y = store_base(load_base(point->y) * inverse);
}

// Random values are for tests: uniform, not secret.
// Not std::random_device: where the C++ library is linked in, that one needs glibc 2.36.
static uint64_t random_seed()
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed) seed = 1; // the same values every time will do too
    return seed;
}

static icicle::Words random_scalar()
{
    static thread_local std::mt19937_64 generator{random_seed()};
    static const icicle::Words order = {{0x43e1f593f0000001u, 0x2833e84879b97091u, 0xb85045b68181585du, 0x30644e72e131a029u}};
    for (;;) {
        icicle::Words draw;
        for (uint64_t& word : draw.words) word = generator();
        draw.words[3] >>= 2;
        for (int i = 3; i >= 0; i--) {
            if (draw.words[i] < order.words[i]) return draw;
            if (draw.words[i] > order.words[i]) break;
        }
    }
}

static icicle::Projective random_point()
{
    typedef jacobian_t<fp_t> Jacobian;
    const Jacobian::affine_t generator{load_base({{1, 0, 0, 0}}), load_base({{2, 0, 0, 0}})};
    const icicle::Words scalar = random_scalar();
    Jacobian sum;
    sum.inf();
    for (int bit = 253; bit >= 0; bit--) {
        sum.dbl();
        if (scalar.words[bit / 64] >> (bit % 64) & 1) sum.add(generator);
    }
    static_assert(sizeof sum == 3 * sizeof(fp_t), "X, Y and Z");
    fp_t coordinates[3];
    std::memcpy((void*)coordinates, (const void*)&sum, sizeof sum);
    return to_projective(coordinates[0], coordinates[1], coordinates[2]);
}

// A multiplication is slow on the host: after so many points the same ones come again.
static const size_t DISTINCT_RANDOM_POINTS = 100;

extern "C" void bn254GenerateScalars(icicle::Words* out, size_t count)
{
    for (size_t i = 0; i < count; i++) out[i] = random_scalar();
}

extern "C" void bn254GenerateProjectivePoints(icicle::Projective* out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = i < DISTINCT_RANDOM_POINTS ? random_point() : out[i - DISTINCT_RANDOM_POINTS];
}

extern "C" void bn254GenerateAffinePoints(icicle::Affine* out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i < DISTINCT_RANDOM_POINTS) {
            const icicle::Projective point = random_point();
            bn254ToAffine(&point, out + i);
        } else {
            out[i] = out[i - DISTINCT_RANDOM_POINTS];
        }
    }
}

// For the tests of the host side: how the MSM writes its results.
extern "C" void ashlar_bn254_to_projective(const icicle::Words montgomery_jacobian[3], icicle::Projective* out)
{
    fp_t coordinates[3];
    std::memcpy((void*)coordinates, montgomery_jacobian, sizeof coordinates);
    *out = to_projective(coordinates[0], coordinates[1], coordinates[2]);
}
#endif
