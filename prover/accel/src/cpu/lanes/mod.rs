//! Eight elements of a 254-bit prime field at once, with AVX-512 IFMA.
//!
//! # Numbers
//! An element in memory is four 64-bit words ([`Words`]). In registers it is five 52-bit limbs, the operand size of
//! `vpmadd52`; [`Lanes`] holds eight elements limb by limb. Five limbs hold 260 bits, the moduli have 254, so a value
//! may exceed its modulus `p` up to [`HEADROOM`]-fold before anything is lost: sums and differences are not reduced,
//! and each operation states its bound as a multiple of `p`. A [`Sum`] does not even settle carries between additions.
//!
//! # Montgomery form
//! [`Lanes::mul`] computes `a * b / 2^260`. halo2curves keeps its elements as `x * 2^256`. Three ways to join them:
//! * data as it is, factors as `w * 2^260`: the product is data as it is again (transforms);
//! * data shifted left by four bits on loading ([`Lanes::load_shifted`]): `x * 2^260`, at the price of a bound of `16p`;
//! * data stored as `x * 2^260` for the time of the computation (curve points).

#[cfg(target_arch = "x86_64")]
pub(crate) mod bounds;
#[cfg(target_arch = "x86_64")]
mod ifma;
mod modulus;

#[cfg(target_arch = "x86_64")]
pub(crate) use ifma::{Factor, Ifma, Lanes, Sum, WIDTH};
pub(crate) use modulus::{FqModulus, FrModulus, Modulus, Words, over_p};
#[cfg(target_arch = "x86_64")]
pub(crate) use modulus::{Limbs, limbs};

/// `2^260 / p` rounded down, for both moduli: the largest multiple of `p` that five limbs hold.
pub(crate) const HEADROOM: usize = 84;
