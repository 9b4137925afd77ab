//! A gate by its formula: what plonky2 wants of every gate, once for all gates that are written as one.

use std::{fmt, marker::PhantomData, ops::Index};

use anyhow::Result;
use ashlar_lanes::{Constraints, Emit, Evaluate, Lanes, PackedGate, Row};
use plonky2::{
    field::{extension::Extendable, packed::PackedField},
    gates::{
        gate::{AnyGate, Gate},
        packed_util::PackedEvaluableBase,
        util::StridedConstraintConsumer,
    },
    iop::{
        ext_target::ExtensionTarget,
        generator::{GeneratedValues, SimpleGenerator, WitnessGeneratorRef},
        target::Target,
        witness::{PartitionWitness, Witness, WitnessWrite},
    },
    plonk::{
        circuit_data::CommonCircuitData,
        vars::{EvaluationTargets, EvaluationVars, EvaluationVarsBaseBatch, EvaluationVarsBasePacked},
    },
    util::serialization::{Buffer, IoResult, Read, Write},
};

use crate::{
    Builder, D, F,
    algebra::{Algebra, InLanes, InVerifierCircuit, Values},
};

/// The constraints of a gate, and how its wires follow from those that are given.
pub trait Formula: Copy + Default + fmt::Debug + Send + Sync + 'static {
    /// Names the gate: other constraints, another name.
    const NAME: &'static str;
    /// Wires of a row.
    const WIRES: usize;
    /// Constants of a row.
    const CONSTANTS: usize;
    /// Largest degree of a constraint.
    const DEGREE: usize;
    /// How many constraints there are.
    const CONSTRAINTS: usize;
    /// Parts that are filled each for itself.
    const PARTS: usize = 1;

    /// Emits every constraint of a row, in a fixed order.
    fn evaluate<A: Algebra>(
        algebra: &mut A,
        constants: &(impl Index<usize, Output = A::Value> + ?Sized),
        wires: &(impl Index<usize, Output = A::Value> + ?Sized),
        constraints: &mut impl Emit<A::Value>,
    );

    /// How a part is filled where that depends on the row's constants; a part of its own for whoever fills.
    fn filling(part: usize, _constants: &[F]) -> usize {
        part
    }

    /// Wires that a part is computed from.
    fn given(part: usize) -> Vec<usize>;

    /// Computes a part: wires, and their values. Whatever is given, there is an answer, which the constraints refuse if it
    /// must not be.
    fn fill(part: usize, value: &dyn Fn(usize) -> F) -> Vec<(usize, F)>;
}

/// The gate of a [`Formula`].
#[derive(Clone, Copy, Default)]
pub struct RowGate<T>(PhantomData<T>);

impl<T: Formula> RowGate<T> {
    /// There is one.
    pub const fn new() -> Self {
        Self(PhantomData)
    }

    /// The gate, for a prover that evaluates constraints at several points at once.
    pub fn recognise(gate: &dyn AnyGate<F, D>) -> Option<Box<dyn Evaluate>> {
        gate.as_any()
            .is::<Self>()
            .then(|| Box::new(Self::new()) as Box<dyn Evaluate>)
    }
}

impl<T: Formula> fmt::Debug for RowGate<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::NAME)
    }
}

impl<T: Formula> Gate<F, D> for RowGate<T> {
    fn id(&self) -> String {
        T::NAME.to_owned()
    }

    fn serialize(&self, _dst: &mut Vec<u8>, _common: &CommonCircuitData<F, D>) -> IoResult<()> {
        Ok(())
    }

    fn deserialize(_src: &mut Buffer, _common: &CommonCircuitData<F, D>) -> IoResult<Self> {
        Ok(Self::new())
    }

    fn eval_unfiltered(&self, vars: EvaluationVars<F, D>) -> Vec<<F as Extendable<D>>::Extension> {
        let mut values = Vec::with_capacity(T::CONSTRAINTS);
        T::evaluate(
            &mut Values::new(),
            vars.local_constants,
            vars.local_wires,
            &mut values,
        );
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
        let mut values = Vec::with_capacity(T::CONSTRAINTS);
        let (constants, wires) = (vars.local_constants, vars.local_wires);
        T::evaluate(&mut InVerifierCircuit(builder), constants, wires, &mut values);
        values
    }

    fn generators(&self, row: usize, local_constants: &[F]) -> Vec<WitnessGeneratorRef<F, D>> {
        let generator = |part| RowGenerator::<T>::new(row, T::filling(part, local_constants));
        (0..T::PARTS)
            .map(|part| WitnessGeneratorRef::new(generator(part).adapter()))
            .collect()
    }

    fn num_wires(&self) -> usize {
        T::WIRES
    }

    fn num_constants(&self) -> usize {
        T::CONSTANTS
    }

    fn degree(&self) -> usize {
        T::DEGREE
    }

    fn num_constraints(&self) -> usize {
        T::CONSTRAINTS
    }
}

impl<T: Formula> PackedEvaluableBase<F, D> for RowGate<T> {
    fn eval_unfiltered_base_packed<P: PackedField<Scalar = F>>(
        &self,
        vars: EvaluationVarsBasePacked<P>,
        mut yield_constr: StridedConstraintConsumer<P>,
    ) {
        let (constants, wires) = (&vars.local_constants, &vars.local_wires);
        T::evaluate(&mut Values::new(), constants, wires, &mut yield_constr);
    }
}

impl<T: Formula> PackedGate for RowGate<T> {
    #[inline(always)]
    fn evaluate<L: Lanes>(&self, lanes: L, row: Row<'_, L>, constraints: &mut Constraints<'_, L>) {
        T::evaluate(&mut InLanes(lanes), row.constants, row.wires, constraints);
    }
}

/// Fills a part of a row.
#[derive(Clone, Copy, Debug, Default)]
pub struct RowGenerator<T> {
    row: usize,
    part: usize,
    formula: PhantomData<T>,
}

impl<T> RowGenerator<T> {
    const fn new(row: usize, part: usize) -> Self {
        Self {
            row,
            part,
            formula: PhantomData,
        }
    }
}

impl<T: Formula> SimpleGenerator<F, D> for RowGenerator<T> {
    fn id(&self) -> String {
        format!("{}Generator", T::NAME)
    }

    fn dependencies(&self) -> Vec<Target> {
        let given = T::given(self.part).into_iter();
        given.map(|column| Target::wire(self.row, column)).collect()
    }

    fn run_once(&self, witness: &PartitionWitness<F>, out: &mut GeneratedValues<F>) -> Result<()> {
        let value = |column| witness.get_target(Target::wire(self.row, column));
        T::fill(self.part, &value)
            .into_iter()
            .try_for_each(|(column, value)| out.set_target(Target::wire(self.row, column), value))
    }

    fn serialize(&self, dst: &mut Vec<u8>, _common: &CommonCircuitData<F, D>) -> IoResult<()> {
        dst.write_usize(self.row)?;
        dst.write_usize(self.part)
    }

    fn deserialize(src: &mut Buffer, _common: &CommonCircuitData<F, D>) -> IoResult<Self> {
        Ok(Self::new(src.read_usize()?, src.read_usize()?))
    }
}
