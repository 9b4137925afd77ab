//! Proofs of chunk, lift, fold and compress: our prover and plonky2's own on the real circuits, from the same inputs.

use std::time::{Duration, Instant};

use ashlar_bn254::Bn254Config;
use ashlar_payments::{
    auth,
    batch::{BlockBuilder, BlockConfig, SHAPES, SealedBatch},
    chunk::ChunkCircuits,
    state::MemoryStore,
    transaction::{Deposit, Domain, SecretKey, Served},
};
use ashlar_plonky2::Prover;
use ashlar_recursion::{CircuitSet, SpanKind, SpanProof};
use ashlar_statement::{
    LeafCircuits, Provable, ProveCircuit, ProveError, StockProver,
    hash::{C, D, F},
};
use plonky2::{
    iop::witness::PartialWitness,
    plonk::{circuit_data::CircuitData, config::GenericConfig, proof::ProofWithPublicInputs},
};
use serde::{Deserialize, Serialize};

use super::CPU;
use crate::{
    cpu_time,
    steps::{Step, Watch},
};

/// plonky2's own prover.
pub const STOCK: &str = "stock/plonky2";

/// What a prover needed for a circuit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// `chunk`, `lift`, `fold` or `compress`.
    pub circuit: String,
    /// [`CPU`] or [`STOCK`].
    pub prover: String,
    /// Median of the CPU time of a run, over all threads: from the inputs to the verified proof.
    pub cpu_seconds: f64,
    /// Median of the time of a run.
    pub seconds: f64,
    /// CPU time of every run, in order.
    pub cpu_runs: Vec<f64>,
    /// Time of every run, in order.
    pub runs: Vec<f64>,
    /// What is done once per machine.
    pub prepare_seconds: f64,
    /// `log2` of the rows of the circuit.
    pub degree_bits: usize,
    /// What the time of ours goes into, witness generation and verification not counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

/// Deposits for one account more than a chunk has slots: two chunks.
fn batch() -> SealedBatch {
    const OWNER: [u8; 20] = [7; 20];
    let domain = Domain {
        chain_id: 31337,
        rollup: [0x42; 20],
    };
    let config = BlockConfig {
        domain,
        fee_owner: OWNER,
        shapes: SHAPES,
    };
    let mut builder = BlockBuilder::new(MemoryStore::new(), config).expect("a store in memory does not fail");
    builder.set_time(29_700_000); // in minutes since 1970
    for account in 0..=SHAPES.largest() as u32 {
        let mut owner = OWNER;
        owner[16..].copy_from_slice(&account.to_be_bytes());
        let deposit = Deposit {
            token: 0,
            amount: 1_000_000,
            owner,
            auth: auth::of_key(SecretKey::from_seed(&owner).public_key().key_hash()),
        };
        builder
            .push(Served::deposit(account, deposit))
            .expect("a deposit to a new account is valid");
    }
    builder.seal(1).expect("the batch is not empty").0
}

/// Runs both provers in turn, `rounds` times each; all proofs are verified.
pub fn measure(circuits: &CircuitSet<ChunkCircuits>, rounds: usize) -> Result<Vec<Measurement>, ProveError> {
    let (leaf, recursion, batch) = (&circuits.leaf, &circuits.recursion, batch());
    let [first, second] = &batch.chunks[..] else {
        panic!("{} chunks", batch.chunks.len())
    };
    let (kind, place) = (0, 0); // payments have one leaf circuit
    let (lift, fold) = (&recursion.lifts[place], &recursion.fold);
    let mut measured = Vec::new();

    let mut chunk = Race::new("chunk", leaf.circuits()[kind]);
    let chunk_of = |witness| {
        let claim = ChunkCircuits::check(witness).expect("a sealed chunk replays");
        move || leaf.assign(witness, &claim)
    };
    let chunks = [
        chunk.run(rounds, chunk_of(first))?,
        chunk.ours.once(chunk.circuit, chunk_of(second))?,
    ];
    measured.extend(chunk.finish());

    let mut lifting = Race::new("lift", &lift.data);
    let lift_of = |chunk| move || lift.assign(kind, chunk, &fold.data.verifier_only);
    let lifts = [
        lifting.run(rounds, lift_of(&chunks[0]))?,
        lifting.ours.once(lifting.circuit, lift_of(&chunks[1]))?,
    ];
    measured.extend(lifting.finish());

    let kind = SpanKind::Lift(place as u8);
    let [left, right] = lifts.map(|proof| SpanProof { kind, proof });
    let mut folding = Race::new("fold", &fold.data);
    let root = SpanProof {
        kind: SpanKind::Fold,
        proof: folding.run(rounds, || fold.assign(&left, &right))?,
    };
    measured.extend(folding.finish());

    let compress = &recursion.compress;
    let mut compressing = Race::new("compress", &compress.data);
    compressing.run(rounds, || compress.assign(&root))?;
    measured.extend(compressing.finish());
    Ok(measured)
}

/// Both provers on one circuit.
struct Race<'a, O: Config> {
    name: &'static str,
    circuit: &'a CircuitData<F, O, D>,
    ours: Series<Prover, O>,
    stock: Series<StockProver, O>,
}

trait Config: GenericConfig<D, F = F> + 'static {}

impl Config for C {}

impl Config for Bn254Config {}

impl<'a, O: Config> Race<'a, O> {
    fn new(name: &'static str, circuit: &'a CircuitData<F, O, D>) -> Self {
        let prover = Prover::default().with_gates(ChunkCircuits::GATES);
        Self {
            name,
            circuit,
            ours: Series::new(CPU, prover, name, circuit),
            stock: Series::new(STOCK, StockProver, name, circuit),
        }
    }

    /// In turn; our last proof.
    fn run(
        &mut self,
        rounds: usize,
        assign: impl Fn() -> anyhow::Result<PartialWitness<F>>,
    ) -> Result<ProofWithPublicInputs<F, O, D>, ProveError> {
        let mut proof = self.ours.once(self.circuit, &assign)?; // warm
        for _ in 0..rounds.max(1) {
            self.stock.timed(self.circuit, &assign)?;
            proof = self.ours.timed(self.circuit, &assign)?;
        }
        let watch = Watch::start();
        self.ours.once(self.circuit, &assign)?;
        self.ours.steps = watch.finish(1);
        Ok(proof)
    }

    fn finish(self) -> [Measurement; 2] {
        let degree_bits = self.circuit.common.degree_bits();
        let Self {
            name, ours, stock, ..
        } = self;
        [
            ours.measurement(name, degree_bits),
            stock.measurement(name, degree_bits),
        ]
    }
}

/// The runs of one prover on one circuit.
struct Series<P: ProveCircuit, O: Config> {
    backend: &'static str,
    prover: P,
    provable: Provable<P, O>,
    prepare: Duration,
    steps: Vec<Step>,
    runs: Vec<(Duration, Duration)>,
}

impl<P: ProveCircuit, O: Config> Series<P, O> {
    fn new(backend: &'static str, prover: P, name: &'static str, circuit: &CircuitData<F, O, D>) -> Self {
        let start = Instant::now();
        let provable = Provable::new(&prover, name, circuit);
        Self {
            backend,
            prover,
            provable,
            prepare: start.elapsed(),
            steps: Vec::new(),
            runs: Vec::new(),
        }
    }

    fn once(
        &self,
        circuit: &CircuitData<F, O, D>,
        assign: impl FnOnce() -> anyhow::Result<PartialWitness<F>>,
    ) -> Result<ProofWithPublicInputs<F, O, D>, ProveError> {
        self.provable.prove(&self.prover, circuit, assign)
    }

    fn timed(
        &mut self,
        circuit: &CircuitData<F, O, D>,
        assign: impl FnOnce() -> anyhow::Result<PartialWitness<F>>,
    ) -> Result<ProofWithPublicInputs<F, O, D>, ProveError> {
        let (start, cpu_start) = (Instant::now(), cpu_time());
        let proof = self.once(circuit, assign)?;
        self.runs.push((start.elapsed(), cpu_time() - cpu_start));
        Ok(proof)
    }

    fn measurement(self, circuit: &str, degree_bits: usize) -> Measurement {
        let (runs, cpu_runs): (Vec<_>, Vec<_>) = self
            .runs
            .iter()
            .map(|(wall, cpu)| (wall.as_secs_f64(), cpu.as_secs_f64()))
            .unzip();
        Measurement {
            circuit: circuit.to_owned(),
            prover: self.backend.to_owned(),
            cpu_seconds: median(&cpu_runs),
            seconds: median(&runs),
            cpu_runs,
            runs,
            prepare_seconds: self.prepare.as_secs_f64(),
            degree_bits,
            steps: self.steps,
        }
    }
}

fn median(runs: &[f64]) -> f64 {
    let mut sorted = runs.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
