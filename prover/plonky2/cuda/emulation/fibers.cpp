// Launches: the threads of a block as fibers. Contexts are for beginning one; between them there are jumps, which need no
// system call.
#undef _FORTIFY_SOURCE // it takes a jump to another stack for a mistake
#include "emulation.hpp"
#include "state.hpp"

#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <memory>
#include <ucontext.h>
#include <vector>

thread_local dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace emulation {
namespace {
const size_t STACK = 128 << 10, GUARD = 64;
const unsigned char GARBAGE = 0xa5, FENCE = 0x5a;

struct Fiber {
    ucontext_t context;
    jmp_buf place;
    std::unique_ptr<char[]> stack{new char[STACK]};
};

// A thread that came to a barrier, and where.
struct Waiting {
    unsigned thread;
    Fiber* fiber;
    const char* file;
    int line;
};

// What runs on a thread of the processor. A fiber that ends a thread goes on with the next: only where threads wait is
// there more than one.
struct Block {
    const std::function<void()>* kernel = nullptr;
    jmp_buf scheduler;
    std::vector<std::unique_ptr<Fiber>> fibers; // all there are
    std::vector<Fiber*> idle;
    Fiber* current = nullptr;
    unsigned thread = 0, count = 0, started = 0, ended = 0;
    bool backwards = false;
    std::vector<Waiting> waiting;
    std::vector<unsigned char> shared;

    bool run(bool backwards, size_t shared_bytes);
    void start();
    void resume(const Waiting& waiting);
    bool are_at_one_barrier() const;
    void select(unsigned thread);
};

thread_local Block block;
thread_local bool backwards; // the first phase of the next block

void body()
{
    while (block.started < block.count) {
        unsigned number = block.started++;
        block.select(block.backwards ? block.count - 1 - number : number);
        (*block.kernel)();
        block.ended++;
    }
    block.idle.push_back(block.current);
    _longjmp(block.scheduler, 1);
}

void Block::select(unsigned number)
{
    thread = number;
    threadIdx = dim3(number % blockDim.x, number / blockDim.x % blockDim.y, number / blockDim.x / blockDim.y);
}

// Runs threads until one waits, or none is left.
void Block::start()
{
    if (idle.empty()) {
        fibers.push_back(std::make_unique<Fiber>());
        idle.push_back(fibers.back().get());
    }
    current = idle.back();
    idle.pop_back();
    getcontext(&current->context);
    current->context.uc_stack.ss_sp = current->stack.get();
    current->context.uc_stack.ss_size = STACK;
    current->context.uc_link = nullptr;
    makecontext(&current->context, body, 0);
    if (_setjmp(scheduler) == 0) setcontext(&current->context);
}

void Block::resume(const Waiting& of)
{
    current = of.fiber;
    select(of.thread);
    if (_setjmp(scheduler) == 0) _longjmp(current->place, 1);
}

bool Block::are_at_one_barrier() const
{
    for (const Waiting& one : waiting) {
        if (one.line != waiting[0].line || std::strcmp(one.file, waiting[0].file) != 0) return false;
    }
    return waiting.size() == count;
}

// Whether all went well.
bool Block::run(bool first_backwards, size_t shared_bytes)
{
    shared.assign(shared_bytes + GUARD, GARBAGE);
    std::memset(shared.data() + shared_bytes, FENCE, GUARD);
    count = blockDim.x * blockDim.y * blockDim.z;
    started = ended = 0;
    backwards = first_backwards;
    waiting.clear();
    idle.clear();
    for (auto& fiber : fibers) idle.push_back(fiber.get());
    while (started < count) start();
    while (!waiting.empty()) {
        if (!are_at_one_barrier()) {
            std::fprintf(stderr, "emulation: %zu of %u threads wait at %s:%d, the others do not\n", waiting.size(),
                         count, waiting[0].file, waiting[0].line);
            return false;
        }
        std::vector<Waiting> going;
        going.swap(waiting);
        // In the other order: what a thread reads must not hang on whether its neighbour ran before.
        for (size_t i = going.size(); i-- > 0;) resume(going[i]);
    }
    for (size_t i = 0; i < GUARD; i++) {
        if (shared[shared_bytes + i] != FENCE) {
            std::fprintf(stderr, "emulation: a kernel wrote beyond its shared memory\n");
            return false;
        }
    }
    return true;
}
} // namespace

void barrier(const char* file, int line)
{
    Fiber* fiber = block.current;
    block.waiting.push_back(Waiting{block.thread, fiber, file, line});
    if (_setjmp(fiber->place) == 0) _longjmp(block.scheduler, 1);
}

void* shared() { return block.shared.data(); }

void launch(dim3 grid, dim3 threads, size_t shared_bytes, void* stream, const std::function<void()>& kernel)
{
    int status = count_call();
    if (status != SUCCESS) return set_last(status);
    const size_t size = (size_t)threads.x * threads.y * threads.z;
    const bool is_valid = size != 0 && size <= 1024 && grid.x != 0 && grid.x < 1u << 31 && grid.y != 0
                          && grid.y < 1u << 16 && grid.z != 0 && grid.z < 1u << 16 && shared_bytes <= 48 << 10;
    if (!is_valid) return set_last(INVALID_CONFIGURATION);
    if (!is_stream(stream)) return set_last(INVALID_HANDLE);
    block.kernel = &kernel;
    gridDim = grid;
    blockDim = threads;
    for (unsigned z = 0; z < grid.z; z++) {
        for (unsigned y = 0; y < grid.y; y++) {
            for (unsigned x = 0; x < grid.x; x++) {
                blockIdx = dim3(x, y, z);
                if (!block.run(backwards, shared_bytes)) return set_last(lose(LAUNCH_FAILURE));
                backwards = !backwards;
            }
        }
    }
    if (!are_guards_whole()) set_last(lose(ILLEGAL_ADDRESS));
}
} // namespace emulation
