//! Our plonky2 prover beside plonky2's own, on the production circuits and a real batch.

use ashlar_blob_link::{COEFFICIENTS, LinkWitness};
use ashlar_payments::leaves::PaymentCircuits;
use ashlar_plonky2::{Kind, ManyHasher, PreparedCircuit, Prover};
use ashlar_recursion::{F, JoinedProof};
use ashlar_statement::{
    LeafCircuits,
    hash::{C, D},
};
use plonky2::{
    field::types::Field,
    hash::poseidon::PoseidonHash,
    iop::{generator::generate_partial_witness, witness::PartialWitness},
    plonk::{
        circuit_data::CircuitData, config::GenericConfig, proof::ProofWithPublicInputs,
        prover::prove_with_partition_witness,
    },
    util::timing::TimingTree,
};

use crate::{
    common::{DOMAIN, engine, proofs},
    linked::{Linked, linked},
};

/// Proves one witness with every prover and compares: wires that nothing else sets are random, so it is made only once.
fn proved_alike<O>(
    circuit: &CircuitData<F, O, D>,
    witness: PartialWitness<F>,
) -> ProofWithPublicInputs<F, O, D>
where
    O: GenericConfig<D, F = F, FE = <C as GenericConfig<D>>::FE, InnerHasher = PoseidonHash>,
    O::Hasher: ManyHasher,
{
    let witness =
        generate_partial_witness(witness, &circuit.prover_only, &circuit.common).expect("a true statement");
    let prove = |kind| {
        let prover = Prover::new(kind).with_gates(PaymentCircuits::GATES);
        let prepared = PreparedCircuit::new(&prover, &circuit.common).expect("a known circuit");
        prepared.prove(circuit, &witness).expect("a proof")
    };
    let ours = prove(Kind::widest());
    for kind in Kind::detect_all().filter(|kind| *kind != Kind::widest()) {
        assert_eq!(ours.to_bytes(), prove(kind).to_bytes(), "{kind:?}");
    }
    let (prover_only, common) = (&circuit.prover_only, &circuit.common);
    let stock = prove_with_partition_witness(prover_only, common, witness, &mut TimingTree::default());
    let stock = stock.expect("a proof");
    assert_eq!(before_the_nonce(&ours), before_the_nonce(&stock));
    circuit.verify(ours.clone()).expect("ours verifies");
    ours
}

/// All but the nonce, which is any that serves, and the queries, which hang on it.
fn before_the_nonce<O: GenericConfig<D, F = F>>(proof: &ProofWithPublicInputs<F, O, D>) -> Vec<u8> {
    let mut proof = proof.clone();
    proof.proof.opening_proof.pow_witness = F::ZERO;
    proof.proof.opening_proof.query_round_proofs.clear();
    proof.to_bytes()
}

mod slow {
    use super::*;

    #[test]
    #[ignore = "slow: minutes, most of them plonky2's own prover"]
    fn chunk_lift_fold_and_compress_are_proved_as_plonky2_proves_them() {
        let (circuits, proofs) = (engine().circuits(), proofs());
        let (leaf, recursion) = (&circuits.leaf, &circuits.recursion);
        let fold = &recursion.fold;
        let [first, second] = &proofs.chunks;
        for (witness, proof) in proofs.batch.chunks.iter().zip([first, second]) {
            let kind = PaymentCircuits::kind(witness);
            let claim = PaymentCircuits::check(witness).expect("a sealed chunk replays");
            let assigned = leaf.assign(witness, &claim).expect("set once");
            let chunk = proved_alike(leaf.circuits()[kind], assigned);
            let place = recursion.lift_of(kind).expect("every leaf circuit has a lift");
            let lift = &recursion.lifts[usize::from(place)];
            let assigned = lift.assign(kind, &chunk, &fold.data.verifier_only);
            let lifted = proved_alike(&lift.data, assigned.expect("set once"));
            assert_eq!(lifted.public_inputs, proof.proof.public_inputs);
        }
        let assigned = fold.assign(first, second).expect("set once");
        let folded = proved_alike(&fold.data, assigned);
        assert_eq!(folded.public_inputs, proofs.root.proof.public_inputs);
        let compress = &recursion.compress;
        let compressed = proved_alike(&compress.data, compress.assign(&proofs.root).expect("set once"));
        assert_eq!(
            compressed.public_inputs.len(),
            compress.data.common.num_public_inputs
        );
    }

    #[test]
    #[ignore = "slow: minutes, most of them plonky2's own prover"]
    fn link_join_and_what_compress_makes_of_them_are_proved_as_plonky2_proves_them() {
        let Linked {
            batch,
            words,
            root,
            compressed,
            ..
        } = linked();
        let circuits = engine().circuits();
        let (link, recursion) = (&circuits.link, &circuits.recursion);
        let witness = LinkWitness::of_batch(DOMAIN.words(), batch.public_inputs.z, words.clone());
        let witness = witness.expect("drawn for a blob");
        let statement = witness.statement(COEFFICIENTS).expect("a blob's words");
        let assigned = link.assign(&witness, &statement).expect("set once");
        let linked = proved_alike(&link.data, assigned);
        let (join, fold) = (&recursion.join, &recursion.fold.data.verifier_only);
        let assigned = join.assign(root, &linked, fold).expect("set once");
        let joined = JoinedProof(proved_alike(&join.data, assigned));
        let compress = &recursion.compress;
        let assigned = compress.assign_joined(&joined).expect("set once");
        let made = proved_alike(&compress.data, assigned);
        assert_eq!(made.public_inputs, compressed.public_inputs);
    }
}
