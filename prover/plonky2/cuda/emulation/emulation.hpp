// The CUDA runtime and its launches on the processor, as far as the kernels use them. One block after another, and the
// threads of a block as fibers that change places at a barrier.
//
// Stricter than a card, so that a test fails where a card might: memory and shared memory hold garbage at first; words
// around every allocation must stay what they are; every thread of a block comes to the same barrier; between barriers the
// threads run forwards in one phase, block or launch and backwards in the next, so that no result hangs on their order.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>

#define __global__ static
#define __device__
#define __host__
#define __constant__ static
#define __launch_bounds__(...)

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

namespace emulation {
// Waits for all threads of the block.
void barrier(const char* file, int line);

// The dynamic shared memory of this block.
void* shared();

// Runs a kernel. Its faults are what cudaGetLastError says next.
void launch(dim3 grid, dim3 block, size_t shared_bytes, void* stream, const std::function<void()>& kernel);
} // namespace emulation

extern thread_local dim3 threadIdx, blockIdx, blockDim, gridDim;

typedef int cudaError_t;
enum { cudaErrorInvalidValue = 1 };
typedef void* cudaStream_t;

enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2, cudaMemcpyDeviceToDevice = 3 };
enum { cudaDevAttrComputeCapabilityMajor = 75, cudaDevAttrComputeCapabilityMinor = 76 };

cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaDeviceGetAttribute(int* value, int attribute, int device);
cudaError_t cudaMemGetInfo(size_t* free, size_t* total);
cudaError_t cudaMalloc(void** pointer, size_t bytes);
cudaError_t cudaFree(void* pointer);
cudaError_t cudaStreamCreate(cudaStream_t* stream);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t cudaGetLastError();
const char* cudaGetErrorName(cudaError_t status);
const char* cudaGetErrorString(cudaError_t status);

inline unsigned long long atomicMin(unsigned long long* address, unsigned long long value)
{
    unsigned long long old = *address;
    if (value < old) *address = value;
    return old;
}
