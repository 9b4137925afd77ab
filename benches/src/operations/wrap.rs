//! The last proof: our prover and stock `create_proof` on the real wrap circuit, the same keys and reference string.

use std::{fs, io, path::Path, time::Instant};

use ashlar_accel::BackendChoice;
use ashlar_engine::{JobKind, OpenError, Proof, ProveError, open_prover};
use ashlar_kzg::{CircuitKeys, INSTANCES, prove_stock, srs::Srs};
use ashlar_payments::{
    auth,
    batch::{BlockBuilder, BlockConfig, SHAPES, SealedBatch},
    state::MemoryStore,
    transaction::{Deposit, Domain, SecretKey, Served},
};
use ashlar_payments_engine::Engine;
use ashlar_recursion::CompressedProof;
use ashlar_report::memory::{peak_bytes, reset_peak};
use ashlar_wrap::circuit::WrapCircuit;
use halo2_proofs::plonk::Circuit;
use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{CARD, CPU};
use crate::{cpu_time, spread::Spread};

/// halo2-axiom's `create_proof`.
pub const STOCK: &str = "stock/halo2-axiom";

/// A part of a proof.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Step {
    /// Name, as in the tracing spans.
    pub name: String,
    /// Wall-clock time.
    pub seconds: f64,
}

/// What a prover needed for the wrap circuit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// [`CPU`], [`CARD`] or [`STOCK`].
    pub prover: String,
    /// Median of the runs: from the compressed proof to the verified SNARK.
    pub seconds: f64,
    /// Time of every run, in order.
    pub runs: Vec<f64>,
    /// CPU time of every run over all threads, in order; reports of before it was measured have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cpu_runs: Vec<f64>,
    /// Parts of the run that took the median time. `backend:` lines are sums over those before them.
    pub steps: Vec<Step>,
    /// What is done once per machine: bases, cosets of the key.
    pub prepare_seconds: f64,
    /// Largest resident set of the process during the first run.
    pub peak_bytes: Option<u64>,
    /// `log2` of the rows of the circuit.
    pub k: u32,
}

impl Measurement {
    /// Median of the CPU time of a run.
    pub fn cpu_seconds(&self) -> Option<f64> {
        (!self.cpu_runs.is_empty()).then(|| Spread::of(&self.cpu_runs).median)
    }
}

/// Why there is nothing to measure.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The engine has no wrap keys.
    #[error("the engine has no wrap keys")]
    NoWrapKeys,
    /// The batch under the proof cannot be proved.
    #[error("the sample batch cannot be proved")]
    Prove(#[from] ProveError),
    /// The circuit does not take the proof.
    #[error("the wrap circuit does not take the sample")]
    Circuit(#[from] ashlar_wrap::verifier::VerifierError),
    /// A wrap prover cannot be opened.
    #[error("a wrap prover cannot be opened")]
    Open(#[from] OpenError),
    /// A wrap prover failed.
    #[error("a wrap prover failed")]
    Wrap(#[from] ashlar_kzg::ProveError),
    /// A prover did not use the backend that is measured.
    #[error("the measured backend failed")]
    Fallback(#[source] ashlar_kzg::Fallback),
    /// The sample cannot be kept.
    #[error("cannot keep the sample")]
    Io(#[from] io::Error),
}

/// L1 owner of the only account.
const OWNER: [u8; 20] = [7; 20];

/// A batch of one deposit.
fn batch() -> SealedBatch {
    let domain = Domain {
        chain_id: 31337,
        rollup: [0x42; 20],
    };
    let config = BlockConfig {
        domain,
        fee_owner: OWNER,
        shapes: SHAPES,
    };
    let deposit = Deposit {
        token: 0,
        amount: 1_000_000,
        owner: OWNER,
        auth: auth::of_key(SecretKey::from_seed(b"bench").public_key().key_hash()),
    };
    let mut builder = BlockBuilder::new(MemoryStore::new(), config).expect("a store in memory does not fail");
    builder.set_time(29_700_000); // in minutes since 1970
    builder
        .push(Served::deposit(0, deposit))
        .expect("a deposit to a new account is valid");
    builder.seal(1).expect("the batch is not empty").0
}

/// The compressed proof of a small batch; kept in `dir`, since it takes longer than what is measured.
pub fn sample(engine: &Engine, dir: &Path) -> Result<CompressedProof, SampleError> {
    let digest = engine.circuit_set_digest();
    let name: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let path = dir.join(format!("bench-compressed-{name}.bin"));
    let kept = fs::read(&path).ok();
    if let Some(Ok(Proof::Compressed(proof))) = kept.map(|kept| engine.decode_proof(JobKind::Compress, &kept))
    {
        return Ok(proof);
    }
    let [chunk, ..] = &batch().map(Into::into).chunks[..] else {
        unreachable!("a batch has a chunk")
    };
    let root = engine.prove_chunk(chunk)?.proof;
    let proof = engine.compress(&root)?.proof;
    fs::create_dir_all(dir)?;
    fs::write(&path, Proof::Compressed(proof.clone()).to_bytes())?;
    Ok(proof)
}

/// Runs the provers in turn, `rounds` times each: ours on the CPU, and on a CUDA device where this build has the backend
/// and a device answers, and the stock one. All verify their proof.
pub fn measure(
    engine: &Engine,
    proof: &CompressedProof,
    rounds: usize,
) -> Result<Vec<Measurement>, SampleError> {
    let kit = engine.wrap_kit().ok_or(SampleError::NoWrapKeys)?;
    let compress = &engine.circuits().recursion.compress.data;
    let circuit = || {
        Ok(WrapCircuit::new(
            &compress.common,
            &compress.verifier_only,
            proof,
        )?)
    };
    let instances: [Fr; INSTANCES] = circuit()?
        .instances()
        .try_into()
        .expect("27 public inputs make nine instances");
    measure_circuit(kit.keys(), kit.srs(), circuit, instances, rounds, Peer::Stock)
}

/// Whether another prover runs beside ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// halo2-axiom's, about nine times as long as ours.
    Stock,
    /// None.
    None,
}

/// The same for any circuit with the interface of the wrap circuit. `circuit` lays it out, which is measured too.
pub fn measure_circuit<C: Circuit<Fr>>(
    keys: &CircuitKeys,
    srs: &Srs,
    circuit: impl Fn() -> Result<C, SampleError>,
    instances: [Fr; INSTANCES],
    rounds: usize,
    peer: Peer,
) -> Result<Vec<Measurement>, SampleError> {
    let mut ours = Vec::new();
    for (name, choice) in [(CPU, BackendChoice::Cpu), (CARD, BackendChoice::Icicle)] {
        if choice.require_built().is_err() {
            continue;
        }
        let start = Instant::now();
        let prover = open_prover(keys, srs, choice)?;
        let prepare_seconds = start.elapsed().as_secs_f64();
        match prover.unprepared() {
            None => ours.push((prover, Series::new(name, prepare_seconds))),
            Some(reason) => eprintln!("{name} is not measured: {reason}"),
        }
    }
    let mut stock = (peer == Peer::Stock).then(|| Series::new(STOCK, 0.0));
    for _ in 0..rounds.max(1) {
        for (prover, series) in &mut ours {
            series.run(|| {
                let start = Instant::now();
                let laid_out = circuit()?;
                let layout = Step {
                    name: "layout".to_owned(),
                    seconds: start.elapsed().as_secs_f64(),
                };
                let wrapped = prover.prove(&laid_out, instances)?;
                match wrapped.fallback {
                    None => Ok([vec![layout], steps(&wrapped.steps)].concat()),
                    Some(fallback) => Err(SampleError::Fallback(fallback)),
                }
            })?;
        }
        if let Some(stock) = &mut stock {
            stock.run(|| {
                prove_stock(keys, srs, circuit()?, instances)?;
                Ok(Vec::new())
            })?;
        }
    }
    let all = ours.into_iter().map(|(_, series)| series).chain(stock);
    Ok(all.map(|series| series.measurement(srs.k())).collect())
}

/// The runs of one prover.
struct Series {
    prover: &'static str,
    prepare_seconds: f64,
    runs: Vec<(f64, Vec<Step>)>,
    cpu_runs: Vec<f64>,
    peak_bytes: Option<u64>,
}

impl Series {
    fn new(prover: &'static str, prepare_seconds: f64) -> Self {
        Self {
            prover,
            prepare_seconds,
            runs: Vec::new(),
            cpu_runs: Vec::new(),
            peak_bytes: None,
        }
    }

    fn run(&mut self, prove: impl FnOnce() -> Result<Vec<Step>, SampleError>) -> Result<(), SampleError> {
        let _ = reset_peak(); // without it the peak is that of the whole run so far
        let (start, cpu_start) = (Instant::now(), cpu_time());
        let steps = prove()?;
        self.runs.push((start.elapsed().as_secs_f64(), steps));
        self.cpu_runs.push((cpu_time() - cpu_start).as_secs_f64());
        self.peak_bytes = self.peak_bytes.or_else(peak_bytes);
        Ok(())
    }

    fn measurement(self, k: u32) -> Measurement {
        let mut by_time: Vec<usize> = (0..self.runs.len()).collect();
        by_time.sort_by(|a, b| self.runs[*a].0.total_cmp(&self.runs[*b].0));
        let (seconds, steps) = &self.runs[by_time[self.runs.len() / 2]];
        Measurement {
            prover: self.prover.to_owned(),
            seconds: *seconds,
            runs: self.runs.iter().map(|(seconds, _)| *seconds).collect(),
            cpu_runs: self.cpu_runs,
            steps: steps.clone(),
            prepare_seconds: self.prepare_seconds,
            peak_bytes: self.peak_bytes,
            k,
        }
    }
}

fn steps(steps: &ashlar_kzg::prover::Steps) -> Vec<Step> {
    let own = steps.steps.iter().map(|step| (step.name.to_owned(), step.time));
    let sums = [("msm", steps.msm), ("ntt", steps.ntt), ("rows", steps.rows)];
    own.chain(sums.map(|(name, time)| (format!("backend:{name}"), time)))
        .map(|(name, time)| Step {
            name,
            seconds: time.as_secs_f64(),
        })
        .collect()
}
