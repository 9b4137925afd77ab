//! The constraint compiler against halo2's own evaluation of expressions.

use ashlar_accel::{Backend, cpu::CpuBackend};
use ashlar_wrap::circuit::WrapConfig;
use halo2_proofs::{
    halo2curves::{
        bn256::Fr,
        ff::{Field, PrimeField},
    },
    plonk::{Advice, Column, ConstraintSystem, Expression, Fixed, Instance, VirtualCells},
    poly::Rotation,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::{
    columns::ColumnPrograms,
    constant::{Symbol, Symbols},
    constraints::{Columns, chunk_len, numerator},
};

const ROWS: usize = 16;

struct Shape {
    advice: Vec<Column<Advice>>,
    fixed: Vec<Column<Fixed>>,
    instance: Column<Instance>,
}

/// A random expression tree that repeats itself: `pool` holds what was made before.
fn expression(
    rng: &mut ChaCha20Rng,
    meta: &mut VirtualCells<'_, Fr>,
    shape: &Shape,
    pool: &mut Vec<Expression<Fr>>,
    depth: usize,
) -> Expression<Fr> {
    let rotation = Rotation(rng.gen_range(-2..=2));
    let made = match rng.gen_range(0..if depth == 0 { 5 } else { 12 }) {
        0 => meta.query_fixed(shape.fixed[rng.gen_range(0..2)], rotation),
        1 => meta.query_instance(shape.instance, rotation),
        2 => Expression::Constant(Fr::from(rng.gen_range(0..4u64)) - Fr::from(rng.gen_range(0..3u64))),
        3 | 4 => meta.query_advice(shape.advice[rng.gen_range(0..3)], rotation),
        5 if !pool.is_empty() => pool[rng.gen_range(0..pool.len())].clone(),
        6 => -expression(rng, meta, shape, pool, depth - 1),
        7 => expression(rng, meta, shape, pool, depth - 1) * Fr::from(rng.gen_range(0..4u64)),
        choice => {
            let a = expression(rng, meta, shape, pool, depth - 1);
            let b = expression(rng, meta, shape, pool, depth - 1);
            match choice {
                8 => a + b,
                9 => a - b,
                _ => a * b,
            }
        }
    };
    pool.push(made.clone());
    made
}

/// A table of random values.
struct Values {
    fixed: Vec<Vec<Fr>>,
    sigmas: Vec<Vec<Fr>>,
    /// l_0, l_last, l_active.
    lagrange: [Vec<Fr>; 3],
    roots: Vec<Fr>,
    advice: Vec<Vec<Fr>>,
    instance: Vec<Vec<Fr>>,
    products: Vec<Vec<Fr>>,
    /// Permuted input, permuted table, product.
    lookups: Vec<[Vec<Fr>; 3]>,
}

impl Values {
    fn random(rng: &mut ChaCha20Rng, cs: &ConstraintSystem<Fr>) -> Self {
        let mut column = || -> Vec<Fr> { (0..ROWS).map(|_| Fr::random(&mut *rng)).collect() };
        let mut columns = |count: usize| -> Vec<Vec<Fr>> { (0..count).map(|_| column()).collect() };
        let permuted = cs.permutation().get_columns().len();
        Self {
            fixed: columns(cs.num_fixed_columns()),
            sigmas: columns(permuted),
            lagrange: columns(3).try_into().unwrap(),
            roots: columns(1).remove(0),
            advice: columns(cs.num_advice_columns()),
            instance: columns(cs.num_instance_columns()),
            products: columns(permuted.div_ceil(chunk_len(cs))),
            lookups: cs
                .lookups()
                .iter()
                .map(|_| columns(3).try_into().unwrap())
                .collect(),
        }
    }

    /// In the order of [`Columns`].
    fn table(&self) -> Vec<&[Fr]> {
        let keys = self
            .fixed
            .iter()
            .chain(&self.sigmas)
            .chain(&self.lagrange)
            .chain([&self.roots]);
        let witness = self.advice.iter().chain(&self.instance).chain(&self.products);
        keys.chain(witness)
            .chain(self.lookups.iter().flatten())
            .map(Vec::as_slice)
            .collect()
    }

    fn at(columns: &[Vec<Fr>], column: usize, row: usize, rotation: i32) -> Fr {
        columns[column][(row as i32 + rotation).rem_euclid(ROWS as i32) as usize]
    }

    fn expression(&self, expression: &Expression<Fr>, row: usize) -> Fr {
        expression.evaluate(
            &|constant| constant,
            &|_| panic!("a selector"),
            &|query| Self::at(&self.fixed, query.column_index(), row, query.rotation().0),
            &|query| Self::at(&self.advice, query.column_index(), row, query.rotation().0),
            &|query| Self::at(&self.instance, query.column_index(), row, query.rotation().0),
            &|_| panic!("a challenge"),
            &|a| -a,
            &|a, b| a + b,
            &|a, b| a * b,
            &|a, scalar| a * scalar,
        )
    }

    fn compressed(&self, expressions: &[Expression<Fr>], theta: Fr, row: usize) -> Fr {
        let values = expressions.iter().map(|e| self.expression(e, row));
        values.fold(Fr::ZERO, |sum, value| sum * theta + value)
    }

    /// The numerator as halo2's verifier writes it, constraint by constraint.
    fn numerator(
        &self,
        cs: &ConstraintSystem<Fr>,
        [theta, beta, gamma, y, shift]: [Fr; 5],
        row: usize,
    ) -> Fr {
        use halo2_proofs::plonk::Any;
        let mut constraints: Vec<Fr> = cs
            .gates()
            .iter()
            .flat_map(|gate| gate.polynomials())
            .map(|polynomial| self.expression(polynomial, row))
            .collect();
        let [l0, l_last, l_active] = [0, 1, 2].map(|i| self.lagrange[i][row]);
        let product = |i: usize, rotation| Self::at(&self.products, i, row, rotation);
        if let Some(last) = self.products.len().checked_sub(1) {
            constraints.push(l0 * (Fr::ONE - product(0, 0)));
            constraints.push(l_last * (product(last, 0).square() - product(last, 0)));
            for i in 1..=last {
                let before = product(i - 1, -(cs.blinding_factors() as i32 + 1));
                constraints.push(l0 * (product(i, 0) - before));
            }
        }
        let x = shift * self.roots[row];
        let columns = cs.permutation().get_columns();
        for (set, chunk) in columns.chunks(chunk_len(cs)).enumerate() {
            let (mut left, mut right) = (product(set, 1), product(set, 0));
            for (i, column) in chunk.iter().enumerate() {
                let i = set * chunk_len(cs) + i;
                let values = match column.column_type() {
                    Any::Advice(_) => &self.advice,
                    Any::Fixed => &self.fixed,
                    Any::Instance => &self.instance,
                };
                let value = values[column.index()][row];
                left *= value + beta * self.sigmas[i][row] + gamma;
                right *= value + Fr::DELTA.pow_vartime([i as u64]) * beta * x + gamma;
            }
            constraints.push(l_active * (left - right));
        }
        for (lookup, [a, s, z]) in cs.lookups().iter().zip(&self.lookups) {
            let next = z[(row + 1) % ROWS];
            let before = a[(row + ROWS - 1) % ROWS];
            let (a, s, z) = (a[row], s[row], z[row]);
            let input = self.compressed(lookup.input_expressions(), theta, row);
            let table = self.compressed(lookup.table_expressions(), theta, row);
            constraints.push(l0 * (Fr::ONE - z));
            constraints.push(l_last * (z.square() - z));
            constraints
                .push(l_active * (next * (a + beta) * (s + gamma) - z * (input + beta) * (table + gamma)));
            constraints.push(l0 * (a - s));
            constraints.push(l_active * (a - s) * (a - before));
        }
        constraints.into_iter().fold(Fr::ZERO, |sum, c| sum * y + c)
    }
}

fn symbols(values: [Fr; 5]) -> Symbols {
    [
        Symbol::Theta,
        Symbol::Beta,
        Symbol::Gamma,
        Symbol::Y,
        Symbol::Shift,
    ]
    .into_iter()
    .zip(values)
    .fold(Symbols::none(), |symbols, (symbol, value)| {
        symbols.with(symbol, value)
    })
}

fn evaluate(
    backend: &impl Backend,
    compiled: &super::compile::Compiled,
    symbols: &Symbols,
    table: &[&[Fr]],
) -> Vec<Fr> {
    let mut out = vec![Fr::ZERO; ROWS];
    let program = compiled.bind(symbols).expect("a program");
    backend
        .evaluate_rows(&program, table, &mut out)
        .expect("on the CPU");
    out
}

/// Compares the compiled numerator with the plain one on random values; returns its multiplications.
fn check(rng: &mut ChaCha20Rng, cs: &ConstraintSystem<Fr>) -> usize {
    let compiled = numerator(cs).expect("supported");
    let values = Values::random(rng, cs);
    let table = values.table();
    let columns = Columns::new(cs);
    assert_eq!(table.len(), columns.of_keys() + 1 + columns.of_witness());
    let challenges: [Fr; 5] = std::array::from_fn(|_| Fr::random(&mut *rng));
    let symbols = symbols(challenges);
    let out = evaluate(&CpuBackend::new(), &compiled, &symbols, &table);
    for (row, value) in out.iter().enumerate() {
        assert_eq!(*value, values.numerator(cs, challenges, row), "row {row}");
    }
    let circuit = values.fixed.iter().chain(&values.advice).chain(&values.instance);
    let keys = values.sigmas.iter().chain([&values.roots]);
    let lagrange: Vec<&[Fr]> = circuit.chain(keys).map(Vec::as_slice).collect();
    let programs = ColumnPrograms::new(cs).expect("supported");
    for (lookup, compiled) in cs.lookups().iter().zip(&programs.lookups) {
        for (side, compiled) in [lookup.input_expressions(), lookup.table_expressions()]
            .into_iter()
            .zip(compiled)
        {
            let out = evaluate(&CpuBackend::new(), compiled, &symbols, &lagrange);
            for (row, value) in out.iter().enumerate() {
                assert_eq!(*value, values.compressed(side, challenges[0], row), "row {row}");
            }
        }
    }
    compiled.multiplications()
}

#[test]
fn compiled_random_constraints_agree_with_halo2() {
    for seed in 0..60 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut cs = ConstraintSystem::default();
        let shape = Shape {
            advice: (0..3).map(|_| cs.advice_column()).collect(),
            fixed: (0..2).map(|_| cs.fixed_column()).collect(),
            instance: cs.instance_column(),
        };
        cs.set_minimum_degree(3 + seed as usize % 4);
        if seed % 3 > 0 {
            shape.advice.iter().for_each(|column| cs.enable_equality(*column));
            cs.enable_equality(shape.fixed[0]);
            cs.enable_equality(shape.instance);
        }
        let mut pool = Vec::new();
        for _ in 0..rng.gen_range(1..4) {
            cs.create_gate("random", |meta| {
                let selector = meta.query_fixed(shape.fixed[0], Rotation::cur());
                let count = rng.gen_range(1..5);
                (0..count)
                    .map(|i| {
                        let inner = expression(&mut rng, meta, &shape, &mut pool, 4);
                        if i % 2 == 0 {
                            selector.clone() * inner
                        } else {
                            inner
                        }
                    })
                    .collect::<Vec<_>>()
            });
        }
        for _ in 0..seed % 3 {
            cs.lookup_any("random", |meta| {
                let count = rng.gen_range(1..3);
                (0..count)
                    .map(|_| {
                        let input = expression(&mut rng, meta, &shape, &mut pool, 2);
                        (input, expression(&mut rng, meta, &shape, &mut pool, 1))
                    })
                    .collect()
            });
        }
        check(&mut rng, &cs);
    }
}

#[test]
fn the_wrap_circuit_s_constraints_agree_and_stay_few() {
    let mut cs = ConstraintSystem::default();
    WrapConfig::configure(&mut cs);
    let multiplications = check(&mut ChaCha20Rng::seed_from_u64(1), &cs);
    println!("{multiplications} multiplications");
    assert!(multiplications <= 140, "{multiplications}");
}
