//! Constraints as a graph of sums and products in normal form, each distinct one held once.
//!
//! Halo2's expressions are trees without sharing. Here every expression becomes a [`Linear`] combination of nodes; a
//! product pulls its factors' constants out, flattens nested products and sorts its factors. So equal sub-expressions
//! meet in one node however the circuit wrote them, and constants fold, those that depend on challenges included.

use std::collections::{BTreeMap, HashMap};

use halo2_proofs::{
    halo2curves::{bn256::Fr, ff::Field},
    plonk::{Any, Column, ConstraintSystem, Expression},
};

use super::{Unsupported, constant::Constant};

/// Index of a node.
pub(super) type Node = u32;

/// A sum of nodes with constant coefficients (none of them zero) and a constant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Linear {
    pub(super) terms: BTreeMap<Node, Constant>,
    pub(super) constant: Constant,
}

/// Factors with their exponents (none of them zero).
pub(super) type Factors = BTreeMap<Node, u32>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Cell {
        column: u32,
        rotation: i32,
    },
    /// More than one term; the first coefficient is not -1.
    Sum(Linear),
    /// Two factors or more, counted with exponents; no factor is a product.
    Product(Factors),
}

impl Linear {
    fn of(node: Node, coefficient: Constant) -> Self {
        Self {
            terms: BTreeMap::from([(node, coefficient)]),
            constant: Constant::zero(),
        }
    }

    pub(super) fn add_assign(&mut self, other: &Self, scale: &Constant) {
        self.constant.add_assign(&other.constant.times(scale));
        for (node, coefficient) in &other.terms {
            let sum = self.terms.entry(*node).or_default();
            sum.add_assign(&coefficient.times(scale));
            if sum.is_zero() {
                self.terms.remove(node);
            }
        }
    }

    pub(super) fn plus(mut self, other: &Self) -> Self {
        self.add_assign(other, &Constant::one());
        self
    }

    pub(super) fn minus(mut self, other: &Self) -> Self {
        self.add_assign(other, &Constant::one().negated());
        self
    }

    pub(super) fn scaled(&self, by: &Constant) -> Self {
        let mut scaled = Self::default();
        scaled.add_assign(self, by);
        scaled
    }
}

impl From<Constant> for Linear {
    fn from(constant: Constant) -> Self {
        Self {
            terms: BTreeMap::new(),
            constant,
        }
    }
}

/// Where the columns of a circuit stand in the table of a row program.
#[derive(Clone, Copy, Debug)]
pub(super) struct CircuitColumns {
    pub(super) fixed: usize,
    pub(super) advice: usize,
    pub(super) instance: usize,
}

impl CircuitColumns {
    /// Fixed, advice and instance columns in this order, from the start of the table.
    pub(super) fn first(cs: &ConstraintSystem<Fr>) -> Self {
        let advice = cs.num_fixed_columns();
        Self {
            fixed: 0,
            advice,
            instance: advice + cs.num_advice_columns(),
        }
    }

    pub(super) fn of(&self, column: &Column<Any>) -> usize {
        column.index()
            + match column.column_type() {
                Any::Fixed => self.fixed,
                Any::Advice(_) => self.advice,
                Any::Instance => self.instance,
            }
    }
}

/// All nodes made so far.
#[derive(Debug, Default)]
pub(super) struct Graph {
    kinds: Vec<Kind>,
    nodes: HashMap<Kind, Node>,
    /// Products that a sum is a factor of.
    uses: HashMap<Node, u32>,
}

impl Graph {
    pub(super) fn kind(&self, node: Node) -> &Kind {
        &self.kinds[node as usize]
    }

    /// How many distinct products have `node` as a factor.
    pub(super) fn uses(&self, node: Node) -> u32 {
        self.uses.get(&node).copied().unwrap_or(0)
    }

    fn node(&mut self, kind: Kind) -> Node {
        if let Some(node) = self.nodes.get(&kind) {
            return *node;
        }
        if let Kind::Product(factors) = &kind {
            for factor in factors.keys() {
                *self.uses.entry(*factor).or_default() += 1;
            }
        }
        let node = Node::try_from(self.kinds.len()).expect("fewer than 2^32 nodes");
        self.kinds.push(kind.clone());
        self.nodes.insert(kind, node);
        node
    }

    pub(super) fn cell(&mut self, column: usize, rotation: i32) -> Linear {
        let column = u32::try_from(column).expect("fewer than 2^32 columns");
        Linear::of(self.node(Kind::Cell { column, rotation }), Constant::one())
    }

    pub(super) fn product(&mut self, a: &Linear, b: &Linear) -> Linear {
        if a.terms.is_empty() {
            return b.scaled(&a.constant);
        }
        if b.terms.is_empty() {
            return a.scaled(&b.constant);
        }
        let ((a, mut factors), (b, more)) = (self.factors(a), self.factors(b));
        for (factor, exponent) in more {
            *factors.entry(factor).or_default() += exponent;
        }
        Linear::of(self.node(Kind::Product(factors)), a.times(&b))
    }

    /// A combination that is no constant, as a constant times a product.
    fn factors(&mut self, linear: &Linear) -> (Constant, Factors) {
        let (first, coefficient) = linear.terms.first_key_value().expect("not a constant");
        if linear.terms.len() == 1 && linear.constant.is_zero() {
            let factors = match self.kind(*first) {
                Kind::Product(factors) => factors.clone(),
                Kind::Cell { .. } | Kind::Sum(_) => Factors::from([(*first, 1)]),
            };
            return (coefficient.clone(), factors);
        }
        // So that a - b and b - a share a node.
        let sign = if coefficient.is(-Fr::ONE) {
            -Fr::ONE
        } else {
            Fr::ONE
        };
        let sum = self.node(Kind::Sum(linear.scaled(&sign.into())));
        (sign.into(), Factors::from([(sum, 1)]))
    }

    /// A circuit's expression.
    pub(super) fn expression(
        &mut self,
        columns: &CircuitColumns,
        expression: &Expression<Fr>,
    ) -> Result<Linear, Unsupported> {
        Ok(match expression {
            Expression::Constant(value) => Constant::from(*value).into(),
            Expression::Selector(_) => return Err(Unsupported::Selector),
            Expression::Challenge(_) => {
                return Err(Unsupported::Phases {
                    challenges: 1,
                    later_columns: 0,
                });
            }
            Expression::Fixed(query) => self.cell(columns.fixed + query.column_index(), query.rotation().0),
            Expression::Advice(query) => self.cell(columns.advice + query.column_index(), query.rotation().0),
            Expression::Instance(query) => {
                self.cell(columns.instance + query.column_index(), query.rotation().0)
            }
            Expression::Negated(a) => self.expression(columns, a)?.scaled(&(-Fr::ONE).into()),
            Expression::Sum(a, b) => {
                let a = self.expression(columns, a)?;
                a.plus(&self.expression(columns, b)?)
            }
            Expression::Product(a, b) => {
                let (a, b) = (self.expression(columns, a)?, self.expression(columns, b)?);
                self.product(&a, &b)
            }
            Expression::Scaled(a, by) => self.expression(columns, a)?.scaled(&(*by).into()),
        })
    }
}
