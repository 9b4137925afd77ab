//! What reports are compared by.

use crate::{Report, load::Mode};

/// One measurement, by name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figure {
    /// `<operation>/<backend>/<log size>`, `commit/<backend>/2^<log rows>x<columns>`, `plonky2/<prover>/<circuit>`, `wrap/<prover>` or `load/<mode>/<connections>x<in flight>`.
    pub(crate) id: String,
    /// Median; of a pipeline and of a load over the transactions.
    pub(crate) seconds: f64,
    /// The same in CPU time.
    pub(crate) cpu_seconds: Option<f64>,
    /// Peak memory of a process that does nothing else.
    pub(crate) peak_bytes: Option<u64>,
    /// What it depends on and its name does not tell.
    pub(crate) parameter: Option<(&'static str, u64)>,
}

impl Report {
    /// All that was measured.
    pub(crate) fn figures(&self) -> Vec<Figure> {
        let kernels = self.measurements.iter().map(|m| Figure {
            id: format!("{}/{}/{}", m.operation, m.backend, m.log_size),
            seconds: m.seconds,
            cpu_seconds: None,
            peak_bytes: None, // of a process that has the other contenders, too
            parameter: None,
        });
        let commitments = self.commitments.iter().map(|m| Figure {
            id: m.id(),
            seconds: m.seconds,
            cpu_seconds: Some(m.cpu_seconds),
            peak_bytes: None,
            parameter: None,
        });
        let proofs = self.plonky2.iter().map(|m| Figure {
            id: format!("plonky2/{}/{}", m.prover, m.circuit),
            seconds: m.seconds,
            cpu_seconds: Some(m.cpu_seconds),
            peak_bytes: m.memory.map(|memory| memory.peak_bytes),
            parameter: Some(("log2 of the rows", m.degree_bits as u64)),
        });
        let pipelines = self.pipeline.iter().map(|m| Figure {
            id: format!("plonky2/{}/pipeline", m.prover),
            seconds: m.seconds / f64::from(m.transfers),
            cpu_seconds: Some(m.cpu_seconds / f64::from(m.transfers)),
            peak_bytes: m.memory.map(|memory| memory.peak_bytes),
            parameter: Some(("transfers", m.transfers.into())),
        });
        let wraps = self.wrap.iter().map(|m| Figure {
            id: format!("wrap/{}", m.prover),
            seconds: m.seconds,
            cpu_seconds: m.cpu_seconds(),
            peak_bytes: None,
            parameter: Some(("log2 of the rows", m.k.into())),
        });
        let loads = self.load.iter().map(|m| Figure {
            id: match m.mode {
                Mode::Unary => format!("load/unary/{}x{}", m.connections, m.in_flight),
                Mode::Stream => format!("load/stream/{}x{}", m.connections, m.in_flight),
            },
            seconds: m.seconds / m.transactions as f64,
            cpu_seconds: Some(m.cpu_us_per_transaction / 1e6),
            peak_bytes: None,
            parameter: Some(("transactions of a batch", m.batch_transactions.into())),
        });
        kernels
            .chain(commitments)
            .chain(proofs)
            .chain(pipelines)
            .chain(wraps)
            .chain(loads)
            .collect()
    }
}
