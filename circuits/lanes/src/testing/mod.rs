//! For the tests of gates.

mod steps;

pub use steps::{CONSTANTS, STEPS, Step, Steps, WIRES};

use plonky2::{
    field::types::{Field, Sample},
    gates::gate::{Gate, GateRef},
    hash::hash_types::HashOut,
    plonk::vars::EvaluationVarsBaseBatch,
};

use crate::{
    D, Evaluate, F, Kind, Lanes, MAX_COUNT, Portable, Program, Recognise, Row, Work,
    program::{Code, Shape},
};

/// Points, as many as any lanes have.
const POINTS: usize = MAX_COUNT;

struct Beside<'a> {
    gate: &'a GateRef<F, D>,
    packed: &'a dyn Evaluate,
    /// Column by column.
    constants: &'a [F],
    wires: &'a [F],
    hash: HashOut<F>,
}

impl Work for &Beside<'_> {
    type Output = ();

    fn run<L: Lanes>(self, lanes: L) {
        let vars = EvaluationVarsBaseBatch::new(POINTS, self.constants, self.wires, &self.hash);
        let expected = self.gate.0.eval_unfiltered_base_batch(vars);
        let count = self.gate.0.num_constraints();
        let filter = F::rand();
        for start in (0..POINTS).step_by(L::COUNT) {
            let at = |columns: &[F]| -> Vec<_> {
                let columns = columns.chunks_exact(POINTS);
                columns.map(|column| lanes.load(&column[start..])).collect()
            };
            let (constants, wires) = (at(self.constants), at(self.wires));
            let hash = self.hash.elements.map(|part| lanes.splat(part));
            let row = Row {
                constants: &constants,
                wires: &wires,
                public_inputs_hash: &hash,
            };
            let before = lanes.factor(lanes.splat(F::rand()));
            let mut sums = vec![lanes.add_product(lanes.empty_sum(), before, before); count + 1];
            lanes.evaluate(self.packed, row, lanes.factor(lanes.splat(filter)), &mut sums);
            let before = lanes.reduce(*sums.last().expect("one more"));
            for (place, sum) in sums.into_iter().enumerate() {
                let added = lanes.sub(lanes.reduce(sum), before);
                let mut found = vec![F::ZERO; L::COUNT];
                lanes.store(added, &mut found);
                for (i, found) in found.into_iter().enumerate() {
                    let term = expected.get(place * POINTS + start + i);
                    let term = if place == count {
                        F::ZERO
                    } else {
                        *term.expect("all points")
                    };
                    let id = self.gate.0.id();
                    assert_eq!(found, filter * term, "constraint {place} of {id} at {i}");
                }
            }
        }
    }
}

impl Beside<'_> {
    /// The program of the gate, and the code of the program, at each point.
    fn run_its_program(&self, program: &Program) {
        let vars = EvaluationVarsBaseBatch::new(POINTS, self.constants, self.wires, &self.hash);
        let expected = self.gate.0.eval_unfiltered_base_batch(vars);
        let code = Code::of(program);
        for point in 0..POINTS {
            let at = |values: &[F]| -> Vec<_> {
                values.iter().skip(point).step_by(POINTS).map(|x| [*x]).collect()
            };
            let row: Row<'_, Portable> = Row {
                constants: &at(self.constants),
                wires: &at(self.wires),
                public_inputs_hash: &self.hash.elements.map(|part| [part]),
            };
            let expected: Vec<F> = expected.iter().skip(point).step_by(POINTS).copied().collect();
            let id = self.gate.0.id();
            assert_eq!(program.run(row), expected, "program of {id} at {point}");
            assert_eq!(code.run(row), expected, "code of {id} at {point}");
        }
    }
}

/// Compares what a gate's constraints are in lanes of every kind, and in the program that it traces, with what plonky2
/// has, at random points.
///
/// # Panics
/// If they differ, or the gate is not recognised.
pub fn agrees_with_its_gate(gate: impl Gate<F, D>, recognise: Recognise) {
    let gate = GateRef::new(gate);
    let packed = recognise(&*gate.0).unwrap_or_else(|| panic!("{} is not known", gate.0.id()));
    let program = Program::trace(&*packed, Shape::of(&*gate.0));
    for _ in 0..4 {
        let random = |columns: usize| F::rand_vec(columns * POINTS);
        let beside = Beside {
            gate: &gate,
            packed: &*packed,
            constants: &random(gate.0.num_constants()),
            wires: &random(gate.0.num_wires()),
            hash: HashOut::rand(),
        };
        for kind in Kind::detect_all() {
            kind.run(&beside);
        }
        beside.run_its_program(&program);
    }
}
