//! Range checks through the prover and the verifier: what is accepted, what is refused, and how rows are shared.

use ashlar_ecgfp5::testing::{Verdict, prove_forged};
use ashlar_gates::{Builder, D, F, MAX_BITS, bytes, range_check};
use plonky2::{
    field::types::{Field, Field64, PrimeField64},
    iop::{
        target::Target,
        witness::{PartialWitness, WitnessWrite},
    },
    plonk::{
        circuit_data::{CircuitConfig, CircuitData},
        config::PoseidonGoldilocksConfig,
    },
};
use proptest::prelude::*;

type Data = CircuitData<F, PoseidonGoldilocksConfig, D>;

fn builder() -> Builder {
    Builder::new(CircuitConfig::standard_recursion_config())
}

/// One check of this width.
struct Check {
    data: Data,
    x: Target,
}

impl Check {
    fn of(bits: usize) -> Self {
        let mut builder = builder();
        let x = builder.add_virtual_target();
        range_check(&mut builder, x, bits);
        Self {
            data: builder.build(),
            x,
        }
    }

    fn verdict(&self, x: F) -> Verdict {
        let mut inputs = PartialWitness::new();
        inputs.set_target(self.x, x).expect("set once");
        prove_forged(&self.data, &inputs, &[])
    }
}

#[test]
fn values_are_refused_from_the_limit_on() {
    let f = F::from_noncanonical_u64;
    for bits in [1, 8, 32, 33, 48, 56, 57, 62] {
        let check = Check::of(bits);
        let limit = 1u64 << bits;
        for narrow in [0, 1, limit / 2, limit - 1] {
            assert_eq!(
                check.verdict(f(narrow)),
                Verdict::Accepted,
                "{narrow} of {bits} bits"
            );
        }
        let slack = |width: u32| (1u64 << width).saturating_sub(limit);
        let wide = [
            ("2^bits", f(limit)),
            ("p - 1", F::NEG_ONE),
            ("x + 2^bits", f(limit + limit / 3)),
            ("2 · 2^bits", f(limit << 1)),
            ("the largest below 2^62, and 1", f(1 << 62)),
            ("64 times it is small", f(64).inverse()),
            ("p - 2^bits", -f(limit)),
            // What a check of the raised value alone would let through.
            ("raised to zero from 32 bits", -f(slack(32).max(1))),
            ("raised to zero from 56 bits", -f(slack(56).max(1))),
            ("raised to zero from 62 bits", -f(slack(62).max(1))),
        ];
        for (what, x) in wide {
            assert_eq!(check.verdict(x), Verdict::Refused, "{what}, {bits} bits");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn range_checks_agree_with_integers(bits in 1..=MAX_BITS, x: u64, shift in 0u32..64) {
        let x = F::from_noncanonical_u64(x >> shift);
        let expected = if x.to_canonical_u64() >> bits == 0 { Verdict::Accepted } else { Verdict::Refused };
        prop_assert_eq!(Check::of(bits).verdict(x), expected);
    }

    #[test]
    fn bytes_agree_with_integers(x: u32) {
        let mut builder = builder();
        let target = builder.add_virtual_target();
        let parts = bytes(&mut builder, target);
        builder.register_public_inputs(&parts);
        let data: Data = builder.build();
        let mut inputs = PartialWitness::new();
        inputs.set_target(target, F::from_canonical_u32(x)).expect("set once");
        let proof = data.prove(inputs).expect("32 bits");
        prop_assert_eq!(&proof.public_inputs, &x.to_le_bytes().map(F::from_canonical_u8));
        data.verify(proof).expect("its own proof");
    }
}

#[test]
fn bytes_of_a_wide_value_are_refused() {
    let mut builder = builder();
    let x = builder.add_virtual_target();
    bytes(&mut builder, x);
    let check = Check {
        data: builder.build(),
        x,
    };
    let limit = F::from_canonical_u64(1 << 32);
    assert_eq!(check.verdict(limit - F::ONE), Verdict::Accepted);
    for wide in [
        limit,
        limit + F::ONE,
        F::NEG_ONE,
        F::from_canonical_u64(F::ORDER - (1 << 32)),
    ] {
        assert_eq!(check.verdict(wide), Verdict::Refused, "{wide}");
    }
}

#[test]
fn checks_of_one_width_share_rows() {
    let rows = |checks: &[usize]| {
        let mut builder = builder();
        for &bits in checks {
            let x = builder.add_virtual_target();
            range_check(&mut builder, x, bits);
        }
        builder.num_gates()
    };
    assert_eq!(rows(&[62; 4]), 1);
    assert_eq!(rows(&[62; 5]), 2);
    // Open rows are found again, whatever comes between.
    assert_eq!(rows(&[62, 56, 32, 62, 56, 32, 62, 56, 32, 62, 56, 32]), 3);
}

/// Three widths, each with one row that is full and one that is half used: what is left over needs no witness, and
/// every part that is used is checked to its own width.
#[test]
fn every_check_of_a_shared_row_has_its_own_width() {
    let mut builder = builder();
    let checks = [56, 32, 62].repeat(6).into_iter();
    let checks: Vec<_> = checks.map(|bits| (builder.add_virtual_target(), bits)).collect();
    for &(target, bits) in &checks {
        range_check(&mut builder, target, bits);
    }
    let data: Data = builder.build();
    let verdict = |too_wide: Option<usize>| {
        let mut inputs = PartialWitness::new();
        for (index, &(target, bits)) in checks.iter().enumerate() {
            let widest = (1 << bits) - 1;
            let value = F::from_canonical_u64(if too_wide == Some(index) {
                widest + 1
            } else {
                widest
            });
            inputs.set_target(target, value).expect("set once");
        }
        prove_forged(&data, &inputs, &[])
    };
    assert_eq!(verdict(None), Verdict::Accepted);
    for index in 0..checks.len() {
        assert_eq!(verdict(Some(index)), Verdict::Refused, "check {index}");
    }
}

#[test]
#[should_panic = "a range check of 63 bits"]
fn a_check_of_63_bits_is_not_offered() {
    Check::of(63);
}

#[test]
#[should_panic = "a range check of 0 bits"]
fn a_check_of_no_bits_is_not_offered() {
    Check::of(0);
}
