//! Takes operations down: equal ones once, and those on constants done.

use std::collections::HashMap;

use plonky2::field::types::{Field, PrimeField64};

use super::{Node, Op, Product};
use crate::{F, Lanes, MAX_PRODUCTS, Portable};

/// A sum of products that is not reduced yet.
#[derive(Clone, Copy, Debug)]
pub struct SumNode(u32);

enum Sum {
    Empty,
    Product(SumNode, Node, Node),
    Both(SumNode, SumNode),
}

/// Operations so far.
#[derive(Default)]
pub struct Recorder {
    ops: Vec<Op>,
    places: HashMap<Op, Node>,
    /// Each of those before it.
    sums: Vec<Sum>,
}

impl Recorder {
    pub fn into_ops(self) -> Vec<Op> {
        self.ops
    }

    /// The value of an operation, as simple as it can be.
    pub fn record(&mut self, op: Op) -> Node {
        match self.simplified(op) {
            Ok(node) => node,
            Err(op) => self.shared(op),
        }
    }

    fn shared(&mut self, op: Op) -> Node {
        let next = Node(u32::try_from(self.ops.len()).expect("a gate is not that long"));
        let ops = &mut self.ops;
        *self.places.entry(op).or_insert_with_key(|op| {
            ops.push(op.clone());
            next
        })
    }

    fn word(&self, node: Node) -> Option<F> {
        match self.ops[node.index()] {
            Op::Value(word) => Some(F(word)),
            _ => None,
        }
    }

    fn is(&self, node: Node, value: F) -> bool {
        self.word(node) == Some(value)
    }

    fn element(&mut self, value: F) -> Node {
        self.shared(Op::Value(value.to_canonical_u64()))
    }

    fn integer(&mut self, [word]: [F; 1]) -> Node {
        self.shared(Op::Value(word.0))
    }

    /// A value that is there already, or the operation with its operands in a fixed order if they may change places.
    fn simplified(&mut self, op: Op) -> Result<Node, Op> {
        let words = op.operands();
        let words: Option<Vec<F>> = words.into_iter().map(|operand| self.word(operand)).collect();
        if let Some(words) = words.filter(|words| !words.is_empty()) {
            return Ok(self.computed(&op, &words));
        }
        match op {
            Op::Add(a, b) if self.is(a, F::ZERO) => Ok(b),
            Op::Add(a, b) | Op::Sub(a, b) if self.is(b, F::ZERO) => Ok(a),
            Op::Sub(a, b) if a == b => Ok(self.element(F::ZERO)),
            Op::Mul(a, b) if self.is(a, F::ZERO) || self.is(b, F::ZERO) => Ok(self.element(F::ZERO)),
            Op::Mul(a, b) if self.is(a, F::ONE) => Ok(b),
            Op::Mul(a, b) if self.is(b, F::ONE) => Ok(a),
            Op::MulAdd(a, b, c) if self.is(a, F::ZERO) || self.is(b, F::ZERO) => Ok(c),
            Op::MulAdd(a, b, c) if self.is(a, F::ONE) => Ok(self.record(Op::Add(b, c))),
            Op::MulAdd(a, b, c) if self.is(b, F::ONE) => Ok(self.record(Op::Add(a, c))),
            Op::MulAdd(a, b, c) if self.is(c, F::ZERO) => Ok(self.record(Op::Mul(a, b))),
            Op::Join(low, high) => match (&self.ops[low.index()], &self.ops[high.index()]) {
                (Op::Low(a), Op::High(b)) if a == b => Ok(*a),
                _ => Err(op),
            },
            // The word must be zero, not only what it stands for.
            Op::Plus(a, b) if self.ops[a.index()] == Op::Value(0) => Ok(b),
            Op::Plus(a, b) | Op::Minus(a, b) if self.ops[b.index()] == Op::Value(0) => Ok(a),
            Op::Shifted(a, 0) => Ok(a),
            Op::Add(a, b) => Err(Op::Add(a.min(b), a.max(b))),
            Op::Mul(a, b) => Err(Op::Mul(a.min(b), a.max(b))),
            Op::MulAdd(a, b, c) => Err(Op::MulAdd(a.min(b), a.max(b), c)),
            Op::Plus(a, b) => Err(Op::Plus(a.min(b), a.max(b))),
            _ => Err(op),
        }
    }

    /// What an operation is whose operands are these words.
    fn computed(&mut self, op: &Op, words: &[F]) -> Node {
        let at = |i: usize| [words[i]];
        match op {
            Op::Wire(_) | Op::Constant(_) | Op::PublicInputsHash(_) | Op::Value(_) | Op::Products(_) => {
                unreachable!("it has no operands, or is recorded by itself")
            }
            Op::Add(..) => self.element(words[0] + words[1]),
            Op::Sub(..) => self.element(words[0] - words[1]),
            Op::Mul(..) => self.element(words[0] * words[1]),
            Op::MulAdd(..) => self.element(words[0] * words[1] + words[2]),
            Op::Join(..) => {
                let [joined] = Portable.join([at(0), at(1)]);
                self.element(joined)
            }
            Op::Low(_) => self.integer(Portable.split(at(0))[0]),
            Op::High(_) => self.integer(Portable.split(at(0))[1]),
            Op::Plus(..) => self.integer(Portable.plus(at(0), at(1))),
            Op::Minus(..) => self.integer(Portable.minus(at(0), at(1))),
            Op::Shifted(_, bits) => self.integer([F(words[0].0 << bits)]),
        }
    }

    fn sum(&mut self, sum: Sum) -> SumNode {
        self.sums.push(sum);
        SumNode(u32::try_from(self.sums.len() - 1).expect("a gate is not that long"))
    }

    pub fn empty_sum(&mut self) -> SumNode {
        self.sum(Sum::Empty)
    }

    pub fn add_product(&mut self, sum: SumNode, a: Node, b: Node) -> SumNode {
        self.sum(Sum::Product(sum, a, b))
    }

    pub fn add_sums(&mut self, a: SumNode, b: SumNode) -> SumNode {
        self.sum(Sum::Both(a, b))
    }

    /// The element that a sum is.
    pub fn reduce(&mut self, sum: SumNode) -> Node {
        let (mut products, constant) = self.products(sum);
        let total: u64 = products.iter().map(|product| u64::from(product.weight)).sum();
        assert!(
            total <= MAX_PRODUCTS as u64,
            "a sum of {total} products may not fit"
        );
        let (is_zero, constant) = (constant.is_zero(), self.element(constant));
        let one = self.element(F::ONE);
        let is_once = products.iter().all(|product| product.weight == 1);
        match products[..] {
            [] => return constant,
            [Product { a, b, .. }] if is_once => return self.record(Op::MulAdd(a, b, constant)),
            [x, y] if is_once && is_zero && y.b == one => return self.record(Op::MulAdd(x.a, x.b, y.a)),
            [x, y] if is_once && is_zero && x.b == one => return self.record(Op::MulAdd(y.a, y.b, x.a)),
            _ => {}
        }
        if !is_zero {
            let (weight, a, b) = (1, constant, one);
            products.insert(0, Product { weight, a, b });
        }
        self.shared(Op::Products(products.into()))
    }

    /// Each product of a sum once, by ascending weight, and the sum of those of constants. A factor of one is the second.
    fn products(&self, sum: SumNode) -> (Vec<Product>, F) {
        let mut weights = vec![0u64; sum.0 as usize + 1];
        weights[sum.0 as usize] = 1;
        let mut products: Vec<Product> = Vec::new();
        let mut places = HashMap::new();
        let mut constant = F::ZERO;
        for place in (0..weights.len()).rev() {
            let weight = weights[place];
            if weight == 0 {
                continue;
            }
            match self.sums[place] {
                Sum::Empty => {}
                Sum::Both(x, y) => {
                    weights[x.0 as usize] += weight;
                    weights[y.0 as usize] += weight;
                }
                Sum::Product(before, a, b) => {
                    weights[before.0 as usize] += weight;
                    if self.is(a, F::ZERO) || self.is(b, F::ZERO) {
                        continue;
                    }
                    if let (Some(a), Some(b)) = (self.word(a), self.word(b)) {
                        constant += F::from_canonical_u64(weight) * a * b;
                        continue;
                    }
                    let (a, b) = (a.min(b), a.max(b));
                    let (a, b) = if self.is(a, F::ONE) { (b, a) } else { (a, b) };
                    let weight = u32::try_from(weight).expect("a sum of few products");
                    match places.get(&(a, b)) {
                        Some(place) => {
                            let known: &mut Product = &mut products[*place];
                            known.weight += weight;
                        }
                        None => {
                            places.insert((a, b), products.len());
                            products.push(Product { weight, a, b });
                        }
                    }
                }
            }
        }
        products.reverse();
        products.sort_by_key(|product| product.weight);
        (products, constant)
    }
}
