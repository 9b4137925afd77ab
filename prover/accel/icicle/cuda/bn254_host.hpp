// ICICLE's canonical integers and homogeneous points, from and to sppark's Montgomery form. Host code only.
#pragma once
#include <cstring>
#include "icicle_abi.hpp"

inline fp_t load_base(const icicle::Words& canonical)
{
    fp_t value;
    std::memcpy((void*)&value, &canonical, sizeof canonical);
    value.to();
    return value;
}

inline icicle::Words store_base(fp_t value)
{
    value.from();
    icicle::Words canonical;
    std::memcpy(&canonical, (const void*)&value, sizeof canonical);
    return canonical;
}

inline bool is_zero(const icicle::Words& a)
{
    return (a.words[0] | a.words[1] | a.words[2] | a.words[3]) == 0;
}

// Jacobian (X/Z^2, Y/Z^3) to homogeneous (x/z, y/z): (XZ : Y : Z^3). Infinity is (0 : 1 : 0).
inline icicle::Projective to_projective(const fp_t& X, const fp_t& Y, const fp_t& Z)
{
    if (Z.is_zero()) return {{{0, 0, 0, 0}}, {{1, 0, 0, 0}}, {{0, 0, 0, 0}}};
    const fp_t ZZ = Z * Z;
    return {store_base(X * Z), store_base(Y), store_base(ZZ * Z)};
}
