//! Blocks of rows in the field arithmetic of halo2curves.

use halo2curves::bn256::Fr;

use super::{
    code::{Code, Kind, Source, compile},
    rotate,
};
use crate::rows::Program;

/// Rows of a block: a register is half a kilobyte.
const BLOCK: usize = 16;

type Register = [Fr; BLOCK];

pub(super) struct Machine<'a> {
    code: Code,
    constants: &'a [Fr],
    columns: &'a [&'a [Fr]],
}

impl<'a> Machine<'a> {
    pub(super) fn new(program: &'a Program<Fr>, columns: &'a [&'a [Fr]]) -> Self {
        Self {
            code: compile(program, None),
            constants: program.constants(),
            columns,
        }
    }

    pub(super) fn registers(&self) -> Vec<Register> {
        vec![[Fr::zero(); BLOCK]; self.code.registers]
    }

    /// `out` starts at row `first`.
    pub(super) fn run(&self, registers: &mut [Register], first: usize, out: &mut [Fr]) {
        for (block, out) in out.chunks_mut(BLOCK).enumerate() {
            let row = first + block * BLOCK;
            for operation in &self.code.operations {
                let value = |source| self.value(registers, source);
                let mut result = [Fr::zero(); BLOCK];
                match operation.kind {
                    Kind::Cell { column, rotation } => {
                        self.cells(column, row, rotation, &mut result[..out.len()])
                    }
                    Kind::Add(a, b) => each(&mut result, value(a), value(b), |a, b| a + b),
                    Kind::Sub { a, b, .. } => each(&mut result, value(a), value(b), |a, b| a - b),
                    Kind::Mul(a, b) => each(&mut result, value(a), value(b), |a, b| a * b),
                }
                registers[operation.target] = result;
            }
            let output = self.value(registers, self.code.output);
            out.iter_mut()
                .enumerate()
                .for_each(|(i, out)| *out = output.at(i));
        }
    }

    fn value<'r>(&self, registers: &'r [Register], source: Source) -> Value<'r> {
        match source {
            Source::Register(register) => Value::Block(&registers[register]),
            Source::Constant(constant) => Value::Same(self.constants[constant]),
            Source::One => Value::Same(Fr::one()),
        }
    }

    fn cells(&self, column: usize, row: usize, rotation: i32, cells: &mut [Fr]) {
        let column = self.columns[column];
        let start = rotate(row, rotation, column.len());
        match column.get(start..start + cells.len()) {
            Some(rows) => cells.copy_from_slice(rows),
            None => {
                for (i, cell) in cells.iter_mut().enumerate() {
                    *cell = column[rotate(row + i, rotation, column.len())];
                }
            }
        }
    }
}

/// An operand: a value for each row, or one for all.
#[derive(Clone, Copy)]
enum Value<'r> {
    Block(&'r Register),
    Same(Fr),
}

impl Value<'_> {
    fn at(&self, i: usize) -> Fr {
        match self {
            Self::Block(block) => block[i],
            Self::Same(value) => *value,
        }
    }
}

fn each(result: &mut Register, a: Value<'_>, b: Value<'_>, operation: impl Fn(&Fr, &Fr) -> Fr) {
    for (i, result) in result.iter_mut().enumerate() {
        *result = operation(&a.at(i), &b.at(i));
    }
}
