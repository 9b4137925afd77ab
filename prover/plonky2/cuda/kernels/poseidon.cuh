// plonky2's Poseidon: one thread has one state, in registers.
//
// Partial rounds are in the plain form, whose matrix has small entries, with the constants of plonky2's fast form, which
// are moved in front of the first of them and into the first element. Constants of a round are added by the matrix before.
#pragma once
#include "goldilocks.cuh"
#include "poseidon_constants.cuh"

namespace KERNELS {
const u32 WIDTH = 12, RATE = 8, DIGEST = 4; // elements
const u32 HALF_FULL_ROUNDS = 4, PARTIAL_ROUNDS = 22;

DEVICE Fp sbox(Fp x)
{
    Fp x2 = square(x);
    return square(x2) * (x2 * x);
}

DEVICE u64 word_of(const u64* constants, u32 row) { return constants[row]; }

DEVICE u64 word_of(std::nullptr_t, u32) { return 0; }

// Row by row: a circulant matrix, and a diagonal that has one entry; then constants, or none (`nullptr`). Sums of the lower
// and of the upper halves by entries that add up to 264 have at most 41 bits.
template <class Constants> DEVICE void mds(Fp state[WIDTH], Constants constants)
{
    const u32 circulant[WIDTH] = {17, 15, 41, 16, 2, 28, 13, 13, 39, 18, 34, 20};
    u32 lower[WIDTH], upper[WIDTH];
    UNROLL for (u32 i = 0; i < WIDTH; i++)
    {
        lower[i] = (u32)state[i].word;
        upper[i] = (u32)(state[i].word >> 32);
    }
    UNROLL for (u32 row = 0; row < WIDTH; row++)
    {
        const u64 constant = word_of(constants, row);
        u64 low = (u32)constant, high = constant >> 32;
        UNROLL for (u32 i = 0; i < WIDTH; i++)
        {
            low = wide_multiply_add(lower[(row + i) % WIDTH], circulant[i], low);
            high = wide_multiply_add(upper[(row + i) % WIDTH], circulant[i], high);
        }
        if (row == 0) {
            low = wide_multiply_add(lower[0], 8, low);
            high = wide_multiply_add(upper[0], 8, high);
        }
        u64 sum = low + (high << 32);
        state[row] = reduce_small((u32)(high >> 32) + (sum < low ? 1 : 0), sum);
    }
}

DEVICE void permute(Fp state[WIDTH])
{
    UNROLL for (u32 i = 0; i < WIDTH; i++) state[i] = state[i] + Fp{FULL_CONSTANTS[0][i]};
    KEEP_ROLLED for (u32 half = 0; half < 2; half++)
    {
        KEEP_ROLLED for (u32 round = 0; round < HALF_FULL_ROUNDS; round++)
        {
            UNROLL for (u32 i = 0; i < WIDTH; i++) state[i] = sbox(state[i]);
            mds(state, FULL_CONSTANTS[half * (HALF_FULL_ROUNDS + 1) + round + 1]);
        }
        if (half == 1) return;
        KEEP_ROLLED for (u32 round = 0; round < PARTIAL_ROUNDS; round++)
        {
            state[0] = sbox(state[0]) + Fp{PARTIAL_CONSTANTS[round]};
            mds(state, nullptr);
        }
        UNROLL for (u32 i = 0; i < WIDTH; i++) state[i] = state[i] + Fp{FULL_CONSTANTS[HALF_FULL_ROUNDS + 1][i]};
    }
}

DEVICE void clear(Fp state[WIDTH])
{
    UNROLL for (u32 i = 0; i < WIDTH; i++) state[i] = Fp{0};
}

// Of trees: what plonky2 calls `hash_or_noop` and `two_to_one`. A digest is four words, below p.
struct Poseidon {
    // Of the elements that `read` gives by number.
    template <class Read> static DEVICE void leaf(u32 width, Read read, u64* digest)
    {
        Fp state[WIDTH];
        clear(state);
        KEEP_ROLLED for (u32 start = 0; start < width; start += RATE)
        {
            UNROLL for (u32 i = 0; i < RATE; i++)
            {
                if (start + i < width) state[i] = read(start + i);
            }
            if (width > DIGEST) permute(state);
        }
        write(state, digest);
    }

    static DEVICE void pair(const u64* children, u64* digest)
    {
        Fp state[WIDTH];
        clear(state);
        UNROLL for (u32 i = 0; i < 2 * DIGEST; i++) state[i] = Fp{children[i]};
        permute(state);
        write(state, digest);
    }

    // What the proof of work looks at, behind a permutation: the last element of the rate. The state is its elements, of
    // which the nonce is one.
    static DEVICE u64 response(const Fp* words, u32 place, u64 nonce)
    {
        Fp state[WIDTH];
        UNROLL for (u32 i = 0; i < WIDTH; i++) state[i] = i == place ? Fp{nonce} : words[i];
        permute(state);
        return canonical(state[RATE - 1]).word;
    }

    static DEVICE void write(const Fp state[WIDTH], u64* digest)
    {
        UNROLL for (u32 i = 0; i < DIGEST; i++) digest[i] = canonical(state[i]).word;
    }
};
} // namespace KERNELS
