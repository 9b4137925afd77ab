//! A gate's constraints as a straight-line program, for machines that do not run Rust.
//!
//! [`Program::trace`] runs a gate ([`PackedGate`](crate::PackedGate)) over [`Tracer`], lanes whose vectors are numbers of
//! operations, and so records what the gate computes: the same constraints that a processor evaluates, written once.
//! [`Code`] is a program whose values have registers, as words.

mod code;
mod recorder;
mod run;
#[cfg(test)]
mod tests;
mod tracer;

pub use code::{Code, Opcode, Place};
pub use tracer::Tracer;

use plonky2::gates::gate::AnyGate;

use recorder::Recorder;

use crate::{D, Evaluate, F};

/// A value of a program: the place of the operation that it comes of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node(u32);

impl Node {
    /// The place of its operation in [`Program::ops`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a value comes from. As in [`Lanes`](crate::Lanes), values are words: those of operations on elements may be any
/// that stand for the element, those of operations on integers are exact.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// A wire of the row.
    Wire(u32),
    /// A constant of the gate.
    Constant(u32),
    /// A part of the public inputs' hash.
    PublicInputsHash(u32),
    /// This word.
    Value(u64),
    /// The element `a + b`.
    Add(Node, Node),
    /// The element `a - b`.
    Sub(Node, Node),
    /// The element `a b`.
    Mul(Node, Node),
    /// The element `a b + c`.
    MulAdd(Node, Node, Node),
    /// The element that is the sum of products, by ascending weight. Weights are at most
    /// [`MAX_PRODUCTS`](crate::MAX_PRODUCTS) together.
    Products(Box<[Product]>),
    /// The low 32 bits of a word.
    Low(Node),
    /// Its high 32 bits.
    High(Node),
    /// The element `low + 2^32 high` of integers, high below 2^64 - 2^32.
    Join(Node, Node),
    /// The sum of integers modulo 2^64.
    Plus(Node, Node),
    /// Their difference modulo 2^64.
    Minus(Node, Node),
    /// 2^bits times an integer, modulo 2^64.
    Shifted(Node, u32),
}

/// `weight a b`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Product {
    /// How often it is in the sum.
    pub weight: u32,
    /// A factor.
    pub a: Node,
    /// Another.
    pub b: Node,
}

impl Op {
    /// Whether it reads what is given, and computes nothing.
    pub const fn is_leaf(&self) -> bool {
        matches!(
            self,
            Self::Wire(_) | Self::Constant(_) | Self::PublicInputsHash(_) | Self::Value(_)
        )
    }

    /// Hands out what it computes from, to be changed.
    fn for_each_operand_mut(&mut self, mut each: impl FnMut(&mut Node)) {
        match self {
            Self::Wire(_) | Self::Constant(_) | Self::PublicInputsHash(_) | Self::Value(_) => {}
            Self::Low(a) | Self::High(a) | Self::Shifted(a, _) => each(a),
            Self::Add(a, b)
            | Self::Sub(a, b)
            | Self::Mul(a, b)
            | Self::Join(a, b)
            | Self::Plus(a, b)
            | Self::Minus(a, b) => {
                each(a);
                each(b);
            }
            Self::MulAdd(a, b, c) => {
                each(a);
                each(b);
                each(c);
            }
            Self::Products(products) => {
                for product in products {
                    each(&mut product.a);
                    each(&mut product.b);
                }
            }
        }
    }

    /// What it computes from.
    pub fn operands(&self) -> Vec<Node> {
        let mut operands = Vec::new();
        self.clone()
            .for_each_operand_mut(|operand| operands.push(*operand));
        operands
    }
}

/// What a gate has of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Wires.
    pub wires: usize,
    /// Constants.
    pub constants: usize,
    /// Constraints.
    pub constraints: usize,
}

impl Shape {
    /// Of a gate.
    pub fn of(gate: &dyn AnyGate<F, D>) -> Self {
        Self {
            wires: gate.num_wires(),
            constants: gate.num_constants(),
            constraints: gate.num_constraints(),
        }
    }
}

/// Operations, each on values of those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    ops: Vec<Op>,
    constraints: Vec<Node>,
}

impl Program {
    /// What a gate of this shape computes: equal operations once, those on constants done, those that no constraint needs
    /// left out.
    ///
    /// # Panics
    /// If the gate reads or pushes more than the shape has, or does with values what only a processor can.
    pub fn trace(gate: &dyn Evaluate, shape: Shape) -> Self {
        let (constraints, recorder) = tracer::record(gate, shape);
        Self::of(recorder, constraints)
    }

    /// Keeps what constraints need.
    fn of(recorder: Recorder, mut constraints: Vec<Node>) -> Self {
        let all = recorder.into_ops();
        let mut needed = vec![false; all.len()];
        for node in &constraints {
            needed[node.index()] = true;
        }
        for (place, op) in all.iter().enumerate().rev() {
            if needed[place] {
                for operand in op.operands() {
                    needed[operand.index()] = true;
                }
            }
        }
        let (mut ops, mut renamed) = (Vec::new(), vec![Node(0); all.len()]);
        for (place, mut op) in all.into_iter().enumerate().filter(|(place, _)| needed[*place]) {
            op.for_each_operand_mut(|operand| *operand = renamed[operand.index()]);
            renamed[place] = Node(ops.len() as u32);
            ops.push(op);
        }
        for node in &mut constraints {
            *node = renamed[node.index()];
        }
        Self { ops, constraints }
    }

    /// All operations, in an order to do them in.
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// The values that are to be zero, by their place among the gate's constraints.
    pub fn constraints(&self) -> &[Node] {
        &self.constraints
    }
}
