//! Attacks on cyclic recursion: a circuit of fold's shape that states anything, and ways to have its proofs taken for
//! those of fold.

use std::sync::LazyLock;

use ashlar_statement::Security;
use plonky2::iop::{
    target::Target,
    witness::{PartialWitness, WitnessWrite},
};

use super::{negative::refused, pair, prove, setup, span};
use crate::{
    circuits::VerifyError,
    config::{Builder, Circuit, F},
    nested::{NestedPublicInputs, VerifierOnly},
    proof::{SpanKind, SpanProof},
    shape,
};

/// The circuit has fold's digest, and a cap of its own: only a commitment to the whole key tells them apart.
struct Forged {
    data: Circuit,
    inputs: Vec<Target>,
}

impl Forged {
    fn get() -> &'static Self {
        static FORGED: LazyLock<Forged> = LazyLock::new(|| {
            let fold = &setup().circuits.fold.data;
            let mut builder = Builder::new(Security::default().fold());
            let inputs = builder.add_virtual_targets(NestedPublicInputs::<F>::LEN);
            builder.register_public_inputs(&inputs);
            let mut data = shape::build(builder, &fold.common, "forged").expect("takes fold's shape");
            let digest = fold.verifier_only.circuit_digest;
            (data.prover_only.circuit_digest, data.verifier_only.circuit_digest) = (digest, digest);
            Forged { data, inputs }
        });
        &FORGED
    }

    fn key(&self) -> &VerifierOnly {
        &self.data.verifier_only
    }

    /// States `span(i)`, in a tree whose fold circuit has this key.
    fn state(&self, i: u64, fold: &VerifierOnly) -> SpanProof {
        let stated = NestedPublicInputs::new(span(i), fold);
        let proof = prove("forged", &self.data, || {
            let mut witness = PartialWitness::new();
            witness.set_target_arr(&self.inputs, &stated.to_vec())?;
            Ok(witness)
        });
        SpanProof {
            kind: SpanKind::Fold,
            proof: proof.expect("states anything"),
        }
    }
}

/// The forged circuit is named as "fold" in the carried key. A true fold over its proofs verifies, so compress (and
/// `verify_span`) must look at the key.
#[test]
fn a_true_fold_over_a_forged_key_is_refused() {
    let (setup, forged) = (setup(), Forged::get());
    let [left, right] = [0, 1].map(|i| forged.state(i, forged.key()));
    refused(setup.circuits.fold(&left, &right), "own key over forged children");
    let over = setup
        .circuits
        .fold_under(&left, &right, forged.key())
        .expect("the cheat's best");
    setup
        .circuits
        .fold
        .data
        .verify(over.proof.clone())
        .expect("plonky2 alone is content");
    assert!(matches!(
        setup.circuits.verify_span(&over),
        Err(VerifyError::ForeignTree)
    ));
    refused(setup.circuits.compress(&over), "root with a forged key");
    // The forged key above an honest pair does not help either: honest children carry the true key.
    let [honest_left, honest_right, _] = pair();
    refused(
        setup.circuits.fold_under(honest_left, honest_right, forged.key()),
        "forged key over honest children",
    );
}

/// The forged proof carries the true key, so only the key that it is verified under is wrong.
#[test]
fn compress_verifies_the_root_under_no_other_key() {
    let (setup, forged) = (setup(), Forged::get());
    let root = forged.state(0, &setup.circuits.fold.data.verifier_only);
    for kind in [SpanKind::Fold, SpanKind::Lift(0)] {
        let root = SpanProof { kind, ..root.clone() };
        let compress = &setup.circuits.compress;
        let compressed = prove("compress", &compress.data, || {
            compress.assign_under(&root, &[forged.key().clone()], forged.key())
        });
        refused(compressed, "a root under a key that is neither lift's nor fold's");
    }
}
