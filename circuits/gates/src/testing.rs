//! Rows of gates that are formulas, for tests of what each constraint is there for.

use std::marker::PhantomData;

use plonky2::{
    field::types::Field,
    gates::{
        gate::Gate,
        gate_testing::{test_eval_fns, test_low_degree},
    },
    hash::hash_types::HashOut,
    plonk::{circuit_data::CircuitConfig, config::PoseidonGoldilocksConfig, vars::EvaluationVarsBaseBatch},
};

use crate::{D, F, Formula, RowGate};

/// Checks that a gate has the degree, the constraints and the parts that it says, and evaluates alike in the field, in its
/// extension, in lanes and in a circuit.
///
/// # Panics
/// If it does not.
pub fn is_a_gate<T: Formula>() {
    let gate = RowGate::<T>::new();
    test_low_degree::<F, _, D>(gate);
    test_eval_fns::<F, PoseidonGoldilocksConfig, _, D>(gate).expect("base, extension and circuit agree");
    ashlar_lanes::testing::agrees_with_its_gate(gate, RowGate::<T>::recognise);
    let config = CircuitConfig::standard_recursion_config();
    let row = FormulaRow::<T>::blank(&[]);
    assert_eq!(row.values().len(), T::CONSTRAINTS, "{}", T::NAME);
    assert!(T::WIRES <= config.num_wires && T::DEGREE <= config.max_quotient_degree_factor);
    assert_eq!(gate.num_ops(), T::PARTS);
}

/// A row of a gate.
#[derive(Clone, Debug)]
pub struct FormulaRow<T> {
    /// The gate's constants.
    pub constants: Vec<F>,
    /// All of its wires.
    pub wires: Vec<F>,
    formula: PhantomData<T>,
}

impl<T: Formula> FormulaRow<T> {
    /// Of zeros, with these constants and zeros behind them.
    pub fn blank(constants: &[F]) -> Self {
        let mut constants = constants.to_vec();
        constants.resize(T::CONSTANTS, F::ZERO);
        Self {
            constants,
            wires: vec![F::ZERO; T::WIRES],
            formula: PhantomData,
        }
    }

    /// With the wires that follow from those that are given.
    ///
    /// # Panics
    /// If one follows from what is not given.
    pub fn fill(mut self) -> Self {
        for part in 0..T::PARTS {
            let filling = T::filling(part, &self.constants);
            let filled = T::fill(filling, &|wire| {
                let is_given = T::given(filling).contains(&wire);
                assert!(is_given, "{wire} is not among what is given");
                self.wires[wire]
            });
            for (wire, value) in filled {
                self.wires[wire] = value;
            }
        }
        self
    }

    /// Sets some wires in a row.
    pub fn set(&mut self, first: usize, values: &[F]) {
        self.wires[first..first + values.len()].copy_from_slice(values);
    }

    /// What its constraints are.
    pub fn values(&self) -> Vec<F> {
        let vars = EvaluationVarsBaseBatch::new(1, &self.constants, &self.wires, &HashOut::ZERO);
        RowGate::<T>::new().eval_unfiltered_base_batch(vars)
    }

    /// The constraints that the row breaks.
    pub fn broken(&self) -> Vec<usize> {
        let values = self.values();
        (0..values.len()).filter(|&i| values[i] != F::ZERO).collect()
    }

    /// Satisfies constraints of the form `… - wire`, but one.
    pub fn settle(&mut self, equations: impl IntoIterator<Item = (usize, usize)>, but: Option<usize>) {
        for (constraint, wire) in equations {
            if Some(constraint) != but {
                let value = self.values()[constraint];
                self.wires[wire] += value;
            }
        }
    }
}
