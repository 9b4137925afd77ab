//! The chunk circuit: a fixed number of slots, from account root to account root.
//!
//! Every slot is the same circuit. Kind flags switch two steps on or off: the source pays amount and fee and
//! signs, the destination is credited (a deposit may create it). A step that is off leaves the root as it is,
//! and all that its wires feed is multiplied by a flag, so that they influence nothing. After the last slot the
//! fees are credited. The public data words are hashed, one permutation a slot, and evaluated at `z`.

mod account;
mod amounts;
mod fee;
mod merkle;
mod message;
mod pubdata;
mod rows;
mod serialization;
mod slot;
mod targets;
mod wires;

use std::panic::{AssertUnwindSafe, catch_unwind};

use plonky2::hash::hash_types::HashOutTarget;
use plonky2::iop::witness::PartialWitness;
use plonky2::plonk::circuit_data::{CircuitConfig, CircuitData};
use plonky2::plonk::proof::ProofWithPublicInputs;
pub use rows::{Component, Rows};
pub use serialization::{ChunkGateSerializer, ChunkGeneratorSerializer, CircuitBytesError};
use slot::{Running, Shared, constrain_slot};
pub use targets::ChunkAssignment;
use targets::ChunkTargets;
pub use wires::{AccountWires, FeeWires, SlotWires};

use crate::hash::{Builder, C, D, F, Hash};
use crate::public_inputs::SpanPublicInputs;
use crate::witness::{ChunkWitness, WitnessError};

/// Proof of one chunk; its public inputs are a [`SpanPublicInputs`].
pub type ChunkProof = ProofWithPublicInputs<F, C, D>;

/// A chunk was not proved.
#[derive(Debug, thiserror::Error)]
pub enum ProveChunkError {
    /// The witness breaks the circuit: proving again would fail the same way.
    #[error("witness breaks the circuit")]
    Witness(#[from] WitnessError),
    /// The wires contradict each other.
    #[error("assignment breaks the circuit")]
    Unsatisfied(#[source] anyhow::Error),
    /// The prover panicked: what it proves is false, or a bug.
    #[error("prover panicked: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
}

/// The circuit with its keys.
#[derive(Debug)]
pub struct ChunkCircuit {
    /// Prover and verifier data.
    pub data: CircuitData<F, C, D>,
    targets: ChunkTargets,
    rows: Rows,
}

impl ChunkCircuit {
    /// Builds the circuit for a number of slots: [`crate::batch::SLOTS`] in production, fewer in tests.
    pub fn build(slots: usize) -> Self {
        let mut builder = Builder::new(config());
        let targets = ChunkTargets::allocate(&mut builder, slots);
        let mut rows = Rows {
            slots,
            ..Rows::default()
        };
        constrain(&mut builder, &mut rows, &targets);
        builder.register_public_inputs(&targets.public_inputs.to_vec());
        rows.total = builder.num_gates();
        let data = builder.build::<C>();
        rows.padded = data.common.degree();
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

    /// Identifies the circuit: changes with any of its constraints.
    pub fn digest(&self) -> Hash {
        self.data.verifier_only.circuit_digest
    }

    /// Checks the witness natively, so that a fault is reported by slot and reason, and proves it.
    pub fn prove(&self, witness: &ChunkWitness) -> Result<ChunkProof, ProveChunkError> {
        let (expected, actual) = (self.slots(), witness.slots.len());
        if actual != expected {
            return Err(WitnessError::SlotCount { expected, actual }.into());
        }
        let claim = witness.check()?;
        self.prove_assignment(&ChunkAssignment::new(witness, &claim))
    }

    /// Proves wires that were not checked beforehand. Wires that break the circuit give an error, or (where
    /// the prover does not notice) a proof that does not verify.
    pub fn prove_assignment(&self, assignment: &ChunkAssignment) -> Result<ChunkProof, ProveChunkError> {
        let (expected, actual) = (self.slots(), assignment.slots.len());
        if actual != expected {
            return Err(WitnessError::SlotCount { expected, actual }.into());
        }
        // plonky2 panics where a generator or the quotient meets a contradiction.
        let result = catch_unwind(AssertUnwindSafe(|| {
            let mut witness = PartialWitness::new();
            self.targets.set(&mut witness, assignment)?;
            self.data.prove(witness)
        }));
        match result {
            Ok(proof) => proof.map_err(ProveChunkError::Unsatisfied),
            Err(panic) => Err(ProveChunkError::Panicked {
                message: panic_message(panic.as_ref()),
            }),
        }
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
        .to_owned()
}

/// Parameters of the chunk circuit; the recursion relies on them.
pub fn config() -> CircuitConfig {
    CircuitConfig::standard_recursion_config()
}

fn constrain(builder: &mut Builder, rows: &mut Rows, targets: &ChunkTargets) {
    let claimed = &targets.public_inputs;
    let zero = builder.zero();
    let shared = Shared {
        domain: claimed.domain,
        fee_tokens: targets.fee.tokens,
    };
    let mut running = Running {
        root: HashOutTarget {
            elements: claimed.old_root,
        },
        fee_sums: [zero; crate::witness::FEE_SLOTS],
        data_hash: pubdata::DataHash::new(builder),
        evaluation: rows.count(builder, Component::Evaluation, |b| {
            pubdata::EvaluationTarget::new(b, claimed.z)
        }),
        counts: [zero; 3],
    };
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
    let [deposit_count, withdrawal_count, transfer_count] = running.counts;
    let derived = SpanPublicInputs {
        new_root: new_root.elements,
        data_hash: running.data_hash.digest(),
        bridge_eval: running.evaluation.bridge_eval.0,
        rollup_eval: running.evaluation.rollup_eval.0,
        bridge_power: running.evaluation.bridge_power.0,
        rollup_power: running.evaluation.rollup_power.0,
        deposit_count,
        withdrawal_count,
        transfer_count,
        ..*claimed
    };
    for (derived, claimed) in derived.to_vec().into_iter().zip(claimed.to_vec()) {
        builder.connect(derived, claimed);
    }
}
