//! A small circuit with the interface of the wrap circuit: one column of eight instances, a gate of degree 6, a lookup
//! and compressed selectors. Row `i` proves `instances[i] = x_i^5` for a secret 8-bit `x_i`.

use halo2_proofs::{
    arithmetic::Field,
    circuit::{Layouter, SimpleFloorPlanner, Value},
    halo2curves::bn256::Fr,
    plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Fixed, Instance, Selector, TableColumn},
    poly::Rotation,
};

use crate::INSTANCES;

/// Size of the toy circuit: room for a table of 2^8 rows.
pub const K: u32 = 9;
/// Rows that blinding may take.
const BLINDED: usize = 16;

/// The circuit.
#[derive(Clone, Debug)]
pub struct Toy {
    /// `x_i`, by row.
    pub secrets: [Value<Fr>; INSTANCES],
    /// Added to each power in a fixed column: another shift is another circuit.
    pub shift: Fr,
    /// Whether `configure` states the degree, as it must.
    pub state_degree: bool,
    /// Rows with a gate: those of the instances, and more with secrets of their own.
    pub rows: usize,
}

impl Toy {
    /// With a row for each secret.
    pub fn new(secrets: [u64; INSTANCES]) -> Self {
        Self {
            secrets: secrets.map(|x| Value::known(Fr::from(x))),
            shift: Fr::ZERO,
            state_degree: true,
            rows: INSTANCES,
        }
    }

    /// With as many rows as a circuit of size `k` (at least [`K`]) has room for.
    pub fn filling(k: u32, secrets: [u64; INSTANCES]) -> Self {
        Self {
            rows: (1 << k) - BLINDED,
            ..Self::new(secrets)
        }
    }

    fn secret(&self, row: usize) -> Value<Fr> {
        let own = || Value::known(Fr::from(row as u64 % 256));
        self.secrets.get(row).copied().unwrap_or_else(own)
    }
}

/// The instances for which [`Toy::new`] is satisfied.
pub fn instances(secrets: [u64; INSTANCES]) -> [Fr; INSTANCES] {
    secrets.map(|x| Fr::from(x).pow_vartime([5]))
}

/// Its columns.
#[derive(Clone, Debug)]
pub struct ToyConfig {
    secret: Column<Advice>,
    power: Column<Advice>,
    shift: Column<Fixed>,
    table: TableColumn,
    selector: Selector,
    instance: Column<Instance>,
}

impl Circuit<Fr> for Toy {
    type Config = ToyConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = bool;

    fn params(&self) -> bool {
        self.state_degree
    }

    fn without_witnesses(&self) -> Self {
        Self {
            secrets: [Value::unknown(); INSTANCES],
            ..self.clone()
        }
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, state_degree: bool) -> ToyConfig {
        if state_degree {
            meta.set_minimum_degree(6);
        }
        Self::configure(meta)
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> ToyConfig {
        let config = ToyConfig {
            secret: meta.advice_column(),
            power: meta.advice_column(),
            shift: meta.fixed_column(),
            table: meta.lookup_table_column(),
            selector: meta.complex_selector(),
            instance: meta.instance_column(),
        };
        meta.enable_equality(config.power);
        meta.enable_equality(config.instance);
        meta.create_gate("power = secret^5 + shift", |meta| {
            let selector = meta.query_selector(config.selector);
            let x = meta.query_advice(config.secret, Rotation::cur());
            let power = meta.query_advice(config.power, Rotation::cur());
            let shift = meta.query_fixed(config.shift, Rotation::cur());
            let square = x.clone() * x.clone();
            vec![selector * (square.clone() * square * x + shift - power)]
        });
        meta.lookup("secret is 8 bits", |meta| {
            let selector = meta.query_selector(config.selector);
            vec![(
                selector * meta.query_advice(config.secret, Rotation::cur()),
                config.table,
            )]
        });
        config
    }

    fn synthesize(&self, config: ToyConfig, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_table(
            || "bytes",
            |mut table| {
                (0..256).try_for_each(|i| {
                    table.assign_cell(|| "byte", config.table, i, || Value::known(Fr::from(i as u64)))
                })
            },
        )?;
        let cells = layouter.assign_region(
            || "powers",
            |mut region| {
                (0..self.rows)
                    .map(|row| {
                        let secret = self.secret(row);
                        config.selector.enable(&mut region, row)?;
                        region.assign_fixed(config.shift, row, self.shift);
                        region.assign_advice(config.secret, row, secret);
                        let power = secret.map(|x| x.pow_vartime([5]) + self.shift);
                        Ok(region.assign_advice(config.power, row, power).cell())
                    })
                    .collect::<Result<Vec<_>, Error>>()
            },
        )?;
        for (row, cell) in cells.into_iter().take(INSTANCES).enumerate() {
            layouter.constrain_instance(cell, config.instance, row);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use halo2_proofs::dev::MockProver;

    use super::*;

    #[test]
    fn a_filled_circuit_proves_the_same_instances() {
        let secrets = [0, 1, 2, 3, 5, 8, 13, 21, 255];
        for circuit in [Toy::new(secrets), Toy::filling(K, secrets)] {
            let run = |instances: [Fr; INSTANCES]| {
                MockProver::run(K, &circuit, vec![instances.to_vec()])
                    .expect("the circuit fits")
                    .verify()
            };
            assert_eq!(run(instances(secrets)), Ok(()));
            assert!(run(instances([1; INSTANCES])).is_err());
        }
    }
}
