//! Roots joined with the links of blobs, with true proofs of both.

use std::sync::LazyLock;

use ashlar_blob_link::{COEFFICIENTS, LinkPublicInputs, LinkWitness, words_hash};
use ashlar_circuit_checks::free_wires;
use ashlar_statement::{ProveError, batch_public_inputs, hash::Hash, linked_public_inputs};
use plonky2::{
    field::types::{Field, PrimeField64},
    iop::generator::generate_partial_witness,
};

use super::{link, negative::refused, pair, prove, setup, span};
use crate::{
    circuits::RecursionCircuits,
    compress::CompressCircuit,
    config::{F, Proof},
    join::JoinedProof,
    nested::NestedPublicInputs,
    proof::{SpanKind, SpanProof},
    span::{Batch, Span},
};

/// The words of a blob, and what is proved of them.
struct Linked {
    statement: LinkPublicInputs<F>,
    link: Proof,
    /// A lift whose rollup stream these words are.
    root: SpanProof,
    span: Span,
    joined: JoinedProof,
}

/// Below 2^63 both.
fn point() -> [F; 2] {
    [(1 << 63) - 5, (1 << 62) + 12_345].map(F::from_canonical_u64)
}

fn witness(z: [F; 2]) -> LinkWitness {
    let words = (0..1000).map(|i| (i * 0x00ab_cdef_0123_4567) >> 8).collect();
    LinkWitness::of_batch(span(0).domain, z, words).expect("below 2^63")
}

/// The span that has the link's stream.
fn span_of(statement: &LinkPublicInputs<F>) -> Span {
    Span {
        z: statement.z,
        rollup_eval: statement.rollup_eval,
        rollup_words: statement.words,
        ..span(0)
    }
}

static LINKED: LazyLock<Linked> = LazyLock::new(|| {
    let (witness, setup) = (witness(point()), setup());
    let statement = witness.statement(COEFFICIENTS).expect("a blob");
    let link = prove("link", &link().data, || link().assign(&witness, &statement)).expect("true");
    let span = span_of(&statement);
    let root = setup.lift(&span);
    let joined = setup.circuits.join(&root, &link).expect("of one stream");
    Linked {
        statement,
        link,
        root,
        span,
        joined,
    }
});

impl RecursionCircuits {
    fn join(&self, root: &SpanProof, link: &Proof) -> Result<JoinedProof, ProveError> {
        let fold = &self.fold.data.verifier_only;
        prove("join", &self.join.data, || self.join.assign(root, link, fold)).map(JoinedProof)
    }

    fn compress_joined(&self, joined: &JoinedProof) -> Result<Batch, ProveError> {
        let proof = prove("compress", &self.compress.data, || {
            self.compress.assign_joined(joined)
        })?;
        Ok(CompressCircuit::batch(&proof).expect("as many"))
    }
}

#[test]
fn a_batch_that_is_linked_states_the_blob_s_value_and_says_so() {
    let Linked {
        statement,
        span,
        joined,
        ..
    } = &*LINKED;
    println!("join: {} rows", setup().circuits.join.rows);
    let batch = setup().circuits.compress_joined(joined).expect("a root");
    let words_hash = Hash {
        elements: statement.words_hash,
    };
    assert_eq!(batch, linked_public_inputs(span, words_hash, statement.value));
    let numbers = Batch::from_slice(&batch.to_vec()).expect("as many");
    let mut numbers = numbers
        .to_vec()
        .into_iter()
        .map(|element| element.to_canonical_u64());
    let numbers = ashlar_statement::BatchPublicInputs::from_fn(|| numbers.next().expect("as many"));
    assert!(numbers.is_linked());
    assert_eq!((numbers.fee_account(), numbers.time()), (9, 27_000_000));
}

/// Such a root's powers of z are none of L1's business.
#[test]
fn a_batch_that_is_not_linked_states_no_value() {
    let [left, _, _] = pair();
    let setup = setup();
    let proof = setup.circuits.compress(left).expect("a root");
    let batch = CompressCircuit::batch(&proof).expect("as many");
    assert_eq!(batch, batch_public_inputs(&span(0)));
    assert_ne!(span(0).bridge_power, [F::ZERO; 2]);
    assert_eq!(batch.blob_value, [F::ZERO; 3]);
}

#[test]
fn join_refuses_a_link_of_another_stream() {
    let Linked { statement, link, .. } = &*LINKED;
    let setup = setup();
    let refuse = |spoil: &dyn Fn(&mut Span), what: &str| {
        let mut span = span_of(statement);
        spoil(&mut span);
        refused(setup.circuits.join(&setup.lift(&span), link), what);
    };
    refuse(&|span| span.domain[0] += F::ONE, "another chain");
    refuse(&|span| span.domain[3] += F::ONE, "another rollup");
    refuse(&|span| span.z[1] += F::ONE, "another point");
    refuse(&|span| span.rollup_eval[0] += F::ONE, "another stream");
    refuse(&|span| span.rollup_eval[1] -= F::ONE, "another stream");
    refuse(&|span| span.rollup_words += F::ONE, "a zero more");
}

/// The blob is opened where the root's point says, and the words are evaluated elsewhere.
#[test]
fn join_refuses_words_that_are_evaluated_elsewhere() {
    let setup = setup();
    for place in 0..2 {
        let mut witness = witness(point());
        witness.z[place] += F::ONE;
        let statement = witness.statement(COEFFICIENTS).expect("a blob");
        let proof = prove("link", &link().data, || link().assign(&witness, &statement)).expect("true");
        let span = Span {
            z: point(),
            ..span_of(&statement)
        };
        refused(setup.circuits.join(&setup.lift(&span), &proof), "another point");
    }
}

/// All of a link, and of a root, that is opened at a point which does not follow from z.
#[test]
fn join_refuses_a_blob_that_is_opened_elsewhere() {
    let setup = setup();
    let attempt = |witness: &LinkWitness| {
        let statement = witness.statement(COEFFICIENTS).expect("a blob");
        let proof = prove("link", &link().data, || link().assign(witness, &statement)).expect("true");
        setup.circuits.join(&setup.lift(&span_of(&statement)), &proof)
    };
    let honest = witness(point());
    refused(
        attempt(&LinkWitness {
            zeta: honest.zeta + ashlar_blob::Fr::from(1u8),
            ..honest.clone()
        }),
        "another point",
    );
    // A coordinate of 64 bits: the bit that would have no place in the blob's point.
    for place in 0..2 {
        let mut z = point();
        z[place] = F::from_canonical_u64(1 << 63);
        let mut halves = z.map(|coordinate| u128::from(coordinate.to_canonical_u64()));
        let carried = ashlar_blob::Fr::from(halves[0])
            + ashlar_blob::Fr::from(halves[1]) * ashlar_blob::Fr::from(1u64 << 63);
        halves[place] = 0;
        let dropped = ashlar_blob::Fr::from(halves[1] << 63 | halves[0]);
        for zeta in [carried, dropped] {
            let witness = LinkWitness {
                z,
                zeta,
                ..honest.clone()
            };
            refused(attempt(&witness), "a coordinate from 2^63 on");
        }
    }
}

#[test]
fn join_refuses_proofs_that_do_not_verify() {
    let Linked { link, root, .. } = &*LINKED;
    let circuits = &setup().circuits;
    let mut tampered = link.clone();
    tampered.public_inputs[4] += F::ONE; // the words' hash, which join hands on
    refused(circuits.join(root, &tampered), "tampered link");
    let mut tampered = root.clone();
    tampered.proof.public_inputs[0] += F::ONE;
    refused(circuits.join(&tampered, link), "tampered root");
    let as_fold = SpanProof {
        kind: SpanKind::Fold,
        ..root.clone()
    };
    refused(circuits.join(&as_fold, link), "lift declared as fold");
}

/// What fold made of it would be a batch whose stream nobody published.
#[test]
fn what_was_joined_is_a_root_for_compress_alone() {
    let Linked { root, joined, .. } = &*LINKED;
    let circuits = &setup().circuits;
    let [_, next, _] = pair();
    for kind in [SpanKind::Lift(0), SpanKind::Fold] {
        let declared = SpanProof {
            kind,
            proof: joined.0.clone(),
        };
        refused(circuits.fold(&declared, next), "a child of fold");
        refused(circuits.join(&declared, &LINKED.link), "joined twice");
        refused(circuits.compress(&declared), "a root that is not linked");
        circuits.verify_span(&declared).expect_err("no span");
    }
    refused(
        circuits.compress_joined(&JoinedProof(root.proof.clone())),
        "a root as if it were linked",
    );
}

/// The carried key is compared for this root as for others.
#[test]
fn a_join_over_another_tree_is_refused() {
    let Linked { root, link, .. } = &*LINKED;
    let circuits = &setup().circuits;
    let foreign = &circuits.join.data.verifier_only; // any key that is not fold's
    let over = prove("join", &circuits.join.data, || {
        circuits.join.assign(root, link, foreign)
    });
    refused(over, "an honest root carries the true key");
    let lifted = circuits
        .lift_into(&setup().leaf.prove(&LINKED.span), foreign)
        .expect("lift carries any key");
    let over = prove("join", &circuits.join.data, || {
        circuits.join.assign(&lifted, link, foreign)
    });
    let over = JoinedProof(over.expect("the cheat's best"));
    refused(circuits.compress_joined(&over), "a root with a forged key");
}

#[test]
fn join_leaves_no_wire_free() {
    let Linked { root, link, .. } = &*LINKED;
    let circuits = &setup().circuits;
    let witness = circuits
        .join
        .assign(root, link, &circuits.fold.data.verifier_only);
    let findings = free_wires(&circuits.join.data, [witness.expect("of this shape")]).expect("satisfied");
    assert_eq!((findings.free, findings.idle), (vec![], vec![]));
    assert!(findings.determined > circuits.join.rows * 20);
}

#[test]
fn the_words_hash_is_of_the_whole_blob() {
    let Linked {
        statement, joined, ..
    } = &*LINKED;
    let words = witness(point()).words;
    assert_eq!(statement.words_hash, words_hash(&words, COEFFICIENTS).elements);
    let stated = NestedPublicInputs::<F>::from_slice(&joined.0.public_inputs).expect("as many");
    assert_eq!(stated.span.rollup_power[1], F::ZERO);
    let compress = &setup().circuits.compress;
    let witness = compress.assign_joined(joined).expect("of this shape");
    generate_partial_witness(witness, &compress.data.prover_only, &compress.data.common)
        .expect("no contradiction");
}
