//! Where plonky2's prover runs for lift, fold and compress: its panics and its silent failures become errors. The chunk
//! circuit calls it by itself.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use plonky2::{
    iop::witness::PartialWitness,
    plonk::{circuit_data::CircuitData, config::GenericConfig, proof::ProofWithPublicInputs},
};

use crate::config::{D, F};

/// Why a circuit gave no proof. None of these is cured by trying again.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The witness breaks a constraint that witness generation sees (a copy constraint).
    #[error("{circuit}: witness breaks a copy constraint")]
    Unsatisfied {
        /// Which circuit.
        circuit: &'static str,
        /// plonky2's account of the two values.
        #[source]
        source: anyhow::Error,
    },
    /// The witness breaks a gate: plonky2 made a proof that its verifier refuses.
    #[error("{circuit}: witness breaks a gate, the proof does not verify")]
    Invalid {
        /// Which circuit.
        circuit: &'static str,
        /// The verifier's reason.
        #[source]
        source: anyhow::Error,
    },
    /// plonky2 panicked: an input of the wrong shape, or a bug.
    #[error("{circuit}: prover panicked: {message}")]
    Panicked {
        /// Which circuit.
        circuit: &'static str,
        /// Text of the panic.
        message: String,
    },
}

/// Assigns inputs, proves, and verifies the result before it leaves.
pub(crate) fn prove<O: GenericConfig<D, F = F>>(
    circuit: &'static str,
    data: &CircuitData<F, O, D>,
    inputs: impl FnOnce() -> anyhow::Result<PartialWitness<F>>,
) -> Result<ProofWithPublicInputs<F, O, D>, ProveError> {
    // The circuit data is only read, so a panic leaves nothing half-changed.
    let attempt = catch_unwind(AssertUnwindSafe(|| {
        let proof = inputs()
            .and_then(|witness| data.prove(witness))
            .map_err(|source| ProveError::Unsatisfied { circuit, source })?;
        data.verify(proof.clone())
            .map_err(|source| ProveError::Invalid { circuit, source })?;
        Ok(proof)
    }));
    attempt.unwrap_or_else(|panic| {
        Err(ProveError::Panicked {
            circuit,
            message: panic_message(panic.as_ref()),
        })
    })
}

/// The text of a panic, where it has one.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}
