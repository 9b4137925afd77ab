//! Commitments to the same cells: columns extended to eight times their length and hashed into a tree, as a circuit's
//! wires are.
//!
//! Ours and plonky2's give the same cap. Plonky3 (feature `plonky3`) has other trees, and Poseidon2 where we have
//! Poseidon: a yardstick for transforms and hashing, no race.

#[cfg(feature = "plonky3")]
mod plonky3;

use ashlar_plonky2::{ColumnCommitter, Kind};
use ashlar_statement::hash::{C, D, F};
use plonky2::{
    field::{polynomial::PolynomialValues, types::Sample},
    fri::{FriConfig, oracle::PolynomialBatch, reduction_strategies::FriReductionStrategy},
    hash::{merkle_tree::MerkleCap, poseidon::PoseidonHash},
    util::timing::TimingTree,
};
use rand::SeedableRng;
use serde::{Deserialize, Serialize};

use super::plonky2::STOCK;
use crate::{
    Cause, Effort, NotMeasured,
    spread::Spread,
    turns::{Runs, take_turns},
};

const RATE_BITS: usize = 3;
const CAP_HEIGHT: usize = 4;

/// Columns of our circuits.
pub const USUAL_COLUMNS: usize = 135;

type Cap = MerkleCap<F, PoseidonHash>;

/// What a commitment took.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// Who.
    pub backend: String,
    /// Hash of leaves and nodes, with the elements of its state.
    pub hash: String,
    /// How many elements are computed at once, and how that was chosen.
    pub lanes: String,
    /// `log2` of the rows before the extension.
    pub log_rows: u32,
    /// How many columns.
    pub columns: usize,
    /// Median of the CPU time of a run, over all threads.
    pub cpu_seconds: f64,
    /// Median of the time of a run.
    pub seconds: f64,
    /// CPU time of every run, in order.
    pub cpu_runs: Vec<f64>,
    /// Time of every run, in order.
    pub runs: Vec<f64>,
}

impl Measurement {
    /// As in reports.
    pub(crate) fn id(&self) -> String {
        format!("commit/{}/2^{}x{}", self.backend, self.log_rows, self.columns)
    }
}

/// What a person reads of commitments.
pub(crate) fn lines(measured: &[Measurement]) -> Vec<String> {
    let mut lines = Vec::new();
    for m in measured {
        let (wall, cpu) = (Spread::of(&m.runs), Spread::of(&m.cpu_runs));
        lines.push(format!("{:<44} {wall}   CPU {cpu}", m.id()).trim_end().to_owned());
        let cells = ((m.columns << m.log_rows) << RATE_BITS) as f64;
        let each = format!("{:.2} ns of CPU time a cell", m.cpu_seconds / cells * 1e9);
        lines.push(format!("    {}, {}, {each}", m.hash, m.lanes));
    }
    if measured.iter().any(|m| m.backend.starts_with("plonky3/")) {
        lines.push("Plonky3's hashes differ from ours: a yardstick, no race.".to_owned());
    }
    lines
}

/// The vector instructions that this program was compiled for, and not only asks the machine for.
fn compiled_for() -> &'static str {
    if cfg!(target_feature = "avx512f") {
        "compiled for AVX-512"
    } else if cfg!(target_feature = "avx2") {
        "compiled for AVX2"
    } else if cfg!(target_arch = "x86_64") {
        "compiled for any x86-64"
    } else {
        "compiled for this architecture's base"
    }
}

type Run<'a> = Box<dyn Fn() -> Result<(), NotMeasured> + 'a>;

struct Committing<'a> {
    backend: String,
    hash: &'static str,
    lanes: String,
    run: Run<'a>,
}

impl Committing<'_> {
    fn failed(&self, cause: impl Into<Cause>) -> NotMeasured {
        NotMeasured {
            backend: self.backend.clone(),
            cause: cause.into(),
        }
    }
}

/// Columns, the same in every run.
pub struct Fixture {
    log_rows: u32,
    columns: Vec<Vec<F>>,
}

impl Fixture {
    /// `columns` columns of `2^log_rows`.
    pub fn new(log_rows: u32, columns: usize) -> Self {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(4);
        let mut column = || (0..1usize << log_rows).map(|_| F::sample(&mut rng)).collect();
        Self {
            log_rows,
            columns: (0..columns).map(|_| column()).collect(),
        }
    }

    /// Checks what each commits to, then runs them in turn. A copy of the columns is part of every run.
    pub fn measure(&self, effort: Effort) -> Result<Vec<Measurement>, NotMeasured> {
        let contenders = self.contenders()?;
        let runs: Vec<_> = contenders.iter().map(|contender| &*contender.run).collect();
        let runs = take_turns(effort, &runs)?;
        let measurement = |(contender, runs): (&Committing<'_>, Runs<()>)| Measurement {
            backend: contender.backend.clone(),
            hash: contender.hash.to_owned(),
            lanes: contender.lanes.clone(),
            log_rows: self.log_rows,
            columns: self.columns.len(),
            cpu_seconds: Spread::of(&runs.cpu).median,
            seconds: Spread::of(&runs.wall).median,
            cpu_runs: runs.cpu,
            runs: runs.wall,
        };
        Ok(contenders.iter().zip(runs).map(measurement).collect())
    }

    /// Ours in every kind of lanes that is there, plonky2's, and Plonky3's where it is built.
    fn contenders(&self) -> Result<Vec<Committing<'_>>, NotMeasured> {
        let mut contenders = Vec::new();
        for kind in Kind::detect_all() {
            contenders.push(self.ours(kind)?);
        }
        contenders.push(Committing {
            backend: STOCK.to_owned(),
            hash: "Poseidon of 12",
            lanes: compiled_for().to_owned(),
            run: Box::new(|| {
                std::hint::black_box(self.stock());
                Ok(())
            }),
        });
        #[cfg(feature = "plonky3")]
        contenders.extend(plonky3::contenders(self)?);
        Ok(contenders)
    }

    fn ours(&self, kind: Kind) -> Result<Committing<'_>, NotMeasured> {
        let fri = FriConfig {
            rate_bits: RATE_BITS,
            cap_height: CAP_HEIGHT,
            proof_of_work_bits: 0,
            reduction_strategy: FriReductionStrategy::ConstantArityBits(4, 5),
            num_query_rounds: 0,
        };
        let name = format!("{kind:?}").to_lowercase();
        let mut ours = Committing {
            backend: format!("ashlar/{name}"),
            hash: "Poseidon of 12",
            lanes: "chosen when it runs".to_owned(),
            run: Box::new(|| Ok(())),
        };
        let committer = ColumnCommitter::new(kind, self.log_rows as usize, &fri);
        let committer = committer.map_err(|error| ours.failed(error))?;
        let cap = committer.cap::<PoseidonHash>(self.columns.clone());
        if cap.map_err(|error| ours.failed(error))? != self.stock() {
            return Err(ours.failed(Cause::Wrong));
        }
        let backend = ours.backend.clone();
        ours.run = Box::new(move || {
            let cap = committer.cap::<PoseidonHash>(self.columns.clone());
            std::hint::black_box(cap).map(drop).map_err(|error| NotMeasured {
                backend: backend.clone(),
                cause: error.into(),
            })
        });
        Ok(ours)
    }

    fn stock(&self) -> Cap {
        let columns = self.columns.iter().cloned().map(PolynomialValues::new).collect();
        let mut timing = TimingTree::default();
        let batch =
            PolynomialBatch::<F, C, D>::from_values(columns, RATE_BITS, false, CAP_HEIGHT, &mut timing, None);
        batch.merkle_tree.cap
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_contender_is_checked_measured_and_told_of() {
        let effort = Effort {
            rounds: 1,
            time: Duration::ZERO,
        };
        let measured = Fixture::new(6, 11).measure(effort).unwrap();
        let kinds = Kind::detect_all().count();
        let peers = if cfg!(feature = "plonky3") { 3 } else { 1 };
        assert_eq!(measured.len(), kinds + peers);
        assert_eq!(measured[kinds].id(), "commit/stock/plonky2/2^6x11");
        let told = lines(&measured).join("\n");
        assert!(
            measured
                .iter()
                .all(|m| told.contains(&m.id()) && told.contains(&m.lanes))
        );
        assert_eq!(told.contains("no race"), cfg!(feature = "plonky3"));
    }
}
