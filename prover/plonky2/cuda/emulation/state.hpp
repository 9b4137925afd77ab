// What launches and the runtime know of each other.
#pragma once
#include <cstddef>

namespace emulation {
// Numbers of cudaError_t.
enum {
    SUCCESS = 0,
    INVALID_VALUE = 1,
    MEMORY_ALLOCATION = 2,
    INVALID_CONFIGURATION = 9,
    NO_DEVICE = 100,
    INVALID_DEVICE = 101,
    INVALID_HANDLE = 400,
    ILLEGAL_ADDRESS = 700,
    LAUNCH_FAILURE = 719,
};

// Counts a call of this thread; what it is to fail with.
int count_call();

// What cudaGetLastError says next.
void set_last(int status);

// From now on every call of this thread fails so. Returns the status.
int lose(int status);

bool is_stream(const void* stream);

// Whether nothing was written around any allocation.
bool are_guards_whole();
} // namespace emulation
