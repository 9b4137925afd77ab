// The proof of work: the smallest nonce that serves, of each proof of a batch.
#include "bn254.cuh"
#include "poseidon.cuh"

namespace KERNELS {
const unsigned GRIND_BLOCK = 128;
const u32 STATE_WORDS = 13; // from one state to the next, whatever the hash

// What the smallest so far is, whatever other threads write there.
DEVICE u64 now(const u64* found) { return *(const volatile u64*)found; }

// `states`, as they are but for the nonce, which goes to `place`. A nonce serves if the response then has `bits` leading
// zeros. Nonces from `first` on; `found` is greater than all of them where none was found before.
template <class Hash>
__global__ void __launch_bounds__(GRIND_BLOCK)
    grind(const Fp* states, u32 place, u32 bits, u64 first, u64 count, u64* found)
{
    const u64 i = thread_number();
    u64* const smallest = found + blockIdx.y;
    if (i >= count || now(smallest) <= first + i) return;
    const u64 response = Hash::response(states + blockIdx.y * STATE_WORDS, place, first + i);
    if (bits == 0 || response >> (64 - bits) == 0)
        atomicMin((unsigned long long*)smallest, (unsigned long long)(first + i));
}
} // namespace KERNELS

using namespace KERNELS;

// `hash`: 0, Poseidon; 1, BN254's Poseidon2.
ENTRY(grind)(cudaStream_t stream, int hash, const Fp* states, u32 batch, u32 place, u32 bits, u64 first, u64 count,
             u64* found)
{
    if (hash != 0 && hash != 1) return (int)cudaErrorInvalidValue;
    auto* kernel = hash == 0 ? grind<Poseidon> : grind<Poseidon2>;
    LAUNCH(kernel, dim3(blocks(count, GRIND_BLOCK), batch), GRIND_BLOCK, 0, stream, states, place, bits, first, count,
           found);
    return LAUNCHED();
}
