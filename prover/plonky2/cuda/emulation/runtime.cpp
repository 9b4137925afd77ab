// Memory, streams and statuses. What a test asks for (faults, a small memory) holds for the thread that asks.
#include "emulation.hpp"
#include "state.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

namespace emulation {
namespace {
const size_t GUARD = 64, MEMORY = (size_t)4 << 30;
const unsigned char GARBAGE = 0xcd, FENCE = 0x5a;
char a_stream;

std::mutex lock;

struct Allocation {
    size_t bytes;
    std::thread::id owner;
    size_t mapped; // bytes of its pages, or 0 if it has guards of bytes
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

bool is_whole(const unsigned char* address, const Allocation& allocation)
{
    for (size_t i = 0; i < GUARD; i++) {
        if (address[-1 - (ptrdiff_t)i] != FENCE) return false;
        if (allocation.mapped == 0 && address[allocation.bytes + i] != FENCE) return false;
    }
    return true;
}

// With ASHLAR_EMULATION_PAGES in the environment memory ends where a page begins that nobody may touch: a program that
// reads beyond the end dies there. Without, only what is written is noticed.
bool ends_with_a_page()
{
    static const bool does = std::getenv("ASHLAR_EMULATION_PAGES") != nullptr;
    return does;
}

// With room for the guards; `mapped` says how it is to be given back.
unsigned char* take(size_t bytes, size_t& mapped)
{
    if (!ends_with_a_page()) {
        mapped = 0;
        auto* start = static_cast<unsigned char*>(std::malloc(bytes + 2 * GUARD));
        if (start == nullptr) return nullptr;
        std::memset(start, FENCE, bytes + 2 * GUARD);
        return start + GUARD;
    }
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), used = (bytes + GUARD + page - 1) / page * page;
    mapped = used + page;
    void* start = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) return nullptr;
    std::memset(start, FENCE, used);
    unsigned char* const end = static_cast<unsigned char*>(start) + used;
    mprotect(end, page, PROT_NONE);
    return end - bytes;
}

void give_back(unsigned char* address, const Allocation& allocation)
{
    if (allocation.mapped == 0) {
        std::free(address - GUARD);
    } else {
        const size_t page = (size_t)sysconf(_SC_PAGESIZE);
        munmap(address + allocation.bytes + page - allocation.mapped, allocation.mapped);
    }
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
        if (allocation.owner == std::this_thread::get_id() && !is_whole(address, allocation)) {
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
    size_t mapped;
    unsigned char* address = take(bytes, mapped);
    if (address == nullptr) return MEMORY_ALLOCATION;
    std::memset(address, GARBAGE, bytes);
    thread.used += bytes;
    std::lock_guard<std::mutex> guard(lock);
    allocations[address] = Allocation{bytes, std::this_thread::get_id(), mapped};
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
    const Allocation allocation = found->second;
    if (!is_whole(address, allocation)) status = ILLEGAL_ADDRESS;
    thread.used -= allocation.bytes < thread.used ? allocation.bytes : thread.used;
    allocations.erase(found);
    give_back(address, allocation);
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
