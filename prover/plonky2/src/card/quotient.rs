//! The quotient of a batch: where its values come from.

use std::sync::Arc;

use ashlar_plonky2_cuda::{
    Device, Error, Words,
    kernels::quotient::{self as kernels, Challenges, Columns, Unfit},
};
use ashlar_statement::hash::{D, F};
use plonky2::{field::goldilocks_field::GoldilocksField, plonk::circuit_data::CommonCircuitData};

use crate::{
    PreparedCircuit,
    leaves::{Leaves, TILE},
    permutation::Challenge,
    quotient::{Committed, Query, rate_bits},
    rows::GateRows,
};

/// What is committed before the quotient, on the card: `[proof][column][leaf]`.
pub struct Extended<'a> {
    pub wires: &'a Words,
    pub products: &'a Words,
}

/// Computes quotients.
pub trait Quotients {
    /// The values of each proof for each challenge at each point, in the order of the leaves: `[proof][challenge][point]`.
    fn quotients(&self, extended: &Extended<'_>, queries: &[Query]) -> Result<Words, Error>;
}

/// By the card's kernels.
pub struct OnTheCard {
    circuit: kernels::Circuit,
    /// At the leaves.
    constants: Words,
}

impl OnTheCard {
    /// Of a circuit whose constants and sigmas are these at the leaves.
    pub fn new(
        device: &Arc<Device>,
        prepared: &PreparedCircuit,
        common: &CommonCircuitData<F, D>,
        gates: &[GateRows],
        constants: Words,
    ) -> Result<Self, Unfit> {
        let circuit = circuit(device, prepared, common, gates)?;
        Ok(Self { circuit, constants })
    }
}

/// The points and gates of a circuit on a card.
pub fn circuit(
    device: &Arc<Device>,
    prepared: &PreparedCircuit,
    common: &CommonCircuitData<F, D>,
    gates: &[GateRows],
) -> Result<kernels::Circuit, Unfit> {
    let shape = kernels::Shape {
        degree_bits: common.degree_bits(),
        rate_bits: rate_bits(common),
        leaves: common.degree() << common.config.fri_config.rate_bits,
        challenges: common.config.num_challenges,
        wires: common.config.num_wires,
        selectors: prepared.selectors,
        constants: common.num_constants,
        k_is: common.k_is.iter().map(|k| k.0).collect(),
        chunk: common.quotient_degree_factor,
        constraints: common.num_gate_constraints,
    };
    let points = kernels::Points {
        xs: &prepared.points.xs,
        first: &prepared.points.first,
        inverses: &prepared.points.inverses,
    };
    let gates: Vec<_> = gates.iter().map(GateRows::kernel).collect();
    kernels::Circuit::new(device, shape, points, &gates)
}

/// What the kernels are asked for one proof.
pub fn kernel_query(query: &Query) -> kernels::Query {
    let challenges = query.permutation.iter().zip(&query.alphas);
    let challenges = challenges.map(|(Challenge { beta, gamma }, alpha)| Challenges {
        beta: *beta,
        gamma: *gamma,
        alpha: *alpha,
    });
    kernels::Query {
        public_inputs_hash: query.public_inputs_hash.elements,
        challenges: challenges.collect(),
    }
}

impl Quotients for OnTheCard {
    fn quotients(&self, extended: &Extended<'_>, queries: &[Query]) -> Result<Words, Error> {
        let queries: Vec<_> = queries.iter().map(kernel_query).collect();
        let columns = Columns {
            constants: &self.constants,
            wires: extended.wires,
            products: extended.products,
        };
        self.circuit.quotient(columns, &queries)
    }
}

/// By the CPU, to which the columns are brought: for circuits with gates that no kernel knows.
pub struct OnTheProcessor<'a> {
    pub prepared: &'a PreparedCircuit,
    pub common: &'a CommonCircuitData<F, D>,
    /// The leaves of the constants.
    pub constants: &'a [Vec<F>],
}

impl Quotients for OnTheProcessor<'_> {
    fn quotients(&self, extended: &Extended<'_>, queries: &[Query]) -> Result<Words, Error> {
        let batch = queries.len();
        let mut values = Vec::new();
        for (proof, query) in queries.iter().enumerate() {
            let wires = self.leaves(extended.wires, proof, batch)?;
            let products = self.leaves(extended.products, proof, batch)?;
            let committed = Committed {
                constants: self.constants,
                wires: &wires,
                products: &products,
            };
            for challenge in self.prepared.quotient(self.common, &committed, query) {
                values.extend(challenge.into_iter().map(|value| value.0));
            }
        }
        Words::of(extended.wires.device(), &values)
    }
}

impl OnTheProcessor<'_> {
    /// The columns of a proof.
    fn leaves(&self, words: &Words, proof: usize, batch: usize) -> Result<Leaves, Error> {
        let (all, count) = (words.len() / batch, self.constants.len());
        let columns: Vec<F> = words
            .read(proof * all, all)?
            .into_iter()
            .map(GoldilocksField)
            .collect();
        let columns: Vec<&[F]> = columns.chunks_exact(count).collect();
        let mut leaves = Leaves::new(columns.len(), count);
        leaves.write(0, &columns, TILE, &mut vec![(); count], |_, _| ());
        Ok(leaves)
    }
}
