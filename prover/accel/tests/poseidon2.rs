//! Against the plain permutation of the compressed proof, on every level.

use ashlar_accel::cpu::{Level, Poseidon2, Poseidon2Constants};
use ashlar_bn254::poseidon2;
use halo2curves::{bn256::Fr, ff::Field};
use proptest::prelude::*;

const STATE: usize = poseidon2::WIDTH;

fn constants() -> Poseidon2Constants {
    let constants = poseidon2::constants();
    Poseidon2Constants {
        initial: constants.initial,
        partial: constants.partial,
        last: constants.last,
        diagonal: constants.diagonal,
    }
}

/// Every path that this machine has.
fn levels(constants: &Poseidon2Constants) -> impl Iterator<Item = (&'static str, Poseidon2)> {
    let levels = [("words", Level::Portable), ("vectors", Level::Avx512Ifma)];
    let levels = levels
        .map(|(name, level)| Some((name, Poseidon2::with_level(level, constants)?)))
        .into_iter()
        .flatten();
    [("plain words", Poseidon2::plain(constants))]
        .into_iter()
        .chain(levels)
}

/// Often at the edges, of the field and of its form in memory.
fn element() -> impl Strategy<Value = Fr> {
    let radix = Fr::from(2).pow([256]);
    let half = Fr::from(2).pow([253]);
    let edges = [
        Fr::ZERO,
        Fr::ONE,
        -Fr::ONE,
        -Fr::from(2),
        half,
        half.double(),
        radix,
    ];
    let inverse = radix.invert().expect("a power of two");
    let in_memory = edges.map(|edge| edge * inverse);
    let edges: Vec<Fr> = edges.into_iter().chain(in_memory).collect();
    let any = prop::array::uniform4(any::<u64>()).prop_map(Fr::from_raw);
    prop_oneof![2 => any, 1 => prop::sample::select(edges)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_number_of_states_is_permuted_as_one_by_one(
        states in prop::collection::vec(prop::array::uniform4(element()), 0..40)
    ) {
        let mut expected = states.clone();
        expected.iter_mut().for_each(poseidon2::permute);
        for (level, permutation) in levels(&constants()) {
            let mut states = states.clone();
            permutation.permute_all(&mut states);
            prop_assert_eq!(&states, &expected, "{}", level);
        }
    }
}

/// Nine copies: a vector, and one state that is permuted alone.
fn permuted(permutation: &Poseidon2, state: [Fr; STATE]) -> [Fr; STATE] {
    let mut states = [state; 9];
    permutation.permute_all(&mut states);
    assert_eq!(states, [states[0]; 9]);
    states[0]
}

/// The vector for 0, 1, 2, 3 of the registry crate `bn254_blackbox_solver` 1.0.0, as in `ashlar-bn254`.
#[test]
fn the_published_vector_comes_out_of_every_lane() {
    let expected = [
        "0x01bd538c2ee014ed5141b29e9ae240bf8db3fe5b9a38629a9647cf8d76c01737",
        "0x239b62e7db98aa3a2a8f6a0d2fa1709e7a35959aa6c7034814d9daa90cbac662",
        "0x04cbb44c61d928ed06808456bf758cbf0c18d1e15a7b6dbc8245fa7515d5e3cb",
        "0x2e11c5cff2a22c64d01304b778d78f6998eff1ab73163a35603f54794c30847a",
    ];
    for (level, permutation) in levels(&constants()) {
        let permuted = permuted(&permutation, [0, 1, 2, 3].map(Fr::from));
        assert_eq!(permuted.map(|x| format!("{x:?}")), expected, "{level}");
    }
}

/// Every constant counts on every level, and the levels agree on instances other than the usual one.
#[test]
fn a_changed_constant_changes_the_permutation() {
    let usual = constants();
    let place = |changed: &mut Poseidon2Constants, index: usize| {
        let all = changed.initial.iter_mut().flatten();
        let all = all
            .chain(&mut changed.partial)
            .chain(changed.last.iter_mut().flatten());
        let constant = all.chain(&mut changed.diagonal).nth(index);
        constant.map(|constant| *constant = -*constant).is_some()
    };
    let mut seen: Vec<[Fr; STATE]> = Vec::new();
    let mut changed = usual.clone();
    for index in 0.. {
        let results: Vec<_> = levels(&changed)
            .map(|(_, permutation)| permuted(&permutation, [4, 3, 2, 1].map(Fr::from)))
            .collect();
        assert!(
            results.iter().all(|result| result == &results[0]),
            "constant {index}"
        );
        assert!(!seen.contains(&results[0]), "constant {index}");
        seen.push(results[0]);
        changed = usual.clone();
        if !place(&mut changed, index) {
            break;
        }
    }
    assert_eq!(seen.len(), 1 + 16 + poseidon2::PARTIAL_ROUNDS + 16 + STATE);
}

/// The factors of the internal layer at the edges of what [`Poseidon2::new`] may be given.
#[test]
fn the_levels_agree_on_edge_diagonals() {
    for factor in [Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::from(2).pow([253])] {
        let mut constants = constants();
        constants.diagonal = [factor; STATE];
        constants.partial = [-Fr::ONE; poseidon2::PARTIAL_ROUNDS];
        let mut results =
            levels(&constants).map(|(_, permutation)| permuted(&permutation, [-Fr::ONE; STATE]));
        let plain = results.next().expect("every machine has words");
        assert!(results.all(|result| result == plain), "{factor:?}");
    }
}

/// Elements that are `p` in memory from the first round to the last.
#[test]
fn zeros_that_are_kept_as_p_come_out_as_zero() {
    let mut constants = constants();
    constants.initial = [[Fr::ZERO; STATE]; poseidon2::HALF_FULL_ROUNDS];
    constants.partial = [Fr::ZERO; poseidon2::PARTIAL_ROUNDS];
    constants.last = constants.initial;
    let mut state = [Fr::ONE; STATE];
    poseidon2::external_layer(&mut state);
    constants.initial[0] = state.map(|x| -x);
    for (level, permutation) in levels(&constants) {
        assert_eq!(
            permuted(&permutation, [Fr::ONE; STATE]),
            [Fr::ZERO; STATE],
            "{level}"
        );
    }
}
