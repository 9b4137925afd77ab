// Powers of elements of the extension, and polynomials at them.
#include "goldilocks.cuh"

namespace KERNELS {
// [proof][exponent]
__global__ void powers(const Fp2* bases, Fp2* out, size_t count)
{
    const size_t exponent = thread_number();
    if (exponent >= count) return;
    out[blockIdx.y * count + exponent] = power(bases[blockIdx.y], (u32)exponent);
}

// A block for each polynomial of each proof. `stride` is from a proof's polynomials to the next's: 0 for those of the
// circuit. The results of a proof go to `width` elements from `first` on.
__global__ void evaluate(const Fp* polynomials, size_t stride, size_t length, const Fp2* powers, Fp2* out, u32 width,
                         u32 first)
{
    SHARED_ARRAY(Fp2, sums);
    const Fp* const polynomial = polynomials + blockIdx.y * stride + blockIdx.x * length;
    const Fp2* const at = powers + blockIdx.y * length;
    Fp2 sum = extension_zero();
    for (size_t i = threadIdx.x; i < length; i += blockDim.x) sum = sum + at[i] * polynomial[i];
    sums[threadIdx.x] = sum;
    for (u32 half = blockDim.x / 2; half > 0; half /= 2) { // of a power of two
        BARRIER();
        if (threadIdx.x < half) sums[threadIdx.x] = sums[threadIdx.x] + sums[threadIdx.x + half];
    }
    if (threadIdx.x == 0) out[blockIdx.y * width + first + blockIdx.x] = sums[0];
}
} // namespace KERNELS

using namespace KERNELS;

ENTRY(powers)(cudaStream_t stream, u32 batch, const Fp2* bases, Fp2* out, size_t count)
{
    LAUNCH(powers, dim3(blocks(count), batch), BLOCK, 0, stream, bases, out, count);
    return LAUNCHED();
}

ENTRY(evaluate)(cudaStream_t stream, u32 batch, u32 count, const Fp* polynomials, size_t stride, size_t length,
                const Fp2* powers, Fp2* out, u32 width, u32 first)
{
    LAUNCH(evaluate, dim3(count, batch), BLOCK, BLOCK * sizeof(Fp2), stream, polynomials, stride, length, powers, out,
           width, first);
    return LAUNCHED();
}
