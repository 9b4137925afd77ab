//! The circuits over a stand-in leaf that states any span it is given, so that every rule of fold and compress can be
//! broken with children that are valid proofs.

mod forged;
mod free_wires;
mod joined;
mod keys;
mod kinds;
mod leaf;
mod negative;
mod tree;

use std::sync::{LazyLock, OnceLock};

use ashlar_blob_link::{COEFFICIENTS, GATES, LinkCircuit};
use ashlar_plonky2::Prover;
use ashlar_statement::{Provable, ProveError, Security};
use plonky2::{
    field::types::Field,
    iop::witness::PartialWitness,
    plonk::{circuit_data::CircuitData, config::GenericConfig, proof::ProofWithPublicInputs},
};

use self::leaf::Leaf;
use crate::{
    circuits::RecursionCircuits,
    compress::CompressedProof,
    config::{D, F, Proof},
    nested::VerifierOnly,
    proof::{SpanKind, SpanProof},
    shape::Common,
    span::Span,
};

/// Circuits of the tests, built once per process.
struct Setup {
    leaf: Leaf,
    circuits: RecursionCircuits,
}

fn setup() -> &'static Setup {
    static SETUP: LazyLock<Setup> = LazyLock::new(|| Setup::new(0));
    &SETUP
}

impl Setup {
    /// Leaves of different `salt` are different circuits of one shape.
    fn new(salt: u64) -> Self {
        let leaf = Leaf::build(salt);
        let data = &leaf.data;
        let leaves = [(&data.common, &data.verifier_only)];
        let circuits =
            RecursionCircuits::build(Security::default(), &leaves, link_key(link())).expect("leaf fits");
        Self { leaf, circuits }
    }

    fn lift(&self, span: &Span) -> SpanProof {
        self.circuits.lift(&self.leaf.prove(span)).expect("valid leaf")
    }
}

/// The true link circuit: join has room for no other.
fn link() -> &'static LinkCircuit {
    static LINK: LazyLock<LinkCircuit> =
        LazyLock::new(|| LinkCircuit::of_coefficients(Security::default(), COEFFICIENTS));
    &LINK
}

fn link_key(link: &LinkCircuit) -> (&Common, &VerifierOnly) {
    (&link.data.common, &link.data.verifier_only)
}

/// Proves as workers do, which takes half the time of plonky2's own prover.
fn prove<O: GenericConfig<D, F = F> + 'static>(
    circuit: &'static str,
    data: &CircuitData<F, O, D>,
    assign: impl FnOnce() -> anyhow::Result<PartialWitness<F>>,
) -> Result<ProofWithPublicInputs<F, O, D>, ProveError> {
    let prover = Prover::default().with_gates(GATES);
    Provable::new(&prover, circuit, data).prove(&prover, data, assign)
}

impl RecursionCircuits {
    fn lift(&self, leaf: &Proof) -> Result<SpanProof, ProveError> {
        self.lift_into(leaf, &self.fold.data.verifier_only)
    }

    fn lift_into(&self, leaf: &Proof, fold: &VerifierOnly) -> Result<SpanProof, ProveError> {
        let [lift] = &self.lifts[..] else {
            panic!("one leaf, one lift")
        };
        let proof = prove("lift", &lift.data, || lift.assign(0, leaf, fold))?;
        let kind = SpanKind::Lift(0);
        Ok(SpanProof { kind, proof })
    }

    fn fold(&self, left: &SpanProof, right: &SpanProof) -> Result<SpanProof, ProveError> {
        self.fold_under(left, right, &self.fold.data.verifier_only)
    }

    fn fold_under(
        &self,
        left: &SpanProof,
        right: &SpanProof,
        key: &VerifierOnly,
    ) -> Result<SpanProof, ProveError> {
        let proof = prove("fold", &self.fold.data, || {
            self.fold.assign_under(left, right, &self.fold.lifts, key)
        })?;
        let kind = SpanKind::Fold;
        Ok(SpanProof { kind, proof })
    }

    fn compress(&self, root: &SpanProof) -> Result<CompressedProof, ProveError> {
        prove("compress", &self.compress.data, || self.compress.assign(root))
    }
}

fn bytes_of(circuits: &RecursionCircuits) -> Vec<u8> {
    let mut bytes = Vec::new();
    circuits.write(&mut bytes).expect("standard gates");
    bytes
}

/// The `i`-th span of a chain.
fn span(i: u64) -> Span {
    let word = |tag: u64| F::from_canonical_u64(tag << 32 | i);
    let root = |i| std::array::from_fn(|j| F::from_canonical_u64(1000 * i + j as u64));
    Span {
        old_root: root(i),
        new_root: root(i + 1),
        domain: [F::from_canonical_u64(5); 4],
        data_hash: std::array::from_fn(|j| word(10 + j as u64)),
        z: [F::from_canonical_u64(3), F::from_canonical_u64(1 << 60)],
        bridge_eval: [word(20), word(21)],
        rollup_eval: [word(22), word(23)],
        bridge_power: [word(24), word(25)],
        rollup_power: [word(26), word(27)],
        fee_account: F::from_canonical_u64(9),
        time: F::from_canonical_u64(27_000_000),
        bridge_words: F::TWO,
        rollup_words: F::from_canonical_u64(i),
    }
}

/// Lifts of `span(0)` and `span(1)`, and their fold: proved once.
fn pair() -> &'static [SpanProof; 3] {
    static PAIR: OnceLock<[SpanProof; 3]> = OnceLock::new();
    PAIR.get_or_init(|| {
        let setup = setup();
        let [left, right] = [0, 1].map(|i| setup.lift(&span(i)));
        let both = setup.circuits.fold(&left, &right).expect("neighbours");
        [left, right, both]
    })
}
