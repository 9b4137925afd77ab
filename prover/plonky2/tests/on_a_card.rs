//! Proofs of the kernels, on a card or over their emulation, beside those of the CPU. Faults are the emulation's.

mod common;

use std::sync::Arc;

use ashlar_bn254::Bn254Config;
use ashlar_plonky2::{Card, CardCircuit, CardError, Kind, PreparedCircuit, Proved, Prover};
use ashlar_plonky2_cuda::{
    Device, Fault, Runtime,
    emulation::{self, LOST, OUT_OF_MEMORY},
};
use ashlar_statement::hash::{Builder, C, F};
use common::{lay_out_some, witness};
use plonky2::{
    field::types::Field,
    fri::reduction_strategies::FriReductionStrategy,
    iop::{
        generator::generate_partial_witness,
        target::Target,
        witness::{PartialWitness, PartitionWitness, WitnessWrite},
    },
    plonk::circuit_data::{CircuitConfig, CircuitData},
};

/// A circuit, and where its witnesses come from.
struct Fixture {
    circuit: CircuitData<F, C, 2>,
    prepared: PreparedCircuit,
    secrets: Vec<Target>,
}

/// Few tries for the proof of work, which the emulation takes its time over.
fn quick() -> CircuitConfig {
    let mut config = CircuitConfig::standard_recursion_config();
    config.fri_config.proof_of_work_bits = 5;
    config.security_bits = 80;
    config
}

impl Fixture {
    fn new(config: CircuitConfig, seed: u64, gates: usize) -> Self {
        let (builder, secrets) = lay_out_some(config, seed, gates..gates + 1);
        let circuit = builder.build::<C>();
        let prepared = PreparedCircuit::new(&Prover::new(Kind::widest()), &circuit.common);
        Self {
            circuit,
            prepared: prepared.expect("a known circuit"),
            secrets,
        }
    }

    fn witnesses(&self, count: u64) -> Vec<PartitionWitness<'_, F>> {
        let inputs = (0..count).map(|last| witness(&self.secrets, last).expect("set once"));
        inputs.map(|inputs| self.full(inputs)).collect()
    }

    fn full(&self, inputs: PartialWitness<F>) -> PartitionWitness<'_, F> {
        generate_partial_witness(inputs, &self.circuit.prover_only, &self.circuit.common)
            .expect("satisfiable")
    }

    /// On a card.
    fn resident(&self, card: &Arc<Card>) -> Result<CardCircuit, CardError> {
        CardCircuit::new(card, &self.prepared, &self.circuit)
    }

    /// That these are the CPU's proofs.
    fn check(&self, witnesses: &[PartitionWitness<'_, F>], proved: &Proved<C>) {
        assert_eq!(proved.proofs.len(), witnesses.len());
        for (proof, witness) in proved.proofs.iter().zip(witnesses) {
            let expected = self.prepared.prove(&self.circuit, witness).expect("a proof");
            let proof = proof.as_ref().expect("a proof");
            assert_eq!(proof.to_bytes(), expected.to_bytes());
        }
    }

    fn prove(&self, resident: &CardCircuit, witnesses: &[PartitionWitness<'_, F>]) -> Proved<C> {
        resident.prove_many(&self.prepared, &self.circuit, witnesses)
    }
}

/// The emulation.
fn card(bytes: usize) -> Arc<Card> {
    emulation::restore();
    let device = Device::open(Runtime::Emulated, 0).expect("there is one");
    Arc::new(Card::on(device.with_limit(bytes)))
}

/// A card, if this build has kernels for one and there is one.
fn any_card() -> Arc<Card> {
    match Device::open(Runtime::Cuda, 0) {
        Ok(device) => Arc::new(Card::on(device)),
        Err(_) => card(usize::MAX),
    }
}

#[test]
fn proofs_are_the_cpu_s_byte_for_byte() {
    let mut sizes = Vec::new();
    for (seed, gates) in [(1, 0), (2, 1), (3, 4), (4, 12), (5, 30), (6, 80), (7, 200)] {
        let fixture = Fixture::new(quick(), seed, gates);
        sizes.push(fixture.circuit.common.degree_bits());
        let resident = fixture.resident(&any_card()).expect("memory");
        for count in [1, 3] {
            let witnesses = fixture.witnesses(count);
            let proved = fixture.prove(&resident, &witnesses);
            assert!(proved.fallback.is_none(), "{:?}", proved.fallback);
            fixture.check(&witnesses, &proved);
        }
    }
    assert!((3..=8).all(|bits| sizes.contains(&bits)), "{sizes:?}");
}

#[test]
fn proofs_of_other_configurations_are_the_cpu_s() {
    let mut three = quick();
    three.num_challenges = 3;
    let mut tall = quick();
    tall.fri_config.cap_height = 0;
    let mut narrow = quick();
    narrow.max_quotient_degree_factor = 7;
    let mut folded = quick();
    folded.fri_config.reduction_strategy = FriReductionStrategy::Fixed(vec![1, 2, 1]);
    for (seed, config) in [(7, three), (8, tall), (9, narrow), (15, folded)] {
        let fixture = Fixture::new(config, seed, 20);
        let resident = fixture.resident(&any_card()).expect("memory");
        let witnesses = fixture.witnesses(2);
        let proved = fixture.prove(&resident, &witnesses);
        assert!(proved.fallback.is_none(), "{:?}", proved.fallback);
        fixture.check(&witnesses, &proved);
    }
}

#[test]
fn proofs_over_bn254_are_the_cpu_s() {
    let mut config = quick();
    config.fri_config.proof_of_work_bits = 3;
    let (builder, secrets) = lay_out_some(config, 14, 4..5);
    let circuit = builder.build::<Bn254Config>();
    let prepared = PreparedCircuit::new(&Prover::default(), &circuit.common).expect("a known circuit");
    let resident = CardCircuit::new(&card(usize::MAX), &prepared, &circuit).expect("memory");
    let witnesses = [5, 6].map(|last| {
        let inputs = witness(&secrets, last).expect("set once");
        generate_partial_witness(inputs, &circuit.prover_only, &circuit.common).expect("satisfiable")
    });
    let proved = resident.prove_many(&prepared, &circuit, &witnesses);
    assert!(proved.fallback.is_none(), "{:?}", proved.fallback);
    for (proof, witness) in proved.proofs.into_iter().zip(&witnesses) {
        let expected = prepared.prove(&circuit, witness).expect("a proof");
        assert_eq!(proof.expect("a proof").to_bytes(), expected.to_bytes());
    }
}

#[test]
fn a_batch_is_cut_to_what_the_card_has_room_for() {
    let fixture = Fixture::new(quick(), 10, 10);
    drop(fixture.resident(&card(usize::MAX)).expect("memory"));
    let resident = fixture.resident(&card(usize::MAX)).expect("memory");
    let held = emulation::used();
    // Just enough for the circuit: not a byte for a proof.
    let full = fixture.resident(&card(emulation::used())).expect("memory");
    let error = full.room(&fixture.circuit).expect_err("not a byte");
    let CardError::Memory {
        needed_bytes,
        free_bytes,
    } = error
    else {
        panic!("{error}");
    };
    assert_eq!(free_bytes, 0);
    assert_eq!(error.fault(), Some(Fault::OutOfMemory));
    let witnesses = fixture.witnesses(5);
    let proved = fixture.prove(&full, &witnesses[..1]);
    assert!(
        matches!(proved.fallback, Some(CardError::Memory { .. })),
        "{:?}",
        proved.fallback
    );
    fixture.check(&witnesses[..1], &proved);
    drop((resident, full));

    // Where there is room for more, a batch takes what is told for it, and nearly all of that.
    let resident = fixture.resident(&card(usize::MAX)).expect("memory");
    let before = emulation::used();
    let proved = fixture.prove(&resident, &witnesses[..2]);
    assert!(proved.fallback.is_none(), "{:?}", proved.fallback);
    let taken = emulation::used() - before;
    assert!(
        taken <= 2 * needed_bytes && taken > 2 * needed_bytes * 9 / 10,
        "{taken} of 2 x {needed_bytes}"
    );
    drop(resident);

    let card = card(held + 2 * needed_bytes);
    let resident = fixture.resident(&card).expect("memory");
    assert_eq!(resident.room(&fixture.circuit).expect("room"), 2);
    let proved = fixture.prove(&resident, &witnesses);
    assert!(proved.fallback.is_none(), "{:?}", proved.fallback);
    fixture.check(&witnesses, &proved);
    assert!(emulation::used() <= held + 2 * needed_bytes);
    assert_eq!(card.refused_allocations(), 0, "no batch had to be halved");
}

/// What was free when the batch was cut may be taken before it is allocated.
#[test]
fn a_batch_for_which_the_memory_is_not_enough_after_all_is_halved() {
    let fixture = Fixture::new(quick(), 14, 0);
    let resident = fixture.resident(&card(usize::MAX)).expect("memory");
    let witnesses = fixture.witnesses(3);
    emulation::restore();
    drop(fixture.prove(&resident, &witnesses));
    let calls = emulation::calls();
    for call in [calls / 3, calls / 2] {
        emulation::fail_at(call, OUT_OF_MEMORY);
        let proved = fixture.prove(&resident, &witnesses);
        assert!(emulation::calls() > calls, "the batch was proved at once");
        assert!(proved.fallback.is_none(), "{:?}", proved.fallback);
        fixture.check(&witnesses, &proved);
    }
}

/// Whatever call fails, and whether it is the end of the card or not. On one thread: the many small tasks of as many small
/// proofs would wait for each other.
#[test]
fn where_a_card_fails_the_cpu_proves_and_says_why() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    pool.expect("a thread").install(fail_everywhere);
}

fn fail_everywhere() {
    let mut config = quick();
    config.fri_config.num_query_rounds = 2;
    config.security_bits = 8;
    let fixture = Fixture::new(config, 11, 0);
    let witnesses = fixture.witnesses(1);
    let expected: Vec<_> = witnesses
        .iter()
        .map(|witness| {
            fixture
                .prepared
                .prove(&fixture.circuit, witness)
                .expect("a proof")
                .to_bytes()
        })
        .collect();
    let resident = fixture.resident(&card(usize::MAX)).expect("memory");
    emulation::restore();
    assert!(fixture.prove(&resident, &witnesses).fallback.is_none());
    let calls = emulation::calls();
    assert!(calls > 100, "{calls}");
    drop(resident);
    for (status, step) in [(LOST, 1), (OUT_OF_MEMORY, 7)] {
        let (mut failed, mut tried) = (0, 0);
        for call in (1..=calls).step_by(step) {
            tried += 1;
            let resident = fixture.resident(&card(usize::MAX)).expect("memory");
            emulation::fail_at(call, status);
            let proved = fixture.prove(&resident, &witnesses);
            for (proof, expected) in proved.proofs.iter().zip(&expected) {
                assert_eq!(
                    &proof.as_ref().expect("a proof").to_bytes(),
                    expected,
                    "{status} at {call}"
                );
            }
            let Some(error) = proved.fallback else {
                continue; // the device released what it kept and tried again, or something was let go of
            };
            failed += 1;
            let is_lost = status == LOST;
            let fault = if is_lost { Fault::Lost } else { Fault::OutOfMemory };
            assert_eq!(error.fault(), Some(fault), "{error}");
            emulation::restore();
            if tried % 16 != 0 {
                continue;
            }
            let again = fixture.prove(&resident, &witnesses);
            assert_eq!(
                matches!(again.fallback, Some(CardError::Lost)),
                is_lost,
                "{:?}",
                again.fallback
            );
            assert_eq!(fixture.resident(resident.card()).is_err(), is_lost);
        }
        assert!(failed > tried / 2, "{failed} of {tried}");
    }
    emulation::restore();
    assert_eq!(emulation::used(), 0);
}

#[test]
fn a_circuit_that_a_card_has_no_room_for_is_not_brought_there() {
    let fixture = Fixture::new(quick(), 12, 0);
    let error = fixture.resident(&card(1 << 10)).err().expect("too large");
    assert_eq!(error.fault(), Some(Fault::OutOfMemory));
    assert!(
        error.to_string().contains("bring the circuit to the card"),
        "{error}"
    );
}

/// As kernels with a fault would: the card has the constants of another circuit of the same shape.
#[test]
fn a_proof_of_the_card_that_does_not_verify_is_made_again_by_the_cpu() {
    let circuits = [3, 4].map(|constant| {
        let mut builder = Builder::new(quick());
        let secret = builder.add_virtual_target();
        let sum = builder.add_const(secret, F::from_canonical_u64(constant));
        builder.register_public_input(sum);
        let circuit = builder.build::<C>();
        let prepared = PreparedCircuit::new(&Prover::new(Kind::widest()), &circuit.common);
        Fixture {
            circuit,
            prepared: prepared.expect("a known circuit"),
            secrets: vec![secret],
        }
    });
    let [own, other] = circuits;
    let resident = other.resident(&any_card()).expect("memory");
    let mut inputs = PartialWitness::new();
    inputs.set_target(own.secrets[0], F::ONE).expect("set once");
    let witnesses = [own.full(inputs)];
    let proved = own.prove(&resident, &witnesses);
    let error = proved.fallback.as_ref().expect("does not verify");
    assert!(matches!(error, CardError::Invalid { .. }), "{error}");
    own.check(&witnesses, &proved);
}

#[test]
fn a_witness_that_breaks_a_gate_is_not_held_against_the_card() {
    let fixture = Fixture::new(quick(), 13, 20);
    let resident = fixture.resident(&any_card()).expect("memory");
    let mut broken = fixture.witnesses(1).remove(0);
    let mut values = broken.values.iter_mut().flatten();
    *values.next().expect("some are set") += F::ONE;
    let whole = fixture.witnesses(1).remove(0);
    let proved = fixture.prove(&resident, &[broken, whole]);
    assert!(proved.fallback.is_none(), "{:?}", proved.fallback);
    let mut proofs = proved.proofs.into_iter();
    let mut verifies = || {
        proofs
            .next()
            .expect("a proof of each")
            .is_ok_and(|proof| fixture.circuit.verify(proof).is_ok())
    };
    assert!(!verifies());
    assert!(verifies());
}

/// The CPU computes its quotient then.
#[test]
fn a_circuit_with_a_gate_that_no_kernel_knows_is_proved_on_the_card_all_the_same() {
    let mut builder = Builder::new(quick());
    let secret = builder.add_virtual_target();
    ashlar_gates::range_check(&mut builder, secret, 62);
    builder.register_public_input(secret);
    let circuit = builder.build::<C>();
    let check = |prover: Prover| {
        let prepared = PreparedCircuit::new(&prover, &circuit.common).expect("a known circuit");
        let knows = prepared.rows(&circuit.common).map(|rows| rows.len());
        let resident = CardCircuit::new(&card(usize::MAX), &prepared, &circuit).expect("memory");
        let mut inputs = PartialWitness::new();
        inputs.set_target(secret, F::TWO).expect("set once");
        let full = generate_partial_witness(inputs, &circuit.prover_only, &circuit.common);
        let full = full.expect("satisfiable");
        let expected = prepared.prove(&circuit, &full).expect("a proof").to_bytes();
        let proved = resident.prove_many(&prepared, &circuit, &[full]);
        assert!(proved.fallback.is_none(), "{:?}", proved.fallback);
        assert_eq!(proved.proofs[0].as_ref().expect("a proof").to_bytes(), expected);
        knows
    };
    let stranger = check(Prover::default()).expect_err("a gate of ours").to_string();
    assert!(
        stranger.contains("LimbGate") && stranger.contains("with_gates"),
        "{stranger}"
    );
    assert!(check(Prover::default().with_gates(&[ashlar_gates::recognise])).expect("known") > 1);
}

#[test]
fn a_program_without_kernels_opens_no_card() {
    if Runtime::Cuda.is_built() {
        return; // there may be a card
    }
    let error = Card::open(0, usize::MAX).err().expect("no kernels");
    assert_eq!(error.fault(), Some(Fault::NoDevice));
    assert!(
        error.to_string().contains("without the feature `cuda`"),
        "{error}"
    );
}
