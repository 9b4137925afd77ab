//! Two odd circuits: one with a challenge between two phases, one whose rotations meet.

use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    halo2curves::bn256::Fr,
    plonk::{
        Advice, Challenge, Circuit, Column, ConstraintSystem, Error, FirstPhase, Instance, SecondPhase,
        Selector,
    },
    poly::Rotation,
};

use crate::INSTANCES;

/// Row i proves that `product = challenge·value` for the instance `value`; one more column is never opened.
#[derive(Clone, Debug)]
pub struct Phased {
    pub values: [Fr; INSTANCES],
    /// The gates have degree 3; above it, the last piece of the quotient is zero.
    pub stated_degree: usize,
}

#[derive(Clone, Debug)]
pub struct PhasedConfig {
    value: Column<Advice>,
    unopened: Column<Advice>,
    product: Column<Advice>,
    challenge: Challenge,
    selector: Selector,
    instance: Column<Instance>,
}

impl Circuit<Fr> for Phased {
    type Config = PhasedConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = usize;

    fn params(&self) -> usize {
        self.stated_degree
    }

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> PhasedConfig {
        unreachable!("configured with parameters")
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, stated_degree: usize) -> PhasedConfig {
        let config = PhasedConfig {
            value: meta.advice_column(),
            unopened: meta.advice_column(),
            product: meta.advice_column_in(SecondPhase),
            challenge: meta.challenge_usable_after(FirstPhase),
            selector: meta.complex_selector(),
            instance: meta.instance_column(),
        };
        meta.set_minimum_degree(stated_degree);
        meta.create_gate("product, and the instance of this row and the last", |meta| {
            let selector = meta.query_selector(config.selector);
            let value = meta.query_advice(config.value, Rotation::cur());
            let last = meta.query_advice(config.value, Rotation::prev());
            let product = meta.query_advice(config.product, Rotation::cur());
            let challenge = meta.query_challenge(config.challenge);
            let instance = meta.query_instance(config.instance, Rotation::cur());
            let last_instance = meta.query_instance(config.instance, Rotation::prev());
            [
                selector.clone() * value.clone() * (product - challenge * value.clone()),
                selector.clone() * (value - instance),
                selector * (last - last_instance),
            ]
        });
        config
    }

    fn synthesize(&self, config: PhasedConfig, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_region(
            || "values",
            |mut region| {
                for (row, value) in self.values.iter().enumerate() {
                    if row > 0 {
                        config.selector.enable(&mut region, row)?;
                    }
                    region.assign_advice(config.value, row, Value::known(*value));
                    region.assign_advice(config.unopened, row, Value::known(*value));
                }
                Ok(())
            },
        )?;
        layouter.next_phase();
        let challenge = layouter.get_challenge(config.challenge);
        layouter.assign_region(
            || "products",
            |mut region| {
                for (row, value) in self.values.iter().enumerate() {
                    region.assign_advice(config.product, row, challenge.map(|challenge| challenge * value));
                }
                Ok(())
            },
        )
    }
}

/// Reads a column of 32 rows at two rotations that are one row.
#[derive(Clone, Debug)]
pub struct Meeting;

impl Circuit<Fr> for Meeting {
    type Config = ();
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) {
        let (column, _) = (meta.advice_column(), meta.instance_column());
        meta.set_minimum_degree(3);
        meta.create_gate("equal", |meta| {
            let [before, after] = [-16, 16].map(|rotation| meta.query_advice(column, Rotation(rotation)));
            [before - after]
        });
    }

    fn synthesize(&self, (): (), _: impl Layouter<Fr>) -> Result<(), Error> {
        Ok(())
    }
}
