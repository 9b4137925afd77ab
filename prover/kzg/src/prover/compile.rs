//! From a combination of nodes to the steps of a row program, with few multiplications.
//!
//! A sum is written as `f·(…) + rest` as long as some factor f is common to several terms: constraints of one selector
//! meet under it, and the powers of y that fold them become coefficients inside. A sum that is all that is left beside
//! f is merged into the bracket where that saves multiplications: so four constraints `f·(Σ mᵢⱼ·xⱼ⁵ − …)` cost one
//! multiplication per xⱼ⁵ and not one per mᵢⱼ.

use std::collections::{BTreeMap, HashMap};

use ashlar_accel::rows::{Program, ProgramError, Step, Value};
use halo2_proofs::halo2curves::{bn256::Fr, ff::Field};

use super::{
    constant::{Constant, Symbols},
    graph::{Factors, Graph, Kind, Linear, Node},
};

/// A program whose constants await the challenges.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    steps: Vec<Step>,
    constants: Vec<Constant>,
    output: Value,
}

impl Compiled {
    /// The program that writes `linear` to its output.
    pub(super) fn new(graph: &Graph, linear: &Linear) -> Self {
        let mut emitter = Emitter {
            graph,
            steps: Vec::new(),
            values: HashMap::new(),
            constants: Vec::new(),
            nodes: HashMap::new(),
        };
        let output = emitter.linear(linear);
        Self {
            steps: emitter.steps,
            constants: emitter.constants,
            output,
        }
    }

    pub(super) fn bind(&self, symbols: &Symbols) -> Result<Program<Fr>, ProgramError> {
        let constants = self.constants.iter().map(|c| c.evaluate(symbols)).collect();
        Program::new(self.steps.clone(), constants, self.output)
    }

    pub(super) fn multiplications(&self) -> usize {
        let is_product = |step: &&Step| matches!(step, Step::Mul(..));
        self.steps.iter().filter(is_product).count()
    }

    pub(super) fn steps(&self) -> usize {
        self.steps.len()
    }
}

/// Products with their coefficients; the empty product is the constant term.
type Terms = BTreeMap<Factors, Constant>;

struct Emitter<'a> {
    graph: &'a Graph,
    steps: Vec<Step>,
    values: HashMap<Step, Value>,
    constants: Vec<Constant>,
    nodes: HashMap<Node, Value>,
}

impl Emitter<'_> {
    fn push(&mut self, step: Step) -> Value {
        if let Some(value) = self.values.get(&step) {
            return *value;
        }
        let value = Value::try_from(self.steps.len()).expect("fewer than 2^32 steps");
        self.steps.push(step);
        self.values.insert(step, value);
        value
    }

    fn constant(&mut self, constant: &Constant) -> Value {
        let known = self.constants.iter().position(|c| c == constant);
        let index = known.unwrap_or_else(|| {
            self.constants.push(constant.clone());
            self.constants.len() - 1
        });
        self.push(Step::Constant(index as u32))
    }

    fn add(&mut self, a: Value, b: Value) -> Value {
        self.push(Step::Add(a.min(b), a.max(b)))
    }

    fn multiply(&mut self, a: Value, b: Value) -> Value {
        self.push(Step::Mul(a.min(b), a.max(b)))
    }

    fn node(&mut self, node: Node) -> Value {
        if let Some(value) = self.nodes.get(&node) {
            return *value;
        }
        let graph = self.graph;
        let value = match graph.kind(node) {
            Kind::Cell { column, rotation } => self.push(Step::Cell {
                column: *column,
                rotation: *rotation,
            }),
            Kind::Sum(linear) => self.linear(linear),
            Kind::Product(factors) => self.product(factors),
        };
        self.nodes.insert(node, value);
        value
    }

    fn power(&mut self, base: Value, exponent: u32) -> Value {
        if exponent == 1 {
            base
        } else if exponent.is_multiple_of(2) {
            let root = self.power(base, exponent / 2);
            self.multiply(root, root)
        } else {
            let even = self.power(base, exponent - 1);
            self.multiply(even, base)
        }
    }

    fn product(&mut self, factors: &Factors) -> Value {
        let values: Vec<_> = factors
            .iter()
            .map(|(node, exponent)| {
                let base = self.node(*node);
                self.power(base, *exponent)
            })
            .collect();
        let product = values.into_iter().reduce(|a, b| self.multiply(a, b));
        product.unwrap_or_else(|| self.constant(&Constant::one()))
    }

    fn linear(&mut self, linear: &Linear) -> Value {
        let mut terms = Terms::new();
        self.merge(&mut terms, linear, &Constant::one());
        self.terms(terms)
    }

    /// Adds `linear · scale` to `terms`.
    fn merge(&self, terms: &mut Terms, linear: &Linear, scale: &Constant) {
        let nodes = linear.terms.iter().map(|(node, coefficient)| {
            let factors = match self.graph.kind(*node) {
                Kind::Product(factors) => factors.clone(),
                Kind::Cell { .. } | Kind::Sum(_) => Factors::from([(*node, 1)]),
            };
            (factors, coefficient)
        });
        for (factors, coefficient) in nodes.chain([(Factors::new(), &linear.constant)]) {
            add_term(terms, factors, &coefficient.times(scale));
        }
    }

    fn terms(&mut self, mut terms: Terms) -> Value {
        let mut sum = Sum::default();
        while let Some(factor) = most_common_factor(&terms) {
            let mut bracket = Terms::new();
            terms.retain(|factors, coefficient| {
                let common = factors.get(&factor.0) == Some(&factor.1);
                if common {
                    let mut rest = factors.clone();
                    rest.remove(&factor.0);
                    add_term(&mut bracket, rest, coefficient);
                }
                !common
            });
            let bracket = self.expand(bracket);
            let inside = self.terms(bracket);
            let base = self.node(factor.0);
            let outside = self.power(base, factor.1);
            let product = self.multiply(outside, inside);
            sum.plus.push(product);
        }
        // Terms of one coefficient, up to sign, share its multiplication.
        let mut by_coefficient: BTreeMap<Constant, Sum> = BTreeMap::new();
        for (factors, coefficient) in &terms {
            if factors.is_empty() {
                let constant = self.constant(coefficient);
                sum.plus.push(constant);
                continue;
            }
            let product = self.product(factors);
            let negated = coefficient.negated();
            if let Some(shared) = by_coefficient.get_mut(&negated) {
                shared.minus.push(product);
            } else {
                by_coefficient
                    .entry(coefficient.clone())
                    .or_default()
                    .plus
                    .push(product);
            }
        }
        for (coefficient, mut shared) in by_coefficient {
            if coefficient.is(Fr::ONE) {
                sum.plus.append(&mut shared.plus);
                sum.minus.append(&mut shared.minus);
            } else if coefficient.is(-Fr::ONE) {
                sum.minus.append(&mut shared.plus);
                sum.plus.append(&mut shared.minus);
            } else {
                let value = self.sum(&shared);
                if coefficient.is(Fr::from(2)) {
                    let double = self.add(value, value);
                    sum.plus.push(double);
                } else if coefficient.is(-Fr::from(2)) {
                    let double = self.add(value, value);
                    sum.minus.push(double);
                } else {
                    let constant = self.constant(&coefficient);
                    let product = self.multiply(constant, value);
                    sum.plus.push(product);
                }
            }
        }
        self.sum(&sum)
    }

    fn sum(&mut self, sum: &Sum) -> Value {
        let plus = sum.plus.iter().copied().reduce(|a, b| self.add(a, b));
        let start = plus.unwrap_or_else(|| self.constant(&Constant::zero()));
        sum.minus
            .iter()
            .fold(start, |value, minus| self.push(Step::Sub(value, *minus)))
    }

    /// Merges the sums that stand alone in a bracket where that saves multiplications.
    fn expand(&self, bracket: Terms) -> Terms {
        let graph = self.graph;
        let lone_sum = |factors: &Factors| -> Option<&Linear> {
            let (node, exponent) = factors.first_key_value()?;
            match graph.kind(*node) {
                // A sum that other products need is computed anyway.
                Kind::Sum(linear) if factors.len() == 1 && *exponent == 1 && graph.uses(*node) == 1 => {
                    Some(linear)
                }
                _ => None,
            }
        };
        // In how many of the sums, or terms that are none, a node appears.
        let mut appearances: HashMap<Node, u32> = HashMap::new();
        for factors in bracket.keys() {
            if let Some(linear) = lone_sum(factors) {
                linear
                    .terms
                    .keys()
                    .for_each(|node| *appearances.entry(*node).or_default() += 1);
            }
        }
        let mut expanded = Terms::new();
        for (factors, coefficient) in &bracket {
            match lone_sum(factors) {
                Some(linear) if saves(linear, coefficient, &appearances) => {
                    self.merge(&mut expanded, linear, coefficient)
                }
                _ => add_term(&mut expanded, factors.clone(), coefficient),
            }
        }
        expanded
    }
}

/// Values to add and to subtract.
#[derive(Default)]
struct Sum {
    plus: Vec<Value>,
    minus: Vec<Value>,
}

fn is_free(coefficient: &Constant) -> bool {
    let number = coefficient.as_number();
    number.is_some_and(|c| {
        [1, 2]
            .iter()
            .any(|free| c == Fr::from(*free) || c == -Fr::from(*free))
    })
}

/// Whether `coefficient · linear` costs more multiplications as it is than term by term, when each term's is shared by
/// all the sums that it appears in.
fn saves(linear: &Linear, coefficient: &Constant, appearances: &HashMap<Node, u32>) -> bool {
    let inside = linear.terms.values().filter(|c| !is_free(c)).count();
    let as_it_is = f64::from(u32::from(!is_free(coefficient))) + inside as f64;
    let merged: f64 = linear
        .terms
        .iter()
        .filter(|(_, inner)| !is_free(&inner.times(coefficient)))
        .map(|(node, _)| 1.0 / f64::from(appearances[node]))
        .sum();
    merged < as_it_is - 0.01
}

fn add_term(terms: &mut Terms, factors: Factors, coefficient: &Constant) {
    let sum = terms.entry(factors.clone()).or_default();
    sum.add_assign(coefficient);
    if sum.is_zero() {
        terms.remove(&factors);
    }
}

/// The power of a node that most terms have as a factor, if two have.
fn most_common_factor(terms: &Terms) -> Option<(Node, u32)> {
    let mut counts: BTreeMap<(Node, u32), u32> = BTreeMap::new();
    for factors in terms.keys() {
        for (node, exponent) in factors {
            *counts.entry((*node, *exponent)).or_default() += 1;
        }
    }
    let (factor, count) = counts
        .into_iter()
        .max_by_key(|(factor, count)| (*count, std::cmp::Reverse(*factor)))?;
    (count >= 2).then_some(factor)
}
