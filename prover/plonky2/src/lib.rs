//! A prover for plonky2's circuits over Goldilocks and Poseidon: the same circuits, the same `CircuitData`, the same proofs
//! but for the nonce.
//!
//! From one witness it makes the proof that plonky2 makes, byte for byte up to the nonce of the proof of work, which is any
//! that serves. What takes the time is done for many elements at once: hashing ([`ashlar_poseidon`]) and transforms
//! ([`ashlar_accel`]). plonky2 still runs the generators and evaluates the gates. A circuit that this prover does not
//! know, one over another hash for instance, is proved by plonky2 itself.

mod circuit;
mod commit;
mod fri;
mod grind;
mod permutation;
mod poseidon;
mod prove;
mod quotient;
mod tree;
mod witness;

use std::{any::Any, error::Error};

use ashlar_statement::{
    ProveCircuit, StockProver,
    hash::{C, D, F},
};
use plonky2::{
    field::extension::Extendable,
    iop::{generator::generate_partial_witness, witness::PartialWitness},
    plonk::{circuit_data::CircuitData, config::GenericConfig, proof::ProofWithPublicInputs},
};

use tracing::warn;

pub use circuit::{PreparedCircuit, Unknown};
pub use poseidon::Arithmetic;
pub use tree::merkle_tree;

/// Where challenges from outside the field are drawn from.
type FE = <F as Extendable<D>>::Extension;

/// The prover.
#[derive(Clone, Copy, Debug, Default)]
pub struct Prover {
    arithmetic: Arithmetic,
}

impl Prover {
    /// A prover that computes so; the proofs are the same.
    pub fn new(arithmetic: Arithmetic) -> Self {
        Self { arithmetic }
    }
}

impl ProveCircuit for Prover {
    /// `None` if the circuit is for plonky2's own prover.
    type Prepared<O: GenericConfig<D, F = F> + 'static> = Option<PreparedCircuit>;

    fn prepare<O: GenericConfig<D, F = F> + 'static>(
        &self,
        circuit: &CircuitData<F, O, D>,
    ) -> Option<PreparedCircuit> {
        PreparedCircuit::new(self.arithmetic, over_poseidon(circuit)?)
            .inspect_err(|reason| {
                warn!(
                    reason = reason as &dyn Error,
                    "plonky2 proves this circuit itself"
                )
            })
            .ok()
    }

    fn prove<O: GenericConfig<D, F = F> + 'static>(
        &self,
        circuit: &CircuitData<F, O, D>,
        prepared: &Option<PreparedCircuit>,
        witness: PartialWitness<F>,
    ) -> anyhow::Result<ProofWithPublicInputs<F, O, D>> {
        let (Some(prepared), Some(circuit)) = (prepared, over_poseidon(circuit)) else {
            return StockProver.prove(circuit, &(), witness);
        };
        let witness = generate_partial_witness(witness, &circuit.prover_only, &circuit.common)?;
        let proof: Box<dyn Any> = Box::new(prepared.prove(circuit, &witness)?);
        Ok(*proof
            .downcast()
            .expect("the circuit has this type, so has the proof"))
    }
}

/// The circuit, if its configuration is plonky2's for Poseidon.
fn over_poseidon<O: GenericConfig<D, F = F> + 'static>(
    circuit: &CircuitData<F, O, D>,
) -> Option<&CircuitData<F, C, D>> {
    (circuit as &dyn Any).downcast_ref()
}
