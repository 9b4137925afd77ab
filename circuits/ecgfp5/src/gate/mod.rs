//! A plonky2 gate that performs three steps of a double-and-add chain in one row.

pub(crate) mod constraints;
pub(crate) mod generator;
pub(crate) mod layout;
pub(crate) mod table;

use ashlar_lanes::{Constraints, Evaluate, Lanes, PackedGate, Row};
use plonky2::{
    field::extension::Extendable,
    gates::{
        gate::{AnyGate, Gate},
        util::StridedConstraintConsumer,
    },
    iop::{
        ext_target::ExtensionTarget,
        generator::{SimpleGenerator, WitnessGeneratorRef},
    },
    plonk::{
        circuit_data::CommonCircuitData,
        vars::{EvaluationTargets, EvaluationVars, EvaluationVarsBase},
    },
    util::serialization::{Buffer, IoResult},
};

use generator::StepGenerator;

use crate::{
    Builder, D, F,
    algebra::{BaseValues, ExtensionValues, InLanes, InVerifierCircuit},
};

/// Three steps `A := 2A + T[t] + e Q` for a bit `e`, a three-bit selector `t` of a constant point, and a point Q.
///
/// 124 wires, 44 of them routed; 103 constraints of degree at most 6; no constants. The row makes sure that its bits
/// are bits, that each step is as above, and that the challenge word grows by the three bits `e`.
///
/// The caller owes that A and Q are elements of the group (see [`crate::Point`]), neutral or not: only then are the
/// denominators of the formulas never zero. A then stays in the group along a chain of rows.
#[derive(Clone, Copy, Debug, Default)]
pub struct EcGfp5StepGate;

impl Gate<F, D> for EcGfp5StepGate {
    fn id(&self) -> String {
        format!("{self:?}")
    }

    fn serialize(&self, _dst: &mut Vec<u8>, _common: &CommonCircuitData<F, D>) -> IoResult<()> {
        Ok(())
    }

    fn deserialize(_src: &mut Buffer, _common: &CommonCircuitData<F, D>) -> IoResult<Self> {
        Ok(Self)
    }

    fn eval_unfiltered(&self, vars: EvaluationVars<F, D>) -> Vec<<F as Extendable<D>>::Extension> {
        let mut values = Vec::with_capacity(constraints::CONSTRAINTS);
        constraints::evaluate(&mut ExtensionValues, vars.local_wires, &mut values);
        values
    }

    fn eval_unfiltered_base_one(
        &self,
        vars: EvaluationVarsBase<F>,
        mut yield_constr: StridedConstraintConsumer<F>,
    ) {
        let wires: [F; layout::WIRES] = std::array::from_fn(|i| vars.local_wires[i]);
        constraints::evaluate(&mut BaseValues, &wires, &mut yield_constr);
    }

    fn eval_unfiltered_circuit(
        &self,
        builder: &mut Builder,
        vars: EvaluationTargets<D>,
    ) -> Vec<ExtensionTarget<D>> {
        let mut values = Vec::with_capacity(constraints::CONSTRAINTS);
        constraints::evaluate(&mut InVerifierCircuit(builder), vars.local_wires, &mut values);
        values
    }

    fn generators(&self, row: usize, _local_constants: &[F]) -> Vec<WitnessGeneratorRef<F, D>> {
        vec![WitnessGeneratorRef::new(StepGenerator { row }.adapter())]
    }

    fn num_wires(&self) -> usize {
        layout::WIRES
    }

    fn num_constants(&self) -> usize {
        0
    }

    fn degree(&self) -> usize {
        constraints::DEGREE
    }

    fn num_constraints(&self) -> usize {
        constraints::CONSTRAINTS
    }
}

impl PackedGate for EcGfp5StepGate {
    #[inline(always)]
    fn evaluate<L: Lanes>(&self, lanes: L, row: Row<'_, L>, constraints: &mut Constraints<'_, L>) {
        constraints::evaluate(&mut InLanes(lanes), row.wires, constraints);
    }
}

/// The gate, for a prover that evaluates constraints at several points at once.
pub fn recognise(gate: &dyn AnyGate<F, D>) -> Option<Box<dyn Evaluate>> {
    gate.as_any()
        .is::<EcGfp5StepGate>()
        .then(|| Box::new(EcGfp5StepGate) as Box<dyn Evaluate>)
}

#[cfg(test)]
mod tests;
