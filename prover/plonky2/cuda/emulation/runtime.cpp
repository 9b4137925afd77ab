// Memory, streams and statuses. What a test asks for (faults, a small memory) holds for the thread that asks.
#include "emulation.hpp"
#include "state.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>
#include <thread>

namespace emulation {
namespace {
const size_t GUARD = 64, MEMORY = (size_t)4 << 30;
const unsigned char GARBAGE = 0xcd, FENCE = 0x5a;
char a_stream;

std::mutex lock;

struct Allocation {
    size_t bytes;
    std::thread::id owner;
};
std::map<unsigned char*, Allocation> allocations; // by address

struct Thread {
    long calls = 0;
    long failing_call = 0; // none is
    int failure = SUCCESS;
    int lost = SUCCESS;
    int last = SUCCESS;
    size_t memory = MEMORY;
    size_t used = 0;
};
thread_local Thread thread;

bool is_whole(const unsigned char* address, size_t bytes)
{
    for (size_t i = 0; i < GUARD; i++) {
        if (address[-1 - (ptrdiff_t)i] != FENCE || address[bytes + i] != FENCE) return false;
    }
    return true;
}

// Whether the range is part of one allocation.
bool is_allocated(const void* pointer, size_t bytes)
{
    std::lock_guard<std::mutex> guard(lock);
    auto* address = static_cast<unsigned char*>(const_cast<void*>(pointer));
    auto after = allocations.upper_bound(address);
    if (after == allocations.begin()) return false;
    const auto& [start, allocation] = *std::prev(after);
    return (size_t)(address - start) + bytes <= allocation.bytes;
}
} // namespace

int count_call()
{
    thread.calls++;
    if (thread.lost != SUCCESS) return thread.lost;
    if (thread.calls != thread.failing_call) return SUCCESS;
    // Out of memory and refusals concern one call; anything else is the end of the context.
    const bool goes_on = thread.failure == MEMORY_ALLOCATION || thread.failure == INVALID_VALUE;
    return goes_on ? thread.failure : lose(thread.failure);
}

void set_last(int status) { thread.last = status; }

int lose(int status)
{
    thread.lost = status;
    return status;
}

bool is_stream(const void* stream) { return stream == nullptr || stream == &a_stream; }

bool are_guards_whole()
{
    std::lock_guard<std::mutex> guard(lock);
    for (const auto& [address, allocation] : allocations) {
        // Those of another thread are its own affair: a test may be at damaging them.
        if (allocation.owner == std::this_thread::get_id() && !is_whole(address, allocation.bytes)) {
            std::fprintf(stderr, "emulation: a kernel wrote around %zu bytes of memory\n", allocation.bytes);
            return false;
        }
    }
    return true;
}
} // namespace emulation

using namespace emulation;

#define COUNT_CALL()                                \
    if (int status = count_call()) {                \
        set_last(status);                           \
        return status;                              \
    }

cudaError_t cudaGetDeviceCount(int* count)
{
    COUNT_CALL();
    *count = 1;
    return SUCCESS;
}

cudaError_t cudaSetDevice(int device)
{
    COUNT_CALL();
    return device == 0 ? SUCCESS : INVALID_DEVICE;
}

cudaError_t cudaDeviceGetAttribute(int* value, int attribute, int)
{
    COUNT_CALL();
    *value = 0; // no compute capability has this major number
    return attribute == cudaDevAttrComputeCapabilityMajor || attribute == cudaDevAttrComputeCapabilityMinor
               ? SUCCESS
               : INVALID_VALUE;
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total)
{
    COUNT_CALL();
    *total = thread.memory;
    *free = thread.memory - thread.used;
    return SUCCESS;
}

cudaError_t cudaMalloc(void** pointer, size_t bytes)
{
    COUNT_CALL();
    if (bytes > thread.memory - thread.used) {
        set_last(MEMORY_ALLOCATION);
        return MEMORY_ALLOCATION;
    }
    auto* start = static_cast<unsigned char*>(std::malloc(bytes + 2 * GUARD));
    if (start == nullptr) return MEMORY_ALLOCATION;
    unsigned char* address = start + GUARD;
    std::memset(start, FENCE, bytes + 2 * GUARD);
    std::memset(address, GARBAGE, bytes);
    thread.used += bytes;
    std::lock_guard<std::mutex> guard(lock);
    allocations[address] = Allocation{bytes, std::this_thread::get_id()};
    *pointer = address;
    return SUCCESS;
}

cudaError_t cudaFree(void* pointer)
{
    int status = count_call(); // memory of a lost device is freed all the same: tests look for leaks
    auto* address = static_cast<unsigned char*>(pointer);
    std::lock_guard<std::mutex> guard(lock);
    auto found = allocations.find(address);
    if (found == allocations.end()) return INVALID_VALUE;
    const size_t bytes = found->second.bytes;
    if (!is_whole(address, bytes)) status = ILLEGAL_ADDRESS;
    thread.used -= bytes < thread.used ? bytes : thread.used;
    allocations.erase(found);
    std::free(address - GUARD);
    return status;
}

cudaError_t cudaStreamCreate(cudaStream_t* stream)
{
    COUNT_CALL();
    *stream = &a_stream;
    return SUCCESS;
}

cudaError_t cudaStreamDestroy(cudaStream_t)
{
    COUNT_CALL();
    return SUCCESS;
}

cudaError_t cudaStreamSynchronize(cudaStream_t)
{
    COUNT_CALL();
    return SUCCESS;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream)
{
    COUNT_CALL();
    const bool from_device = kind != cudaMemcpyHostToDevice, to_device = kind != cudaMemcpyDeviceToHost;
    const bool is_valid = is_stream(stream) && (!from_device || is_allocated(from, bytes))
                          && (!to_device || is_allocated(to, bytes));
    if (!is_valid) {
        set_last(INVALID_VALUE);
        return INVALID_VALUE;
    }
    std::memmove(to, from, bytes);
    return SUCCESS;
}

cudaError_t cudaGetLastError()
{
    int last = thread.last;
    set_last(SUCCESS);
    return last;
}

const char* cudaGetErrorName(cudaError_t status) { return status == SUCCESS ? "cudaSuccess" : "cudaErrorEmulated"; }

const char* cudaGetErrorString(cudaError_t status)
{
    switch (status) {
    case SUCCESS: return "no error";
    case MEMORY_ALLOCATION: return "out of memory";
    case ILLEGAL_ADDRESS: return "an illegal memory access was encountered";
    case LAUNCH_FAILURE: return "unspecified launch failure";
    default: return "an error of the emulation";
    }
}

// What tests ask for, of this thread. A call that is counted from 1 fails so; 0: none does. Forgets losses.
extern "C" void ashlar_emulation_fail(long call, int status)
{
    thread.calls = 0;
    thread.failing_call = call;
    thread.failure = status;
    thread.lost = thread.last = SUCCESS;
}

extern "C" long ashlar_emulation_calls() { return thread.calls; }

extern "C" void ashlar_emulation_memory(size_t bytes) { thread.memory = bytes == 0 ? MEMORY : bytes; }

extern "C" size_t ashlar_emulation_used() { return thread.used; }
