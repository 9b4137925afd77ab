//! What every [`EvaluateRows`] over BN254's scalar field must do.

use halo2curves::{bn256::Fr, ff::Field};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{
    AccelError, reference,
    rows::{EvaluateRows, Program, Step},
};

/// Steps of a random program.
const STEPS: usize = 200;

fn table(rng: &mut ChaCha8Rng, columns: usize, rows: usize) -> Vec<Vec<Fr>> {
    let edges = [Fr::zero(), Fr::one(), -Fr::one(), -Fr::from(2)];
    let mut cell = || match rng.r#gen_range(0..8) {
        edge @ 0..4 => edges[edge],
        _ => Fr::random(&mut *rng),
    };
    (0..columns)
        .map(|_| (0..rows).map(|_| cell()).collect())
        .collect()
}

/// A program of every kind of step; sums and differences prevail, since they are what lazy arithmetic gets wrong.
fn program(rng: &mut ChaCha8Rng, columns: usize, steps: usize) -> Program<Fr> {
    let constants: Vec<Fr> = [Fr::zero(), -Fr::one()]
        .into_iter()
        .chain([Fr::random(&mut *rng)])
        .collect();
    let mut code = vec![Step::Cell {
        column: 0,
        rotation: 0,
    }];
    while code.len() < steps {
        let earlier = code.len() as u32;
        let (a, b) = (
            rng.gen_range(0..earlier),
            rng.gen_range(earlier.saturating_sub(8)..earlier),
        );
        code.push(match rng.gen_range(0..10) {
            0 => Step::Constant(rng.gen_range(0..constants.len() as u32)),
            1 | 2 => Step::Cell {
                column: rng.gen_range(0..columns as u32),
                rotation: rng.gen_range(-9..10),
            },
            3..5 => Step::Add(a, b),
            5..7 => Step::Sub(a, b),
            7 => Step::Mul(b, b),
            _ => Step::Mul(a, b),
        });
    }
    Program::new(code, constants, steps as u32 - 1).expect("every step reads earlier values")
}

fn check<B: EvaluateRows<Fr>>(backend: &B, program: &Program<Fr>, table: &[Vec<Fr>], rows: usize) {
    let columns: Vec<&[Fr]> = table.iter().map(Vec::as_slice).collect();
    let (mut out, mut expected) = (vec![Fr::one(); rows], vec![Fr::zero(); rows]);
    backend
        .evaluate_rows(program, &columns, &mut out)
        .expect("the suite's programs can be evaluated");
    reference::evaluate_rows(program, &columns, &mut expected).expect("the twin evaluates every program");
    assert_eq!(out, expected, "{rows} rows of {:?}", program.steps());
}

/// Random programs over tables of many lengths, with rotations that wrap around.
pub fn random_programs<B: EvaluateRows<Fr>>(backend: &B) {
    let mut rng = ChaCha8Rng::seed_from_u64(17);
    for rows in [0, 1, 2, 5, 8, 31, 32, 33, 64, 100, 1024, 1100, 2048] {
        for steps in [1, 2, 10, STEPS] {
            let table = table(&mut rng, 3, rows);
            let program = program(&mut rng, 3, steps);
            check(backend, &program, &table, rows);
        }
    }
    for _ in 0..100 {
        let table = table(&mut rng, 2, 40);
        let program = program(&mut rng, 2, STEPS);
        check(backend, &program, &table, 40);
    }
}

/// The longest chains of additions, subtractions and squares without anything between them.
pub fn long_chains<B: EvaluateRows<Fr>>(backend: &B) {
    let cell = Step::Cell {
        column: 0,
        rotation: 0,
    };
    let step: [fn(u32) -> Step; 4] = [
        |i| Step::Add(i, i),
        |i| Step::Sub(0, i),
        |i| Step::Sub(i, 0),
        |i| Step::Mul(i, i),
    ];
    let mut rng = ChaCha8Rng::seed_from_u64(18);
    for step in step {
        let steps: Vec<Step> = [cell].into_iter().chain((0..300).map(step)).collect();
        let program = Program::new(steps, vec![], 300).expect("every step reads earlier values");
        check(backend, &program, &table(&mut rng, 1, 64), 64);
    }
}

/// Tables that do not fit the program.
pub fn refusals<B: EvaluateRows<Fr>>(backend: &B) {
    let steps = vec![Step::Cell {
        column: 1,
        rotation: 0,
    }];
    let program = Program::new(steps, vec![], 0).expect("one step");
    let (long, short) = (vec![Fr::one(); 8], vec![Fr::one(); 7]);
    for columns in [vec![&long[..]], vec![&long[..], &short[..]]] {
        let refused = backend.evaluate_rows(&program, &columns, &mut [Fr::zero(); 8]);
        assert!(
            matches!(refused, Err(AccelError::LengthMismatch { .. })),
            "{refused:?}"
        );
    }
}

/// The whole suite.
pub fn suite<B: EvaluateRows<Fr>>(backend: &B) {
    refusals(backend);
    long_chains(backend);
    random_programs(backend);
}
