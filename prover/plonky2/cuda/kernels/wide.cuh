// Sums of products that are reduced once.
#pragma once
#include "goldilocks.cuh"

namespace KERNELS {
// low + 2^64 high + 2^128 over, of at most 2^31 products.
struct Wide {
    u64 low, high;
    u32 over;
};

DEVICE Wide no_products() { return Wide{0, 0, 0}; }

DEVICE Wide operator+(Wide a, Wide b)
{
    u64 low = a.low + b.low, middle = a.high + b.high;
    u64 high = middle + (low < b.low);
    return Wide{low, high, a.over + b.over + (middle < b.high) + (high < middle)};
}

DEVICE Wide product(Fp a, Fp b) { return Wide{a.word * b.word, high_word(a.word, b.word), 0}; }

DEVICE Wide operator+(Wide a, Fp b) { return a + Wide{b.word, 0, 0}; }

// `weight` times a sum whose products are at most 2^31 then.
DEVICE Wide operator*(Wide a, u32 weight)
{
    u64 high = a.high * weight + high_word(a.low, weight);
    u32 over = (u32)high_word(a.high, weight) + (high < a.high * weight);
    return Wide{a.low * weight, high, a.over * weight + over};
}

// 2^128 = -2^32.
DEVICE Fp reduce(Wide a) { return reduce(a.high, a.low) - Fp{(u64)a.over << 32}; }

// a b + c, which has no carry out of 128 bits.
DEVICE Fp multiply_add(Fp a, Fp b, Fp c)
{
    u64 low = a.word * b.word + c.word;
    return reduce(high_word(a.word, b.word) + (low < c.word), low);
}

// c a
DEVICE Fp scaled(Fp a, u32 c) { return reduce_small((u32)high_word(a.word, c), a.word * c); }

// The element low + 2^32 high of integers, high below 2^64 - 2^32.
DEVICE Fp joined(Fp low, Fp high)
{
    u64 sum = low.word + (high.word << 32);
    return reduce_small((u32)(high.word >> 32) + (sum < low.word), sum);
}

// Integers, modulo 2^64.
DEVICE Fp low_half(Fp a) { return Fp{a.word & EPSILON}; }

DEVICE Fp high_half(Fp a) { return Fp{a.word >> 32}; }

DEVICE Fp plus(Fp a, Fp b) { return Fp{a.word + b.word}; }

DEVICE Fp minus(Fp a, Fp b) { return Fp{a.word - b.word}; }

DEVICE Fp shifted(Fp a, u32 bits) { return Fp{a.word << bits}; }
} // namespace KERNELS
