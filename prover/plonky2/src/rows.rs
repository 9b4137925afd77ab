//! The gates of a circuit as codes, for machines that do not run Rust.

#[cfg(test)]
mod tests;

use ashlar_lanes::{
    Program,
    program::{Code, Shape},
};
use ashlar_plonky2_cuda::kernels::quotient::Gate;
use ashlar_statement::hash::{D, F};
use plonky2::{gates::gate::AnyGate, plonk::circuit_data::CommonCircuitData};

use crate::{PreparedCircuit, Prover};

/// The constraints of a gate, and how its rows are told from others.
#[derive(Clone, Debug)]
pub struct GateRows {
    /// Wires and constants to constraints. The gate's constants are the columns behind the selectors.
    pub code: Code,
    /// The column of its selector among those of constants.
    pub selector: usize,
    /// What the selector is on rows of others: the constraints count times the product of `other - selector`.
    pub others: Vec<u64>,
}

/// A gate that only plonky2 knows.
#[derive(Debug, thiserror::Error)]
#[error(
    "gate {id} is not written for lanes: let the CPU prove this circuit, or give `Prover::with_gates` the gate"
)]
pub struct NotTraced {
    /// Which.
    pub id: String,
}

impl Prover {
    /// What the constraints of a gate are made of.
    ///
    /// # Errors
    /// If it is not among those that this prover knows.
    pub fn program(&self, gate: &dyn AnyGate<F, D>) -> Result<Program, NotTraced> {
        match self.recognise(gate) {
            Some(packed) => Ok(Program::trace(&*packed, Shape::of(gate))),
            None => Err(NotTraced { id: gate.id() }),
        }
    }
}

impl PreparedCircuit {
    /// All gates of the circuit that have constraints.
    ///
    /// # Errors
    /// If one of them was left to plonky2.
    pub fn rows(&self, common: &CommonCircuitData<F, D>) -> Result<Vec<GateRows>, NotTraced> {
        let gates = self.gates.iter().zip(&common.gates).enumerate();
        let gates = gates.filter(|(_, (_, gate))| gate.0.num_constraints() > 0);
        gates
            .map(|(row, (selected, gate))| {
                let others = selected.others(row, self.selectors).map(|other| other as u64);
                let packed = selected.packed.as_deref();
                let packed = packed.ok_or_else(|| NotTraced { id: gate.0.id() })?;
                Ok(GateRows {
                    code: Code::of(&Program::trace(packed, Shape::of(&*gate.0))),
                    selector: selected.selector,
                    others: others.collect(),
                })
            })
            .collect()
    }
}

impl GateRows {
    /// For the kernel of the quotient.
    pub(crate) fn kernel(&self) -> Gate<'_> {
        Gate {
            code: &self.code,
            selector: self.selector,
            others: &self.others,
        }
    }
}
