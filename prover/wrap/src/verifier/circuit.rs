//! What the verifier needs to know of a circuit, read once from its common data.

use std::ops::Range;

use plonky2::plonk::circuit_data::CommonCircuitData;
use serde::Deserialize;

use super::{VerifierError, gates::GateKind};
use crate::chip::F;

/// A gate of the circuit and how its selector recognises it.
pub(super) struct SelectedGate {
    pub(super) kind: GateKind,
    /// The selector's value on this gate's rows: its index among the circuit's gates.
    pub(super) row: usize,
    /// The selector polynomial.
    pub(super) selector: usize,
    /// Values that the selector takes.
    pub(super) group: Range<usize>,
}

/// The gates of a supported circuit.
pub(super) struct Gates {
    pub(super) gates: Vec<SelectedGate>,
    /// Selector polynomials: the first constants.
    pub(super) num_selectors: usize,
}

/// plonky2's `SelectorsInfo`, whose fields are private there but serialised.
#[derive(Deserialize)]
struct Selectors {
    selector_indices: Vec<usize>,
    groups: Vec<Range<usize>>,
}

impl Gates {
    /// Refuses circuits that the verifier does not implement.
    pub(super) fn of(common: &CommonCircuitData<F, 2>) -> Result<Self, VerifierError> {
        if !common.luts.is_empty() || common.num_lookup_polys != 0 {
            return Err(VerifierError::Lookups {
                tables: common.luts.len(),
            });
        }
        if common.fri_params.hiding || common.config.zero_knowledge {
            return Err(VerifierError::ZeroKnowledge);
        }
        let selectors =
            serde_json::to_value(&common.selectors_info).and_then(serde_json::from_value::<Selectors>);
        let Selectors {
            selector_indices,
            groups,
        } = selectors.map_err(VerifierError::Selectors)?;
        let gates = common
            .gates
            .iter()
            .zip(selector_indices)
            .enumerate()
            .map(|(row, (gate, selector))| {
                Ok(SelectedGate {
                    kind: GateKind::of(gate)?,
                    row,
                    selector,
                    group: groups[selector].clone(),
                })
            })
            .collect::<Result<_, VerifierError>>()?;
        Ok(Self {
            gates,
            num_selectors: groups.len(),
        })
    }
}
