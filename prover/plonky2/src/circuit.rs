//! What is computed once for a circuit.

use std::ops::Range;

use ashlar_accel::AccelError;
use ashlar_lanes::Evaluate;
use ashlar_statement::hash::{D, F};
use plonky2::plonk::circuit_data::CommonCircuitData;
use serde::Deserialize;

use crate::{
    Kind, Prover,
    commit::Committer,
    generate::Schedule,
    quotient::{self, Points},
};

/// plonky2's selector value on rows of another group.
const UNUSED_SELECTOR: usize = u32::MAX as usize;

/// A circuit made ready for this prover.
pub struct PreparedCircuit {
    pub(crate) kind: Kind,
    pub(crate) committer: Committer,
    pub(crate) gates: Vec<SelectedGate>,
    pub(crate) selectors: usize,
    pub(crate) points: Points,
    pub(crate) schedule: Schedule,
}

/// How a gate's rows are recognised.
pub(crate) struct SelectedGate {
    /// The selector polynomial.
    pub(crate) selector: usize,
    /// What the selector is on the rows of the gates that share it; on those of this one it is the gate's index.
    pub(crate) group: Range<usize>,
    /// Its constraints for any lanes; `None` if plonky2 evaluates them.
    pub(crate) packed: Option<Box<dyn Evaluate>>,
}

impl SelectedGate {
    /// What the selector is on the rows of others: its filter is zero there. The gate is the `row`-th of its circuit.
    #[inline(always)]
    pub(crate) fn others(&self, row: usize, selectors: usize) -> impl Iterator<Item = usize> + use<> {
        let unused = (selectors > 1).then_some(UNUSED_SELECTOR);
        let group = self.group.clone();
        group.filter(move |other| *other != row).chain(unused)
    }
}

/// plonky2's `SelectorsInfo`, whose fields are private there but serialised.
#[derive(Deserialize)]
struct Selectors {
    selector_indices: Vec<usize>,
    groups: Vec<Range<usize>>,
}

/// Why a circuit is left to plonky2's own prover.
#[derive(Debug, thiserror::Error)]
pub enum Unknown {
    /// Lookups need polynomials that this prover does not compute.
    #[error("the circuit looks up values in {tables} tables")]
    Lookups {
        /// How many.
        tables: usize,
    },
    /// Hiding needs random values beside the witness.
    #[error("the circuit hides its witness")]
    ZeroKnowledge,
    /// The quotient has more points than the commitments have values.
    #[error(
        "constraints of degree {degree} and rate 1/2^{rate_bits}: the quotient has more points than the leaves"
    )]
    Degree {
        /// Of the quotient, in degrees of the circuit.
        degree: usize,
        /// Of the commitments.
        rate_bits: usize,
    },
    /// No partial products are needed, and plonky2 does not support that either.
    #[error("{routed} routed wires are too few for partial products")]
    RoutedWires {
        /// How many.
        routed: usize,
    },
    /// plonky2 changed the serialisation through which its selector layout is read.
    #[error("selector layout of the circuit cannot be read")]
    Selectors(#[source] serde_json::Error),
    /// The field has no subgroup of that size.
    #[error("the circuit's polynomials cannot be transformed")]
    Size(#[from] AccelError),
}

impl PreparedCircuit {
    /// Prepares a circuit, or says why it cannot be proved here.
    pub fn new(prover: &Prover, common: &CommonCircuitData<F, D>) -> Result<Self, Unknown> {
        let kind = prover.kind;
        require_known(common)?;
        let selectors =
            serde_json::to_value(&common.selectors_info).and_then(serde_json::from_value::<Selectors>);
        let Selectors {
            selector_indices,
            groups,
        } = selectors.map_err(Unknown::Selectors)?;
        let gates = selector_indices.into_iter().zip(&common.gates);
        let gates = gates.map(|(selector, gate)| SelectedGate {
            selector,
            group: groups[selector].clone(),
            packed: prover.recognise(&*gate.0),
        });
        Ok(Self {
            kind,
            committer: Committer::new(kind, common)?,
            gates: gates.collect(),
            selectors: groups.len(),
            points: Points::new(common),
            schedule: Schedule::default(),
        })
    }
}

fn require_known(common: &CommonCircuitData<F, D>) -> Result<(), Unknown> {
    let (config, degree) = (&common.config, common.quotient_degree_factor);
    let (routed, rate_bits) = (config.num_routed_wires, config.fri_config.rate_bits);
    if !common.luts.is_empty() || common.num_lookup_polys != 0 {
        let tables = common.luts.len();
        Err(Unknown::Lookups { tables })
    } else if config.zero_knowledge || common.fri_params.hiding {
        Err(Unknown::ZeroKnowledge)
    } else if quotient::rate_bits(common) > rate_bits {
        Err(Unknown::Degree { degree, rate_bits })
    } else if degree >= routed {
        Err(Unknown::RoutedWires { routed })
    } else {
        Ok(())
    }
}
