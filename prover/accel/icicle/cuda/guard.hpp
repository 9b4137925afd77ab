// What every entry point shares: no exception leaves the library, errors stay apart, streams wait for each other.
// Host code only; include it after a header of sppark.
#pragma once
#include <cstring>
#include <new>
#include <util/gpu_t.cuh>

// A number that the caller's enumeration of CUDA errors is sure to know.
inline cudaError_t known_status(int status)
{
    const char* name = cudaGetErrorName((cudaError_t)status);
    const bool known = name != nullptr && std::strncmp(name, "cuda", 4) == 0;
    return known ? (cudaError_t)status : cudaErrorUnknown;
}

// sppark throws CUDA's errors negated; whatever else it throws is no CUDA error.
inline cudaError_t status_of(int sppark_code)
{
    return sppark_code < 0 ? known_status(-sppark_code) : cudaErrorUnknown;
}

[[noreturn]] inline void fail(cudaError_t status)
{
    throw cuda_error{-(int)status, cudaGetErrorString(status)};
}

inline void require(bool condition, cudaError_t otherwise)
{
    if (!condition) fail(otherwise);
}

// Runs the body of an entry point. The runtime keeps a thread's last error, and the check after its next launch of a
// kernel would find it: it is taken back here.
template<class Body> cudaError_t guarded(Body body) noexcept
{
    cudaError_t status = cudaErrorUnknown;
    try {
        body();
        return cudaSuccess;
    } catch (const cuda_error& error) {
        status = status_of(error.code());
    } catch (const std::bad_alloc&) {
        status = cudaErrorMemoryAllocation;
    } catch (...) {
    }
    (void)cudaGetLastError();
    return status;
}

// sppark's handle of a card, made the current one of this thread. sppark numbers only the cards that it can use, and
// does not check the number: look the CUDA index up.
inline const gpu_t& gpu_of(size_t device_id)
{
    for (const gpu_t* gpu : all_gpus()) {
        if ((size_t)gpu->cid() == device_id) {
            gpu->select();
            return *gpu;
        }
    }
    int count = 0;
    CUDA_OK(cudaGetDeviceCount(&count)); // no driver, or one that is too old: its own answer
    require(count > 0, cudaErrorNoDevice);
    require(device_id < (size_t)count, cudaErrorInvalidDevice);
    fail(cudaErrorNoKernelImageForDevice); // older than Volta, or without cooperative launches
}

// What `second` does from now on starts after what `first` has been given so far.
inline void chain(cudaStream_t first, cudaStream_t second)
{
    event_t done(first);
    CUDA_OK(cudaStreamWaitEvent(second, done, 0));
}
