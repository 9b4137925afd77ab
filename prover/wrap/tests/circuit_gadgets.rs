//! Every operation of the recorder: it agrees with the native chip, and every single wrong witness is noticed.

mod circuit_support;

use ashlar_wrap::{
    chip::{Chip, F, F2},
    circuit::{Cell, Fe, Recorder},
};
use circuit_support::{assert_every_copy_constrained, assert_every_value_constrained, assert_satisfied};
use halo2_proofs::halo2curves::{
    bn256::Fr,
    ff::{Field as _, PrimeField},
};
use plonky2::field::{
    extension::FieldExtension,
    types::{Field, Field64, Sample},
};
use proptest::prelude::*;

const P: u64 = F::ORDER;

fn f(value: u64) -> F {
    F::from_noncanonical_u64(value)
}

fn f2(a: u64, b: u64) -> F2 {
    F2::from_basefield_array([f(a), f(b)])
}

fn words(seed: u64) -> [Fr; 4] {
    std::array::from_fn(|i| (Fr::from(seed) + Fr::from(i as u64 + 2).invert().unwrap()).square())
}

/// Values near the edges of the representation, and any others.
fn element() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(1),
        Just(P - 1),
        Just((1u64 << 32) - 1),
        Just(1u64 << 32),
        Just(P - (1 << 32)),
        0..P
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn field_operations_agree(v in prop::collection::vec(element(), 8), k in element(), l in element()) {
        let (layout, _) = agree!(|chip| {
            let a = chip.witness_ext(f2(v[0], v[1]));
            let b = chip.witness_ext(f2(v[2], v[3]));
            let c = chip.witness_ext(f2(v[4], v[5]));
            let d = chip.witness(f(v[6]));
            let known = chip.constant_ext(f2(v[7], v[6]));
            let base = chip.constant(f(v[7]));
            let [wa, wb, wc] = [&a, &b, &c].map(|x| chip.widen_ext(x));
            let (wd, wk, wbase) = (chip.widen(&d), chip.widen_ext(&known), chip.widen(&base));
            let sum = chip.sum(&[(f(k), wa.clone()), (f(l), wb.clone()), (F::NEG_ONE, wd.clone())], f2(l, k));
            let unreduced = chip.product(&wa, &wb);
            let cubic = chip.product(&unreduced, &wc);
            let quintic = chip.product(&cubic, &sum);
            let dot = chip.inner_product(
                &[(wa.clone(), wb.clone()), (wd.clone(), wc.clone()), (wk.clone(), wa.clone()), (wbase, wd.clone())],
                Some(&sum),
            );
            let square = chip.product(&wd, &wd);
            let difference = chip.difference(&dot, &cubic);
            vec![
                Out::Ext(chip.reduce_ext(&sum)),
                Out::Ext(chip.reduce_ext(&unreduced)),
                Out::Ext(chip.reduce_ext(&cubic)),
                Out::Ext(chip.reduce_ext(&quintic)),
                Out::Ext(chip.reduce_ext(&dot)),
                Out::Ext(chip.reduce_ext(&difference)),
                Out::Fe(chip.reduce(&square)),
                Out::Ext(chip.mul_ext(&known, &known)),
            ]
        });
        assert_satisfied(&layout);
    }

    #[test]
    fn word_operations_agree(seed in any::<u64>(), v in prop::collection::vec(element(), 3), bit in 0..2u64) {
        let (layout, _) = agree!(|chip| {
            let state = words(seed).map(|word| chip.witness_word(word));
            let out = chip.permute(state);
            let limbs = chip.unpack(&out[1]);
            let pieces = chip.split7(&out[0]);
            let elements = [0, 1, 2].map(|i| chip.witness(f(v[i])));
            let packed = chip.pack(&elements);
            let one = chip.pack(&elements[..1]);
            let flag = chip.witness(f(bit));
            let flag = chip.bits(&flag)[0];
            let (left, right) = chip.swap(&flag, &out[2], &packed);
            let mut outputs: Vec<_> = limbs.into_iter().chain(pieces).map(Out::Fe).collect();
            outputs.extend([packed, one, left, right].map(Out::Word));
            outputs.extend(out.map(Out::Word));
            outputs
        });
        assert_satisfied(&layout);
    }

    #[test]
    fn edge_words_decompose(word in prop_oneof![
        Just(Fr::ZERO), Just(-Fr::ONE), Just(Fr::from(P)), Just(Fr::from(P - 1)), Just(Fr::from(u64::MAX)),
        Just(-Fr::from_u128(u128::MAX)), Just(Fr::from_u128(u128::MAX)),
    ]) {
        let (layout, _) = agree!(|chip| {
            let word = chip.witness_word(word);
            let limbs = chip.unpack(&word);
            let pieces = chip.split7(&word);
            limbs.into_iter().chain(pieces).map(Out::Fe).collect()
        });
        assert_satisfied(&layout);
    }

    #[test]
    fn selection_agrees(value in element(), table in prop::collection::vec(element(), 16)) {
        let (layout, _) = agree!(|chip| {
            let value = chip.witness(f(value));
            let bits = chip.bits(&value);
            let entries: Vec<_> = table
                .chunks(2)
                .enumerate()
                .map(|(i, pair)| {
                    if i % 3 == 0 { chip.constant_ext(f2(pair[0], pair[1])) } else { chip.witness_ext(f2(pair[0], pair[1])) }
                })
                .collect();
            let words: Vec<_> = table[..4].iter().map(|value| chip.witness_word(Fr::from(*value).square())).collect();
            let factors: Vec<F> = table[..10].iter().map(|value| f(*value)).collect();
            let mut outputs: Vec<_> = bits.iter().cloned().map(Out::Bit).collect();
            outputs.push(Out::Ext(chip.lookup_ext(&bits[..3], &entries)));
            outputs.push(Out::Word(chip.lookup_word(&bits[30..32], &words)));
            outputs.push(Out::Fe(chip.select_product(f(table[11]), &bits[..10], &factors)));
            outputs.push(Out::Fe(chip.select_product(f(table[12]), &bits[5..7], &factors[..2])));
            outputs
        });
        assert_satisfied(&layout);
    }

    #[test]
    fn inverses_agree(a in element(), b in 1..P) {
        let (layout, _) = agree!(|chip| {
            let value = chip.witness_ext(f2(a, b));
            vec![Out::Ext(chip.inverse_ext(&value))]
        });
        assert_satisfied(&layout);
    }
}

/// Cells of elements.
fn cells(elements: &[Fe]) -> Vec<Cell> {
    elements
        .iter()
        .filter_map(|fe| match fe {
            Fe::Cell(cell) => Some(*cell),
            Fe::Constant(_) => None,
        })
        .collect()
}

fn recorded(program: impl FnOnce(&mut Recorder) -> Vec<Cell>) -> (ashlar_wrap::circuit::Layout, Vec<Cell>) {
    let mut recorder = Recorder::with_limb_bits(circuit_support::LIMB_BITS);
    let free = program(&mut recorder);
    (recorder.finish(), free)
}

#[test]
fn wrong_values_of_sums_are_noticed() {
    let (layout, free) = recorded(|chip| {
        let elements = [3, 5, 7, 11, P - 1, P - 2].map(|value| chip.witness(f(value)));
        let wide = elements.map(|element| chip.widen(&element));
        let terms: Vec<_> = wide.iter().map(|value| (f(9), value.clone())).collect();
        let sum = chip.sum(&terms, F2::from(f(77))); // several rows
        let product = chip.product(&sum, &wide[0]);
        chip.reduce(&sum);
        chip.reduce(&product);
        vec![]
    });
    assert_every_value_constrained(&layout, &free);
    assert_every_copy_constrained(&layout);
}

#[test]
fn wrong_values_of_extension_products_are_noticed() {
    let (layout, free) = recorded(|chip| {
        let a = chip.witness_ext(f2(P - 5, 12));
        let b = chip.witness_ext(f2(1 << 40, P - 1));
        chip.mul_ext(&a, &b);
        chip.inverse_ext(&a);
        vec![]
    });
    assert_every_value_constrained(&layout, &free);
}

#[test]
fn wrong_values_of_a_permutation_are_noticed() {
    let (layout, free) = recorded(|chip| {
        let state = words(3).map(|word| chip.witness_word(word));
        chip.permute(state);
        vec![]
    });
    assert_every_value_constrained(&layout, &free);
    assert_every_copy_constrained(&layout);
}

#[test]
fn wrong_values_of_decompositions_are_noticed() {
    let (layout, free) = recorded(|chip| {
        let word = chip.witness_word(words(5)[0]);
        chip.unpack(&word);
        chip.split7(&word);
        vec![]
    });
    assert_every_value_constrained(&layout, &free);
}

#[test]
fn wrong_values_of_selections_are_noticed() {
    let (layout, free) = recorded(|chip| {
        let value = chip.witness(f(0b1011));
        let bits = chip.bits(&value);
        let table: Vec<_> = (0..4).map(|i| chip.witness(f(100 + i))).collect();
        let entries: Vec<_> = table.chunks(2).map(|pair| [pair[0], pair[1]]).collect();
        chip.lookup_ext(&bits[..1], &entries);
        let [a, b, ..] = words(1);
        let (a, b) = (chip.witness_word(a), chip.witness_word(b));
        chip.swap(&bits[1], &a, &b);
        chip.select_product(f(3), &bits[..5], &[f(5), f(7), f(11), f(13), f(P - 1)]);
        let elements = [1, 2, 3].map(|value| chip.witness(f(value)));
        chip.pack(&elements);
        // a branch not taken may hold anything
        cells(&table)
    });
    assert_every_value_constrained(&layout, &free);
}

#[test]
fn failed_assertions_are_unsatisfied() {
    let unsatisfied = |program: fn(&mut Recorder)| {
        let (layout, _) = recorded(|chip| {
            program(chip);
            vec![]
        });
        assert!(!circuit_support::is_satisfied(&layout));
    };
    unsatisfied(|chip| {
        let a = chip.witness(f(5));
        let a = chip.widen(&a);
        let excess = chip.sum(&[(F::ONE, a)], -F2::from(f(6)));
        chip.assert_zero(&excess);
    });
    unsatisfied(|chip| {
        let one = chip.constant(F::ONE);
        let one = chip.widen(&one);
        chip.assert_zero(&one);
    });
    unsatisfied(|chip| {
        let zero = chip.witness_ext(F2::ZERO);
        chip.inverse_ext(&zero);
    });
    unsatisfied(|chip| {
        let one = chip.witness(F::ONE);
        let bit = chip.bits(&one)[0];
        chip.assert_zero_bit(&bit);
    });
    unsatisfied(|chip| {
        let [a, b, ..] = words(1).map(|word| chip.witness_word(word));
        chip.assert_equal_word(&a, &b);
    });
}

#[test]
fn satisfied_assertions_are_satisfied() {
    let (layout, _) = recorded(|chip| {
        let (a, b) = (F2::rand(), F2::rand());
        let wide = [a, b, a * b].map(|value| {
            let value = chip.witness_ext(value);
            chip.widen_ext(&value)
        });
        let product = chip.product(&wide[0], &wide[1]);
        let difference = chip.difference(&product, &wide[2]);
        chip.assert_zero(&difference);
        let zero = chip.constant(F::ZERO);
        let zero = chip.widen(&zero);
        chip.assert_zero(&zero);
        let two = chip.witness(F::TWO);
        let bit = chip.bits(&two)[0];
        chip.assert_zero_bit(&bit);
        let word = chip.witness_word(Fr::from(8));
        let same = chip.constant_word(Fr::from(8));
        chip.assert_equal_word(&word, &same);
        vec![]
    });
    assert_satisfied(&layout);
}
