//! All constraints of a circuit as one numerator: what the quotient polynomial is, times `X^n - 1`.

use halo2_proofs::{
    halo2curves::{
        bn256::Fr,
        ff::{Field, PrimeField},
    },
    plonk::{ConstraintSystem, Expression},
};

use super::{
    Unsupported,
    compile::Compiled,
    constant::{Constant, Symbol},
    graph::{CircuitColumns, Graph, Linear},
};

/// Columns of the table over which the numerator is evaluated. What depends on the keys alone comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    fixed: usize,
    sigmas: usize,
    advice: usize,
    instance: usize,
    products: usize,
    lookups: usize,
}

impl Columns {
    pub(super) fn new(cs: &ConstraintSystem<Fr>) -> Self {
        let sigmas = cs.permutation().get_columns().len();
        Self {
            fixed: cs.num_fixed_columns(),
            sigmas,
            advice: cs.num_advice_columns(),
            instance: cs.num_instance_columns(),
            products: if sigmas == 0 {
                0
            } else {
                sigmas.div_ceil(chunk_len(cs))
            },
            lookups: cs.lookups().len(),
        }
    }

    fn sigma(&self, i: usize) -> usize {
        self.fixed + i
    }

    fn l0(&self) -> usize {
        self.fixed + self.sigmas
    }

    fn l_last(&self) -> usize {
        self.l0() + 1
    }

    fn l_active(&self) -> usize {
        self.l0() + 2
    }

    /// Columns made of the keys: fixed, sigmas, l_0, l_last, l_active.
    pub(super) fn of_keys(&self) -> usize {
        self.l0() + 3
    }

    /// The n-th roots of unity: the identity polynomial is these times the coset's shift.
    fn identity(&self) -> usize {
        self.of_keys()
    }

    fn first_advice(&self) -> usize {
        self.identity() + 1
    }

    fn first_instance(&self) -> usize {
        self.first_advice() + self.advice
    }

    fn product(&self, i: usize) -> usize {
        self.first_instance() + self.instance + i
    }

    /// Permuted input, permuted table and product of a lookup.
    fn lookup(&self, i: usize) -> [usize; 3] {
        let first = self.product(self.products) + 3 * i;
        [first, first + 1, first + 2]
    }

    /// Columns made of a witness: advice, instance, permutation products, three for each lookup.
    pub(super) fn of_witness(&self) -> usize {
        self.advice + self.instance + self.products + 3 * self.lookups
    }

    /// Permutation products, counted among the witness's columns.
    pub(super) fn witness_products(&self) -> impl Iterator<Item = usize> {
        let start = self.first_advice();
        let columns = *self;
        (0..self.products).map(move |i| columns.product(i) - start)
    }

    /// Permuted input, permuted table and product of each lookup, counted among the witness's columns.
    pub(super) fn witness_lookups(&self) -> impl Iterator<Item = [usize; 3]> {
        let start = self.first_advice();
        let columns = *self;
        (0..self.lookups).map(move |i| columns.lookup(i).map(|column| column - start))
    }

    fn of_circuit(&self) -> CircuitColumns {
        CircuitColumns {
            fixed: 0,
            advice: self.first_advice(),
            instance: self.first_instance(),
        }
    }
}

/// Columns that one permutation product covers: it and l_active take two of the degree.
pub(super) fn chunk_len(cs: &ConstraintSystem<Fr>) -> usize {
    cs.degree() - 2
}

/// Checks that the keys' degree is the constraints', see [`Unsupported::Degree`].
pub(super) fn check_degree(cs: &ConstraintSystem<Fr>, quotient_pieces: usize) -> Result<(), Unsupported> {
    let gates = cs
        .gates()
        .iter()
        .flat_map(|gate| gate.polynomials())
        .map(Expression::degree);
    let degree = |expressions: &[Expression<Fr>]| expressions.iter().map(Expression::degree).max();
    let lookups = cs.lookups().iter().map(|lookup| {
        let input = degree(lookup.input_expressions()).unwrap_or(0);
        let table = degree(lookup.table_expressions()).unwrap_or(0);
        (2 + input + table).max(4)
    });
    let permutation = if cs.permutation().get_columns().is_empty() {
        1
    } else {
        cs.degree().max(3)
    };
    let needed = gates.chain(lookups).max().unwrap_or(0).max(permutation);
    let used = quotient_pieces + 1;
    // The permutation's degree follows from `cs.degree()`, which nobody's gates need to reach.
    if needed > used || cs.degree() < 3 || quotient_pieces == 0 {
        return Err(Unsupported::Degree { needed, used });
    }
    Ok(())
}

/// The compiled numerator.
pub(super) fn numerator(cs: &ConstraintSystem<Fr>) -> Result<Compiled, Unsupported> {
    let mut graph = Graph::default();
    let columns = Columns::new(cs);
    let mut constraints = Vec::new();
    for gate in cs.gates() {
        for polynomial in gate.polynomials() {
            constraints.push(graph.expression(&columns.of_circuit(), polynomial)?);
        }
    }
    permutation(&mut graph, &columns, cs, &mut constraints);
    for (i, lookup) in cs.lookups().iter().enumerate() {
        let input = compressed(&mut graph, &columns.of_circuit(), lookup.input_expressions())?;
        let table = compressed(&mut graph, &columns.of_circuit(), lookup.table_expressions())?;
        lookup_constraints(&mut graph, &columns, i, [&input, &table], &mut constraints);
    }
    let mut folded = Linear::default();
    for (i, constraint) in constraints.iter().rev().enumerate() {
        folded.add_assign(constraint, &Constant::power(Symbol::Y, i as u32, Fr::ONE));
    }
    let compiled = Compiled::new(&graph, &folded);
    tracing::debug!(
        constraints = constraints.len(),
        steps = compiled.steps(),
        multiplications = compiled.multiplications(),
        "compiled the constraints"
    );
    Ok(compiled)
}

/// `theta^(m-1)·e_0 + … + e_(m-1)`.
pub(super) fn compressed(
    graph: &mut Graph,
    columns: &CircuitColumns,
    expressions: &[Expression<Fr>],
) -> Result<Linear, Unsupported> {
    let theta = Constant::symbol(Symbol::Theta);
    expressions.iter().try_fold(Linear::default(), |sum, expression| {
        Ok(sum.scaled(&theta).plus(&graph.expression(columns, expression)?))
    })
}

fn one() -> Linear {
    Constant::one().into()
}

fn permutation(
    graph: &mut Graph,
    columns: &Columns,
    cs: &ConstraintSystem<Fr>,
    constraints: &mut Vec<Linear>,
) {
    let permuted = cs.permutation().get_columns();
    if permuted.is_empty() {
        return;
    }
    let [l0, l_last, l_active] =
        [columns.l0(), columns.l_last(), columns.l_active()].map(|c| graph.cell(c, 0));
    let first = graph.cell(columns.product(0), 0);
    constraints.push(graph.product(&l0, &one().minus(&first)));
    let last = graph.cell(columns.product(columns.products - 1), 0);
    let square = graph.product(&last, &last);
    constraints.push(graph.product(&l_last, &square.minus(&last)));
    let last_row = -(cs.blinding_factors() as i32 + 1);
    for i in 1..columns.products {
        let product = graph.cell(columns.product(i), 0);
        let before = graph.cell(columns.product(i - 1), last_row);
        constraints.push(graph.product(&l0, &product.minus(&before)));
    }
    let identity = graph.cell(columns.identity(), 0);
    let gamma = Linear::from(Constant::symbol(Symbol::Gamma));
    let beta = Constant::symbol(Symbol::Beta);
    let mut delta = Fr::ONE;
    for (set, chunk) in permuted.chunks(chunk_len(cs)).enumerate() {
        let mut left = graph.cell(columns.product(set), 1);
        let mut right = graph.cell(columns.product(set), 0);
        for (i, column) in chunk.iter().enumerate() {
            let value = graph.cell(columns.of_circuit().of(column), 0).plus(&gamma);
            let sigma = graph.cell(columns.sigma(set * chunk_len(cs) + i), 0);
            left = graph.product(&left, &value.clone().plus(&sigma.scaled(&beta)));
            // The identity of this column: beta · delta^i · X, where X is shift · root of unity.
            let scale = beta.times(&Constant::power(Symbol::Shift, 1, delta));
            right = graph.product(&right, &value.plus(&identity.scaled(&scale)));
            delta *= Fr::DELTA;
        }
        constraints.push(graph.product(&l_active, &left.minus(&right)));
    }
}

fn lookup_constraints(
    graph: &mut Graph,
    columns: &Columns,
    index: usize,
    [input, table]: [&Linear; 2],
    constraints: &mut Vec<Linear>,
) {
    let [l0, l_last, l_active] =
        [columns.l0(), columns.l_last(), columns.l_active()].map(|c| graph.cell(c, 0));
    let [permuted_input, permuted_table, product] = columns.lookup(index).map(|c| graph.cell(c, 0));
    let [input_column, _, product_column] = columns.lookup(index);
    let next_product = graph.cell(product_column, 1);
    let previous_input = graph.cell(input_column, -1);
    let beta = Linear::from(Constant::symbol(Symbol::Beta));
    let gamma = Linear::from(Constant::symbol(Symbol::Gamma));

    constraints.push(graph.product(&l0, &one().minus(&product)));
    let square = graph.product(&product, &product);
    constraints.push(graph.product(&l_last, &square.minus(&product)));
    let mut side = |product: &Linear, input: &Linear, table: &Linear| {
        let with_input = graph.product(product, &input.clone().plus(&beta));
        graph.product(&with_input, &table.clone().plus(&gamma))
    };
    let left = side(&next_product, &permuted_input, &permuted_table);
    let right = side(&product, input, table);
    constraints.push(graph.product(&l_active, &left.minus(&right)));
    let difference = permuted_input.clone().minus(&permuted_table);
    constraints.push(graph.product(&l0, &difference));
    let repeated = graph.product(&difference, &permuted_input.minus(&previous_input));
    constraints.push(graph.product(&l_active, &repeated));
}
