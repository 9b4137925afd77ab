//! Scalar-field expressions as a shared graph: equal subexpressions are one node.

use std::collections::HashMap;

use halo2_proofs::{arithmetic::Field, halo2curves::bn256::Fr};

/// A node of a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Id(u32);

impl Id {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a node computes, from nodes that were made before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Node {
    /// A number of the key.
    Constant(Fr),
    /// The calldata word at this offset, known to be below the field order.
    Calldata(u32),
    /// The memory word at this address, written before it is read and never after, at most the field order.
    Memory(u32),
    /// Sum.
    Add(Id, Id),
    /// Difference; zero minus a node is its negation.
    Sub(Id, Id),
    /// Product.
    Mul(Id, Id),
}

/// Builds nodes, simplifying as it goes.
#[derive(Debug, Default)]
pub(super) struct Graph {
    nodes: Vec<Node>,
    ids: HashMap<Node, Id>,
}

impl Graph {
    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    fn node(&self, id: Id) -> Node {
        self.nodes[id.index()]
    }

    fn intern(&mut self, node: Node) -> Id {
        let next = Id(self.nodes.len() as u32);
        let id = *self.ids.entry(node).or_insert(next);
        if id == next {
            self.nodes.push(node);
        }
        id
    }

    pub(super) fn constant(&mut self, value: Fr) -> Id {
        self.intern(Node::Constant(value))
    }

    pub(super) fn calldata(&mut self, offset: u32) -> Id {
        self.intern(Node::Calldata(offset))
    }

    pub(super) fn memory(&mut self, address: u32) -> Id {
        self.intern(Node::Memory(address))
    }

    fn value(&self, id: Id) -> Option<Fr> {
        match self.node(id) {
            Node::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// The node of which `id` is the negation.
    fn negated(&self, id: Id) -> Option<Id> {
        match self.node(id) {
            Node::Sub(zero, inner) if self.value(zero) == Some(Fr::ZERO) => Some(inner),
            _ => None,
        }
    }

    pub(super) fn neg(&mut self, a: Id) -> Id {
        let zero = self.constant(Fr::ZERO);
        self.sub(zero, a)
    }

    pub(super) fn add(&mut self, a: Id, b: Id) -> Id {
        match (self.value(a), self.value(b)) {
            (Some(a), Some(b)) => return self.constant(a + b),
            (Some(zero), _) if zero == Fr::ZERO => return b,
            (_, Some(zero)) if zero == Fr::ZERO => return a,
            _ => {}
        }
        match (self.negated(a), self.negated(b)) {
            (Some(a), Some(b)) => {
                let sum = self.add(a, b);
                self.neg(sum)
            }
            (Some(a), None) => self.sub(b, a),
            (None, Some(b)) => self.sub(a, b),
            (None, None) => self.intern(Node::Add(a.min(b), a.max(b))),
        }
    }

    pub(super) fn sub(&mut self, a: Id, b: Id) -> Id {
        if a == b {
            return self.constant(Fr::ZERO);
        }
        if let Some(b) = self.value(b) {
            let b = self.constant(-b);
            return self.add(a, b);
        }
        if let Some(b) = self.negated(b) {
            return self.add(a, b);
        }
        self.intern(Node::Sub(a, b))
    }

    pub(super) fn mul(&mut self, a: Id, b: Id) -> Id {
        let (a, b) = match (self.value(a), self.value(b)) {
            (Some(a), Some(b)) => return self.constant(a * b),
            (None, Some(_)) => (b, a),
            _ => (a, b),
        };
        if let Some(factor) = self.value(a) {
            if factor == Fr::ZERO {
                return a;
            }
            if factor == Fr::ONE {
                return b;
            }
            if factor == -Fr::ONE {
                return self.neg(b);
            }
            if let Node::Mul(inner, rest) = self.node(b)
                && let Some(inner) = self.value(inner)
            {
                let factor = self.constant(factor * inner);
                return self.mul(factor, rest);
            }
            if let Some(b) = self.negated(b) {
                let factor = self.constant(-factor);
                return self.mul(factor, b);
            }
            return self.intern(Node::Mul(a, b));
        }
        match (self.negated(a), self.negated(b)) {
            (None, None) => self.intern(Node::Mul(a.min(b), a.max(b))),
            (inner_a, inner_b) => {
                let product = self.mul(inner_a.unwrap_or(a), inner_b.unwrap_or(b));
                match (inner_a, inner_b) {
                    (Some(_), Some(_)) => product,
                    _ => self.neg(product),
                }
            }
        }
    }

    /// `Σ terms[i]·x^i`, by Horner's rule.
    pub(super) fn horner(&mut self, terms: &[Id], x: Id) -> Id {
        let zero = self.constant(Fr::ZERO);
        terms.iter().rev().fold(zero, |sum, term| {
            let shifted = self.mul(sum, x);
            self.add(shifted, *term)
        })
    }

    /// Product of all; one for none.
    pub(super) fn product(&mut self, factors: &[Id]) -> Id {
        let one = self.constant(Fr::ONE);
        factors
            .iter()
            .fold(one, |product, factor| self.mul(product, *factor))
    }
}
