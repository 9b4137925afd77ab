//! Proofs of made-up circuits of any size, in the configuration of lift and fold: how the time grows with the rows.

use std::{ops::RangeInclusive, time::Instant};

use ashlar_ecgfp5::{SignatureTarget, verify_signature};
use ashlar_gates::range_check;
use ashlar_plonky2::Prover;
use ashlar_statement::{
    Provable, ProveCircuit, ProveError, Security, StockProver,
    hash::{Builder, C, D, F},
};
use plonky2::{
    field::types::Field,
    hash::poseidon::PoseidonHash,
    iop::{
        target::Target,
        witness::{PartialWitness, WitnessWrite},
    },
    plonk::circuit_data::CircuitData,
};

use super::{MeasureError, Measurement, Who};
use crate::{Effort, steps::Watch, turns::take_turns};

/// `log2` of the rows that can be measured. Smaller circuits have no room for a signature, larger ones take much memory.
pub const LOG_ROWS: RangeInclusive<u32> = 8..=18;

/// Of `ashlar bench sizes`, unless others are asked for.
pub const USUAL_LOG_ROWS: [u32; 5] = [12, 13, 14, 15, 16];

/// What a circuit is called in errors.
const CIRCUIT: &str = "synthetic";

const SECRETS: usize = 8;

/// Every secret is below two to this many.
const SECRET_BITS: usize = 32;

/// A signature for so many times what else there is: a third of the rows are of its gate, about as in a chunk.
const TURNS_OF_A_SIGNATURE: usize = 32;

/// More than a signature, and what plonky2 adds when it builds.
const SLACK: usize = 80;

/// The name of a circuit of so many rows in reports.
pub fn name(log_rows: usize) -> String {
    format!("{CIRCUIT}-{log_rows}")
}

/// A circuit.
pub struct Synthetic {
    data: CircuitData<F, C, D>,
    secrets: Vec<Target>,
    signatures: Vec<SignatureTarget>,
}

impl Synthetic {
    /// Poseidon, arithmetic, range checks and signatures that are switched off, until `2^log_rows` rows are nearly full.
    ///
    /// # Panics
    /// If the size is not in [`LOG_ROWS`].
    pub fn new(log_rows: u32) -> Self {
        assert!(LOG_ROWS.contains(&log_rows), "a circuit of 2^{log_rows} rows");
        let mut builder = Builder::new(Security::default().fold());
        let secrets = builder.add_virtual_targets(SECRETS);
        let mut signatures = Vec::new();
        let mut sum = builder.mul_many(&secrets);
        let mut turn = 0;
        while builder.num_gates() + SLACK < 1 << log_rows {
            let hash = builder.hash_n_to_hash_no_pad::<PoseidonHash>([&secrets[1..], &[sum]].concat());
            for _ in 0..5 {
                for element in hash.elements {
                    sum = builder.mul_add(sum, secrets[0], element);
                }
            }
            for secret in &secrets[..4] {
                range_check(&mut builder, *secret, SECRET_BITS);
            }
            if turn % TURNS_OF_A_SIGNATURE == 0 {
                let signature = SignatureTarget::add_virtual(&mut builder);
                let off = builder._false();
                verify_signature(&mut builder, &signature, hash, hash, off);
                signatures.push(signature);
            }
            turn += 1;
        }
        builder.register_public_input(sum);
        Self {
            data: builder.build(),
            secrets,
            signatures,
        }
    }

    /// As in reports.
    pub(super) fn name(&self) -> String {
        name(self.data.common.degree_bits())
    }

    pub(super) fn data(&self) -> &CircuitData<F, C, D> {
        &self.data
    }

    pub(super) fn assign(&self) -> anyhow::Result<PartialWitness<F>> {
        let mut witness = PartialWitness::new();
        for (number, secret) in self.secrets.iter().enumerate() {
            witness.set_target(*secret, F::from_canonical_usize(number * number + 2))?;
        }
        for signature in &self.signatures {
            signature.set_disabled(&mut witness)?;
        }
        Ok(witness)
    }

    fn prove<P: ProveCircuit>(&self, prover: &P, provable: &Provable<P, C>) -> Result<(), ProveError> {
        provable.prove(prover, &self.data, || self.assign()).map(drop)
    }
}

/// Runs this prover and plonky2's own in turn on a circuit of each size; all proofs are verified.
///
/// # Panics
/// If a size is not in [`LOG_ROWS`].
pub fn measure(log_rows: &[u32], prover: Prover, effort: Effort) -> Result<Vec<Measurement>, MeasureError> {
    let mut measured = Vec::new();
    for log_rows in log_rows {
        let circuit = Synthetic::new(*log_rows);
        let start = Instant::now();
        let ours = Provable::new(&prover, CIRCUIT, &circuit.data);
        let our_time = start.elapsed();
        let start = Instant::now();
        let stock = Provable::new(&StockProver, CIRCUIT, &circuit.data);
        let stock_time = start.elapsed();
        let runs = take_turns(
            effort,
            &[&|| circuit.prove(&prover, &ours), &|| {
                circuit.prove(&StockProver, &stock)
            }],
        )?;
        let watch = Watch::start();
        circuit.prove(&prover, &ours)?;
        let mut steps = watch.finish(1);
        let times = [our_time, stock_time];
        for ((who, runs), time) in [Who::Ours, Who::Stock].into_iter().zip(runs).zip(times) {
            let degree_bits = circuit.data.common.degree_bits();
            measured.push(Measurement {
                steps: std::mem::take(&mut steps), // ours come first
                ..Measurement::new(who, name(degree_bits), degree_bits, runs, time)
            });
        }
        tracing::info!(log_rows, "measured");
    }
    Ok(measured)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::operations::plonky2::our_prover;

    #[test]
    fn circuits_have_the_rows_that_were_asked_for_and_our_gates() {
        for log_rows in [*LOG_ROWS.start(), 10, 12] {
            let circuit = Synthetic::new(log_rows);
            assert_eq!(circuit.data.common.degree_bits(), log_rows as usize);
            let gates: Vec<_> = circuit.data.common.gates.iter().map(|gate| gate.0.id()).collect();
            for name in ["Poseidon", "Arithmetic", "Limb", "EcGfp5"] {
                assert!(gates.iter().any(|id| id.starts_with(name)), "{name} in {gates:?}");
            }
        }
    }

    #[test]
    fn both_provers_are_measured_at_each_size() {
        let effort = Effort {
            rounds: 1,
            time: Duration::ZERO,
        };
        let measured = measure(&[8, 9], our_prover(), effort).unwrap();
        let ids: Vec<_> = measured.iter().map(|m| (&*m.prover, &*m.circuit)).collect();
        let [ours, stock] = [Who::Ours, Who::Stock].map(Who::name);
        let expected = [
            (ours, "synthetic-8"),
            (stock, "synthetic-8"),
            (ours, "synthetic-9"),
            (stock, "synthetic-9"),
        ];
        assert_eq!(ids, expected);
        assert!(!measured[0].steps.is_empty() && measured[1].steps.is_empty());
    }
}
