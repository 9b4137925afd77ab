// The permutation argument: running products of what wires are over what they are connected to.
#include "goldilocks.cuh"

namespace KERNELS {
struct Argument {
    u32 wires;      // columns, of which
    u32 routed;     // may be connected
    u32 size;       // of them make a ratio
    u32 challenges;
    size_t rows;

    DEVICE u32 ratios() const { return (routed + size - 1) / size; }

    // Columns that are committed to, of a proof.
    DEVICE u32 columns() const { return challenges * ratios(); }

    // The column that a ratio goes to: all products of a row before come first, one for each challenge.
    DEVICE u32 column(u32 challenge, u32 ratio) const
    {
        const u32 partial = ratios() - 1;
        return ratio == partial ? challenge : challenges + challenge * partial + ratio;
    }
};

// Of one row, for one challenge.
struct Row {
    const Argument& of;
    const Fp *wires, *sigmas, *scaled; // the row in each column, and beta by what the identity gives each column
    Fp x, beta, gamma;

    DEVICE Fp wire(u32 column) const { return wires[column * of.rows] + gamma; }

    DEVICE u32 end(u32 ratio) const { return (ratio + 1) * of.size < of.routed ? (ratio + 1) * of.size : of.routed; }

    DEVICE Fp numerator(u32 ratio) const
    {
        Fp product = Fp{1};
        for (u32 i = ratio * of.size; i < end(ratio); i++) product = product * (wire(i) + scaled[i] * x);
        return product;
    }

    DEVICE Fp denominator(u32 ratio) const
    {
        Fp product = Fp{1};
        for (u32 i = ratio * of.size; i < end(ratio); i++) product = product * (wire(i) + beta * sigmas[i * of.rows]);
        return product;
    }
};

// The ratios of each row, each multiplied by those before. All denominators of a row are inverted together.
__global__ void ratios(Argument of, const Fp* wires, const Fp* sigmas, const Fp* xs, const Fp* scaled, const Fp* betas,
                       const Fp* gammas, Fp* out)
{
    const size_t number = thread_number();
    if (number >= of.rows) return;
    const u32 proof = blockIdx.y, challenge = blockIdx.z, drawn = proof * of.challenges + challenge;
    const Row row = {of,
                     wires + (size_t)proof * of.wires * of.rows + number,
                     sigmas + number,
                     scaled + (size_t)drawn * of.routed,
                     xs[number],
                     betas[drawn],
                     gammas[drawn]};
    Fp* const columns = out + (size_t)proof * of.columns() * of.rows + number;
    const u32 count = of.ratios();
    Fp product = Fp{1};
    for (u32 i = 0; i < count; i++) {
        columns[of.column(challenge, i) * of.rows] = product;
        product = product * row.denominator(i);
    }
    Fp rest = inverse(product); // one over the denominators up to the next that is asked for
    for (u32 i = count; i-- > 0;) {
        Fp* const ratio = columns + of.column(challenge, i) * of.rows;
        *ratio = row.numerator(i) * (rest * *ratio);
        rest = rest * row.denominator(i);
    }
    product = Fp{1};
    for (u32 i = 0; i < count; i++) {
        Fp* const ratio = columns + of.column(challenge, i) * of.rows;
        product = product * *ratio;
        *ratio = product;
    }
}

// Replaces each element of a challenge's first column by the product of all before: a block for each column, a piece of it
// for each thread.
__global__ void products_before(Argument of, Fp* out)
{
    SHARED_ARRAY(Fp, pieces);
    Fp* const column = out + ((size_t)blockIdx.y * of.columns() + blockIdx.x) * of.rows;
    const size_t length = (of.rows + blockDim.x - 1) / blockDim.x;
    const size_t start = threadIdx.x * length, end = start + length < of.rows ? start + length : of.rows;
    Fp product = Fp{1};
    for (size_t i = start; i < end; i++) product = product * column[i];
    pieces[threadIdx.x] = product;
    BARRIER();
    if (threadIdx.x == 0) {
        product = Fp{1};
        for (u32 i = 0; i < blockDim.x; i++) {
            const Fp piece = pieces[i];
            pieces[i] = product;
            product = product * piece;
        }
    }
    BARRIER();
    product = pieces[threadIdx.x];
    for (size_t i = start; i < end; i++) {
        const Fp element = column[i];
        column[i] = product;
        product = product * element;
    }
}

// Multiplies the products within each row by those of the rows before.
__global__ void products_within(Argument of, Fp* out)
{
    const size_t row = thread_number();
    if (row >= of.rows) return;
    Fp* const columns = out + (size_t)blockIdx.y * of.columns() * of.rows + row;
    const u32 partial = of.ratios() - 1, challenge = blockIdx.z / partial, ratio = blockIdx.z % partial;
    Fp* const product = columns + of.column(challenge, ratio) * of.rows;
    *product = *product * columns[challenge * of.rows];
}
} // namespace KERNELS

using namespace KERNELS;

// `sigmas` and `xs` are of the circuit; `scaled` is [proof][challenge][routed wire], `betas` and `gammas` are
// [proof][challenge]. All products before of each challenge, then the partial ones.
ENTRY(products)(cudaStream_t stream, u32 batch, u32 width, u32 routed, u32 size, u32 challenges, size_t rows,
                const Fp* wires, const Fp* sigmas, const Fp* xs, const Fp* scaled, const Fp* betas, const Fp* gammas,
                Fp* out)
{
    const Argument of = {width, routed, size, challenges, rows};
    const u32 partial = (routed + size - 1) / size - 1, threads = rows < BLOCK ? (u32)rows : BLOCK;
    LAUNCH(ratios, dim3(blocks(rows), batch, challenges), BLOCK, 0, stream, of, wires, sigmas, xs, scaled, betas, gammas,
           out);
    LAUNCH(products_before, dim3(challenges, batch), threads, threads * sizeof(Fp), stream, of, out);
    if (partial != 0)
        LAUNCH(products_within, dim3(blocks(rows), batch, challenges * partial), BLOCK, 0, stream, of, out);
    return LAUNCHED();
}
