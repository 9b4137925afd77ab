// Columns as they are.
#include "goldilocks.cuh"

namespace KERNELS {
// The first `taken` of each `length` elements.
__global__ void take(const Fp* from, size_t length, size_t taken, Fp* to)
{
    const size_t i = thread_number();
    if (i < taken) to[blockIdx.y * taken + i] = from[blockIdx.y * length + i];
}
} // namespace KERNELS

using namespace KERNELS;

ENTRY(take)(cudaStream_t stream, const Fp* from, u32 count, size_t length, size_t taken, Fp* to)
{
    LAUNCH(take, dim3(blocks(taken), count), BLOCK, 0, stream, from, length, taken, to);
    return LAUNCHED();
}
