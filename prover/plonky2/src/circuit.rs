//! What is computed once for a circuit.

use std::ops::Range;

use ashlar_statement::hash::{C, D, F};
use plonky2::plonk::circuit_data::{CircuitData, CommonCircuitData};
use serde::Deserialize;
use tracing::debug;

use crate::{
    Arithmetic,
    commit::Committer,
    quotient::{self, Points},
};

/// A circuit made ready for this prover.
pub struct PreparedCircuit {
    pub(crate) arithmetic: Arithmetic,
    pub(crate) committer: Committer,
    pub(crate) gates: Vec<SelectedGate>,
    pub(crate) selectors: usize,
    pub(crate) points: Points,
}

/// How a gate's rows are recognised.
pub(crate) struct SelectedGate {
    /// The selector polynomial.
    pub(crate) selector: usize,
    /// What the selector is on the rows of the gates that share it; on those of this one it is the gate's index.
    pub(crate) group: Range<usize>,
}

/// plonky2's `SelectorsInfo`, whose fields are private there but serialised.
#[derive(Deserialize)]
struct Selectors {
    selector_indices: Vec<usize>,
    groups: Vec<Range<usize>>,
}

impl PreparedCircuit {
    /// `None` if the circuit is one that this prover does not know.
    pub fn new(arithmetic: Arithmetic, circuit: &CircuitData<F, C, D>) -> Option<Self> {
        let common = &circuit.common;
        if let Some(reason) = unknown(common) {
            debug!(reason, "circuit is for plonky2's own prover");
            return None;
        }
        let selectors =
            serde_json::to_value(&common.selectors_info).and_then(serde_json::from_value::<Selectors>);
        let Selectors {
            selector_indices,
            groups,
        } = selectors.ok()?;
        let gates = selector_indices.into_iter().map(|selector| SelectedGate {
            selector,
            group: groups[selector].clone(),
        });
        Some(Self {
            arithmetic,
            committer: Committer::new(arithmetic, common).ok()?,
            gates: gates.collect(),
            selectors: groups.len(),
            points: Points::new(common),
        })
    }
}

/// What of a circuit this prover does not know.
fn unknown(common: &CommonCircuitData<F, D>) -> Option<&'static str> {
    if !common.luts.is_empty() || common.num_lookup_polys != 0 || common.num_lookup_selectors != 0 {
        Some("it looks up values in tables")
    } else if common.config.zero_knowledge || common.fri_params.hiding {
        Some("it hides its witness")
    } else if quotient::rate_bits(common) > common.config.fri_config.rate_bits {
        Some("its constraints have a higher degree than its rate allows")
    } else if common.quotient_degree_factor >= common.config.num_routed_wires {
        Some("it has too few routed wires for partial products")
    } else {
        None
    }
}
