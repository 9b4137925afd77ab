//! The chunk circuits: a fixed number of slots each, from account root to account root.
//!
//! Every slot is the same circuit. Kind flags switch two steps on or off: the source's account is written (it pays and
//! signs, or an operation of the L1 queue acts on it), the destination is credited (a deposit may create it). A step that
//! is off leaves the root as it is,
//! and all that its wires feed is multiplied by a flag, so that they influence nothing. After the last slot the
//! fees are credited. The public data words are hashed, two permutations a slot, and evaluated at `z`.

mod account;
mod amounts;
mod destination;
mod fee;
mod message;
mod policy;
mod pubdata;
mod queue;
mod rows;
mod slot;
mod targets;
mod wires;

use ashlar_statement::{
    Security, SpanPublicInputs, TIME_BITS,
    circuit::{DataHash, EvaluationTarget},
    gates::with_equations,
    hash::{Builder, C, D, F, Hash},
};
use plonky2::{
    fri::reduction_strategies::FriReductionStrategy, hash::hash_types::HashOutTarget,
    iop::witness::PartialWitness, plonk::circuit_data::CircuitData, util::log2_ceil,
};
use slot::{Running, Shared, constrain_slot};
use targets::ChunkTargets;

pub(crate) use account::{head_hash, leaf_hash};
pub use policy::PolicyWires;
pub use rows::{Component, Rows};
pub use targets::ChunkAssignment;
pub use wires::{AccountWires, FeeWires, HeadWires, SlotWires};

use crate::witness::WitnessError;

/// FRI folds sixteen values into one, down to a polynomial of this size, in log2, or of one coefficient a slot.
const ARITY_BITS: usize = 4;
const LAST_POLYNOMIAL_BITS: usize = 5;

/// One circuit with its keys.
#[derive(Debug)]
pub struct ChunkCircuit {
    /// Prover and verifier data.
    pub data: CircuitData<F, C, D>,
    targets: ChunkTargets,
    rows: Rows,
}

impl ChunkCircuit {
    /// Builds the circuit for a number of slots: those of [`crate::batch::SHAPES`] in production, fewer in tests.
    pub fn of_slots(security: Security, slots: usize) -> Self {
        let mut config = security.leaf();
        // Twice the slots are twice the rows; a last polynomial twice as large spares the lift a fold.
        let last = LAST_POLYNOMIAL_BITS.max(log2_ceil(slots));
        config.fri_config.reduction_strategy = FriReductionStrategy::ConstantArityBits(ARITY_BITS, last);
        let (builder, (targets, mut rows)) = with_equations(&config, || {
            let mut builder = Builder::new(config.clone());
            let targets = ChunkTargets::allocate(&mut builder, slots);
            let mut rows = Rows {
                slots,
                ..Rows::default()
            };
            constrain(&mut builder, &mut rows, &targets);
            builder.register_public_inputs(&targets.public_inputs.to_vec());
            (builder, (targets, rows))
        });
        rows.total = builder.num_gates();
        let data = builder.build::<C>();
        rows.padded = data.common.degree();
        Self { data, targets, rows }
    }

    /// The circuit that has this data and these rows.
    pub(crate) fn read(rows: Rows, data: CircuitData<F, C, D>) -> Self {
        let targets = ChunkTargets::of_circuit(data.common.config.clone(), rows.slots);
        Self { data, targets, rows }
    }

    /// Transactions per chunk.
    pub fn slots(&self) -> usize {
        self.rows.slots
    }

    /// Rows by component.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// Identifies the circuit: changes with any of its constraints, those inside its gates too.
    pub fn digest(&self) -> Hash {
        self.data.verifier_only.circuit_digest
    }

    /// Sets the wires of an assignment. Wires that contradict each other may be noticed when the proof is made only.
    ///
    /// # Errors
    /// If two values are given for one wire, or there are not as many slots as here.
    pub fn set(&self, assignment: &ChunkAssignment) -> anyhow::Result<PartialWitness<F>> {
        let (expected, actual) = (self.slots(), assignment.slots.len());
        if actual != expected {
            return Err(WitnessError::SlotCount { expected, actual }.into());
        }
        let mut witness = PartialWitness::new();
        self.targets.set(&mut witness, assignment)?;
        Ok(witness)
    }
}

fn constrain(builder: &mut Builder, rows: &mut Rows, targets: &ChunkTargets) {
    let claimed = &targets.public_inputs;
    let zero = builder.zero();
    let shared = Shared {
        domain: claimed.domain,
        time: claimed.time,
        fee_tokens: targets.fee.tokens,
    };
    let mut running = Running {
        root: HashOutTarget {
            elements: claimed.old_root,
        },
        fee_sums: [zero; crate::witness::FEE_SLOTS],
        data_hash: DataHash::new(builder),
        evaluation: rows.count(builder, Component::Evaluation, |b| {
            EvaluationTarget::new(b, claimed.z)
        }),
    };
    rows.count(builder, Component::RangeChecks, |builder| {
        builder.range_check(claimed.time, TIME_BITS as usize);
    });
    for (wires, signature) in targets.slots.iter().zip(&targets.signatures) {
        constrain_slot(builder, rows, &shared, &mut running, wires, signature);
    }
    let new_root = rows.count(builder, Component::FeeCredit, |builder| {
        fee::credit(
            builder,
            running.root,
            claimed.fee_account,
            &targets.fee,
            &running.fee_sums,
        )
    });
    let derived = SpanPublicInputs {
        new_root: new_root.elements,
        data_hash: running.data_hash.digest(),
        bridge_eval: running.evaluation.bridge_eval.0,
        rollup_eval: running.evaluation.rollup_eval.0,
        bridge_power: running.evaluation.bridge_power.0,
        rollup_power: running.evaluation.rollup_power.0,
        bridge_words: running.evaluation.bridge_words,
        rollup_words: running.evaluation.rollup_words,
        ..*claimed
    };
    for (derived, claimed) in derived.to_vec().into_iter().zip(claimed.to_vec()) {
        builder.connect(derived, claimed);
    }
}
