// The CUDA runtime as the Rust side calls it: whatever the toolkit, with plain integers.
#include "platform.cuh"

ENTRY(device_count)(int* count) { return (int)cudaGetDeviceCount(count); }

// Makes a device the current one of this thread.
ENTRY(activate)(int device) { return (int)cudaSetDevice(device); }

// Bytes that are free, and all of them.
ENTRY(memory)(size_t* free, size_t* total) { return (int)cudaMemGetInfo(free, total); }

ENTRY(allocate)(void** pointer, size_t bytes) { return (int)cudaMalloc(pointer, bytes); }

ENTRY(release)(void* pointer) { return (int)cudaFree(pointer); }

ENTRY(create_stream)(cudaStream_t* stream) { return (int)cudaStreamCreate(stream); }

ENTRY(destroy_stream)(cudaStream_t stream) { return (int)cudaStreamDestroy(stream); }

ENTRY(synchronise)(cudaStream_t stream) { return (int)cudaStreamSynchronize(stream); }

// In the order of the stream, and waits for the end: the host's memory is free again.
ENTRY(upload)(cudaStream_t stream, void* to, const void* from, size_t bytes)
{
    int status = (int)cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream);
    return status != 0 ? status : (int)cudaStreamSynchronize(stream);
}

ENTRY(download)(cudaStream_t stream, void* to, const void* from, size_t bytes)
{
    int status = (int)cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream);
    return status != 0 ? status : (int)cudaStreamSynchronize(stream);
}

// The runtime keeps a thread's last status, and the check after its next launch would find it: takes it back.
ENTRY(forget)() { return (int)cudaGetLastError(); }

// Both answer every number, and need neither driver nor device.
extern "C" const char* ENTRY_NAME(status_name)(int status) { return cudaGetErrorName((cudaError_t)status); }

extern "C" const char* ENTRY_NAME(status_text)(int status) { return cudaGetErrorString((cudaError_t)status); }
