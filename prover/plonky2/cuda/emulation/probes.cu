// Kernels with faults: what the emulation is to notice.
#include "../kernels/platform.cuh"

namespace KERNELS {
__global__ void misses_a_barrier()
{
    if (threadIdx.x != 3) BARRIER();
}

__global__ void comes_to_two_barriers()
{
    if (threadIdx.x % 2 == 0) {
        BARRIER();
    } else {
        BARRIER();
    }
}

__global__ void writes_beyond(u64* out, size_t count) { out[count] = 1; }

__global__ void writes_before(u64* out) { out[-1] = 1; }

__global__ void writes_beyond_shared(size_t count)
{
    SHARED_ARRAY(u64, shared);
    shared[count] = 1;
}

// The sum of a block's thread numbers, for each thread by another way through shared memory.
__global__ void adds_up(u64* out)
{
    SHARED_ARRAY(u64, shared);
    shared[threadIdx.x] = threadIdx.x;
    for (unsigned step = 1; step < blockDim.x; step *= 2) {
        BARRIER();
        u64 other = shared[(threadIdx.x + step) % blockDim.x];
        BARRIER();
        shared[threadIdx.x] += other;
    }
    out[thread_number()] = shared[threadIdx.x];
}

// The same without the barriers: right for threads that run forwards, were it not for the garbage.
__global__ void races(u64* out)
{
    SHARED_ARRAY(u64, shared);
    shared[threadIdx.x] = threadIdx.x == 0 ? 0 : shared[threadIdx.x - 1] + threadIdx.x;
    out[thread_number()] = shared[threadIdx.x];
}
} // namespace KERNELS

using namespace KERNELS;

extern "C" int ashlar_emulation_probe(int probe, u64* out, size_t count, unsigned threads, unsigned grid)
{
    const size_t shared_bytes = threads * sizeof(u64);
    switch (probe) {
    case 0: LAUNCH(misses_a_barrier, grid, threads, shared_bytes, nullptr); break;
    case 1: LAUNCH(comes_to_two_barriers, grid, threads, shared_bytes, nullptr); break;
    case 2: LAUNCH(writes_beyond, grid, threads, shared_bytes, nullptr, out, count); break;
    case 3: LAUNCH(writes_before, grid, threads, shared_bytes, nullptr, out); break;
    case 4: LAUNCH(writes_beyond_shared, grid, threads, shared_bytes, nullptr, threads); break;
    case 5: LAUNCH(adds_up, grid, threads, shared_bytes, nullptr, out); break;
    case 6: LAUNCH(races, grid, threads, shared_bytes, nullptr, out); break;
    case 7: LAUNCH(adds_up, grid, threads, 1 << 20, nullptr, out); break;
    }
    return LAUNCHED();
}
