//! A program with registers instead of values: what is needed no more makes room.

use crate::rows::{Program, Step};

/// Where an operand lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A register.
    Register(usize),
    /// A constant of the program.
    Constant(usize),
    /// The constant one.
    One,
}

/// One operation on the register `target`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) target: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Cell {
        column: usize,
        rotation: i32,
    },
    Add(Source, Source),
    /// The first less the second, which is at most `2^bound_log` times the modulus.
    Sub {
        a: Source,
        b: Source,
        bound_log: u32,
    },
    Mul(Source, Source),
}

/// Straight-line code over few registers.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) operations: Vec<Operation>,
    pub(super) registers: usize,
    pub(super) output: Source,
}

/// What lazy arithmetic must know; bounds are multiples of the modulus.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Of a cell as loaded.
    pub(super) cell: usize,
    /// Of every value.
    pub(super) max: usize,
}

/// Turns a program into code. A value that could exceed `bounds.max` is multiplied by one first, which leaves at most
/// twice the modulus; exact arithmetic (`None`) needs none of that.
pub(super) fn compile<F>(program: &Program<F>, bounds: Option<Bounds>) -> Code {
    let mut compiler = Compiler {
        last_uses: last_uses(program),
        places: vec![None; program.steps().len()],
        bounds,
        code: Code {
            operations: Vec::new(),
            registers: 0,
            output: Source::One,
        },
        free: Vec::new(),
    };
    for (index, step) in program.steps().iter().enumerate() {
        if compiler.last_uses[index].is_some() {
            compiler.step(index, step);
        }
    }
    compiler.code.output = compiler.place(program.output()).0;
    compiler.code
}

/// The last step that reads each value; `None` for what nobody needs. The output is read after all steps.
fn last_uses<F>(program: &Program<F>) -> Vec<Option<usize>> {
    let steps = program.steps();
    let mut last_uses = vec![None; steps.len()];
    last_uses[program.output() as usize] = Some(steps.len());
    for (index, step) in steps.iter().enumerate().rev() {
        if last_uses[index].is_none() {
            continue;
        }
        if let Step::Add(a, b) | Step::Sub(a, b) | Step::Mul(a, b) = *step {
            for value in [a, b] {
                last_uses[value as usize].get_or_insert(index);
            }
        }
    }
    last_uses
}

/// `a·b / 2^260 + p` in multiples of `p`, of which `2^260` is more than 84.
fn product_bound(a: usize, b: usize) -> usize {
    (a * b).div_ceil(84) + 1
}

struct Compiler {
    last_uses: Vec<Option<usize>>,
    /// Where each value lies and what it is bounded by.
    places: Vec<Option<(Source, usize)>>,
    bounds: Option<Bounds>,
    code: Code,
    free: Vec<usize>,
}

impl Compiler {
    fn place(&self, value: u32) -> (Source, usize) {
        self.places[value as usize]
            .expect("a program reads earlier values only, and each that is read is computed")
    }

    fn step(&mut self, index: usize, step: &Step) {
        let (a, b) = match *step {
            Step::Constant(constant) => {
                self.places[index] = Some((Source::Constant(constant as usize), 1));
                return;
            }
            Step::Cell { column, rotation } => {
                let kind = Kind::Cell {
                    column: column as usize,
                    rotation,
                };
                let bound = self.bounds.map_or(1, |bounds| bounds.cell);
                return self.emit(index, kind, bound);
            }
            Step::Add(a, b) | Step::Sub(a, b) | Step::Mul(a, b) => (a, b),
        };
        let bound: fn(usize, usize) -> usize = match step {
            Step::Mul(..) => product_bound,
            Step::Add(..) => |a, b| a + b,
            _ => |a, b| a + b.next_power_of_two(),
        };
        self.make_room(a, b, bound);
        let ((source_a, bound_a), (source_b, bound_b)) = (self.place(a), self.place(b));
        let kind = match step {
            Step::Add(..) => Kind::Add(source_a, source_b),
            Step::Mul(..) => Kind::Mul(source_a, source_b),
            _ => Kind::Sub {
                a: source_a,
                b: source_b,
                bound_log: bound_b.next_power_of_two().trailing_zeros(),
            },
        };
        for value in [a, b] {
            if self.last_uses[value as usize] == Some(index) {
                self.release(value);
            }
        }
        let exact = self.bounds.is_none();
        self.emit(index, kind, if exact { 1 } else { bound(bound_a, bound_b) });
    }

    /// Sees to it that the result of an operation on two values stays within the bounds.
    fn make_room(&mut self, a: u32, b: u32, bound: fn(usize, usize) -> usize) {
        let Some(bounds) = self.bounds else { return };
        while bound(self.place(a).1, self.place(b).1) > bounds.max {
            let larger = if self.place(a).1 > self.place(b).1 { a } else { b };
            let (source, old) = self.place(larger);
            let Source::Register(target) = source else {
                unreachable!("constants have the smallest bound");
            };
            let kind = Kind::Mul(source, Source::One);
            self.code.operations.push(Operation { target, kind });
            self.places[larger as usize] = Some((source, product_bound(old, 1)));
        }
    }

    fn release(&mut self, value: u32) {
        // Taken away, so that a value that is both operands is released once.
        if let Some((Source::Register(register), _)) = self.places[value as usize].take() {
            self.free.push(register);
        }
    }

    fn emit(&mut self, index: usize, kind: Kind, bound: usize) {
        let target = self.free.pop().unwrap_or_else(|| {
            self.code.registers += 1;
            self.code.registers - 1
        });
        self.code.operations.push(Operation { target, kind });
        self.places[index] = Some((Source::Register(target), bound));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(steps: Vec<Step>) -> Program<u64> {
        let output = steps.len() as u32 - 1;
        Program::new(steps, vec![5], output).unwrap()
    }

    const CELL: Step = Step::Cell {
        column: 0,
        rotation: 0,
    };

    #[test]
    fn registers_are_used_again() {
        let mut steps = vec![CELL];
        for i in 0..50 {
            steps.extend([
                Step::Cell {
                    column: 1,
                    rotation: i,
                },
                Step::Mul(2 * i as u32, 2 * i as u32 + 1),
            ]);
        }
        assert_eq!(compile(&program(steps), None).registers, 2);
    }

    #[test]
    fn what_nobody_needs_is_not_computed() {
        let code = compile(
            &program(vec![CELL, Step::Mul(0, 0), Step::Constant(0), Step::Add(0, 2)]),
            None,
        );
        assert_eq!(code.operations.len(), 2);
        assert_eq!(code.output, Source::Register(0));
        assert_eq!(
            compile(&program(vec![Step::Constant(0)]), None).output,
            Source::Constant(0)
        );
    }

    #[test]
    fn long_sums_are_kept_within_bounds() {
        let mut steps = vec![CELL];
        steps.extend((0..20).map(|i| {
            if i % 2 == 0 {
                Step::Add(i, i)
            } else {
                Step::Sub(0, i)
            }
        }));
        let bounds = Bounds { cell: 16, max: 84 };
        let code = compile(&program(steps), Some(bounds));
        let mut registers = vec![0; code.registers];
        let mut by_one = 0;
        for operation in &code.operations {
            let bound = |source| -> usize {
                match source {
                    Source::Register(register) => registers[register],
                    Source::Constant(_) | Source::One => 1,
                }
            };
            by_one += usize::from(matches!(operation.kind, Kind::Mul(_, Source::One)));
            registers[operation.target] = match operation.kind {
                Kind::Cell { .. } => 16,
                Kind::Add(a, b) => bound(a) + bound(b),
                Kind::Sub { a, b, bound_log } => {
                    assert!(bound(b) <= 1 << bound_log);
                    bound(a) + (1 << bound_log)
                }
                Kind::Mul(a, b) => product_bound(bound(a), bound(b)),
            };
            assert!(registers[operation.target] <= 84);
        }
        assert!(by_one > 0, "sums of cells do not fit without");
    }
}
