//! The witness: runs a circuit's synthesis and keeps what it assigns to advice columns.

use std::collections::HashMap;

use halo2_proofs::{
    circuit::Value,
    halo2curves::{
        bn256::{Fr, G1Affine},
        ff::{BatchInvert, Field},
    },
    plonk::{
        Advice, Any, Assigned, Assignment, Challenge, Circuit, Column, ConstraintSystem, Error, Fixed,
        FloorPlanner, Instance, Selector, VerifyingKey,
    },
};

use super::ProverError;

/// Values of all advice columns, zero where the circuit assigned nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Columns of equal length; the prover overwrites the rows kept for blinding.
    pub(super) advice: Vec<Vec<Fr>>,
}

impl Witness {
    /// Lays out `circuit`, whose keys are `vk`'s, with these instance columns (padded with zeros).
    pub fn synthesize<C: Circuit<Fr>>(
        vk: &VerifyingKey<G1Affine>,
        circuit: &C,
        instances: &[&[Fr]],
    ) -> Result<Self, ProverError> {
        let cs = vk.cs();
        let rows = 1usize << vk.get_domain().k();
        let usable = usable_rows(cs, rows);
        check_instances(cs, usable, instances)?;
        // The keys' constraint system has its selectors compiled away; a fresh one gives the circuit its columns.
        let mut fresh = ConstraintSystem::default();
        let config = C::configure_with_params(&mut fresh, circuit.params());
        let mut collector = Collector {
            advice: vec![vec![Fr::ZERO; rows]; cs.num_advice_columns()],
            denominators: HashMap::new(),
            instances,
            usable,
            error: None,
        };
        C::FloorPlanner::synthesize(&mut collector, circuit, config, cs.constants().clone())
            .map_err(ProverError::Synthesis)?;
        collector.finish()
    }
}

/// Rows that a circuit may assign; the others blind.
pub(super) fn usable_rows(cs: &ConstraintSystem<Fr>, rows: usize) -> usize {
    rows - (cs.blinding_factors() + 1)
}

pub(super) fn check_instances(
    cs: &ConstraintSystem<Fr>,
    usable: usize,
    instances: &[&[Fr]],
) -> Result<(), ProverError> {
    let expected = cs.num_instance_columns();
    if instances.len() != expected {
        return Err(ProverError::InstanceColumns {
            expected,
            actual: instances.len(),
        });
    }
    match instances.iter().position(|values| values.len() > usable) {
        Some(column) => Err(ProverError::InstanceTooLong {
            column,
            actual: instances[column].len(),
            usable,
        }),
        None => Ok(()),
    }
}

struct Collector<'a> {
    advice: Vec<Vec<Fr>>,
    /// Denominators of cells (column, row) that are fractions; kept apart so that all are inverted at once.
    denominators: HashMap<(usize, usize), Fr>,
    instances: &'a [&'a [Fr]],
    usable: usize,
    /// `assign_advice` cannot fail, so the first error waits here.
    error: Option<ProverError>,
}

impl Collector<'_> {
    fn finish(mut self) -> Result<Witness, ProverError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        self.denominators.values_mut().batch_invert(); // zero stays zero, as halo2 has it
        for ((column, row), inverse) in self.denominators {
            self.advice[column][row] *= inverse;
        }
        Ok(Witness { advice: self.advice })
    }

    fn assign(&mut self, column: usize, row: usize, to: Value<Assigned<Fr>>) -> Result<(), ProverError> {
        let usable = row < self.usable;
        let cell = self
            .advice
            .get_mut(column)
            .and_then(|column| column.get_mut(row))
            .filter(|_| usable)
            .ok_or(ProverError::CellOutside { column, row })?;
        let mut value = None;
        to.map(|to| value = Some(to));
        let value = value.ok_or(ProverError::CellUnknown { column, row })?;
        *cell = value.numerator();
        match value.denominator() {
            Some(denominator) => self.denominators.insert((column, row), denominator),
            None => self.denominators.remove(&(column, row)), // of an earlier assignment
        };
        Ok(())
    }
}

impl Assignment<Fr> for Collector<'_> {
    fn enter_region<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}
    fn exit_region(&mut self) {}
    fn annotate_column<A: FnOnce() -> AR, AR: Into<String>>(&mut self, _: A, _: Column<Any>) {}
    fn push_namespace<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}
    fn pop_namespace(&mut self, _: Option<String>) {}

    fn enable_selector<A: FnOnce() -> AR, AR: Into<String>>(
        &mut self,
        _: A,
        _: &Selector,
        _: usize,
    ) -> Result<(), Error> {
        Ok(())
    }

    fn query_instance(&self, column: Column<Instance>, row: usize) -> Result<Value<Fr>, Error> {
        self.instances
            .get(column.index())
            .and_then(|column| column.get(row))
            .map(|value| Value::known(*value))
            .ok_or(Error::BoundsFailure)
    }

    fn assign_advice<'v>(
        &mut self,
        column: Column<Advice>,
        row: usize,
        to: Value<Assigned<Fr>>,
    ) -> Value<&'v Assigned<Fr>> {
        if let Err(error) = self.assign(column.index(), row, to) {
            self.error.get_or_insert(error);
        }
        // A reference of any lifetime the circuit likes cannot be made safely; see [`ProverError::CellUnknown`].
        Value::unknown()
    }

    fn assign_fixed(&mut self, _: Column<Fixed>, _: usize, _: Assigned<Fr>) {}
    fn copy(&mut self, _: Column<Any>, _: usize, _: Column<Any>, _: usize) {}

    fn fill_from_row(&mut self, _: Column<Fixed>, _: usize, _: Value<Assigned<Fr>>) -> Result<(), Error> {
        Ok(())
    }

    fn get_challenge(&self, _: Challenge) -> Value<Fr> {
        Value::unknown()
    }
}
