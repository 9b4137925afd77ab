//! The quotient of a card's kernels beside the processor's, of circuits of any gates over random columns.

use std::sync::Arc;

use ashlar_ecgfp5::EcGfp5StepGate;
use ashlar_gates::LimbGate;
use ashlar_lanes::{F, Recognise};
use ashlar_plonky2_cuda::{Device, Runtime, Words, kernels::quotient::Columns};
use ashlar_statement::hash::{Builder, C, D};
use plonky2::{
    field::types::Sample,
    gates::{
        arithmetic_base::ArithmeticGate, arithmetic_extension::ArithmeticExtensionGate,
        base_sum::BaseSumGate, constant::ConstantGate, coset_interpolation::CosetInterpolationGate,
        exponentiation::ExponentiationGate, gate::GateRef, multiplication_extension::MulExtensionGate,
        noop::NoopGate, poseidon::PoseidonGate, poseidon_mds::PoseidonMdsGate, public_input::PublicInputGate,
        random_access::RandomAccessGate, reducing::ReducingGate, reducing_extension::ReducingExtensionGate,
    },
    hash::hash_types::HashOut,
    plonk::circuit_data::{CircuitConfig, CommonCircuitData},
};
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::{PreparedCircuit, Prover};
use crate::{
    card::quotient as card,
    leaves::Leaves,
    permutation::Challenge,
    quotient::{Committed, Query, rate_bits},
};

const RECOGNISE: &[Recognise] = &[ashlar_gates::recognise, ashlar_ecgfp5::recognise];

/// As a verifier's circuit has it: constraints of degree 8 at most.
fn interpolation() -> CosetInterpolationGate<F, D> {
    let mut gate = CosetInterpolationGate::new(4);
    gate.degree = 6;
    gate
}

/// What production's circuits have, and others.
fn gates(config: &CircuitConfig) -> Vec<GateRef<F, D>> {
    vec![
        GateRef::new(NoopGate),
        GateRef::new(ConstantGate::new(2)),
        GateRef::new(PublicInputGate),
        GateRef::new(BaseSumGate::<2>::new(63)),
        GateRef::new(BaseSumGate::<2>::new(5)),
        GateRef::new(ArithmeticGate::new_from_config(config)),
        GateRef::new(ArithmeticExtensionGate::<D>::new_from_config(config)),
        GateRef::new(MulExtensionGate::<D>::new_from_config(config)),
        GateRef::new(RandomAccessGate::<F, D>::new_from_config(config, 4)),
        GateRef::new(RandomAccessGate::<F, D>::new_from_config(config, 2)),
        GateRef::new(ExponentiationGate::<F, D>::new_from_config(config)),
        GateRef::new(ReducingGate::<D>::new(43)),
        GateRef::new(ReducingExtensionGate::<D>::new(32)),
        GateRef::new(interpolation()),
        GateRef::new(PoseidonMdsGate::<F, D>::new()),
        GateRef::new(PoseidonGate::<F, D>::new()),
        GateRef::new(LimbGate),
        GateRef::new(EcGfp5StepGate),
    ]
}

/// A circuit that may have such gates, of about as many rows.
fn circuit(config: CircuitConfig, gates: &[GateRef<F, D>], rows: usize) -> CommonCircuitData<F, D> {
    let mut builder = Builder::new(config);
    for gate in gates {
        builder.add_gate_to_gate_set(gate.clone());
    }
    while builder.num_gates() < rows {
        builder.add_gate(NoopGate, vec![]);
    }
    builder.build::<C>().common
}

/// Random columns, of which some words are not canonical.
struct Random {
    constants: Vec<Vec<F>>,
    wires: Vec<Vec<F>>,
    products: Vec<Vec<F>>,
    query: Query,
}

impl Random {
    fn new(common: &CommonCircuitData<F, D>, constants: &[Vec<F>], rng: &mut ChaCha8Rng) -> Self {
        let challenges = common.config.num_challenges;
        let leaves = constants.len();
        let permutation = |_| Challenge {
            beta: F::rand(),
            gamma: F::rand(),
        };
        Self {
            constants: constants.to_vec(),
            wires: rows(leaves, common.config.num_wires, rng),
            products: rows(leaves, challenges * (1 + common.num_partial_products), rng),
            query: Query {
                public_inputs_hash: HashOut::rand(),
                permutation: (0..challenges).map(permutation).collect(),
                alphas: F::rand_vec(challenges),
            },
        }
    }

    /// The processor's.
    fn expected(&self, prepared: &PreparedCircuit, common: &CommonCircuitData<F, D>) -> Vec<Vec<F>> {
        let leaves = |rows: &[Vec<F>]| Leaves::of_rows(rows[0].len(), rows.iter().map(Vec::as_slice));
        let committed = Committed {
            constants: &self.constants,
            wires: &leaves(&self.wires),
            products: &leaves(&self.products),
        };
        prepared.quotient(common, &committed, &self.query)
    }
}

fn rows(count: usize, width: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<F>> {
    let row = |_| {
        (0..width)
            .map(|_| {
                F(rng.r#gen::<u64>()
                    | if rng.gen_ratio(1, 8) {
                        0xffff_ffff_0000_0000
                    } else {
                        0
                    })
            })
            .collect()
    };
    (0..count).map(row).collect()
}

fn columns(rows: &[Vec<F>]) -> Vec<u64> {
    let column = |i: usize| rows.iter().map(move |row| row[i].0);
    (0..rows[0].len()).flat_map(column).collect()
}

/// Compares the quotients of a batch of proofs of a circuit, both by kernels of its gates and with these as code. How many
/// gates have no such kernel.
fn compare(common: &CommonCircuitData<F, D>, proofs: usize, rng: &mut ChaCha8Rng) -> usize {
    let prover = Prover::default().with_gates(RECOGNISE);
    let prepared = PreparedCircuit::new(&prover, common).expect("a known circuit");
    let leaves = common.degree() << common.config.fri_config.rate_bits;
    let constants = rows(leaves, common.num_constants + common.config.num_routed_wires, rng);
    let proofs: Vec<_> = (0..proofs)
        .map(|_| Random::new(common, &constants, rng))
        .collect();

    let device = Arc::new(Device::open(Runtime::Emulated, 0).expect("there is one"));
    let gates = prepared.rows(common).expect("all gates are known");
    let circuit = card::circuit(&device, &prepared, common, &gates).expect("memory");
    let of = |rows: fn(&Random) -> &[Vec<F>]| {
        let words: Vec<u64> = proofs.iter().flat_map(|proof| columns(rows(proof))).collect();
        Words::of(&device, &words).expect("memory")
    };
    let columns = Columns {
        constants: &Words::of(&device, &columns(&constants)).expect("memory"),
        wires: &of(|proof| &proof.wires),
        products: &of(|proof| &proof.products),
    };
    let queries: Vec<_> = proofs
        .iter()
        .map(|proof| card::kernel_query(&proof.query))
        .collect();
    let expected = proofs.iter().flat_map(|proof| proof.expected(&prepared, common));
    let expected: Vec<F> = expected.flatten().collect();
    let without = gates.len() - circuit.kernels_of_gates();
    let as_code = card::circuit(&device, &prepared, common, &gates).expect("memory");
    let as_code = as_code.without_kernels_of_gates().expect("few registers");
    assert_eq!(as_code.kernels_of_gates(), 0);
    for (way, circuit) in [("kernels of gates", circuit), ("code", as_code)] {
        let found = circuit.quotient(columns, &queries);
        let found = found.and_then(|words| words.read_all()).expect("no fault");
        let found: Vec<F> = found.into_iter().map(F).collect();
        assert_eq!(found.len(), expected.len());
        let wrong = (0..found.len()).find(|i| found[*i] != expected[*i]);
        let points = common.degree() << rate_bits(common);
        assert_eq!(wrong, None, "{way}, of {points} points a proof and challenge");
    }
    without
}

#[test]
fn a_quotient_of_each_gate_alone_is_the_processor_s() {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let config = CircuitConfig::standard_recursion_config();
    let mut as_code = 0;
    for gate in gates(&config) {
        as_code += compare(&circuit(config.clone(), &[gate], 1), 1, rng);
    }
    // All that production has have kernels: not five bits, a list of four, and a power.
    assert_eq!(as_code, 3);
}

#[test]
fn a_quotient_of_a_circuit_of_any_gates_is_the_processor_s() {
    for seed in 0..6 {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed);
        let mut config = CircuitConfig::standard_recursion_config();
        config.num_challenges = 1 + seed as usize % 5;
        config.fri_config.rate_bits += seed as usize % 2;
        config.num_routed_wires -= 3 * (seed as usize % 2); // the last product is of fewer factors
        let mut gates = gates(&config);
        gates.shuffle(rng);
        gates.truncate(rng.gen_range(1..=gates.len()));
        let rows = rng.gen_range(1..100);
        compare(&circuit(config, &gates, rows), [1, 3][seed as usize % 2], rng);
    }
}
