//! A prover for plonky2's circuits over Goldilocks, with trees of Poseidon or of Poseidon2 over BN254: the same circuits,
//! the same `CircuitData`, the same proofs but for the nonce.
//!
//! From one witness it makes the proof that plonky2 makes, byte for byte up to the nonce of the proof of work, which is any
//! that serves. What takes the time is done for many elements at once: hashing ([`ashlar_poseidon`], [`ashlar_accel`]),
//! transforms ([`ashlar_accel`]) and constraints ([`ashlar_lanes`]). Generators are plonky2's, run in an order of our own;
//! gates that nobody has written for lanes ([`Prover::with_gates`]) are evaluated by plonky2. A circuit that this prover
//! does not know, one over a third hash for instance, is proved by plonky2 itself.
//!
//! Several proofs of a circuit are made at once on a card ([`CardCircuit`]), the same ones to the last byte.

mod card;
mod circuit;
mod combine;
mod commit;
mod fri;
mod gates;
mod generate;
mod grind;
mod hasher;
mod leaves;
mod memory;
mod permutation;
mod prove;
mod quotient;
mod rows;
mod tree;
mod witness;

use std::{
    any::{Any, TypeId},
    error::Error,
};

use ashlar_bn254::Bn254Config;
use ashlar_lanes::{Evaluate, Recognise};
use ashlar_statement::{
    ProveCircuit, StockProver,
    hash::{C, D, F},
};
use plonky2::{
    field::extension::Extendable,
    gates::gate::AnyGate,
    iop::witness::{PartialWitness, PartitionWitness},
    plonk::{circuit_data::CircuitData, config::GenericConfig, proof::ProofWithPublicInputs},
};

use tracing::{debug_span, warn};

use prove::step;

pub use ashlar_lanes::Kind;
pub use card::{Card, CardCircuit, CardError, CardHasher, Proved};
pub use circuit::{PreparedCircuit, Unknown};
pub use commit::ColumnCommitter;
pub use hasher::ManyHasher;
pub use rows::{GateRows, NotTraced};

/// Target of the spans (of level debug) that the steps of a proof are.
pub const STEPS: &str = "ashlar_plonky2::steps";

/// Where challenges from outside the field are drawn from.
type FE = <F as Extendable<D>>::Extension;

/// The prover.
#[derive(Clone, Copy, Debug)]
pub struct Prover {
    kind: Kind,
    gates: [&'static [Recognise]; GATE_LISTS],
}

/// Most lists of gates that a prover knows beside plonky2's.
const GATE_LISTS: usize = 4;

/// Computes with the widest lanes of the processor.
impl Default for Prover {
    fn default() -> Self {
        Self::new(Kind::widest())
    }
}

impl Prover {
    /// A prover that computes with such lanes, which the processor must have; the proofs are the same.
    pub fn new(kind: Kind) -> Self {
        let gates = [&[][..]; GATE_LISTS];
        Self { kind, gates }
    }

    /// Beside plonky2's gates, and those of earlier lists, evaluates those that one of these recognises at several points at
    /// once. A gate that none does is evaluated by plonky2: the proofs are the same.
    ///
    /// # Panics
    /// With more than four lists that are not empty.
    pub fn with_gates(mut self, gates: &'static [Recognise]) -> Self {
        let mut lists = self.gates.iter_mut();
        let free = lists.find(|list| list.is_empty());
        *free.expect("at most four lists of gates") = gates;
        self
    }

    fn recognise(&self, gate: &dyn AnyGate<F, D>) -> Option<Box<dyn Evaluate>> {
        let mut others = self.gates.into_iter().flatten();
        gates::recognise(gate).or_else(|| others.find_map(|recognise| recognise(gate)))
    }
}

impl ProveCircuit for Prover {
    /// `None` if the circuit is for plonky2's own prover.
    type Prepared<O: GenericConfig<D, F = F> + 'static> = Option<PreparedCircuit>;

    fn prepare<O: GenericConfig<D, F = F> + 'static>(
        &self,
        circuit: &CircuitData<F, O, D>,
    ) -> Option<PreparedCircuit> {
        if !is_known::<O>() {
            return None;
        }
        PreparedCircuit::new(self, &circuit.common)
            .inspect_err(|reason| {
                warn!(
                    reason = reason as &dyn Error,
                    "plonky2 proves this circuit itself"
                )
            })
            .ok()
    }

    fn witness<'a, O: GenericConfig<D, F = F> + 'static>(
        &self,
        circuit: &'a CircuitData<F, O, D>,
        prepared: &Option<PreparedCircuit>,
        inputs: PartialWitness<F>,
    ) -> anyhow::Result<PartitionWitness<'a, F>> {
        let Some(prepared) = prepared else {
            return StockProver.witness(circuit, &(), inputs);
        };
        step!("witness", prepared.schedule.generate(circuit, inputs))
    }

    fn prove<O: GenericConfig<D, F = F> + 'static>(
        &self,
        circuit: &CircuitData<F, O, D>,
        prepared: &Option<PreparedCircuit>,
        witness: PartitionWitness<'_, F>,
    ) -> anyhow::Result<ProofWithPublicInputs<F, O, D>> {
        let Some(prepared) = prepared else {
            return StockProver.prove(circuit, &(), witness);
        };
        let circuit: &dyn Any = circuit;
        let proof: Box<dyn Any> = if let Some(circuit) = circuit.downcast_ref::<CircuitData<F, C, D>>() {
            Box::new(prepared.prove(circuit, &witness)?)
        } else if let Some(circuit) = circuit.downcast_ref::<CircuitData<F, Bn254Config, D>>() {
            Box::new(prepared.prove(circuit, &witness)?)
        } else {
            unreachable!("a circuit of another configuration was not prepared")
        };
        Ok(*proof
            .downcast()
            .expect("the circuit has this type, so has the proof"))
    }
}

/// Whether this prover has the hash of a configuration.
fn is_known<O: 'static>() -> bool {
    [TypeId::of::<C>(), TypeId::of::<Bn254Config>()].contains(&TypeId::of::<O>())
}
