//! What is written down of a run.

use serde::Serialize;

use crate::{
    Machine, Measurement, load,
    operations::{plonky2, wrap},
};

/// One run, as stored under `benches/results/`.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The command line that made it.
    pub command: String,
    /// Where it ran.
    pub machine: Machine,
    /// Kernels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub measurements: Vec<Measurement>,
    /// What else bears on the figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whole proofs of plonky2's circuits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plonky2: Vec<plonky2::Measurement>,
    /// Whole proofs of the wrap.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wrap: Vec<wrap::Measurement>,
    /// Load on a sequencer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub load: Vec<load::Measurement>,
}

impl Report {
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
        for m in &self.plonky2 {
            let id = format!("plonky2/{}/{}", m.prover, m.circuit);
            lines.push(format!(
                "{id:<44} {:>12}   CPU {:>12}",
                time(m.seconds),
                time(m.cpu_seconds)
            ));
            for step in &m.steps {
                lines.push(format!("    {:<40} {:>12}", step.name, time(step.cpu_seconds)));
            }
        }
        for m in &self.wrap {
            lines.push(format!(
                "{:<44} {:>12}",
                format!("wrap/{}", m.prover),
                time(m.seconds)
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
