//! The quotient: all constraints at each point, by powers of a challenge, over the polynomial that vanishes on the subgroup.
//! Each lane of a vector is a point.

use std::ops::Range;

use ashlar_lanes::{Lanes, MAX_COUNT, MAX_PRODUCTS, Row, Work};
use ashlar_statement::hash::{D, F};
use plonky2::{
    field::types::Field,
    hash::hash_types::HashOut,
    plonk::{circuit_data::CommonCircuitData, vars::EvaluationVarsBaseBatch},
    util::log2_ceil,
};
use rayon::prelude::*;

use crate::{
    PreparedCircuit,
    circuit::SelectedGate,
    commit::reverse_bits,
    leaves::{Leaves, TILE},
    permutation::Challenge,
};

/// Points of a task.
const POINTS: usize = 256;

/// How many times as many points as rows the quotient needs, in bits.
pub fn rate_bits(common: &CommonCircuitData<F, D>) -> usize {
    log2_ceil(common.quotient_degree_factor)
}

/// The points of a circuit in the order of the leaves.
pub struct Points {
    pub xs: Vec<F>,
    /// The Lagrange polynomial of the first row.
    pub first: Vec<F>,
    /// One over the vanishing polynomial, which is constant on each coset of the subgroup.
    pub inverses: Vec<F>,
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
    /// Rows, as plonky2 keeps them.
    pub constants: &'a [Vec<F>],
    pub wires: &'a Leaves,
    pub products: &'a Leaves,
}

/// What the verifier asks.
pub struct Query {
    pub public_inputs_hash: HashOut<F>,
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
        let challenges = query.alphas.len();
        let terms = challenges * (2 + common.num_partial_products) + common.num_gate_constraints;
        let powers = query
            .alphas
            .iter()
            .map(|alpha| alpha.powers().take(terms).collect())
            .collect();
        let betas = query.permutation.iter().map(|challenge| challenge.beta);
        let scaled = betas
            .map(|beta| common.k_is.iter().map(|k| beta * *k).collect())
            .collect();
        let evaluation = Evaluation {
            prepared: self,
            common,
            committed,
            query,
            powers,
            scaled,
        };
        let count = self.points.xs.len();
        let mut values = vec![F::ZERO; challenges * count];
        let tasks = values.par_chunks_mut(challenges * POINTS).enumerate();
        tasks.for_each(|(task, out)| {
            let task = Task {
                evaluation: &evaluation,
                start: task * POINTS,
                out,
            };
            self.kind.run(task);
        });
        let of = |challenge| {
            let tasks = values.chunks(challenges * POINTS);
            let parts = tasks.map(|task| task.chunks_exact(task.len() / challenges).nth(challenge));
            parts.flatten().flatten().copied().collect()
        };
        (0..challenges).map(of).collect()
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
    /// Of each beta, by what the identity gives each column.
    scaled: Vec<Vec<F>>,
}

/// The quotients at some points, those for each challenge after those for the one before.
struct Task<'a> {
    evaluation: &'a Evaluation<'a>,
    /// The first point.
    start: usize,
    out: &'a mut [F],
}

impl Work for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let challenges = self.evaluation.powers.len();
        let points = self.out.len() / challenges;
        let mut block = Block::new(lanes, self.evaluation);
        let mut values = [F::ZERO; MAX_COUNT];
        for first in (0..points).step_by(L::COUNT) {
            block.read(self.start + first);
            let inverse = block.evaluate();
            let places = first..points.min(first + L::COUNT);
            for (sum, out) in block.sums.iter().zip(self.out.chunks_exact_mut(points)) {
                lanes.store(lanes.mul(lanes.reduce(*sum), inverse), &mut values);
                out[places.clone()].copy_from_slice(&values[..places.len()]);
            }
        }
    }
}

/// Points side by side, as many as there are lanes: what each column is there, and what comes of it.
struct Block<'a, L: Lanes> {
    lanes: L,
    of: &'a Evaluation<'a>,
    /// The leaf of each point; behind the last the last one again.
    leaves: [usize; MAX_COUNT],
    xs: L::Vector,
    constants: Vec<L::Vector>,
    wires: Vec<L::Vector>,
    products: Vec<L::Vector>,
    /// Z at the point that the subgroup's generator leads to.
    next: Vec<L::Vector>,
    public_inputs_hash: [L::Vector; 4],
    /// Sums of the gates' constraints by their place.
    constraints: Vec<L::Sum>,
    /// Of terms by powers of each alpha, and how many there were.
    sums: Vec<L::Sum>,
    terms: usize,
}

impl<'a, L: Lanes> Block<'a, L> {
    #[inline(always)]
    fn new(lanes: L, of: &'a Evaluation<'a>) -> Self {
        let zero = lanes.splat(F::ZERO);
        let Committed {
            constants,
            wires,
            products,
        } = of.committed;
        let mut public_inputs_hash = [zero; 4];
        for (vector, part) in public_inputs_hash
            .iter_mut()
            .zip(of.query.public_inputs_hash.elements)
        {
            *vector = lanes.splat(part);
        }
        Self {
            lanes,
            of,
            leaves: [0; MAX_COUNT],
            xs: zero,
            constants: vec![zero; constants[0].len()],
            wires: vec![zero; wires.width()],
            products: vec![zero; products.width()],
            next: vec![zero; of.powers.len()],
            public_inputs_hash,
            constraints: vec![lanes.empty_sum(); of.common.num_gate_constraints],
            sums: vec![lanes.empty_sum(); of.powers.len()],
            terms: 0,
        }
    }

    /// Reads what the columns are from a point on.
    #[inline(always)]
    fn read(&mut self, start: usize) {
        let (lanes, last) = (self.lanes, self.of.prepared.points.xs.len() - 1);
        for (i, leaf) in self.leaves.iter_mut().enumerate() {
            *leaf = last.min(start + i);
        }
        let Committed {
            constants,
            wires,
            products,
        } = self.of.committed;
        let rows = self.leaves.map(|leaf| &constants[leaf][..]);
        lanes.transpose(&rows[..L::COUNT], &mut self.constants);
        for (leaves, columns) in [(wires, &mut self.wires), (products, &mut self.products)] {
            let tile = leaves.tile_of(start);
            for (column, values) in columns.iter_mut().zip(tile.chunks_exact(TILE)) {
                *column = lanes.load(&values[start % TILE..]);
            }
        }
        let next = self.leaves.map(|leaf| self.of.next(leaf));
        let first = self.of.common.zs_range().start;
        for (challenge, z) in self.next.iter_mut().enumerate() {
            let column = (first + challenge) * TILE;
            let mut values = [F::ZERO; MAX_COUNT];
            for (value, leaf) in values.iter_mut().zip(next) {
                *value = products.tile_of(leaf)[column + leaf % TILE];
            }
            *z = lanes.load(&values);
        }
        self.xs = self.gather(|leaf| self.of.prepared.points.xs[leaf]);
    }

    /// A value at each point.
    #[inline(always)]
    fn gather(&self, value: impl Fn(usize) -> F) -> L::Vector {
        self.lanes.load(&self.leaves.map(value))
    }

    /// All terms, into the sums; what these are to be multiplied by.
    #[inline(always)]
    fn evaluate(&mut self) -> L::Vector {
        let lanes = self.lanes;
        let Evaluation { prepared, common, .. } = self.of;
        self.terms = 0;
        for sum in &mut self.sums {
            *sum = lanes.empty_sum();
        }
        let first = self.gather(|leaf| prepared.points.first[leaf]);
        let one = lanes.splat(F::ONE);
        for challenge in 0..self.sums.len() {
            let z = self.products[common.zs_range().start + challenge];
            self.add(challenge, lanes.mul(first, lanes.sub(z, one)));
        }
        let challenges = self.sums.len();
        match challenges {
            2 => self.permutation::<2>(0..2),
            3 => self.permutation::<3>(0..3),
            _ => {
                for challenge in 0..challenges {
                    self.permutation::<1>(challenge..challenge + 1);
                }
            }
        }
        for constraint in &mut self.constraints {
            *constraint = lanes.empty_sum();
        }
        for (row, gate) in prepared.gates.iter().enumerate() {
            self.gate(row, gate);
        }
        let before = challenges * (2 + common.num_partial_products);
        for i in 0..self.constraints.len() {
            self.add(before + i, lanes.reduce(self.constraints[i]));
        }
        self.gather(|leaf| prepared.points.inverses[leaf / common.degree()])
    }

    /// The term with this number, in whatever order.
    #[inline(always)]
    fn add(&mut self, number: usize, term: L::Vector) {
        let lanes = self.lanes;
        let term = lanes.factor(term);
        let is_full = self.terms % (MAX_PRODUCTS - 1) == MAX_PRODUCTS - 2;
        for (sum, powers) in self.sums.iter_mut().zip(&self.of.powers) {
            let power = lanes.factor(lanes.splat(powers[number]));
            *sum = lanes.add_product(*sum, power, term);
            if is_full {
                let (so_far, one) = (lanes.reduce(*sum), lanes.splat(F::ONE));
                *sum = lanes.add_product(lanes.empty_sum(), lanes.factor(so_far), lanes.factor(one));
            }
        }
        self.terms += 1;
    }

    /// Terms of the permutation argument for some challenges: each running product goes on from the one before. Products of
    /// one challenge wait for each other, so those of several are computed side by side.
    #[inline(always)]
    fn permutation<const N: usize>(&mut self, challenges: Range<usize>) {
        const { assert!(0 < N && N <= 3) };
        let (lanes, common) = (self.lanes, self.of.common);
        let (products, size) = (common.num_partial_products, common.quotient_degree_factor);
        let (partial, routed) = (
            common.partial_products_range().start,
            common.config.num_routed_wires,
        );
        let sigmas = common.sigmas_range().start;
        let zero = lanes.splat(F::ZERO);
        let (mut beta, mut gamma, mut before) = ([zero; N], [zero; N], [zero; N]);
        for (i, challenge) in challenges.clone().enumerate() {
            beta[i] = lanes.splat(self.of.query.permutation[challenge].beta);
            gamma[i] = lanes.splat(self.of.query.permutation[challenge].gamma);
            before[i] = self.products[challenge];
        }
        for chunk in 0..=products {
            let mut after = [zero; N];
            for (i, challenge) in challenges.clone().enumerate() {
                after[i] = if chunk == products {
                    self.next[challenge]
                } else {
                    self.products[partial + challenge * products + chunk]
                };
            }
            let (mut numerators, mut denominators) = (before, after);
            for j in chunk * size..routed.min((chunk + 1) * size) {
                let (wire, sigma) = (self.wires[j], self.constants[sigmas + j]);
                macro_rules! factors {
                    ($($i:literal)*) => {$(
                        if $i < N {
                            let scaled = lanes.splat(self.of.scaled[challenges.start + $i][j]);
                            let wire = lanes.add(wire, gamma[$i]);
                            let identity = lanes.mul_add(scaled, self.xs, wire);
                            let permuted = lanes.mul_add(beta[$i], sigma, wire);
                            numerators[$i] = lanes.mul(numerators[$i], identity);
                            denominators[$i] = lanes.mul(denominators[$i], permuted);
                        }
                    )*};
                }
                factors!(0 1 2); // a loop would keep the products in memory
            }
            for (i, challenge) in challenges.clone().enumerate() {
                let term = lanes.sub(numerators[i], denominators[i]);
                self.add(self.sums.len() + challenge * (products + 1) + chunk, term);
            }
            before = after;
        }
    }

    /// The constraints of a gate, by the filter that is zero on other gates' rows.
    #[inline(always)]
    fn gate(&mut self, row: usize, selected: &SelectedGate) {
        let (lanes, prepared) = (self.lanes, self.of.prepared);
        let selector = self.constants[selected.selector];
        let mut filter = lanes.splat(F::ONE);
        for other in selected.others(row, prepared.selectors) {
            let other = lanes.splat(F::from_canonical_usize(other));
            filter = lanes.mul(filter, lanes.sub(other, selector));
        }
        let filter = lanes.factor(filter);
        let constants = &self.constants[prepared.selectors..self.of.common.num_constants];
        let Some(packed) = &selected.packed else {
            return self.stock(row, filter);
        };
        let row = Row {
            constants,
            wires: &self.wires,
            public_inputs_hash: &self.public_inputs_hash,
        };
        lanes.evaluate(&**packed, row, filter, &mut self.constraints);
    }

    /// The same by plonky2.
    #[inline(always)]
    fn stock(&mut self, row: usize, filter: L::Factor) {
        let Evaluation {
            prepared,
            common,
            query,
            ..
        } = self.of;
        let lanes = self.lanes;
        let stored = |columns: &[L::Vector]| {
            let mut values = vec![F::ZERO; columns.len() * L::COUNT];
            for (column, values) in columns.iter().zip(values.chunks_exact_mut(L::COUNT)) {
                lanes.store(*column, values);
            }
            values
        };
        let constants = stored(&self.constants[prepared.selectors..common.num_constants]);
        let wires = stored(&self.wires);
        let vars = EvaluationVarsBaseBatch::new(L::COUNT, &constants, &wires, &query.public_inputs_hash);
        let values = common.gates[row].0.eval_unfiltered_base_batch(vars);
        for (sum, values) in self.constraints.iter_mut().zip(values.chunks_exact(L::COUNT)) {
            *sum = lanes.add_product(*sum, filter, lanes.factor(lanes.load(values)));
        }
    }
}

impl Evaluation<'_> {
    /// The leaf of the point that the subgroup's generator leads to.
    fn next(&self, leaf: usize) -> usize {
        let rate_bits = rate_bits(self.common);
        let bits = self.common.degree_bits() + rate_bits;
        let natural = reverse_bits(leaf, bits) + (1 << rate_bits);
        reverse_bits(natural & ((1 << bits) - 1), bits)
    }
}
