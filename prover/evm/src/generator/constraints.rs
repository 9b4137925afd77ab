//! The constraints at x: gates, permutation, lookups, in halo2's order.

use std::cell::RefCell;

use halo2_proofs::{
    arithmetic::Field,
    halo2curves::{
        bn256::{Fr, G1Affine},
        ff::PrimeField,
    },
    plonk::{Any, Column, Expression, VerifyingKey},
    poly::Rotation,
};

use super::{
    field::{Graph, Id},
    layout::{Layout, chunk_len},
};

/// What the constraints read besides the proof.
pub(super) struct Inputs {
    /// The circuit's own challenges.
    pub(super) challenges: Vec<Id>,
    pub(super) theta: Id,
    pub(super) beta: Id,
    pub(super) gamma: Id,
    pub(super) x: Id,
    /// Lagrange polynomial of the first row.
    pub(super) l_first: Id,
    /// Of the last usable row.
    pub(super) l_last: Id,
    /// One less the Lagrange polynomials of all rows after the usable ones, and of the last of those.
    pub(super) active: Id,
    /// Evaluations of the instance column, by query.
    pub(super) instances: Vec<Id>,
}

/// A constraint: one that the quotient divides.
pub(super) struct Constraint {
    pub(super) name: String,
    pub(super) value: Id,
}

/// All constraints, first to last.
pub(super) fn constraints(
    graph: &mut Graph,
    vk: &VerifyingKey<G1Affine>,
    layout: &Layout,
    inputs: &Inputs,
) -> Vec<Constraint> {
    let mut builder = Builder {
        graph,
        vk,
        layout,
        inputs,
        constraints: vec![],
    };
    builder.gates();
    builder.permutation();
    builder.lookups();
    builder.constraints
}

struct Builder<'a> {
    graph: &'a mut Graph,
    vk: &'a VerifyingKey<G1Affine>,
    layout: &'a Layout,
    inputs: &'a Inputs,
    constraints: Vec<Constraint>,
}

impl Builder<'_> {
    fn push(&mut self, name: String, value: Id) {
        self.constraints.push(Constraint { name, value });
    }

    fn one(&mut self) -> Id {
        self.graph.constant(Fr::ONE)
    }

    fn load(&mut self, offset: u32) -> Id {
        self.graph.calldata(offset)
    }

    fn gates(&mut self) {
        let vk = self.vk;
        for gate in vk.cs().gates() {
            for polynomial in gate.polynomials() {
                let value = self.expression(polynomial);
                self.push(format!("gate \"{}\"", gate.name()), value);
            }
        }
    }

    fn expression(&mut self, expression: &Expression<Fr>) -> Id {
        let (cs, layout, inputs) = (self.vk.cs(), self.layout, self.inputs);
        let graph = RefCell::new(&mut *self.graph);
        let advice = |index, rotation| position(cs.advice_queries(), index, rotation);
        let fixed = |index, rotation| position(cs.fixed_queries(), index, rotation);
        let instance = |index, rotation| position(cs.instance_queries(), index, rotation);
        expression.evaluate(
            &|value| graph.borrow_mut().constant(value),
            &|_| unreachable!("keygen replaces selectors by fixed columns"),
            &|query| {
                let eval = layout.fixed_evals[fixed(query.column_index(), query.rotation())];
                graph.borrow_mut().calldata(eval)
            },
            &|query| {
                let eval = layout.advice_evals[advice(query.column_index(), query.rotation())];
                graph.borrow_mut().calldata(eval)
            },
            &|query| inputs.instances[instance(query.column_index(), query.rotation())],
            &|challenge| inputs.challenges[challenge.index()],
            &|a| graph.borrow_mut().neg(a),
            &|a, b| graph.borrow_mut().add(a, b),
            &|a, b| graph.borrow_mut().mul(a, b),
            &|a, factor| {
                let mut graph = graph.borrow_mut();
                let factor = graph.constant(factor);
                graph.mul(factor, a)
            },
        )
    }

    /// The evaluation of a column in its own row.
    fn column(&mut self, column: Column<Any>) -> Id {
        let cs = self.vk.cs();
        let current = Rotation::cur();
        match column.column_type() {
            Any::Advice(_) => {
                self.load(self.layout.advice_evals[position(cs.advice_queries(), column.index(), current)])
            }
            Any::Fixed => {
                self.load(self.layout.fixed_evals[position(cs.fixed_queries(), column.index(), current)])
            }
            Any::Instance => self.inputs.instances[position(cs.instance_queries(), column.index(), current)],
        }
    }

    fn permutation(&mut self) {
        let Inputs { l_first, l_last, .. } = *self.inputs;
        let evals = &self.layout.product_evals;
        if let (Some(first), Some(last)) = (evals.first(), evals.last()) {
            let (first, last) = (self.load(first.current), self.load(last.current));
            let value = self.starts_at_one(l_first, first);
            self.push("permutation: the first product starts at one".into(), value);
            let value = self.is_bit(l_last, last);
            self.push("permutation: the last product ends at zero or one".into(), value);
        }
        for pair in evals.windows(2) {
            let (end, start) = (pair[0].last.expect("not the last"), pair[1].current);
            let (end, start) = (self.load(end), self.load(start));
            let difference = self.graph.sub(start, end);
            let value = self.graph.mul(l_first, difference);
            self.push(
                "permutation: a product starts where the last one ended".into(),
                value,
            );
        }
        let columns = self.vk.cs().permutation().get_columns();
        let chunk = chunk_len(self.vk);
        for (index, columns) in columns.chunks(chunk).enumerate() {
            let value = self.permutation_step(index * chunk, columns, index);
            self.push(format!("permutation: step of product {index}"), value);
        }
    }

    fn permutation_step(&mut self, first: usize, columns: &[Column<Any>], product: usize) -> Id {
        let Inputs {
            beta,
            gamma,
            x,
            active,
            ..
        } = *self.inputs;
        let evals = self.layout.product_evals[product];
        let mut left = self.load(evals.next);
        let mut right = self.load(evals.current);
        let beta_x = self.graph.mul(beta, x);
        for (index, column) in columns.iter().enumerate() {
            let value = self.column(*column);
            let shifted = self.graph.add(value, gamma);
            let sigma = self.load(self.layout.sigma_evals[first + index]);
            let sigma = self.graph.mul(beta, sigma);
            let factor = self.graph.add(shifted, sigma);
            left = self.graph.mul(left, factor);
            let delta = self
                .graph
                .constant(Fr::DELTA.pow_vartime([(first + index) as u64]));
            let identity = self.graph.mul(delta, beta_x);
            let factor = self.graph.add(shifted, identity);
            right = self.graph.mul(right, factor);
        }
        let difference = self.graph.sub(left, right);
        self.graph.mul(active, difference)
    }

    fn lookups(&mut self) {
        let Inputs {
            l_first,
            l_last,
            active,
            beta,
            gamma,
            ..
        } = *self.inputs;
        let vk = self.vk;
        for (lookup, evals) in vk.cs().lookups().iter().zip(&self.layout.lookup_evals) {
            let name = lookup.name().to_owned();
            let product = self.load(evals.product);
            let next = self.load(evals.product_next);
            let (input, previous) = (self.load(evals.input), self.load(evals.input_prev));
            let table = self.load(evals.table);

            let value = self.starts_at_one(l_first, product);
            self.push(format!("lookup \"{name}\": the product starts at one"), value);
            let value = self.is_bit(l_last, product);
            self.push(
                format!("lookup \"{name}\": the product ends at zero or one"),
                value,
            );

            let left = [(input, beta), (table, gamma)].map(|(eval, shift)| self.graph.add(eval, shift));
            let left = self.graph.product(&[next, left[0], left[1]]);
            let right = [
                (lookup.input_expressions(), beta),
                (lookup.table_expressions(), gamma),
            ]
            .map(|(expressions, shift)| self.compressed(expressions, shift));
            let right = self.graph.product(&[product, right[0], right[1]]);
            let difference = self.graph.sub(left, right);
            let value = self.graph.mul(active, difference);
            self.push(format!("lookup \"{name}\": step of the product"), value);

            let difference = self.graph.sub(input, table);
            let value = self.graph.mul(l_first, difference);
            self.push(
                format!("lookup \"{name}\": the first input is the first entry"),
                value,
            );
            let step = self.graph.sub(input, previous);
            let value = self.graph.product(&[difference, step, active]);
            self.push(
                format!("lookup \"{name}\": an input is its entry or the input before"),
                value,
            );
        }
    }

    /// `Σ expressions·θ^i + shift`, the last expression with θ^0.
    fn compressed(&mut self, expressions: &[Expression<Fr>], shift: Id) -> Id {
        let mut values: Vec<Id> = expressions.iter().map(|e| self.expression(e)).collect();
        values.reverse();
        let sum = self.graph.horner(&values, self.inputs.theta);
        self.graph.add(sum, shift)
    }

    fn starts_at_one(&mut self, l_first: Id, product: Id) -> Id {
        let one = self.one();
        let difference = self.graph.sub(one, product);
        self.graph.mul(l_first, difference)
    }

    fn is_bit(&mut self, l_last: Id, product: Id) -> Id {
        let one = self.one();
        let less = self.graph.sub(product, one);
        self.graph.product(&[product, less, l_last])
    }
}

/// Where the evaluation of a query stands among those of its kind.
fn position<T: halo2_proofs::plonk::ColumnType>(
    queries: &[(Column<T>, Rotation)],
    column: usize,
    rotation: Rotation,
) -> usize {
    queries
        .iter()
        .position(|query| query.0.index() == column && query.1 == rotation)
        .expect("configuring the circuit registered every query")
}
