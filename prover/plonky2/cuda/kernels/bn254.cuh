// Poseidon2 over the scalar field of BN254, as ashlar_bn254 has it: one thread has one state of four lanes, in registers.
#pragma once
#include "bn254_constants.cuh"
#include "goldilocks.cuh"

namespace KERNELS {
const u32 LIMBS = 4, LANES = 4, ELEMENTS_OF_A_LANE = 3;
const u32 HALF_FULL_ROUNDS_OF_POSEIDON2 = 4, PARTIAL_ROUNDS_OF_POSEIDON2 = 56;

// r, the order of the group; -1 / r modulo 2^64; 2^512 modulo r. The highest limb of r is below 2^62.
__constant__ const u64 SCALAR_ORDER[LIMBS] = {0x43e1f593f0000001ull, 0x2833e84879b97091ull, 0xb85045b68181585dull,
                                              0x30644e72e131a029ull};
const u64 SCALAR_INVERSE = 0xc2e1f593efffffffull;
__constant__ const u64 SCALAR_SQUARE[LIMBS] = {0x1bb8e645ae216da7ull, 0x53fe3ab1e35c59e3ull, 0x8c49833d53bb8085ull,
                                               0x0216d0b17f4e44a5ull};

// A number below r: 2^256 times what it stands for, modulo r (Montgomery's form), unless said otherwise.
struct Scalar {
    u64 limbs[LIMBS];
};

DEVICE Scalar scalar(const u64* limbs) { return Scalar{{limbs[0], limbs[1], limbs[2], limbs[3]}}; }

// Of a number below 2 r.
DEVICE Scalar reduced(Scalar a)
{
    Scalar less;
    u64 borrow = 0;
    UNROLL for (u32 i = 0; i < LIMBS; i++)
    {
        u64 once = a.limbs[i] - SCALAR_ORDER[i];
        less.limbs[i] = once - borrow;
        borrow = (a.limbs[i] < SCALAR_ORDER[i]) | (once < borrow);
    }
    UNROLL for (u32 i = 0; i < LIMBS; i++)
    {
        if (borrow == 0) a.limbs[i] = less.limbs[i];
    }
    return a;
}

DEVICE Scalar operator+(Scalar a, Scalar b)
{
    u64 carry = 0;
    UNROLL for (u32 i = 0; i < LIMBS; i++)
    {
        u64 once = a.limbs[i] + carry;
        carry = once < carry;
        a.limbs[i] = once + b.limbs[i];
        carry += a.limbs[i] < once;
    }
    return reduced(a);
}

// The low word of a b + c + carry, whose high word is the next carry: both are below 2^64.
DEVICE u64 multiply_step(u64 a, u64 b, u64 c, u64& carry)
{
    u64 low = a * b, high = high_word(a, b);
    low += c;
    high += low < c;
    low += carry;
    high += low < carry;
    carry = high;
    return low;
}

// a b / 2^256. A limb of b at a time: the sum so far is below 2 r, so both carries together are one word.
DEVICE Scalar operator*(Scalar a, Scalar b)
{
    Scalar sum = Scalar{{0, 0, 0, 0}};
    UNROLL for (u32 i = 0; i < LIMBS; i++)
    {
        u64 carry = 0, carry_of_order = 0;
        u64 low = multiply_step(a.limbs[0], b.limbs[i], sum.limbs[0], carry);
        u64 factor = low * SCALAR_INVERSE;
        multiply_step(factor, SCALAR_ORDER[0], low, carry_of_order); // is zero
        UNROLL for (u32 j = 1; j < LIMBS; j++)
        {
            u64 next = multiply_step(a.limbs[j], b.limbs[i], sum.limbs[j], carry);
            sum.limbs[j - 1] = multiply_step(factor, SCALAR_ORDER[j], next, carry_of_order);
        }
        sum.limbs[LIMBS - 1] = carry + carry_of_order;
    }
    return reduced(sum);
}

// Into Montgomery's form, and out of it.
DEVICE Scalar to_scalar(Scalar number) { return number * scalar(SCALAR_SQUARE); }

DEVICE Scalar to_number(Scalar a) { return a * Scalar{{1, 0, 0, 0}}; }

DEVICE Scalar sbox(Scalar x)
{
    Scalar square = x * x;
    return square * square * x;
}

DEVICE Scalar doubled(Scalar a) { return a + a; }

// By the rows (5, 7, 1, 3), (4, 6, 1, 1), (1, 3, 5, 7), (1, 1, 4, 6).
DEVICE void external_layer(Scalar s[LANES])
{
    Scalar ab = s[0] + s[1], cd = s[2] + s[3];
    Scalar c = doubled(s[1]) + cd, d = doubled(s[3]) + ab;
    Scalar last = doubled(doubled(cd)) + d, second = doubled(doubled(ab)) + c;
    s[0] = d + second;
    s[1] = second;
    s[2] = c + last;
    s[3] = last;
}

// By the matrix of ones, and a diagonal.
DEVICE void internal_layer(Scalar s[LANES])
{
    Scalar sum = s[0] + s[1] + (s[2] + s[3]);
    UNROLL for (u32 i = 0; i < LANES; i++) s[i] = s[i] * scalar(POSEIDON2_DIAGONAL[i]) + sum;
}

DEVICE void permute(Scalar s[LANES])
{
    external_layer(s);
    KEEP_ROLLED for (u32 half = 0; half < 2; half++)
    {
        KEEP_ROLLED for (u32 round = 0; round < HALF_FULL_ROUNDS_OF_POSEIDON2; round++)
        {
            const u64(*constants)[LIMBS] = POSEIDON2_FULL[half * HALF_FULL_ROUNDS_OF_POSEIDON2 + round];
            UNROLL for (u32 i = 0; i < LANES; i++) s[i] = sbox(s[i] + scalar(constants[i]));
            external_layer(s);
        }
        if (half == 1) return;
        KEEP_ROLLED for (u32 round = 0; round < PARTIAL_ROUNDS_OF_POSEIDON2; round++)
        {
            s[0] = sbox(s[0] + scalar(POSEIDON2_PARTIAL[round]));
            internal_layer(s);
        }
    }
}

// Of trees: `hash_or_noop` and `two_to_one` of `Bn254Hasher`. A digest is four words, a number below r.
struct Poseidon2 {
    // Of the elements that `read` gives by number.
    template <class Read> static DEVICE void leaf(u32 width, Read read, u64* digest)
    {
        if (width <= ELEMENTS_OF_A_LANE) return write(packed(0, width, read), digest);
        Scalar state[LANES];
        UNROLL for (u32 i = 0; i < LANES; i++) state[i] = Scalar{{0, 0, 0, 0}};
        KEEP_ROLLED for (u32 start = 0; start < width; start += (LANES - 1) * ELEMENTS_OF_A_LANE)
        {
            UNROLL for (u32 lane = 1; lane < LANES; lane++)
            {
                u32 first = start + (lane - 1) * ELEMENTS_OF_A_LANE;
                if (first < width) state[lane] = to_scalar(packed(first, width, read));
            }
            permute(state);
        }
        write(to_number(state[0]), digest);
    }

    static DEVICE void pair(const u64* children, u64* digest)
    {
        Scalar state[LANES];
        state[0] = state[1] = Scalar{{0, 0, 0, 0}};
        state[2] = to_scalar(scalar(children));
        state[3] = to_scalar(scalar(children + LIMBS));
        permute(state);
        write(to_number(state[0]), digest);
    }

    // What the proof of work looks at, behind a permutation: the last element of the rate. The state is the elements of the
    // rate, of which the nonce is one, then the number in the hidden lane.
    static DEVICE u64 response(const Fp* words, u32 place, u64 nonce)
    {
        const u32 rate = (LANES - 1) * ELEMENTS_OF_A_LANE;
        Scalar state[LANES];
        UNROLL for (u32 i = 0; i < LIMBS; i++) state[0].limbs[i] = words[rate + i].word;
        state[0] = to_scalar(state[0]);
        UNROLL for (u32 lane = 1; lane < LANES; lane++)
        {
            u32 first = (lane - 1) * ELEMENTS_OF_A_LANE;
            auto read = [&](u32 i) { return i == place ? Fp{nonce} : words[i]; };
            state[lane] = to_scalar(packed(first, rate, read));
        }
        permute(state);
        return canonical(Fp{to_number(state[LANES - 1]).limbs[ELEMENTS_OF_A_LANE - 1]}).word;
    }

    // The number that elements from `first` on are, up to three: each below p, by powers of 2^64.
    template <class Read> static DEVICE Scalar packed(u32 first, u32 width, Read read)
    {
        Scalar number = Scalar{{0, 0, 0, 0}};
        UNROLL for (u32 i = 0; i < ELEMENTS_OF_A_LANE; i++)
        {
            if (first + i < width) number.limbs[i] = canonical(read(first + i)).word;
        }
        return number;
    }

    static DEVICE void write(Scalar number, u64* digest)
    {
        UNROLL for (u32 i = 0; i < LIMBS; i++) digest[i] = number.limbs[i];
    }
};
} // namespace KERNELS
