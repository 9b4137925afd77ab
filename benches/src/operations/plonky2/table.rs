//! What a person reads of proofs.

use super::{Measurement, STOCK, alone::Memory, pipeline};
use crate::{spread::Spread, time};

/// Lines of these measurements, each of plonky2's prover with how it compares to ours.
pub(crate) fn circuit_lines(measured: &[Measurement]) -> Vec<String> {
    let mut lines = Vec::new();
    for m in measured {
        lines.push(head(&m.prover, &m.circuit, &m.runs, &m.cpu_runs));
        lines.extend(m.memory.map(memory_line));
        let steps = m.steps.iter();
        lines.extend(steps.map(|step| format!("    {:<40} CPU {:>10}", step.name, time(step.cpu_seconds))));
        if m.prover == STOCK
            && let Some(ours) = measured
                .iter()
                .find(|other| other.circuit == m.circuit && other.prover != STOCK)
        {
            let of = |m: &Measurement| (m.seconds, m.cpu_seconds, m.memory);
            lines.push(ratio_line(of(m), of(ours)));
        }
    }
    lines
}

/// The same of whole batches.
pub(crate) fn pipeline_lines(measured: &[pipeline::Measurement]) -> Vec<String> {
    let mut lines = Vec::new();
    for m in measured {
        lines.push(head(&m.prover, "pipeline", &m.runs, &m.cpu_runs));
        lines.extend(m.memory.map(memory_line));
        let transfers = f64::from(m.transfers);
        let each = |name: &str, seconds: f64, cpu_seconds: f64| {
            let (wall, cpu) = (time(seconds / transfers), time(cpu_seconds / transfers));
            format!("    {name:<40} {wall:>10}   CPU {cpu:>10}")
        };
        let name = format!("per transfer, of {}", m.transfers);
        lines.push(each(&name, m.seconds, m.cpu_seconds));
        for step in &m.steps {
            let name = format!("  {} x {}", step.proofs, step.circuit);
            lines.push(each(&name, step.seconds, step.cpu_seconds));
        }
        if m.prover == STOCK
            && let Some(ours) = measured.iter().find(|other| other.prover != STOCK)
        {
            let of = |m: &pipeline::Measurement| (m.seconds, m.cpu_seconds, m.memory);
            lines.push(ratio_line(of(m), of(ours)));
        }
    }
    lines
}

fn head(prover: &str, circuit: &str, runs: &[f64], cpu_runs: &[f64]) -> String {
    let id = format!("plonky2/{prover}/{circuit}");
    let (wall, cpu) = (Spread::of(runs), Spread::of(cpu_runs));
    format!("{id:<44} {wall}   CPU {cpu}").trim_end().to_owned()
}

fn memory_line(memory: Memory) -> String {
    let [peak, before] = [memory.peak_bytes, memory.before_bytes].map(|bytes| bytes >> 20);
    format!(
        "    {:<40} {peak:>6} MiB   {before} MiB before the first proof",
        "peak memory"
    )
}

type Figures = (f64, f64, Option<Memory>);

fn ratio_line((stock, stock_cpu, stock_memory): Figures, (ours, our_cpu, our_memory): Figures) -> String {
    let mut line = format!(
        "    {:<40} {:.2} x time, {:.2} x CPU",
        "stock over ours",
        stock / ours,
        stock_cpu / our_cpu
    );
    if let Some((stock, ours)) = stock_memory.zip(our_memory) {
        line += &format!(
            ", {:.2} x peak memory",
            stock.peak_bytes as f64 / ours.peak_bytes as f64
        );
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::CPU;

    fn measurement(prover: &str, runs: [f64; 3], peak_mib: u64) -> Measurement {
        Measurement {
            circuit: "chunk".to_owned(),
            prover: prover.to_owned(),
            cpu_seconds: 2.0 * runs[1],
            seconds: runs[1],
            cpu_runs: runs.map(|run| 2.0 * run).to_vec(),
            runs: runs.to_vec(),
            prepare_seconds: 0.0,
            degree_bits: 13,
            memory: Some(Memory {
                before_bytes: 100 << 20,
                peak_bytes: peak_mib << 20,
            }),
            steps: Vec::new(),
        }
    }

    #[test]
    fn the_stock_prover_is_set_against_ours_with_spread_and_memory() {
        let measured = [
            measurement(CPU, [0.7, 0.8, 0.9], 400),
            measurement(STOCK, [1.9, 2.0, 2.1], 500),
        ];
        let text = circuit_lines(&measured).join("\n");
        for expected in [
            "(700.00 ms to 900.00 ms)",
            "400 MiB   100 MiB before the first proof",
            "2.50 x time, 2.50 x CPU, 1.25 x peak memory",
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
        let alone = circuit_lines(&measured[1..]).join("\n");
        assert!(!alone.contains("stock over ours"), "nothing to compare: {alone}");
    }
}
