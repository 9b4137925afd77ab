// FRI but for its transforms and trees. Polynomials over the extension lie in two columns: [proof][part][coefficient].
#include "goldilocks.cuh"

namespace KERNELS {
struct Coefficients {
    Fp *first, *second;

    DEVICE Coefficients(Fp* columns, u32 proof, size_t length)
        : first(columns + 2 * length * proof), second(first + length)
    {
    }

    DEVICE Fp2 get(size_t i) const { return Fp2{{first[i], second[i]}}; }

    DEVICE void set(size_t i, Fp2 value) const
    {
        first[i] = value.c[0];
        second[i] = value.c[1];
    }
};

// Adds polynomials, each by a power of a challenge: those from `start` on of `width` of each proof. `stride` is from a
// proof's polynomials to the next's: 0 for those of the circuit.
__global__ void add_polynomials(const Fp* polynomials, size_t stride, u32 count, size_t length, const Fp2* powers,
                                u32 width, u32 start, int is_first, Fp* sums)
{
    const size_t i = thread_number();
    if (i >= length) return;
    const Coefficients sum(sums, blockIdx.y, length);
    const Fp* const coefficients = polynomials + blockIdx.y * stride + i;
    const Fp2* const by = powers + (size_t)blockIdx.y * width + start;
    Fp2 total = is_first ? extension_zero() : sum.get(i);
    for (u32 j = 0; j < count; j++) total = total + by[j] * coefficients[j * length];
    sum.set(i, total);
}

// Multiplies what is there by a factor (or takes it for nothing) and adds the quotient of a polynomial by X - point,
// without the rest: coefficient i of it is the sum of all c_j point^(j - i - 1) for j above i. A block for each proof, a
// piece for each thread.
__global__ void add_quotient(Fp* polynomials, size_t length, const Fp2* points, const Fp2* factors, int is_first,
                             Fp* quotients)
{
    SHARED_ARRAY(Fp2, pieces);
    const Coefficients polynomial(polynomials, blockIdx.x, length), quotient(quotients, blockIdx.x, length);
    const Fp2 point = points[blockIdx.x], factor = factors[blockIdx.x];
    const size_t piece = (length + blockDim.x - 1) / blockDim.x;
    const size_t start = threadIdx.x * piece < length ? threadIdx.x * piece : length;
    const size_t end = start + piece < length ? start + piece : length;
    Fp2 sum = extension_zero();
    for (size_t i = end; i-- > start;) sum = polynomial.get(i) + sum * point;
    pieces[threadIdx.x] = sum;
    BARRIER();
    if (threadIdx.x == 0) {
        const Fp2 step = power(point, (u32)piece);
        sum = extension_zero(); // of what comes behind a piece
        for (u32 i = blockDim.x; i-- > 0;) {
            const Fp2 own = pieces[i];
            pieces[i] = sum;
            sum = own + sum * step;
        }
    }
    BARRIER();
    sum = pieces[threadIdx.x];
    for (size_t i = end; i-- > start;) {
        quotient.set(i, is_first ? sum : quotient.get(i) * factor + sum);
        sum = polynomial.get(i) + sum * point;
    }
}

// Each 2^arity_bits coefficients become one: their sum by powers of a challenge.
__global__ void fold(Fp* polynomials, size_t length, u32 arity_bits, const Fp2* challenges, Fp* out)
{
    const size_t i = thread_number(), folded = length >> arity_bits;
    if (i >= folded) return;
    const Coefficients from(polynomials, blockIdx.y, length), to(out, blockIdx.y, folded);
    const Fp2 challenge = challenges[blockIdx.y];
    Fp2 sum = extension_zero();
    for (size_t j = (i + 1) << arity_bits; j-- > i << arity_bits;) sum = from.get(j) + sum * challenge;
    to.set(i, sum);
}
} // namespace KERNELS

using namespace KERNELS;

ENTRY(add_polynomials)(cudaStream_t stream, u32 batch, const Fp* polynomials, size_t stride, u32 count, size_t length,
                       const Fp2* powers, u32 width, u32 start, int is_first, Fp* sums)
{
    LAUNCH(add_polynomials, dim3(blocks(length), batch), BLOCK, 0, stream, polynomials, stride, count, length, powers,
           width, start, is_first, sums);
    return LAUNCHED();
}

ENTRY(add_quotient)(cudaStream_t stream, u32 batch, Fp* polynomials, size_t length, const Fp2* points,
                    const Fp2* factors, int is_first, Fp* quotients)
{
    const u32 threads = length < BLOCK ? (u32)length : BLOCK;
    LAUNCH(add_quotient, batch, threads, threads * sizeof(Fp2), stream, polynomials, length, points, factors, is_first,
           quotients);
    return LAUNCHED();
}

ENTRY(fold)(cudaStream_t stream, u32 batch, Fp* polynomials, size_t length, u32 arity_bits, const Fp2* challenges,
            Fp* out)
{
    LAUNCH(fold, dim3(blocks(length >> arity_bits), batch), BLOCK, 0, stream, polynomials, length, arity_bits, challenges,
           out);
    return LAUNCHED();
}
