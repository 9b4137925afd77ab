//! Programs and codes, run one operation after the other on one row: what kernels are compared with.

use plonky2::field::types::Field;

use super::{Code, Op, Opcode, Place, Program};
use crate::{F, Lanes, Portable, Row};

type Vector = [F; 1];

impl Program {
    /// What the constraints are.
    pub fn run(&self, row: Row<'_, Portable>) -> Vec<F> {
        let lanes = Portable;
        let mut values: Vec<Vector> = Vec::with_capacity(self.ops.len());
        for op in &self.ops {
            let at = |node: &super::Node| values[node.index()];
            let value = match op {
                Op::Wire(i) => row.wires[*i as usize],
                Op::Constant(i) => row.constants[*i as usize],
                Op::PublicInputsHash(i) => row.public_inputs_hash[*i as usize],
                Op::Value(word) => [F(*word)],
                Op::Add(a, b) => lanes.add(at(a), at(b)),
                Op::Sub(a, b) => lanes.sub(at(a), at(b)),
                Op::Mul(a, b) => lanes.mul(at(a), at(b)),
                Op::MulAdd(a, b, c) => lanes.mul_add(at(a), at(b), at(c)),
                Op::Products(products) => {
                    let mut sum = F::ZERO;
                    for product in products {
                        sum += F::from_canonical_u32(product.weight) * at(&product.a)[0] * at(&product.b)[0];
                    }
                    [sum]
                }
                Op::Low(a) => lanes.split(at(a))[0],
                Op::High(a) => lanes.split(at(a))[1],
                Op::Join(low, high) => lanes.join([at(low), at(high)]),
                Op::Plus(a, b) => lanes.plus(at(a), at(b)),
                Op::Minus(a, b) => lanes.minus(at(a), at(b)),
                Op::Shifted(a, bits) => [F(at(a)[0].0 << bits)],
            };
            values.push(value);
        }
        self.constraints
            .iter()
            .map(|node| values[node.index()][0])
            .collect()
    }
}

/// Words of a code that are still to be read.
struct Reader<'a> {
    words: std::slice::Iter<'a, u32>,
    code: &'a Code,
    row: Row<'a, Portable>,
    registers: Vec<Vector>,
}

impl Reader<'_> {
    fn word(&mut self) -> u32 {
        *self.words.next().expect("an instruction is whole")
    }

    fn operand(&mut self) -> Vector {
        match Place::of(self.word()) {
            Place::Register(i) => self.registers[i as usize],
            Place::Wire(i) => self.row.wires[i as usize],
            Place::Constant(i) => self.row.constants[i as usize],
            Place::PublicInputsHash(i) => self.row.public_inputs_hash[i as usize],
            Place::Value(i) => [F(self.code.values()[i as usize])],
        }
    }

    fn products(&mut self) -> Vector {
        let mut sum = F::ZERO;
        for _ in 0..self.word() {
            let (weight, count) = (F::from_canonical_u32(self.word()), self.word());
            for _ in 0..count {
                let ([a], [b]) = (self.operand(), self.operand());
                sum += weight * a * b;
            }
        }
        [sum]
    }
}

impl Code {
    /// What the constraints are.
    pub fn run(&self, row: Row<'_, Portable>) -> Vec<F> {
        let lanes = Portable;
        let mut constraints = vec![F::ZERO; self.shape().constraints];
        let mut reader = Reader {
            words: self.words().iter(),
            code: self,
            row,
            registers: vec![[F::ZERO]; self.registers()],
        };
        while let Some(head) = reader.words.next() {
            let value = match Opcode::of(*head) {
                Opcode::Add => lanes.add(reader.operand(), reader.operand()),
                Opcode::Sub => lanes.sub(reader.operand(), reader.operand()),
                Opcode::Mul => lanes.mul(reader.operand(), reader.operand()),
                Opcode::MulAdd => lanes.mul_add(reader.operand(), reader.operand(), reader.operand()),
                Opcode::Products => reader.products(),
                Opcode::Low => lanes.split(reader.operand())[0],
                Opcode::High => lanes.split(reader.operand())[1],
                Opcode::Join => lanes.join([reader.operand(), reader.operand()]),
                Opcode::Plus => lanes.plus(reader.operand(), reader.operand()),
                Opcode::Minus => lanes.minus(reader.operand(), reader.operand()),
                Opcode::Shifted => [F(reader.operand()[0].0 << reader.word())],
                Opcode::Emit => {
                    [constraints[(head >> Opcode::BITS) as usize]] = reader.operand();
                    continue;
                }
            };
            reader.registers[(head >> Opcode::BITS) as usize] = value;
        }
        constraints
    }
}
