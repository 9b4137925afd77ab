//! A run on one page of text.

use std::fmt::Write;

use ashlar_benches::{
    Measurement,
    operations::{CARD, CPU, TRANSFERS, plonky2::card, wrap},
    time,
};

use super::{
    figures::{CardFacts, Memory},
    report::{PartReport, Report, Status},
};

/// Sizes that have a line on the page; the file has all.
const SHOWN: [u32; 5] = [16, 18, 20, 22, 24];

/// The page; with `color` for a terminal.
pub fn render(report: &Report, color: bool) -> String {
    let mut page = String::new();
    // Writing to a string does not fail.
    let _ = head(&mut page, report);
    for part in &report.parts {
        let _ = part_lines(&mut page, part, color);
    }
    let _ = kernels(&mut page, &report.figures.kernels);
    let _ = wraps(&mut page, &report.figures.wrap);
    let _ = proofs(&mut page, &report.figures.proofs);
    for memory in &report.figures.memory {
        let _ = memory_lines(&mut page, memory);
    }
    for profile in &report.figures.profile {
        let counters: Vec<String> = profile
            .counters
            .iter()
            .map(|(name, value)| format!("{} {value:.0}", name.split('.').next().unwrap_or(name)))
            .collect();
        let _ = writeln!(
            page,
            "kernel {} {} in {} launches; {}",
            short(&profile.kernel),
            time(profile.seconds),
            profile.launches,
            counters.join(", ")
        );
    }
    let _ = tail(&mut page, report, color);
    page
}

fn head(page: &mut String, report: &Report) -> std::fmt::Result {
    let machine = &report.machine;
    writeln!(
        page,
        "ashlar {}  commit {}  binary {}",
        report.version,
        machine.commit.as_deref().unwrap_or("unknown"),
        report
            .binary_sha256
            .as_deref()
            .map_or("unknown", |digest| &digest[..16]),
    )?;
    writeln!(page, "computed by {}", report.target.meaning())?;
    let memory = machine.memory_bytes.unwrap_or(0) >> 30;
    writeln!(
        page,
        "machine  {} threads of {}, {memory} GiB{}",
        machine.threads,
        machine.processor,
        if machine.avx512_ifma { ", AVX-512 IFMA" } else { "" }
    )?;
    if let Some(card) = &report.card {
        card_lines(page, card)?;
    }
    writeln!(page)
}

fn card_lines(page: &mut String, card: &CardFacts) -> std::fmt::Result {
    writeln!(
        page,
        "card     {}, compute capability {}, {} multiprocessors, {} of {} MiB free, at {}",
        card.name,
        card.compute_capability,
        card.multiprocessors,
        card.free_bytes >> 20,
        card.memory_bytes >> 20,
        card.pci_bus_id
    )?;
    write!(
        page,
        "         CUDA: driver serves {}, runtime {}, kernels {}",
        card.driver_cuda, card.runtime_cuda, card.kernels
    )?;
    let Some(own) = &card.management else {
        return writeln!(page);
    };
    let of = |now: Option<u32>, max: Option<u32>| {
        let number = |n: Option<u32>| n.map_or_else(|| "?".to_owned(), |n| n.to_string());
        format!("{} of {}", number(now), number(max))
    };
    let yes = |flag: Option<bool>| match flag {
        Some(true) => "on",
        Some(false) => "off",
        None => "?",
    };
    writeln!(page, ", driver {}", own.driver.as_deref().unwrap_or("?"))?;
    writeln!(
        page,
        "         clocks {} MHz, memory {} MHz, PCIe generation {}, lanes {}, persistence mode {}, ECC {}",
        of(own.sm_clock_mhz, own.sm_clock_max_mhz),
        of(own.memory_clock_mhz, own.memory_clock_max_mhz),
        of(own.pcie_generation, own.pcie_generation_max),
        of(own.pcie_lanes, own.pcie_lanes_max),
        yes(own.persistence_mode),
        yes(own.ecc)
    )
}

fn part_lines(page: &mut String, part: &PartReport, color: bool) -> std::fmt::Result {
    writeln!(
        page,
        "{} {:<12} {:>3} of {:>3} checks  {:>6.1} s of {:>5.1}   {}",
        paint(part.status, color),
        part.part.name(),
        part.passed_checks(),
        part.checks.len(),
        part.seconds,
        part.limit_seconds,
        part.part.question()
    )?;
    match part.status {
        Status::Passed | Status::Running => {}
        Status::Skipped => {
            if let Some(reason) = &part.reason {
                writeln!(page, "           {reason}")?;
            }
        }
        Status::Failed => {
            let failed = part.checks.iter().filter(|check| check.status == Status::Failed);
            let mut told = false;
            for check in failed.take(5) {
                told = true;
                let reason = check.reason.as_deref().unwrap_or("failed");
                writeln!(page, "           {}: {reason}", check.check)?;
            }
            if let (false, Some(reason)) = (told, &part.reason) {
                writeln!(page, "           {reason}")?;
            }
            for line in part.log_tail.iter().rev().take(3).rev() {
                writeln!(page, "           | {line}")?;
            }
        }
    }
    Ok(())
}

fn kernels(page: &mut String, kernels: &[Measurement]) -> std::fmt::Result {
    if kernels.is_empty() {
        return Ok(());
    }
    writeln!(
        page,
        "\n{:<26} {:>11} {:>11} {:>11} {:>9}",
        "medians", "CPU", "card", "transfers", "CPU/card"
    )?;
    let mut seen: Vec<(&str, u32)> = Vec::new();
    for m in kernels {
        if !seen.contains(&(m.operation.as_str(), m.log_size)) {
            seen.push((&m.operation, m.log_size));
        }
    }
    seen.sort_by_key(|(operation, size)| (kernels.iter().position(|m| m.operation == *operation), *size));
    let all = seen.len() <= 24;
    for (operation, log_size) in seen.into_iter().filter(|(_, size)| all || SHOWN.contains(size)) {
        let seconds = |backend: &str| {
            kernels
                .iter()
                .find(|m| m.operation == operation && m.backend == backend && m.log_size == log_size)
                .map(|m| m.seconds)
        };
        let cell = |seconds: Option<f64>| seconds.map_or_else(|| "-".to_owned(), time);
        let ratio = seconds(CPU).zip(seconds(CARD)).map(|(cpu, card)| cpu / card);
        writeln!(
            page,
            "{:<26} {:>11} {:>11} {:>11} {:>9}",
            format!("{operation} 2^{log_size}"),
            cell(seconds(CPU)),
            cell(seconds(CARD)),
            cell(seconds(TRANSFERS)),
            ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.1} ×"))
        )?;
    }
    Ok(())
}

fn wraps(page: &mut String, wraps: &[wrap::Measurement]) -> std::fmt::Result {
    for wrap in wraps {
        let steps: Vec<String> = wrap
            .steps
            .iter()
            .map(|step| format!("{} {}", step.name, time(step.seconds)))
            .collect();
        writeln!(
            page,
            "wrap k = {} by {}: {} ({})",
            wrap.k,
            wrap.prover,
            time(wrap.seconds),
            steps.join(", ")
        )?;
    }
    Ok(())
}

fn proofs(page: &mut String, proofs: &[card::Measurement]) -> std::fmt::Result {
    for of in proofs {
        let steps = of.steps.iter();
        let steps: Vec<String> = steps
            .map(|step| format!("{} {}", step.name, time(step.seconds)))
            .collect();
        writeln!(
            page,
            "{}, 2^{} rows, {} at once: {}, {:.1} proofs a second ({})",
            of.circuit,
            of.degree_bits,
            of.batch,
            time(of.seconds),
            of.proofs_per_second,
            steps.join(", ")
        )?;
    }
    Ok(())
}

fn memory_lines(page: &mut String, memory: &Memory) -> std::fmt::Result {
    let mib = |bytes: u64| bytes >> 20;
    writeln!(
        page,
        "memory, MSM 2^{}: {} MiB free before, {} when ready ({} counted as ours), {} at the lowest ({} reserved for \
         scratch), {} after",
        memory.log_size,
        mib(memory.before_bytes),
        mib(memory.ready_bytes),
        mib(memory.counted_bytes),
        mib(memory.lowest_bytes),
        mib(memory.scratch_estimate_bytes),
        mib(memory.after_bytes)
    )
}

fn tail(page: &mut String, report: &Report, color: bool) -> std::fmt::Result {
    if let Some(split) = report.split {
        let from = |size: Option<usize>| match size {
            Some(size) => format!("from {size}"),
            None => "never".to_owned(),
        };
        writeln!(
            page,
            "auto should use the card for MSMs {}, for NTTs {} (--apply stores it for workers)",
            from(split.msm),
            from(split.ntt)
        )?;
    }
    let status = if report.passed {
        Status::Passed
    } else {
        Status::Failed
    };
    writeln!(
        page,
        "\n{} {:.0} s of {:.0}; computed by {}",
        paint(status, color),
        report.seconds,
        report.limit_seconds,
        report.target.meaning()
    )
}

fn paint(status: Status, color: bool) -> String {
    let word = format!("{:<8}", status.word());
    let code = match status {
        Status::Passed => 32,
        Status::Failed => 31,
        Status::Skipped | Status::Running => 36,
    };
    if color {
        format!("\x1b[{code}m{word}\x1b[0m")
    } else {
        word
    }
}

/// A kernel's name without its arguments.
fn short(kernel: &str) -> &str {
    kernel.split(['(', '<']).next().unwrap_or(kernel)
}
