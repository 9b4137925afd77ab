//! A program whose values have registers, as words that a kernel reads.

use std::{cmp::Reverse, collections::BinaryHeap};

use plonky2::{
    field::types::{Field, PrimeField64},
    hash::poseidon::PoseidonHash,
    plonk::config::Hasher,
};

use super::{Node, Op, Program, Shape};
use crate::F;

/// What an instruction does: the low [`Opcode::BITS`] of its first word. What remains of the word is the register that it
/// writes, or the place of a constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Opcode {
    /// [`Op::Add`], and so on: operands follow, a word each.
    Add,
    /// Of elements.
    Sub,
    /// Of elements.
    Mul,
    /// Of elements.
    MulAdd,
    /// How many groups of products there are follows, and for each its weight, its products, and their operands.
    Products,
    /// Half of a word.
    Low,
    /// Half of a word.
    High,
    /// Of halves.
    Join,
    /// Of integers.
    Plus,
    /// Of integers.
    Minus,
    /// An operand follows, and by how many bits.
    Shifted,
    /// An operand follows: the constraint.
    Emit,
}

impl Opcode {
    /// Bits of an opcode.
    pub const BITS: u32 = 8;
    const ALL: [Self; 12] = [
        Self::Add,
        Self::Sub,
        Self::Mul,
        Self::MulAdd,
        Self::Products,
        Self::Low,
        Self::High,
        Self::Join,
        Self::Plus,
        Self::Minus,
        Self::Shifted,
        Self::Emit,
    ];

    /// Of an instruction's first word, which must have one.
    pub(super) fn of(word: u32) -> Self {
        Self::ALL[(word & ((1 << Self::BITS) - 1)) as usize]
    }
}

/// Where an operand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A register.
    Register(u32),
    /// A wire of the row.
    Wire(u32),
    /// A constant of the gate.
    Constant(u32),
    /// A part of the public inputs' hash.
    PublicInputsHash(u32),
    /// One of [`Code::values`].
    Value(u32),
}

impl Place {
    /// Bits of an index; those above say of what.
    pub const INDEX_BITS: u32 = 28;

    /// As a word of code.
    pub const fn word(self) -> u32 {
        let (kind, index) = match self {
            Self::Register(i) => (0, i),
            Self::Wire(i) => (1, i),
            Self::Constant(i) => (2, i),
            Self::PublicInputsHash(i) => (3, i),
            Self::Value(i) => (4, i),
        };
        kind << Self::INDEX_BITS | index
    }

    /// Of a word of code.
    pub(super) const fn of(word: u32) -> Self {
        let index = word & ((1 << Self::INDEX_BITS) - 1);
        match word >> Self::INDEX_BITS {
            0 => Self::Register(index),
            1 => Self::Wire(index),
            2 => Self::Constant(index),
            3 => Self::PublicInputsHash(index),
            _ => Self::Value(index),
        }
    }
}

/// Instructions in order, each constraint emitted once it is computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    words: Vec<u32>,
    values: Vec<u64>,
    registers: usize,
    shape: Shape,
}

impl Code {
    /// Gives each value of a program a register from its operation to its last use.
    pub fn of(program: &Program) -> Self {
        let mut last_uses = vec![0; program.ops.len()];
        for (place, op) in program.ops.iter().enumerate() {
            for operand in op.operands() {
                last_uses[operand.index()] = place;
            }
        }
        let mut constraints = vec![Vec::new(); program.ops.len()];
        for (place, node) in program.constraints.iter().enumerate() {
            constraints[node.index()].push(place as u32);
        }
        let mut writer = Writer {
            code: Self {
                words: Vec::new(),
                values: Vec::new(),
                registers: 0,
                shape: Shape {
                    wires: 0,
                    constants: 0,
                    constraints: program.constraints.len(),
                },
            },
            places: Vec::with_capacity(program.ops.len()),
            free: BinaryHeap::new(),
        };
        for (place, op) in program.ops.iter().enumerate() {
            writer.instruction(place, op, &last_uses);
            for constraint in &constraints[place] {
                writer.head(Opcode::Emit, *constraint);
                writer.operand(Node(place as u32));
            }
            // Its constraints were its only uses.
            writer.free_if(last_uses[place] == 0, Node(place as u32));
        }
        writer.code
    }

    /// The instructions.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// Constants.
    pub fn values(&self) -> &[u64] {
        &self.values
    }

    /// Another for any other code, for who keeps something that was made of it.
    pub fn digest(&self) -> [u64; 4] {
        let halves = |value: &u64| [*value as u32, (*value >> 32) as u32];
        let lengths = [self.words.len() as u32, self.values.len() as u32];
        let values = self.values.iter().flat_map(halves);
        let words = lengths
            .into_iter()
            .chain(self.words.iter().copied())
            .chain(values);
        let words: Vec<F> = words.map(F::from_canonical_u32).collect();
        let digest = PoseidonHash::hash_no_pad(&words);
        digest.elements.map(|element| element.to_canonical_u64())
    }

    /// How many registers it needs.
    pub const fn registers(&self) -> usize {
        self.registers
    }

    /// How many constraints it has, and how many of the first wires and constants it needs.
    pub const fn shape(&self) -> Shape {
        self.shape
    }
}

struct Writer {
    code: Code,
    /// Where each value is.
    places: Vec<Place>,
    /// Registers whose values are used up, the lowest first.
    free: BinaryHeap<Reverse<u32>>,
}

impl Writer {
    fn instruction(&mut self, place: usize, op: &Op, last_uses: &[usize]) {
        let shape = &mut self.code.shape;
        let leaf = match op {
            Op::Wire(i) => {
                shape.wires = shape.wires.max(*i as usize + 1);
                Some(Place::Wire(*i))
            }
            Op::Constant(i) => {
                shape.constants = shape.constants.max(*i as usize + 1);
                Some(Place::Constant(*i))
            }
            Op::PublicInputsHash(i) => Some(Place::PublicInputsHash(*i)),
            Op::Value(value) => {
                self.code.values.push(*value);
                Some(Place::Value(self.code.values.len() as u32 - 1))
            }
            _ => None,
        };
        if let Some(leaf) = leaf {
            return self.places.push(leaf);
        }
        // An instruction reads before it writes, so it may write where it read for the last time.
        let mut operands = op.operands();
        operands.sort();
        operands.dedup();
        for operand in operands {
            self.free_if(last_uses[operand.index()] == place, operand);
        }
        let register = match self.free.pop() {
            Some(Reverse(register)) => register,
            None => {
                self.code.registers += 1;
                self.code.registers as u32 - 1
            }
        };
        self.places.push(Place::Register(register));
        let opcode = opcode(op);
        self.head(opcode, register);
        match op {
            Op::Products(products) => {
                let groups = products.chunk_by(|a, b| a.weight == b.weight);
                self.code.words.push(groups.clone().count() as u32);
                for group in groups {
                    self.code.words.extend([group[0].weight, group.len() as u32]);
                    for product in group {
                        self.operand(product.a);
                        self.operand(product.b);
                    }
                }
            }
            Op::Shifted(a, bits) => {
                self.operand(*a);
                self.code.words.push(*bits);
            }
            _ => op
                .operands()
                .into_iter()
                .for_each(|operand| self.operand(operand)),
        }
    }

    fn free_if(&mut self, is_last: bool, node: Node) {
        if let (true, Place::Register(register)) = (is_last, self.places[node.index()]) {
            self.free.push(Reverse(register));
        }
    }

    fn head(&mut self, opcode: Opcode, of: u32) {
        self.code.words.push(opcode as u32 | of << Opcode::BITS);
    }

    fn operand(&mut self, node: Node) {
        self.code.words.push(self.places[node.index()].word());
    }
}

fn opcode(op: &Op) -> Opcode {
    match op {
        Op::Wire(_) | Op::Constant(_) | Op::PublicInputsHash(_) | Op::Value(_) => {
            unreachable!("what is given is no instruction")
        }
        Op::Add(..) => Opcode::Add,
        Op::Sub(..) => Opcode::Sub,
        Op::Mul(..) => Opcode::Mul,
        Op::MulAdd(..) => Opcode::MulAdd,
        Op::Products(_) => Opcode::Products,
        Op::Low(_) => Opcode::Low,
        Op::High(_) => Opcode::High,
        Op::Join(..) => Opcode::Join,
        Op::Plus(..) => Opcode::Plus,
        Op::Minus(..) => Opcode::Minus,
        Op::Shifted(..) => Opcode::Shifted,
    }
}
