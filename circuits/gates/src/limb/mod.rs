//! A plonky2 gate that makes four range checks in one row.

pub(crate) mod constraints;
pub(crate) mod generator;
pub(crate) mod layout;
#[cfg(test)]
mod tests;

use ashlar_lanes::{Constraints, Evaluate, Lanes, PackedGate, Row};
use plonky2::{
    field::{extension::Extendable, packed::PackedField, types::Field},
    gates::{
        gate::{AnyGate, Gate},
        packed_util::PackedEvaluableBase,
        util::StridedConstraintConsumer,
    },
    iop::{
        ext_target::ExtensionTarget,
        generator::{SimpleGenerator, WitnessGeneratorRef},
    },
    plonk::{
        circuit_data::CommonCircuitData,
        vars::{EvaluationTargets, EvaluationVars, EvaluationVarsBaseBatch, EvaluationVarsBasePacked},
    },
    util::serialization::{Buffer, IoResult},
};

use generator::LimbGenerator;

use crate::{
    Builder, D, F,
    algebra::{InLanes, InVerifierCircuit, Values},
};

/// How many bits the checks of a row leave their values; all four have the same width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Width {
    /// A nonce, or four bytes.
    Bits32,
    /// A word of public data.
    Bits56,
    /// A balance; the most that a row can hold.
    Bits62,
}

impl Width {
    /// All of them, the narrowest first.
    pub const ALL: [Self; 3] = [Self::Bits32, Self::Bits56, Self::Bits62];

    /// Bits of the values.
    pub const fn bits(self) -> usize {
        match self {
            Self::Bits32 => 32,
            Self::Bits56 => 56,
            Self::Bits62 => 62,
        }
    }

    /// The constants of a row of this width: weights of the middle and of the top digits.
    pub fn constants(self) -> [F; 2] {
        let weighs_if = |width, place: usize| {
            let weight = F::from_canonical_u64(1 << (layout::DIGIT_BITS * place));
            if self >= width { weight } else { F::ZERO }
        };
        [
            weighs_if(Self::Bits56, layout::MIDDLE.start),
            weighs_if(Self::Bits62, layout::TOP.start),
        ]
    }
}

/// Four values that are each below 2^32, 2^56 or 2^62, as the row's constants say ([`Width::constants`]).
///
/// 128 wires, the four values and their 32 low bits (as digits) on routed ones; 128 constraints of degree at most 4;
/// two constants. Checks that a row has left over are of zeros.
///
/// The caller owes that the constants are those of a [`Width`]; [`crate::range_check`] lays rows that way.
#[derive(Clone, Copy, Debug, Default)]
pub struct LimbGate;

impl Gate<F, D> for LimbGate {
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
        let (constants, wires) = (vars.local_constants, vars.local_wires);
        constraints::evaluate(&mut Values::new(), constants, wires, &mut values);
        values
    }

    fn eval_unfiltered_base_batch(&self, vars: EvaluationVarsBaseBatch<F>) -> Vec<F> {
        self.eval_unfiltered_base_batch_packed(vars)
    }

    fn eval_unfiltered_circuit(
        &self,
        builder: &mut Builder,
        vars: EvaluationTargets<D>,
    ) -> Vec<ExtensionTarget<D>> {
        let mut values = Vec::with_capacity(constraints::CONSTRAINTS);
        let (constants, wires) = (vars.local_constants, vars.local_wires);
        constraints::evaluate(&mut InVerifierCircuit(builder), constants, wires, &mut values);
        values
    }

    fn generators(&self, row: usize, _local_constants: &[F]) -> Vec<WitnessGeneratorRef<F, D>> {
        (0..layout::OPS)
            .map(|op| WitnessGeneratorRef::new(LimbGenerator { row, op }.adapter()))
            .collect()
    }

    fn num_wires(&self) -> usize {
        layout::WIRES
    }

    fn num_constants(&self) -> usize {
        2
    }

    fn degree(&self) -> usize {
        constraints::DEGREE
    }

    fn num_constraints(&self) -> usize {
        constraints::CONSTRAINTS
    }
}

impl PackedEvaluableBase<F, D> for LimbGate {
    fn eval_unfiltered_base_packed<P: PackedField<Scalar = F>>(
        &self,
        vars: EvaluationVarsBasePacked<P>,
        mut yield_constr: StridedConstraintConsumer<P>,
    ) {
        let (constants, wires) = (&vars.local_constants, &vars.local_wires);
        constraints::evaluate(&mut Values::new(), constants, wires, &mut yield_constr);
    }
}

impl PackedGate for LimbGate {
    #[inline(always)]
    fn evaluate<L: Lanes>(&self, lanes: L, row: Row<'_, L>, constraints: &mut Constraints<'_, L>) {
        constraints::evaluate(&mut InLanes(lanes), row.constants, row.wires, constraints);
    }
}

/// The gate, for a prover that evaluates constraints at several points at once.
pub fn recognise(gate: &dyn AnyGate<F, D>) -> Option<Box<dyn Evaluate>> {
    gate.as_any()
        .is::<LimbGate>()
        .then(|| Box::new(LimbGate) as Box<dyn Evaluate>)
}
