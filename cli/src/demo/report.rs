//! What the demo says at its end: a table for people, one object for programs.

use serde::Serialize;

use crate::{output::OutputError, say};

/// Result of a demo.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Signed transactions, and operations of L1's queue.
    pub transactions: u64,
    /// Batches that they made.
    pub batches: usize,
    /// Chunk proofs.
    pub chunks: u64,
    /// Devnet that settled it.
    pub devnet: &'static str,
    /// What an owner ordered through L1's queue, beside the deposits.
    pub queue: Vec<Queued>,
    /// Cost of each step, in the order of the pipeline.
    pub steps: Vec<Step>,
    /// Bytes of a SNARK with its instances.
    pub snark_bytes: u64,
    /// Gas on L1.
    pub gas: Gas,
    /// State root in the contract.
    pub l1_state_root: String,
    /// State root of the sequencer.
    pub l2_state_root: String,
    /// L1 holds the sequencer's root, put there by a verified SNARK.
    pub verified: bool,
}

/// An operation of L1's queue.
#[derive(Debug, Serialize)]
pub struct Queued {
    /// What it was.
    pub kind: &'static str,
    /// Its index in the queue.
    pub queue_index: u64,
    /// Of a forced payment, what was asked for, in units (gwei).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested: Option<u64>,
    /// And what it paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid: Option<u64>,
}

/// One step, summed over its runs.
#[derive(Debug, Serialize)]
pub struct Step {
    /// Name of the step.
    pub name: &'static str,
    /// Seconds, all runs together.
    pub seconds: f64,
    /// Largest peak of resident memory of the process that ran it, in bytes; 0 if not measured.
    pub peak_rss_bytes: u64,
    /// How often it ran.
    #[serde(skip)]
    pub runs: usize,
}

/// Gas used on L1.
#[derive(Debug, Serialize)]
pub struct Gas {
    /// The commit transactions.
    pub commit: u64,
    /// The prove transactions.
    pub prove: u64,
    /// Those that did both.
    pub commit_and_prove: u64,
    /// All, per transfer.
    pub per_transfer: f64,
}

/// Sums the runs of each step, under the step that reports count it as.
pub fn steps(timings: &[ashlar_proto::sequencer::v1::StepTiming]) -> Vec<Step> {
    let reported = ashlar_protocol::Step::ALL
        .into_iter()
        .filter(|step| step.reported() == *step);
    let summed = reported.map(|reported| {
        let counts = |step: ashlar_protocol::Step| step.reported() == reported;
        let runs = timings
            .iter()
            .filter(|run| ashlar_protocol::Step::from_name(&run.name).is_some_and(counts));
        let mut sum = Step {
            name: reported.name(),
            seconds: 0.0,
            peak_rss_bytes: 0,
            runs: 0,
        };
        for run in runs {
            sum.seconds += run.seconds;
            sum.peak_rss_bytes = sum.peak_rss_bytes.max(run.peak_rss_bytes);
            sum.runs += 1;
        }
        sum
    });
    summed.collect()
}

impl Report {
    /// Prints the table.
    pub fn print(&self) -> Result<(), OutputError> {
        say!()?;
        say!(
            "{:<14}{:>6}{:>12}{:>16}",
            "step",
            "runs",
            "seconds",
            "peak memory"
        )?;
        for step in &self.steps {
            let memory = match step.peak_rss_bytes {
                0 => "-".to_owned(),
                bytes => format!("{} MiB", bytes >> 20),
            };
            say!(
                "{:<14}{:>6}{:>12.3}{memory:>16}",
                step.name,
                step.runs,
                step.seconds
            )?;
        }
        say!()?;
        say!("transactions   {}", self.transactions)?;
        for queued in &self.queue {
            let paid = match (queued.paid, queued.requested) {
                (Some(paid), Some(requested)) => format!(": {paid} of {requested} gwei"),
                _ => String::new(),
            };
            say!("L1 queue       {} {}{paid}", queued.queue_index, queued.kind)?;
        }
        say!("batches        {}", self.batches)?;
        say!("chunk proofs   {}", self.chunks)?;
        say!("SNARK          {} bytes", self.snark_bytes)?;
        let both = match self.gas.commit_and_prove {
            0 => String::new(),
            gas => format!("{gas} commit and prove at once, "),
        };
        say!(
            "gas            {} commit, {} prove, {both}{:.0} per transfer",
            self.gas.commit,
            self.gas.prove,
            self.gas.per_transfer
        )?;
        say!("L1 state root  {}", self.l1_state_root)?;
        say!("L2 state root  {}", self.l2_state_root)?;
        say!("devnet         {}", self.devnet)?;
        say!("verified       {}", if self.verified { "yes" } else { "NO" })?;
        Ok(())
    }
}
