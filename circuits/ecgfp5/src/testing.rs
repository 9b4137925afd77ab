//! For tests of circuits: proofs from forged witnesses.
//!
//! plonky2's own `prove` stops where a generator's value contradicts a value that is set, so a bad witness never meets
//! the constraints. Here the first value of a target stays, contradictions are ignored, and the prover runs on what
//! results: only a violated constraint can refuse it.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use plonky2::{
    iop::{
        generator::GeneratedValues,
        target::Target,
        witness::{PartialWitness, PartitionWitness, WitnessWrite},
    },
    plonk::{
        circuit_data::CircuitData, config::PoseidonGoldilocksConfig, prover::prove_with_partition_witness,
    },
    util::timing::TimingTree,
};

use crate::{D, F};

/// What became of a forged witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It gives a proof that verifies.
    Accepted,
    /// It breaks a constraint: there is no proof, or one that does not verify.
    Refused,
}

/// Proves with `forged` values, then `inputs`, then the generators' values, each where no earlier one is.
///
/// # Panics
/// If the prover panics for another reason than an unsatisfied constraint.
pub fn prove_forged(
    data: &CircuitData<F, PoseidonGoldilocksConfig, D>,
    inputs: &PartialWitness<F>,
    forged: &[(Target, F)],
) -> Verdict {
    let witness = forge(data, inputs, forged);
    let prove = || {
        let mut timing = TimingTree::default();
        prove_with_partition_witness(&data.prover_only, &data.common, witness, &mut timing)
    };
    match catch_unwind(AssertUnwindSafe(prove)) {
        Ok(Ok(proof)) => match data.verify(proof) {
            Ok(()) => Verdict::Accepted,
            Err(_) => Verdict::Refused,
        },
        Ok(Err(_)) => Verdict::Refused,
        Err(panic) => {
            let message = panic.downcast_ref::<String>().map_or("", |m| m.as_str());
            if message.contains("Quotient has failed") {
                Verdict::Refused
            } else {
                resume_unwind(panic)
            }
        }
    }
}

/// The forged witness itself.
fn forge<'a>(
    data: &'a CircuitData<F, PoseidonGoldilocksConfig, D>,
    inputs: &PartialWitness<F>,
    forged: &[(Target, F)],
) -> PartitionWitness<'a, F> {
    let (prover, common) = (&data.prover_only, &data.common);
    let mut witness = PartitionWitness::new(
        common.config.num_wires,
        common.degree(),
        &prover.representative_map,
    );
    let set = |witness: &mut PartitionWitness<F>, target, value| {
        let _ = witness.set_target(target, value); // an error means that an earlier value stays
    };
    for &(target, value) in forged {
        set(&mut witness, target, value);
    }
    for (&target, &value) in &inputs.target_values {
        set(&mut witness, target, value);
    }
    let mut pending: Vec<usize> = (0..prover.generators.len()).collect();
    loop {
        let before = pending.len();
        pending.retain(|&i| {
            let mut buffer = GeneratedValues {
                target_values: Vec::new(),
            };
            let finished = prover.generators[i].0.run(&witness, &mut buffer);
            for (target, value) in buffer.target_values {
                set(&mut witness, target, value);
            }
            !finished
        });
        if pending.len() == before {
            return witness;
        }
    }
}
