// One operation of the field, or Poseidon's matrix, on many operands: what a check of anything else begins with.
#include "poseidon.cuh"

namespace KERNELS {
// An element of the extension lies as two words, a state of Poseidon as twelve.
__global__ void arithmetic(int operation, const Fp* a, const Fp* b, Fp* out, size_t count)
{
    size_t i = thread_number();
    if (i >= count) return;
    const Fp2* x = (const Fp2*)a;
    const Fp2* y = (const Fp2*)b;
    switch (operation) {
    case 0: out[i] = a[i] + b[i]; break;
    case 1: out[i] = a[i] - b[i]; break;
    case 2: out[i] = a[i] * b[i]; break;
    case 3: out[i] = inverse(a[i]); break;
    case 4: out[i] = canonical(a[i]); break;
    case 5: out[i] = reduce_small((u32)b[i].word, a[i].word); break;
    case 6: ((Fp2*)out)[i] = x[i] + y[i]; break;
    case 7: ((Fp2*)out)[i] = x[i] - y[i]; break;
    case 8: ((Fp2*)out)[i] = x[i] * y[i]; break;
    case 9: ((Fp2*)out)[i] = x[i] * y[i].c[0]; break;
    case 10: ((Fp2*)out)[i] = power(x[i], (u32)y[i].c[0].word); break;
    case 11:
        for (u32 j = 0; j < WIDTH; j++) out[i * WIDTH + j] = a[i * WIDTH + j];
        mds(out + i * WIDTH, (const u64*)b + i * WIDTH);
        break;
    }
}
} // namespace KERNELS

using namespace KERNELS;

ENTRY(arithmetic)(cudaStream_t stream, int operation, const Fp* a, const Fp* b, Fp* out, size_t count)
{
    LAUNCH(arithmetic, blocks(count), BLOCK, 0, stream, operation, a, b, out, count);
    return LAUNCHED();
}
