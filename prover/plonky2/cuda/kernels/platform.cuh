// What a kernel needs of its compiler. nvcc makes kernels of these sources; any C++17 compiler makes the same program for
// the processor of them, through emulation/: for tests, not for speed.
#pragma once
#include <cstddef>
#include <cstdint>

typedef uint64_t u64;
typedef uint32_t u32;

#ifdef __CUDACC__
#include <cuda_runtime.h>

#define KERNELS ashlar_cuda // a namespace for each: both may be linked into one program
#define DEVICE __device__ __forceinline__
#define UNROLL _Pragma("unroll")
#define KEEP_ROLLED _Pragma("unroll 1")
// Threads of a block wait for each other.
#define BARRIER() __syncthreads()
// The dynamic shared memory of a block, whose bytes the launch names.
#define SHARED_ARRAY(type, name)                                   \
    extern __shared__ __align__(16) unsigned char dynamic_shared[]; \
    type* const name = reinterpret_cast<type*>(dynamic_shared)
#define LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
    kernel<<<grid, block, shared_bytes, stream>>>(__VA_ARGS__)
#define ENTRY_NAME(name) ashlar_cuda_##name
#else
#include "emulation.hpp"

#define KERNELS ashlar_emulated
#define DEVICE inline
#define UNROLL
#define KEEP_ROLLED
#define BARRIER() emulation::barrier(__FILE__, __LINE__)
#define SHARED_ARRAY(type, name) type* const name = static_cast<type*>(emulation::shared())
#define LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
    emulation::launch(grid, block, shared_bytes, stream, [&] { kernel(__VA_ARGS__); })
#define ENTRY_NAME(name) ashlar_emulated_##name
#endif

// What the Rust side calls. Launchers return what the runtime says of the launch, and throw nothing.
#define ENTRY(name) extern "C" int ENTRY_NAME(name)
#define LAUNCHED() ((int)cudaGetLastError())

namespace KERNELS {
const unsigned BLOCK = 256; // threads, where nothing speaks for another number

// Blocks for so many threads.
inline unsigned blocks(size_t threads, unsigned block = BLOCK)
{
    return (unsigned)((threads + block - 1) / block);
}

// The number of this thread in the first dimension of the grid.
DEVICE size_t thread_number() { return (size_t)blockIdx.x * blockDim.x + threadIdx.x; }

// The lowest `bits` of n in reverse order.
DEVICE u32 reverse_bits(u32 n, u32 bits)
{
#ifdef __CUDA_ARCH__
    return bits == 0 ? 0 : __brev(n) >> (32 - bits);
#else
    u32 reversed = 0;
    for (u32 i = 0; i < bits; i++) reversed |= (n >> i & 1) << (bits - 1 - i);
    return reversed;
#endif
}
} // namespace KERNELS
