//! What a proof takes of a card's memory: how many are made at once.

use ashlar_plonky2_cuda::kernels::{
    grind::STATE,
    tree::{DIGEST, Tree},
};
use ashlar_statement::hash::{D, F};
use plonky2::plonk::circuit_data::CommonCircuitData;

use crate::quotient;

/// Bytes of the card that one more proof of a batch takes: everything that is allocated for it in its course, as what is
/// let go of is kept for the next batch.
pub fn bytes_of_a_proof(common: &CommonCircuitData<F, D>) -> usize {
    words_of_a_proof(common) * size_of::<u64>()
}

fn words_of_a_proof(common: &CommonCircuitData<F, D>) -> usize {
    let (config, fri) = (&common.config, &common.fri_params);
    let (challenges, cap_height) = (config.num_challenges, fri.config.cap_height);
    let (rows, leaves) = (common.degree(), common.degree() << fri.config.rate_bits);
    let points = common.degree() << quotient::rate_bits(common);
    let products = challenges * (1 + common.num_partial_products);
    let pieces = challenges * common.quotient_degree_factor;
    let polynomials = common.num_constants + config.num_routed_wires + config.num_wires + products + pieces;
    let queries = fri.config.num_query_rounds;
    let tree = |width: usize, count: usize| {
        let path = DIGEST * (count.ilog2() as usize - cap_height);
        Tree::words(1, count, cap_height) + queries * (1 + width + 1 + path)
    };
    let mut words = 0;
    // Values, coefficients, extension, tree; of the quotient its values on the points twice.
    for width in [config.num_wires, products] {
        words += (2 * rows + leaves) * width + tree(width, leaves);
    }
    words += 2 * points * challenges + (rows + leaves) * pieces + tree(pieces, leaves);
    words += challenges * (config.num_routed_wires + 2);
    // What the quotient is asked: each challenge, times each column, and its powers.
    let terms = challenges + products + common.num_gate_constraints;
    words += 4 + challenges * (2 + config.num_routed_wires + terms);
    // Points, their powers, values there; the challenge of FRI, its powers; sums and quotients.
    words += 2 * (2 + 2 * rows + polynomials + challenges);
    words += 2 * (4 + polynomials + challenges) + 3 * 2 * rows;
    let mut length = rows;
    for arity_bits in &fri.reduction_arity_bits {
        let values = length << fri.config.rate_bits;
        words += 2 * values + tree(2 << arity_bits, values >> arity_bits);
        length >>= arity_bits;
        words += 2 * length + 2;
    }
    words + STATE + 1 // of the proof of work
}
