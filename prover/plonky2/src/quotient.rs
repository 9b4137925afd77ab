//! The quotient: all constraints at each point, by powers of a challenge, over the polynomial that vanishes on the subgroup.

use ashlar_statement::hash::{D, F};
use plonky2::{
    field::types::Field,
    plonk::{circuit_data::CommonCircuitData, vars::EvaluationVarsBaseBatch},
    util::log2_ceil,
};
use rayon::prelude::*;

use crate::{
    PreparedCircuit,
    commit::{Batch, reverse_bits},
    permutation::Challenge,
    poseidon::Hash,
};

/// plonky2's selector value on rows of another group.
const UNUSED_SELECTOR: usize = u32::MAX as usize;
/// Points that are evaluated together.
const POINTS: usize = 32;

/// Values of one term at a batch of points.
type Values = [F; POINTS];

/// How many times as many points as rows the quotient needs, in bits.
pub fn rate_bits(common: &CommonCircuitData<F, D>) -> usize {
    log2_ceil(common.quotient_degree_factor)
}

/// The points of a circuit in the order of the leaves.
pub struct Points {
    xs: Vec<F>,
    /// The Lagrange polynomial of the first row.
    first: Vec<F>,
    /// One over the vanishing polynomial, which is constant on each coset of the subgroup.
    inverses: Vec<F>,
}

impl Points {
    pub fn new(common: &CommonCircuitData<F, D>) -> Self {
        let (degree_bits, rate_bits) = (common.degree_bits(), rate_bits(common));
        let generator = F::primitive_root_of_unity(degree_bits + rate_bits);
        let natural: Vec<F> = generator
            .powers()
            .map(|power| F::coset_shift() * power)
            .take(common.degree() << rate_bits)
            .collect();
        let xs: Vec<F> = (0..natural.len())
            .map(|leaf| natural[reverse_bits(leaf, degree_bits + rate_bits)])
            .collect();
        let cosets = xs.iter().step_by(common.degree());
        let vanishing: Vec<F> = cosets.map(|x| x.exp_power_of_2(degree_bits) - F::ONE).collect();
        // Z(x) / (n (x - 1))
        let scale = F::from_canonical_usize(common.degree());
        let denominators: Vec<F> = xs.iter().map(|x| scale * (*x - F::ONE)).collect();
        let mut first = F::batch_multiplicative_inverse(&denominators);
        for (first, vanishing) in first.chunks_exact_mut(common.degree()).zip(&vanishing) {
            first.iter_mut().for_each(|first| *first *= *vanishing);
        }
        Self {
            xs,
            first,
            inverses: F::batch_multiplicative_inverse(&vanishing),
        }
    }
}

/// What is committed before the quotient.
pub struct Committed<'a> {
    pub constants: &'a Batch,
    pub wires: &'a Batch,
    pub products: &'a Batch,
}

/// What the verifier asks.
pub struct Query {
    pub public_inputs_hash: Hash,
    pub permutation: Vec<Challenge>,
    pub alphas: Vec<F>,
}

impl PreparedCircuit {
    /// The quotient for each challenge at each point, in the order of the leaves.
    pub(crate) fn quotient(
        &self,
        common: &CommonCircuitData<F, D>,
        committed: &Committed<'_>,
        query: &Query,
    ) -> Vec<Vec<F>> {
        let terms = query.alphas.len() * (2 + common.num_partial_products) + common.num_gate_constraints;
        let powers = query
            .alphas
            .iter()
            .map(|alpha| alpha.powers().take(terms).collect())
            .collect();
        let evaluation = Evaluation {
            prepared: self,
            common,
            committed,
            query,
            powers,
        };
        let count = self.points.xs.len();
        let blocks = (0..count.div_ceil(POINTS)).into_par_iter();
        let blocks: Vec<Vec<Values>> = blocks
            .map_init(Scratch::default, |scratch, block| {
                evaluation.block(scratch, block * POINTS)
            })
            .collect();
        (0..query.alphas.len())
            .map(|challenge| {
                let values = blocks.iter().flat_map(|block| block[challenge]);
                values.take(count).collect()
            })
            .collect()
    }
}

/// What does not depend on the point.
struct Evaluation<'a> {
    prepared: &'a PreparedCircuit,
    common: &'a CommonCircuitData<F, D>,
    committed: &'a Committed<'a>,
    query: &'a Query,
    /// Of each alpha, one for each term.
    powers: Vec<Vec<F>>,
}

/// Values of each column at a batch of points.
#[derive(Default)]
struct Scratch {
    constants: Vec<F>,
    wires: Vec<F>,
    products: Vec<F>,
    next: Vec<F>,
    constraints: Vec<F>,
}

/// Sums of terms by powers of each alpha.
struct Sums<'a> {
    powers: &'a [Vec<F>],
    terms: usize,
    sums: Vec<Values>,
}

impl Sums<'_> {
    fn add(&mut self, term: &Values) {
        for (sums, powers) in self.sums.iter_mut().zip(self.powers) {
            let power = powers[self.terms];
            for i in 0..POINTS {
                sums[i] = sums[i].multiply_accumulate(power, term[i]);
            }
        }
        self.terms += 1;
    }
}

impl Evaluation<'_> {
    /// The quotients at the points from `start` on; behind the last point the last one is repeated.
    fn block(&self, scratch: &mut Scratch, start: usize) -> Vec<Values> {
        let points = &self.prepared.points;
        let Committed {
            constants,
            wires,
            products,
        } = self.committed;
        let place = |i: usize| (start + i).min(points.xs.len() - 1);
        gather(&mut scratch.constants, |i| constants.merkle_tree.get(place(i)));
        gather(&mut scratch.wires, |i| wires.merkle_tree.get(place(i)));
        gather(&mut scratch.products, |i| products.merkle_tree.get(place(i)));
        gather(&mut scratch.next, |i| {
            &products.merkle_tree.get(self.next(place(i)))[self.common.zs_range()]
        });
        let zeros = vec![[F::ZERO; POINTS]; self.powers.len()];
        let mut sums = Sums {
            powers: &self.powers,
            terms: 0,
            sums: zeros,
        };
        let first: Values = std::array::from_fn(|i| points.first[place(i)]);
        for z in columns(&scratch.products[self.common.zs_range().start * POINTS..]).take(self.powers.len()) {
            sums.add(&std::array::from_fn(|i| first[i] * (z[i] - F::ONE)));
        }
        let xs: Values = std::array::from_fn(|i| points.xs[place(i)]);
        for challenge in 0..self.powers.len() {
            self.permutation(scratch, &xs, challenge, &mut sums);
        }
        self.gates(scratch);
        columns(&scratch.constraints).for_each(|constraint| sums.add(constraint));
        for sums in &mut sums.sums {
            for i in 0..POINTS {
                sums[i] *= points.inverses[place(i) / self.common.degree()];
            }
        }
        sums.sums
    }

    /// The leaf of the point that the subgroup's generator leads to.
    fn next(&self, leaf: usize) -> usize {
        let rate_bits = rate_bits(self.common);
        let bits = self.common.degree_bits() + rate_bits;
        let natural = reverse_bits(leaf, bits) + (1 << rate_bits);
        reverse_bits(natural & ((1 << bits) - 1), bits)
    }

    /// Terms of the permutation argument: each running product goes on from the one before.
    fn permutation(&self, scratch: &Scratch, xs: &Values, challenge: usize, sums: &mut Sums<'_>) {
        let common = self.common;
        let Challenge { beta, gamma } = self.query.permutation[challenge];
        let (products, size) = (common.num_partial_products, common.quotient_degree_factor);
        let partial = common.partial_products_range().start + challenge * products;
        let routed = common.config.num_routed_wires;
        let mut before = column(&scratch.products, challenge);
        for chunk in 0..=products {
            let after = if chunk == products {
                column(&scratch.next, challenge)
            } else {
                column(&scratch.products, partial + chunk)
            };
            let (mut numerator, mut denominator) = (*before, *after);
            for j in chunk * size..routed.min((chunk + 1) * size) {
                let wires = column(&scratch.wires, j);
                let sigmas = column(&scratch.constants, common.sigmas_range().start + j);
                let scaled = beta * common.k_is[j];
                for i in 0..POINTS {
                    let wire = wires[i] + gamma;
                    numerator[i] *= wire.multiply_accumulate(scaled, xs[i]);
                    denominator[i] *= wire.multiply_accumulate(beta, sigmas[i]);
                }
            }
            sums.add(&std::array::from_fn(|i| numerator[i] - denominator[i]));
            before = after;
        }
    }

    /// The gates' constraints, each by the filter that is zero on other gates' rows.
    fn gates(&self, scratch: &mut Scratch) {
        let Self {
            prepared,
            common,
            query,
            ..
        } = self;
        scratch.constraints.clear();
        scratch
            .constraints
            .resize(common.num_gate_constraints * POINTS, F::ZERO);
        let constants = &scratch.constants[..common.num_constants * POINTS];
        let mut vars =
            EvaluationVarsBaseBatch::new(POINTS, constants, &scratch.wires, &query.public_inputs_hash);
        vars.remove_prefix(prepared.selectors);
        for (row, (gate, selected)) in common.gates.iter().zip(&prepared.gates).enumerate() {
            let selector = column(&scratch.constants, selected.selector);
            let mut filter = [F::ONE; POINTS];
            let unused = (prepared.selectors > 1).then_some(UNUSED_SELECTOR);
            for other in selected.group.clone().filter(|other| *other != row).chain(unused) {
                let other = F::from_canonical_usize(other);
                for i in 0..POINTS {
                    filter[i] *= other - selector[i];
                }
            }
            let values = gate.0.eval_unfiltered_base_batch(vars);
            let constraints = scratch.constraints.as_chunks_mut().0;
            for (constraint, values) in constraints.iter_mut().zip(columns(&values)) {
                let constraint: &mut Values = constraint;
                for i in 0..POINTS {
                    constraint[i] = constraint[i].multiply_accumulate(filter[i], values[i]);
                }
            }
        }
    }
}

/// Rows as columns.
fn gather<'a>(columns: &mut Vec<F>, row: impl Fn(usize) -> &'a [F]) {
    columns.resize(row(0).len() * POINTS, F::ZERO);
    for i in 0..POINTS {
        for (column, value) in columns.as_chunks_mut::<POINTS>().0.iter_mut().zip(row(i)) {
            column[i] = *value;
        }
    }
}

fn columns(values: &[F]) -> impl Iterator<Item = &Values> {
    values.as_chunks().0.iter()
}

fn column(values: &[F], column: usize) -> &Values {
    &values.as_chunks().0[column]
}
