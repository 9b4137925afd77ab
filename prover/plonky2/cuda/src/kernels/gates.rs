//! Kernels of one gate each, by the digest of its code: made by the test `gate_kernels` of ashlar-plonky2. Not to be
//! edited.
#![allow(unsafe_code, reason = "declares launches")]

use std::ffi::c_int;

use super::quotient::{Quotient, Selection};
use crate::{device::Stream, entries::entries};

entries! {
    fn gate_arithmetic(stream: Stream, of: *const Quotient, proofs: u32, selection: *const Selection) -> c_int;
    fn gate_arithmetic_extension(stream: Stream, of: *const Quotient, proofs: u32, selection: *const Selection) -> c_int;
    fn gate_bits(stream: Stream, of: *const Quotient, proofs: u32, selection: *const Selection) -> c_int;
    fn gate_constant(stream: Stream, of: *const Quotient, proofs: u32, selection: *const Selection) -> c_int;
    fn gate_curve_step(stream: Stream, of: *const Quotient, proofs: u32, selection: *const Selection) -> c_int;
    fn gate_interpolation(stream: Stream, of: *const Quotient, proofs: u32, selection: *const Selection) -> c_int;
    fn gate_limbs(stream: Stream, of: *const Quotient, proofs: u32, selection: *const Selection) -> c_int;
    fn gate_mul_extension(stream: Stream, of: *const Quotient, proofs: u32, selection: *const Selection) -> c_int;
    fn gate_poseidon(stream: Stream, of: *const Quotient, proofs: u32, selection: *const Selection) -> c_int;
    fn gate_poseidon_mds(stream: Stream, of: *const Quotient, proofs: u32, selection: *const Selection) -> c_int;
    fn gate_public_input(stream: Stream, of: *const Quotient, proofs: u32, selection: *const Selection) -> c_int;
    fn gate_random_access(stream: Stream, of: *const Quotient, proofs: u32, selection: *const Selection) -> c_int;
    fn gate_reducing(stream: Stream, of: *const Quotient, proofs: u32, selection: *const Selection) -> c_int;
    fn gate_reducing_extension(stream: Stream, of: *const Quotient, proofs: u32, selection: *const Selection) -> c_int;
}

/// Launches a kernel of [`KERNELS`].
pub(super) type Launch = unsafe extern "C" fn(Stream, *const Quotient, u32, *const Selection) -> c_int;

/// The digest of a gate's code, and where its kernel is among the entry points.
pub(super) type Known = ([u64; 4], fn(&Entries) -> Launch);

/// All that there are.
#[rustfmt::skip]
pub(super) const KERNELS: &[Known] = &[
    ([0x70d82bee7bd972c1, 0x020716eeb7c590e1, 0xfed8d38ff00c0fd1, 0x8ac1866dcf2bf588], |entries| entries.gate_arithmetic),
    ([0x610424b94732eac6, 0xea203cdc403e408f, 0x0b71b7f5cbbd0444, 0x78cd913bb9f14bea], |entries| entries.gate_arithmetic_extension),
    ([0xc9f9fe80141e3450, 0xc14c6fef7b65ede0, 0xc578178409cd36c0, 0x7439603f0136a16e], |entries| entries.gate_bits),
    ([0x1b19ede969221a4c, 0x1ef3e02bc1416f70, 0x58063911eac4553a, 0xe5d593b34ffbe89e], |entries| entries.gate_constant),
    ([0x8914f5da35f980ab, 0x884741959e77fddb, 0x98a553fbd86c194f, 0xbf79352d34c372fb], |entries| entries.gate_curve_step),
    ([0x5fec2be80303acb5, 0x6aa92969127dab5e, 0x110fe54bc67ebde4, 0xabc5987cc1f39f36], |entries| entries.gate_interpolation),
    ([0xecc3823d91a34c41, 0x97b09a3ca7646a24, 0xb0b97deb285184c1, 0x0aaa9cb3d9fe9df7], |entries| entries.gate_limbs),
    ([0x32bea69aa3de1aae, 0x74a985af6594b001, 0x56b8ccc7d925d0b5, 0xf7de1cff193cb4df], |entries| entries.gate_mul_extension),
    ([0x183159c9d3ac2ae7, 0xa4f61d570600ce23, 0x05bb3c81e90f6c8d, 0x02dab4ebf6b0a480], |entries| entries.gate_poseidon),
    ([0xa5b1b93a07c52493, 0x982e8dde73807a01, 0x47bff9e11c2e224e, 0x7cf7b27c816127bb], |entries| entries.gate_poseidon_mds),
    ([0xa87cbf84bb1de20d, 0x09e6317c8d7cd0ad, 0x223263587e288d25, 0x9537d2fd5fe59a0a], |entries| entries.gate_public_input),
    ([0x9e5ac0a06e198d62, 0x7966ed50c9909d1d, 0x471a1fa8821ecd56, 0x6a36d46fceff826a], |entries| entries.gate_random_access),
    ([0xd1827add128680ba, 0x97ef757a89f3b17e, 0x15cc15e5beb5e1e1, 0x552023302d0cbd15], |entries| entries.gate_reducing),
    ([0x0de0e3107f1f3fee, 0x610022a206ffbc06, 0x464e446d04bd6edf, 0xa7a4aedf2820d927], |entries| entries.gate_reducing_extension),
];
