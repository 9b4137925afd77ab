//! What is written down of a run.

use serde::{Deserialize, Serialize};

use crate::{
    Machine, Measurement, load, machine,
    operations::{commit, plonky2, wrap},
};

/// One run, as stored under `benches/results/`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// The command line that made it.
    pub command: String,
    /// Where it ran.
    pub machine: Machine,
    /// Load of the machine after the last measurement: one-minute average.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_after: Option<f64>,
    /// Kernels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measurements: Vec<Measurement>,
    /// Commitments to the same cells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commitments: Vec<commit::Measurement>,
    /// What else bears on the figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whole proofs of plonky2's circuits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plonky2: Vec<plonky2::Measurement>,
    /// Batches from their witnesses to the compressed proof.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pipeline: Vec<plonky2::pipeline::Measurement>,
    /// Whole proofs of the wrap.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrap: Vec<wrap::Measurement>,
    /// Load on a sequencer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub load: Vec<load::Measurement>,
}

impl Report {
    /// One of this machine with nothing measured yet.
    pub fn begin(command: String) -> Self {
        Self {
            command,
            machine: Machine::detect(),
            load_after: None,
            measurements: Vec::new(),
            commitments: Vec::new(),
            note: None,
            plonky2: Vec::new(),
            pipeline: Vec::new(),
            wrap: Vec::new(),
            load: Vec::new(),
        }
    }

    /// Notes the machine's load after all was measured.
    pub fn finish(&mut self) {
        self.load_after = machine::load();
    }

    /// The table that a person reads.
    pub fn table(&self) -> String {
        let mut lines = Vec::new();
        for m in &self.measurements {
            let id = format!("{}/{}/{}", m.operation, m.backend, m.log_size);
            lines.push(format!(
                "{id:<44} {:>12}   cold {:>12}",
                time(m.seconds),
                time(m.cold_seconds)
            ));
        }
        lines.extend(commit::lines(&self.commitments));
        lines.extend(plonky2::circuit_lines(&self.plonky2));
        lines.extend(plonky2::pipeline_lines(&self.pipeline));
        for m in &self.wrap {
            let cpu = m.cpu_seconds().map(|cpu| format!("   CPU {:>10}", time(cpu)));
            lines.push(format!(
                "{:<44} {:>12}{}",
                format!("wrap/{}", m.prover),
                time(m.seconds),
                cpu.unwrap_or_default()
            ));
            for step in &m.steps {
                lines.push(format!("    {:<40} {:>12}", step.name, time(step.seconds)));
            }
            if let Some(bytes) = m.peak_bytes {
                // Ours peaks at the last coset of the quotient, see `PreparedKey::memory`.
                lines.push(format!("    {:<40} {:>8} MiB", "peak memory", bytes >> 20));
            }
        }
        lines.extend(self.load.iter().flat_map(load::Measurement::lines));
        if let Some((before, after)) = self.machine.load_before.zip(self.load_after) {
            lines.push(format!(
                "load of the machine: {before:.2} before, {after:.2} after"
            ));
        }
        lines.join("\n")
    }
}

/// A time with a unit that suits it.
pub fn time(seconds: f64) -> String {
    if seconds < 1e-3 {
        format!("{:.1} µs", seconds * 1e6)
    } else if seconds < 1.0 {
        format!("{:.2} ms", seconds * 1e3)
    } else {
        format!("{seconds:.3} s")
    }
}
