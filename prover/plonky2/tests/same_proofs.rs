//! The proofs of this prover beside those of plonky2's own.

mod common;

use std::sync::Arc;

use ashlar_bn254::Bn254Config;
use ashlar_plonky2::{Kind, ManyHasher, PreparedCircuit, Prover};
use ashlar_statement::{
    Provable, ProveCircuit, ProveError,
    hash::{Builder, C, D, F},
};
use common::{lay_out, witness};
use plonky2::{
    field::{extension::Extendable, types::Field},
    hash::poseidon::PoseidonHash,
    iop::{
        generator::generate_partial_witness,
        witness::{PartialWitness, WitnessWrite},
    },
    plonk::{
        circuit_data::{CircuitConfig, CircuitData},
        config::{GenericConfig, KeccakGoldilocksConfig},
        proof::ProofWithPublicInputs,
        prover::prove_with_partition_witness,
    },
    util::timing::TimingTree,
};

/// plonky2's proof and ours from one witness, in which wires that nothing else sets are random. Both verify.
fn proofs<O>(
    data: &CircuitData<F, O, D>,
    kind: Kind,
    witness: PartialWitness<F>,
) -> [ProofWithPublicInputs<F, O, D>; 2]
where
    O: GenericConfig<D, F = F, FE = <F as Extendable<D>>::Extension, InnerHasher = PoseidonHash>,
    O::Hasher: ManyHasher,
{
    let full = generate_partial_witness(witness, &data.prover_only, &data.common).expect("satisfiable");
    let ours = PreparedCircuit::new(&Prover::new(kind), &data.common)
        .expect("a known circuit")
        .prove(data, &full)
        .expect("a proof");
    let stock =
        prove_with_partition_witness(&data.prover_only, &data.common, full, &mut TimingTree::default())
            .expect("a proof");
    data.verify(ours.clone()).expect("ours verifies");
    data.verify(stock.clone()).expect("plonky2's verifies");
    [stock, ours]
}

/// Takes out of a proof what depends on which nonce was found.
fn before_the_nonce<O: GenericConfig<D, F = F>>(mut proof: ProofWithPublicInputs<F, O, D>) -> Vec<u8> {
    proof.proof.opening_proof.pow_witness = F::ZERO;
    proof.proof.opening_proof.query_round_proofs.clear();
    proof.to_bytes()
}

#[test]
fn a_proof_is_plonky2_s_byte_for_byte_up_to_the_nonce() {
    for (challenges, seed) in [(2, 2), (3, 3), (3, 4), (3, 5)] {
        let config = CircuitConfig {
            num_challenges: challenges,
            ..CircuitConfig::standard_recursion_config()
        };
        let (builder, secrets) = lay_out(config, seed);
        let data = builder.build::<C>();
        for kind in Kind::detect_all() {
            let [stock, ours] = proofs(&data, kind, witness(&secrets, 12_345).expect("set once"));
            assert_eq!(before_the_nonce(ours), before_the_nonce(stock));
        }
    }
}

#[test]
fn a_proof_over_bn254_is_plonky2_s_byte_for_byte_up_to_the_nonce() {
    let mut config = CircuitConfig::standard_recursion_config();
    config.fri_config.proof_of_work_bits = 8; // plonky2 takes its time over each try
    config.security_bits = 90;
    for (challenges, cap_height, seed) in [(2, 4, 7), (3, 0, 8), (3, 2, 9)] {
        config.num_challenges = challenges;
        config.fri_config.cap_height = cap_height;
        let (builder, secrets) = lay_out(config.clone(), seed);
        let data = builder.build::<Bn254Config>();
        for kind in Kind::detect_all() {
            let [stock, ours] = proofs(&data, kind, witness(&secrets, 12_345).expect("set once"));
            assert_eq!(before_the_nonce(ours), before_the_nonce(stock));
        }
    }
}

/// More terms than a sum of products takes unreduced, and a list that is longer than those that are evaluated in lanes.
#[test]
fn a_very_wide_circuit_is_proved_as_plonky2_proves_it() {
    let config = CircuitConfig {
        num_wires: 2800,
        num_routed_wires: 2200,
        ..CircuitConfig::standard_recursion_config()
    };
    let (mut builder, secrets) = lay_out(config, 6);
    let list: Vec<_> = (0..128).map(|place| secrets[place % 8]).collect();
    let index = builder.split_le(secrets[7], 40)[0];
    let element = builder.random_access(index.target, list);
    builder.register_public_input(element);
    let data = builder.build::<C>();
    let common = &data.common;
    let terms =
        common.config.num_challenges * (2 + common.num_partial_products) + common.num_gate_constraints;
    assert!(terms > ashlar_lanes::MAX_PRODUCTS, "{terms} terms");
    for kind in Kind::detect_all() {
        let [stock, ours] = proofs(&data, kind, witness(&secrets, 12_345).expect("set once"));
        assert_eq!(before_the_nonce(ours), before_the_nonce(stock));
    }
}

/// One thread of plonky2 tries nonces in order, as this prover does with any number.
#[test]
fn a_whole_proof_is_that_of_one_thread_of_plonky2() {
    let (builder, secrets) = lay_out(CircuitConfig::standard_recursion_config(), 1);
    let data = builder.build::<C>();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("a thread");
    for kind in Kind::detect_all() {
        let [stock, ours] = pool.install(|| proofs(&data, kind, witness(&secrets, 1).expect("set once")));
        assert_eq!(ours.to_bytes(), stock.to_bytes());
    }
}

/// Proves through the engine's door.
fn prove<O: GenericConfig<D, F = F> + 'static>(
    data: &CircuitData<F, O, D>,
    witness: impl FnOnce() -> anyhow::Result<PartialWitness<F>>,
) -> Result<ProofWithPublicInputs<F, O, D>, ProveError> {
    let prover = Prover::default();
    Provable::new(&prover, "test", data).prove(&prover, data, witness)
}

#[test]
fn circuits_that_are_not_known_are_proved_by_plonky2() {
    let prover = Prover::default();
    let (builder, secrets) = lay_out(CircuitConfig::standard_recursion_config(), 1);
    let over_keccak = builder.build::<KeccakGoldilocksConfig>();
    assert!(prover.prepare(&over_keccak).is_none());
    prove(&over_keccak, || witness(&secrets, 7)).expect("satisfiable");

    let (builder, secrets) = lay_out(CircuitConfig::standard_recursion_config(), 1);
    let over_bn254 = builder.build::<Bn254Config>();
    assert!(prover.prepare(&over_bn254).is_some());
    prove(&over_bn254, || witness(&secrets, 7)).expect("satisfiable");

    let (builder, secrets) = lay_out(CircuitConfig::standard_recursion_zk_config(), 1);
    let hiding = builder.build::<C>();
    assert!(prover.prepare(&hiding).is_none());
    prove(&hiding, || witness(&secrets, 7)).expect("satisfiable");

    let (mut builder, secrets) = lay_out(CircuitConfig::standard_recursion_config(), 1);
    let table = builder.add_lookup_table_from_pairs(Arc::new((0..256).map(|i| (i, i / 2)).collect()));
    let half = builder.add_lookup_from_index(secrets[7], table);
    builder.register_public_input(half);
    let looking_up = builder.build::<C>();
    assert!(prover.prepare(&looking_up).is_none());
    let proof = prove(&looking_up, || witness(&secrets, 7)).expect("satisfiable");
    assert_eq!(proof.public_inputs[1], F::from_canonical_u64(3));
}

#[test]
fn small_circuits_are_proved() {
    for gates in [0, 1, 20] {
        let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
        let secret = builder.add_virtual_target();
        let power = builder.exp_u64(secret, 1 << gates);
        builder.register_public_input(power);
        let data = builder.build::<C>();
        let proof = prove(&data, || {
            let mut witness = PartialWitness::new();
            witness.set_target(secret, F::TWO)?;
            Ok(witness)
        });
        assert_eq!(
            proof.expect("satisfiable").public_inputs,
            [F::TWO.exp_u64(1 << gates)]
        );
    }
}

#[test]
fn a_witness_that_breaks_a_gate_gives_no_proof() {
    let (builder, secrets) = lay_out(CircuitConfig::standard_recursion_config(), 1);
    let data = builder.build::<C>();
    // More than forty bits: range checks break.
    let refused = prove(&data, || witness(&secrets, 1 << 41));
    assert!(matches!(
        refused,
        Err(ProveError::Unsatisfied { .. } | ProveError::Invalid { .. })
    ));
    prove(&data, || witness(&secrets, (1 << 40) - 1)).expect("satisfiable");
}
