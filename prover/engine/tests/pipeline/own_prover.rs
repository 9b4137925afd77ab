//! Our plonky2 prover beside plonky2's own, on the production circuits and a real batch.

use ashlar_payments::chunk::ChunkCircuit;
use ashlar_plonky2::{Arithmetic, PreparedCircuit, Prover};
use ashlar_recursion::F;
use ashlar_statement::{
    LeafCircuits, ProveCircuit,
    hash::{C, D},
};
use plonky2::{
    field::types::Field,
    iop::{generator::generate_partial_witness, witness::PartialWitness},
    plonk::{circuit_data::CircuitData, proof::ProofWithPublicInputs, prover::prove_with_partition_witness},
    util::timing::TimingTree,
};

use crate::common::{engine, proofs};

type Circuit = CircuitData<F, C, D>;
type Proof = ProofWithPublicInputs<F, C, D>;

/// Proves one witness with every prover and compares: wires that nothing else sets are random, so it is made only once.
fn proved_alike(circuit: &Circuit, witness: PartialWitness<F>) -> Proof {
    let witness =
        generate_partial_witness(witness, &circuit.prover_only, &circuit.common).expect("a true statement");
    let prove = |arithmetic| {
        let prover = Prover::new(arithmetic).with_gates(ChunkCircuit::GATES);
        let prepared = PreparedCircuit::new(&prover, circuit).expect("a known circuit");
        prepared.prove(circuit, &witness).expect("a proof")
    };
    let ours = prove(Arithmetic::Fastest);
    assert_eq!(ours.to_bytes(), prove(Arithmetic::Portable).to_bytes());
    let (prover_only, common) = (&circuit.prover_only, &circuit.common);
    let stock = prove_with_partition_witness(prover_only, common, witness, &mut TimingTree::default());
    let stock = stock.expect("a proof");
    assert_eq!(before_the_nonce(&ours), before_the_nonce(&stock));
    circuit.verify(ours.clone()).expect("ours verifies");
    ours
}

/// All but the nonce, which is any that serves, and the queries, which hang on it.
fn before_the_nonce(proof: &Proof) -> Vec<u8> {
    let mut proof = proof.clone();
    proof.proof.opening_proof.pow_witness = F::ZERO;
    proof.proof.opening_proof.query_round_proofs.clear();
    proof.to_bytes()
}

#[test]
fn chunk_lift_and_fold_are_proved_as_plonky2_proves_them() {
    let (circuits, proofs) = (engine().circuits(), proofs());
    let (leaf, recursion) = (&circuits.leaf, &circuits.recursion);
    let (lift, fold) = (&recursion.lifts[0], &recursion.fold);
    let witness = &proofs.batch.chunks[0];
    let claim = ChunkCircuit::check(witness).expect("a sealed chunk replays");
    let assigned = leaf.assign(witness, &claim).expect("set once");
    let chunk = proved_alike(leaf.circuits()[0], assigned);
    let assigned = lift.assign(0, &chunk, &fold.data.verifier_only);
    let lifted = proved_alike(&lift.data, assigned.expect("set once"));
    let [first, second] = &proofs.chunks;
    assert_eq!(lifted.public_inputs, first.proof.public_inputs);
    let assigned = fold.assign(first, second).expect("set once");
    let folded = proved_alike(&fold.data, assigned);
    assert_eq!(folded.public_inputs, proofs.root.proof.public_inputs);
}

#[test]
fn compress_is_left_to_plonky2() {
    let recursion = &engine().circuits().recursion;
    let prover = Prover::default();
    assert!(prover.prepare(&recursion.compress.data).is_none());
    assert!(prover.prepare(&recursion.fold.data).is_some());
}
