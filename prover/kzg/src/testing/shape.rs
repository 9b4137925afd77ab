//! A circuit whose shape is a parameter.

use halo2_proofs::{
    arithmetic::Field,
    circuit::{Layouter, SimpleFloorPlanner, Value},
    halo2curves::bn256::Fr,
    plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Expression, Fixed, Instance, Selector},
    poly::Rotation,
};

/// A shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    pub k: u32,
    /// Degree of the first gate.
    pub gate_degree: usize,
    /// Degree stated by `configure`.
    pub stated_degree: usize,
    /// Rotations of the first input that the first gate reads.
    pub rotations: Vec<i32>,
    /// Lookups of one expression; the last of several is of two expressions instead.
    pub lookups: usize,
    pub instance_columns: usize,
    /// Whether there are copy constraints: over advice, fixed and instance columns.
    pub copies: bool,
    /// Advice columns that only copies reach: more columns, more permutation products.
    pub spare_columns: usize,
    pub compress_selectors: bool,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            k: 6,
            gate_degree: 3,
            stated_degree: 3,
            rotations: vec![0],
            lookups: 0,
            instance_columns: 1,
            copies: false,
            spare_columns: 0,
            compress_selectors: true,
        }
    }
}

/// What is wrong with a witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    None,
    /// One cell of an advice column is off by one.
    Cell {
        column: usize,
        row: usize,
    },
    /// One cell has no value.
    Unknown {
        row: usize,
    },
}

#[derive(Clone, Debug)]
pub struct Synthetic {
    pub shape: Shape,
    pub instances: Vec<Vec<Fr>>,
    pub flaw: Flaw,
}

#[derive(Clone, Debug)]
pub struct Config {
    /// Two inputs, result, double, copies, spare columns.
    advice: Vec<Column<Advice>>,
    factor: Column<Fixed>,
    tables: [Column<Fixed>; 2],
    instance: Vec<Column<Instance>>,
    selectors: [Selector; 2],
}

/// Rows before the first and after the last one with a gate, for the rotations.
const MARGIN: usize = 3;
pub const INPUTS: [usize; 2] = [0, 1];
pub const RESULT: usize = 2;
pub const DOUBLE: usize = 3;
pub const COPIES: usize = 4;

impl Shape {
    pub fn gate_rows(&self) -> std::ops::Range<usize> {
        MARGIN..(1 << self.k) - 12 - MARGIN
    }

    /// A row where the first input is the largest that the table holds.
    pub fn row_of_largest_input(&self) -> usize {
        let mut rows = self.gate_rows();
        let largest = Fr::from(self.table_rows() - 1);
        let circuit = self.circuit();
        rows.find(|row| circuit.inputs(*row)[0] == largest)
            .expect("one of every value")
    }

    fn table_rows(&self) -> u64 {
        1 << (self.k - 1)
    }

    pub fn circuit(&self) -> Synthetic {
        let instances = (0..self.instance_columns as u64)
            .map(|column| {
                (0..5 + 2 * column)
                    .map(|row| Fr::from(100 * column + row + 1))
                    .collect()
            })
            .collect();
        Synthetic {
            shape: self.clone(),
            instances,
            flaw: Flaw::None,
        }
    }
}

impl Synthetic {
    /// Values of the inputs in a row; those that are looked up are small.
    fn inputs(&self, row: usize) -> [Fr; 2] {
        let bound = self.shape.table_rows();
        [7, 13].map(|factor| Fr::from((factor * row as u64 + 3) % bound))
    }

    fn factor(&self, row: usize) -> Fr {
        Fr::from(row as u64 * 5 + 1)
    }

    fn instance(&self, column: usize, row: usize) -> Fr {
        self.instances[column].get(row).copied().unwrap_or(Fr::ZERO)
    }

    fn result(&self, row: usize) -> Fr {
        let [a, b] = self.inputs(row);
        let rotated = self.shape.rotations.iter().map(|rotation| {
            let row = row.checked_add_signed(*rotation as isize).unwrap();
            self.inputs(row)[0]
        });
        let power = a.pow_vartime([self.shape.gate_degree as u64 - 1]);
        let instances = (0..self.instances.len()).map(|column| self.instance(column, row) * b);
        power + self.factor(row) * b + rotated.sum::<Fr>() + instances.sum::<Fr>()
    }

    fn value(&self, column: usize, row: usize, honest: Fr) -> Value<Fr> {
        match self.flaw {
            Flaw::Cell { column: c, row: r } if (c, r) == (column, row) => Value::known(honest + Fr::ONE),
            Flaw::Unknown { row: r } if r == row => Value::unknown(),
            _ => Value::known(honest),
        }
    }

    pub fn instance_slices(&self) -> Vec<&[Fr]> {
        self.instances.iter().map(Vec::as_slice).collect()
    }
}

impl Circuit<Fr> for Synthetic {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Shape;

    fn params(&self) -> Shape {
        self.shape.clone()
    }

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Config {
        unreachable!("configured with parameters")
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, shape: Shape) -> Config {
        let config = Config {
            advice: (0..5 + shape.spare_columns)
                .map(|_| meta.advice_column())
                .collect(),
            factor: meta.fixed_column(),
            tables: [meta.fixed_column(), meta.fixed_column()],
            instance: (0..shape.instance_columns)
                .map(|_| meta.instance_column())
                .collect(),
            selectors: [meta.complex_selector(), meta.selector()],
        };
        meta.set_minimum_degree(shape.stated_degree);
        if shape.copies {
            config.advice[RESULT..]
                .iter()
                .for_each(|column| meta.enable_equality(*column));
            meta.enable_equality(config.factor);
            config
                .instance
                .iter()
                .for_each(|column| meta.enable_equality(*column));
        }
        let power = shape.gate_degree - 2; // the selector and one factor make the rest of the degree
        meta.create_gate("result", |meta| {
            let selector = meta.query_selector(config.selectors[0]);
            let [a, b] = INPUTS.map(|c| meta.query_advice(config.advice[c], Rotation::cur()));
            let mut sum = (0..power).fold(a.clone(), |product, _| product * a.clone());
            sum = sum + meta.query_fixed(config.factor, Rotation::cur()) * b.clone();
            for rotation in &shape.rotations {
                sum = sum + meta.query_advice(config.advice[INPUTS[0]], Rotation(*rotation));
            }
            for column in &config.instance {
                sum = sum + meta.query_instance(*column, Rotation::cur()) * b.clone();
            }
            let result = meta.query_advice(config.advice[RESULT], Rotation::cur());
            let double = meta.query_advice(config.advice[DOUBLE], Rotation::cur());
            vec![
                selector.clone() * (sum - result.clone()),
                (double.clone() - result.clone() * Fr::from(2) - b.clone() * Fr::from(3)) * selector.clone(),
                // A second way to say it, with a constant that vanishes.
                selector
                    * (Expression::Constant(Fr::ZERO) * a - double
                        + result.clone()
                        + result
                        + b * Fr::from(3)),
            ]
        });
        meta.create_gate("spare selector", |meta| {
            let selector = meta.query_selector(config.selectors[1]);
            let result = meta.query_advice(config.advice[RESULT], Rotation::cur());
            let double = meta.query_advice(config.advice[DOUBLE], Rotation::cur());
            [-(selector * (double - result.clone() - result))] // b is zero where it is enabled
        });
        for lookup in 0..shape.lookups {
            meta.lookup_any("small", |meta| {
                let selector = meta.query_selector(config.selectors[0]);
                let a = meta.query_advice(config.advice[INPUTS[lookup % 2]], Rotation::cur());
                let table = meta.query_fixed(config.tables[0], Rotation::cur());
                let squares = meta.query_fixed(config.tables[1], Rotation::cur());
                if lookup > 0 && lookup + 1 == shape.lookups {
                    vec![
                        (selector.clone() * a.clone(), table),
                        (selector * a.clone() * a, squares),
                    ]
                } else {
                    vec![(selector * a, table)]
                }
            });
        }
        config
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let rows = self.shape.gate_rows();
        layouter.assign_region(
            || "all",
            |mut region| {
                for row in 0..self.shape.table_rows() {
                    region.assign_fixed(config.tables[0], row as usize, Fr::from(row));
                    region.assign_fixed(config.tables[1], row as usize, Fr::from(row).square());
                }
                let mut results = Vec::new();
                let mut factors = Vec::new();
                for row in 0..rows.end + MARGIN {
                    let inputs = self.inputs(row);
                    for (column, input) in INPUTS.into_iter().zip(inputs) {
                        region.assign_advice(config.advice[column], row, self.value(column, row, input));
                    }
                    if !rows.contains(&row) {
                        continue;
                    }
                    config.selectors[0].enable(&mut region, row)?;
                    factors.push(region.assign_fixed(config.factor, row, self.factor(row)));
                    let result = self.result(row);
                    let value = self.value(RESULT, row, result);
                    results.push((
                        region.assign_advice(config.advice[RESULT], row, value).cell(),
                        result,
                    ));
                    let double = result.double() + inputs[1] * Fr::from(3);
                    region.assign_advice(config.advice[DOUBLE], row, self.value(DOUBLE, row, double));
                }
                config.selectors[1].enable(&mut region, rows.end + 1)?; // result and double are zero there
                if !self.shape.copies {
                    return Ok(());
                }
                for (row, i) in rows.clone().zip(0..) {
                    for (column, advice) in config.advice.iter().enumerate().skip(COPIES) {
                        let (cell, honest) = results[i * (2 * column + 1) % results.len()];
                        let copy = self.value(column, row, honest);
                        let copy = region.assign_advice(*advice, row, copy).cell();
                        region.constrain_equal(copy, cell);
                    }
                }
                let column = config.advice[COPIES];
                let value = self.value(COPIES, 0, self.factor(rows.start));
                let copy = region.assign_advice(column, 0, value).cell();
                region.constrain_equal(copy, factors[0]);
                Ok(())
            },
        )?;
        if self.shape.copies {
            let cells = layouter.assign_region(
                || "instances", // also starts at row 0: rows 1 and 2 are free
                |mut region| {
                    let cell = |column: usize| {
                        let value = self.value(COPIES, 1 + column, self.instance(column, 2));
                        region
                            .assign_advice(config.advice[COPIES], 1 + column, value)
                            .cell()
                    };
                    Ok((0..self.instances.len().min(2)).map(cell).collect::<Vec<_>>())
                },
            )?;
            for (column, cell) in cells.into_iter().enumerate() {
                layouter.constrain_instance(cell, config.instance[column], 2);
            }
        }
        Ok(())
    }
}
