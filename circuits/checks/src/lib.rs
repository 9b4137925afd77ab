//! For the tests of circuits: whether a circuit leaves a wire free.
//!
//! A wire that the circuit derives must follow from what its user sets. [`free_wires`] takes a plonky2 circuit and some
//! of its witnesses, and looks at each witness closely: with the set targets held fixed, the constraints are linearised,
//! and a wire is *determined* if they fix it once all determined before it are fixed. What stays open a prover may move.
//!
//! It finds derived wires that nothing binds: a hint whose constraint was forgotten, a public input that is not connected.
//! It does not find a missing range or boolean check of a target that the user sets, nor a wire with several isolated
//! solutions, nor one that only the equations of several rows together fix (that one is reported although it is bound).

mod equations;
mod solve;

use std::collections::BTreeSet;

use plonky2::{
    field::goldilocks_field::GoldilocksField,
    iop::{generator::generate_partial_witness, target::Target, witness::PartialWitness},
    plonk::{circuit_data::CircuitData, config::GenericConfig},
};

use equations::Equations;
use solve::Determined;

/// The field of the circuits.
pub type F = GoldilocksField;
/// The degree of the extension that challenges are drawn from.
pub const D: usize = 2;

/// A wire, with all that copy constraints tie to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Row of its first occurrence.
    pub row: usize,
    /// Column of its first occurrence.
    pub column: usize,
    /// Beginning of the name of the gate there.
    pub gate: String,
}

/// What the witnesses show.
#[derive(Debug, Default)]
pub struct Findings {
    /// Wires that follow from the set targets, in the last witness; tied wires count once.
    pub determined: usize,
    /// Wires that are open in some witness though constraints depend on them there.
    pub free: Vec<Place>,
    /// Wires that no constraint depends on in any of the witnesses. A hint for an inverse is one where its argument is
    /// zero; a witness in which it is not shows that the hint is bound.
    pub idle: Vec<Place>,
}

/// Why a circuit could not be examined.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The circuit has lookup tables, which are constrained outside its gates.
    #[error("circuits with lookups are not covered")]
    Lookups,
    /// The targets contradict each other.
    #[error("witness {witness} breaks a copy constraint")]
    Contradiction {
        /// Which one.
        witness: usize,
        /// plonky2's account of the two values.
        #[source]
        source: anyhow::Error,
    },
    /// The witness breaks a gate, so there is nothing to linearise around.
    #[error("witness {witness} breaks the gate in row {row}, {gate}")]
    Unsatisfied {
        /// Which one.
        witness: usize,
        /// Which row.
        row: usize,
        /// Beginning of the gate's name.
        gate: String,
    },
}

/// Examines a circuit at some of its witnesses. The targets that a witness sets count as known, all others as derived;
/// wires that are tied to no other wire or target are left out, since nothing outside their row can depend on them.
pub fn free_wires<C: GenericConfig<D, F = F>>(
    circuit: &CircuitData<F, C, D>,
    witnesses: impl IntoIterator<Item = PartialWitness<F>>,
) -> Result<Findings, CheckError> {
    let (prover, common) = (&circuit.prover_only, &circuit.common);
    if common.num_lookup_polys > 0 {
        return Err(CheckError::Lookups);
    }
    let map = &prover.representative_map;
    let (wires, degree) = (common.config.num_wires, common.degree());
    let mut class_sizes = vec![0u32; map.len()];
    map.iter().for_each(|class| class_sizes[*class] += 1);

    let mut findings = Findings::default();
    let (mut free, mut idle) = (BTreeSet::new(), None::<BTreeSet<Place>>);
    for (witness, inputs) in witnesses.into_iter().enumerate() {
        let known: Vec<usize> = inputs
            .target_values
            .keys()
            .map(|target: &Target| map[target.index(wires, degree)])
            .collect();
        let values = generate_partial_witness(inputs, prover, common)
            .map_err(|source| CheckError::Contradiction { witness, source })?;
        let equations = Equations::around(circuit, &values).map_err(|broken| CheckError::Unsatisfied {
            witness,
            row: broken.row,
            gate: broken.gate,
        })?;
        let determined = Determined::solve(&equations, &known);
        findings.determined = determined.derived();
        let mut idle_here = BTreeSet::new();
        for (variable, place) in equations.variables() {
            if determined.contains(variable) || class_sizes[place.class] == 1 {
                continue;
            }
            if equations.depends_on(variable) {
                free.insert(place.place.clone());
            } else {
                idle_here.insert(place.place.clone());
            }
        }
        idle = Some(match idle {
            None => idle_here,
            Some(before) => &before & &idle_here,
        });
    }
    findings.free = free.into_iter().collect();
    findings.idle = idle.unwrap_or_default().into_iter().collect();
    Ok(findings)
}
