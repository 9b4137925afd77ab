//! The challenger and the public-input hash over the chip equal plonky2's own.

use ashlar_bn254::{Bn254Hasher, Digest};
use ashlar_wrap::{
    chip::F,
    verifier::{Challenger, NativeChip, hash_no_pad},
};
use halo2_proofs::halo2curves::{bn256::Fr, ff::Field as _};
use plonky2::{
    field::types::{Field, Sample},
    hash::{merkle_tree::MerkleCap, poseidon::PoseidonHash},
    iop::challenger::Challenger as Reference,
    plonk::config::Hasher,
};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Message {
    Elements(usize),
    Digests(usize),
    Challenges(usize),
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        (1..30usize).prop_map(Message::Elements),
        (1..5usize).prop_map(Message::Digests),
        (1..25usize).prop_map(Message::Challenges),
    ]
}

proptest! {
    #[test]
    fn challenger_agrees(messages in proptest::collection::vec(message(), 1..12)) {
        let chip = &mut NativeChip::new();
        let mut reference = Reference::<F, Bn254Hasher>::new();
        let mut challenger = Challenger::new(chip);
        for message in messages {
            match message {
                Message::Elements(n) => {
                    let elements = F::rand_vec(n);
                    reference.observe_elements(&elements);
                    challenger.observe_all(chip, &elements);
                }
                Message::Digests(n) => {
                    let digests: Vec<Fr> = (0..n).map(|_| Fr::random(rand::thread_rng())).collect();
                    let cap = MerkleCap::<F, Bn254Hasher>(digests.iter().copied().map(Digest).collect());
                    reference.observe_cap(&cap);
                    challenger.observe_digests(chip, &digests);
                }
                Message::Challenges(n) => {
                    prop_assert_eq!(challenger.challenges(chip, n), reference.get_n_challenges(n));
                }
            }
        }
        let expected = reference.get_extension_challenge::<2>();
        prop_assert_eq!(challenger.extension_challenge(chip), expected);
    }
}

#[test]
fn public_input_hash_agrees() {
    for n in [0, 1, 4, 7, 8, 9, 16, 24, 30, 98] {
        let inputs = F::rand_vec(n);
        let chip = &mut NativeChip::new();
        assert_eq!(
            hash_no_pad(chip, &inputs),
            PoseidonHash::hash_no_pad(&inputs).elements,
            "{n} inputs"
        );
    }
    let ends = [F::ZERO, F::NEG_ONE];
    assert_eq!(
        hash_no_pad(&mut NativeChip::new(), &ends),
        PoseidonHash::hash_no_pad(&ends).elements
    );
}
