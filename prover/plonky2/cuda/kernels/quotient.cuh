// The quotient: all constraints at each point, by powers of challenges, over the polynomial that vanishes on the subgroup.
// A thread is a point of one proof. Each kernel adds its constraints to the sums; the permutation's is the first.
#pragma once
#include "wide.cuh"

namespace KERNELS {
const u32 CHALLENGES = 3; // that a kernel computes at once

// Blocks that a multiprocessor is to have at once: the compiler would read all wires of a gate ahead, and leave room for
// one.
const unsigned BLOCKS_OF_GATES = 2;

// What all gates of a circuit have in common; src/kernels/quotient.rs has the same. Columns lie one behind the other, in
// the order of leaves.
struct Quotient {
    const Fp* constants; // selectors, constants of gates, sigmas
    const Fp* wires;     // those of the first proof, then of the next; so are products and queries
    const Fp* products;  // Z of each challenge, then the partial products of each
    const Fp* xs;        // points, which are the first of the leaves
    const Fp* first;     // Lagrange's polynomial of the first row at each
    const Fp* inverses;  // one over the vanishing polynomial, on each coset of the subgroup
    const Fp* queries;
    Fp* sums;            // [proof][challenge][point]
    u64 leaves;
    u32 degree_bits, rate_bits;
    u32 challenges;
    u32 wires_width, products_width;
    u32 selectors, sigmas; // how many columns of selectors; the first of sigmas
    u32 routed, chunk;     // wires in the permutation; in one of its products
    u32 terms;             // powers of each challenge

    __host__ DEVICE u32 points() const { return 1u << (degree_bits + rate_bits); }
    // Products in a row, but for the last.
    DEVICE u32 partial() const { return (routed + chunk - 1) / chunk - 1; }
    DEVICE u32 first_gate_term() const { return challenges * (2 + partial()); }
    DEVICE u32 query_words() const { return 4 + challenges * (2 + routed + terms); }
};

// The same address.
DEVICE const Fp* unknown(const Fp* address)
{
#ifdef __CUDA_ARCH__
    asm volatile("" : "+l"(address));
#endif
    return address;
}

// What a thread sees: of the query first the public inputs' hash, then for each challenge beta, gamma, beta times what the
// identity gives each column, and powers of alpha.
struct Row {
    const Quotient& of;
    u32 point;
    const Fp* constants;
    const Fp* wires;
    const Fp* products;
    const Fp* query;
    Fp* sums;

    DEVICE Row(const Quotient& of, u32 proof, u32 point)
        : of(of), point(point), constants(of.constants + point),
          wires(of.wires + (size_t)proof * of.wires_width * of.leaves + point),
          products(of.products + (size_t)proof * of.products_width * of.leaves + point),
          query(of.queries + (size_t)proof * of.query_words()),
          sums(of.sums + (size_t)proof * of.challenges * of.points() + point)
    {
    }

    DEVICE Fp column(u32 i) const { return constants[i * of.leaves]; }
    DEVICE Fp wire(u32 i) const { return wires[i * of.leaves]; }
    // The compiler does not know that it is the same, and so keeps none from one to the next.
    DEVICE Fp wire_again(u32 i) const { return *unknown(wires + i * of.leaves); }
    DEVICE Fp constant(u32 i) const { return column(of.selectors + i); }
    DEVICE Fp public_inputs_hash(u32 i) const { return query[i]; }
    DEVICE Fp product(u32 i) const { return products[i * of.leaves]; }
    DEVICE const Fp* challenge(u32 i) const { return query + 4 + i * (2 + of.routed + of.terms); }
    DEVICE const Fp* powers(u32 i) const { return challenge(i) + 2 + of.routed; }
    DEVICE Fp inverse() const { return of.inverses[point >> of.degree_bits]; }

    // Where the subgroup's generator leads to, from here.
    DEVICE u32 next() const
    {
        u32 bits = of.degree_bits + of.rate_bits;
        u32 natural = reverse_bits(point, bits) + (1u << of.rate_bits);
        return reverse_bits(natural & (of.points() - 1), bits);
    }
};

// Terms by powers of some challenges, as many as there are, the first of which is `first`.
struct Terms {
    Wide sums[CHALLENGES];
    const Fp* powers[CHALLENGES];
    u32 count;

    DEVICE Terms(const Row& row, u32 first, u32 first_term) : count(row.of.challenges - first)
    {
        if (count > CHALLENGES) count = CHALLENGES;
        UNROLL for (u32 i = 0; i < CHALLENGES; i++)
        {
            sums[i] = no_products();
            powers[i] = row.powers(first + (i < count ? i : 0)) + first_term;
        }
    }

    // The term of this number.
    DEVICE void operator()(u32 number, Fp term)
    {
        UNROLL for (u32 i = 0; i < CHALLENGES; i++)
        {
            if (i < count) sums[i] = sums[i] + KERNELS::product(term, powers[i][number]);
        }
    }
};

// How the rows of a gate are told from others: on those its selector is one of `others`.
struct Selection {
    u32 selector, count;
    const Fp* others;

    // Zero on other rows, and divided by the vanishing polynomial.
    DEVICE Fp filter(const Row& row) const
    {
        Fp filter = row.inverse(), selector = row.column(this->selector);
        for (u32 i = 0; i < count; i++) filter = filter * (others[i] - selector);
        return filter;
    }
};

// A thread for each point of each proof and each group of challenges. In a loop over groups the compiler would compute a
// whole gate before the loop, and keep all of it.
inline dim3 over_points(const Quotient& quotient, u32 proofs)
{
    return dim3(blocks(quotient.points()), proofs, (quotient.challenges + CHALLENGES - 1) / CHALLENGES);
}

// The first challenge of this thread's group.
DEVICE u32 first_challenge() { return blockIdx.z * CHALLENGES; }

// Adds the constraints of a gate, by its filter.
template <class Gate> DEVICE void add_gate(const Quotient& quotient, const Selection& selection, const Gate& gate)
{
    size_t point = thread_number();
    if (point >= quotient.points()) return;
    Row row(quotient, blockIdx.y, (u32)point);
    Terms terms(row, first_challenge(), quotient.first_gate_term());
    gate.evaluate(row, terms);
    Fp filter = selection.filter(row);
    UNROLL for (u32 i = 0; i < CHALLENGES; i++)
    {
        Fp* sum = row.sums + (size_t)(first_challenge() + i) * quotient.points();
        if (i < terms.count) *sum = multiply_add(reduce(terms.sums[i]), filter, *sum);
    }
}
} // namespace KERNELS
