//! Programs that make the witness's further columns, in Lagrange form, over a table of fixed, advice and instance
//! columns, sigmas and the roots of unity, in this order.

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
    constraints::{chunk_len, compressed},
    graph::{CircuitColumns, Graph, Linear},
};

/// What a witness's further columns are made with.
#[derive(Debug)]
pub(super) struct ColumnPrograms {
    /// Input and table of every lookup, compressed.
    pub(super) lookups: Vec<[Compiled; 2]>,
    /// `(a + beta)(s + gamma)`, over a table of a and s.
    pub(super) lookup_pair: Compiled,
    /// Numerator and denominator of every permutation product.
    pub(super) permutation: Vec<[Compiled; 2]>,
}

impl ColumnPrograms {
    pub(super) fn new(cs: &ConstraintSystem<Fr>) -> Result<Self, Unsupported> {
        let compress = |expressions: &[Expression<Fr>]| {
            let mut graph = Graph::default();
            let compressed = compressed(&mut graph, &CircuitColumns::first(cs), expressions)?;
            Ok(Compiled::new(&graph, &compressed))
        };
        let lookups = cs.lookups().iter().map(|lookup| {
            let input = compress(lookup.input_expressions())?;
            Ok([input, compress(lookup.table_expressions())?])
        });
        Ok(Self {
            lookups: lookups.collect::<Result<_, _>>()?,
            lookup_pair: lookup_pair(),
            permutation: permutation(cs),
        })
    }
}

fn lookup_pair() -> Compiled {
    let mut graph = Graph::default();
    let input = graph.cell(0, 0).plus(&Constant::symbol(Symbol::Beta).into());
    let table = graph.cell(1, 0).plus(&Constant::symbol(Symbol::Gamma).into());
    let pair = graph.product(&input, &table);
    Compiled::new(&graph, &pair)
}

fn permutation(cs: &ConstraintSystem<Fr>) -> Vec<[Compiled; 2]> {
    let columns = CircuitColumns::first(cs);
    let permuted = cs.permutation().get_columns();
    let first_sigma = columns.instance + cs.num_instance_columns();
    let roots = first_sigma + permuted.len();
    let gamma = Linear::from(Constant::symbol(Symbol::Gamma));
    let beta = Constant::symbol(Symbol::Beta);
    let mut delta = Fr::ONE;
    let mut sigma = first_sigma;
    let mut sets = Vec::new();
    for chunk in permuted.chunks(chunk_len(cs)) {
        let mut graph = Graph::default();
        let roots = graph.cell(roots, 0);
        let one = Linear::from(Constant::one());
        let (mut numerator, mut denominator) = (one.clone(), one);
        for column in chunk {
            let value = graph.cell(columns.of(column), 0).plus(&gamma);
            let identity = roots.scaled(&beta.times(&delta.into()));
            let permuted = graph.cell(sigma, 0).scaled(&beta);
            numerator = graph.product(&numerator, &value.clone().plus(&identity));
            denominator = graph.product(&denominator, &value.plus(&permuted));
            delta *= Fr::DELTA;
            sigma += 1;
        }
        sets.push([&numerator, &denominator].map(|side| Compiled::new(&graph, side)));
    }
    sets
}
