// Goldilocks, p = 2^64 - 2^32 + 1, and its extension by a root of X^2 - 7. A word stands for its value modulo p: whatever
// is read may be any word, and what is written is one; `canonical` is the only one below p.
#pragma once
#include "platform.cuh"

namespace KERNELS {
const u64 ORDER = 0xffffffff00000001ull;
const u64 EPSILON = 0xffffffffull; // 2^64 modulo p

struct Fp {
    u64 word;
};

DEVICE u64 high_word(u64 a, u64 b)
{
#ifdef __CUDA_ARCH__
    return __umul64hi(a, b);
#else
    return (u64)((unsigned __int128)a * b >> 64);
#endif
}

// a * b + c. From a plain product nvcc makes one of 64 bits, whose upper halves it knows to be zero and adds all the same.
DEVICE u64 wide_multiply_add(u32 a, u32 b, u64 c)
{
#ifdef __CUDA_ARCH__
    u64 sum;
    asm("mad.wide.u32 %0, %1, %2, %3;" : "=l"(sum) : "r"(a), "r"(b), "l"(c));
    return sum;
#else
    return (u64)a * b + c;
#endif
}

DEVICE Fp canonical(Fp a) { return Fp{a.word >= ORDER ? a.word - ORDER : a.word}; }

// Twice: the first addition of EPSILON may overflow too, the second never does.
DEVICE Fp operator+(Fp a, Fp b)
{
    u64 sum = a.word + b.word;
    u64 once = sum + (sum < b.word ? EPSILON : 0);
    return Fp{once + (once < sum ? EPSILON : 0)};
}

DEVICE Fp operator-(Fp a, Fp b)
{
    u64 difference = a.word - b.word;
    u64 once = difference - (a.word < b.word ? EPSILON : 0);
    return Fp{once - (once > difference ? EPSILON : 0)};
}

// high * 2^64 + low: 2^64 = 2^32 - 1 and 2^96 = -1.
DEVICE Fp reduce(u64 high, u64 low)
{
    u64 top = high >> 32, rest = high & EPSILON;
    u64 less = low - top;
    less -= low < top ? EPSILON : 0;
    u64 more = (rest << 32) - rest;
    u64 sum = less + more;
    return Fp{sum + (sum < more ? EPSILON : 0)};
}

// high * 2^64 + low for a high below 2^32.
DEVICE Fp reduce_small(u32 high, u64 low)
{
    u64 more = ((u64)high << 32) - high;
    u64 sum = low + more;
    return Fp{sum + (sum < more ? EPSILON : 0)};
}

DEVICE Fp operator*(Fp a, Fp b) { return reduce(high_word(a.word, b.word), a.word * b.word); }

DEVICE Fp square(Fp a) { return a * a; }

// a^(2^count)
DEVICE Fp squared(Fp a, u32 count)
{
    KEEP_ROLLED for (u32 i = 0; i < count; i++) a = square(a);
    return a;
}

// One over a, and 0 of 0: a^(p - 2), where p - 2 = 2^33 (2^31 - 1) + 2^32 - 1.
DEVICE Fp inverse(Fp a)
{
    Fp ones_3 = square(square(a) * a) * a; // exponents of so many ones
    Fp ones_6 = squared(ones_3, 3) * ones_3;
    Fp ones_12 = squared(ones_6, 6) * ones_6;
    Fp ones_24 = squared(ones_12, 12) * ones_12;
    Fp ones_31 = square(squared(ones_24, 6) * ones_6) * a;
    return squared(ones_31, 33) * square(ones_31) * a;
}

// c[0] + c[1] X
struct Fp2 {
    Fp c[2];
};

DEVICE Fp2 operator+(Fp2 a, Fp2 b) { return Fp2{{a.c[0] + b.c[0], a.c[1] + b.c[1]}}; }

DEVICE Fp2 operator-(Fp2 a, Fp2 b) { return Fp2{{a.c[0] - b.c[0], a.c[1] - b.c[1]}}; }

DEVICE Fp2 operator*(Fp2 a, Fp2 b)
{
    const Fp W = Fp{7};
    return Fp2{{a.c[0] * b.c[0] + W * (a.c[1] * b.c[1]), a.c[0] * b.c[1] + a.c[1] * b.c[0]}};
}

DEVICE Fp2 operator*(Fp2 a, Fp b) { return Fp2{{a.c[0] * b, a.c[1] * b}}; }

DEVICE Fp2 extension_zero() { return Fp2{{Fp{0}, Fp{0}}}; }

DEVICE Fp2 extension_one() { return Fp2{{Fp{1}, Fp{0}}}; }

// a^exponent
DEVICE Fp2 power(Fp2 a, u32 exponent)
{
    Fp2 result = extension_one();
    KEEP_ROLLED for (; exponent != 0; exponent >>= 1)
    {
        if (exponent & 1) result = result * a;
        a = a * a;
    }
    return result;
}
} // namespace KERNELS
