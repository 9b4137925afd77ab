//! An earlier report, and what has changed since.

#[cfg(test)]
mod tests;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{Machine, Report, figure::Figure, time};

/// An earlier report to compare with.
#[derive(Clone, Debug)]
pub struct Baseline {
    path: PathBuf,
    report: Report,
}

/// Why a file is no baseline.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It is something else.
    #[error("{} is no report of `ashlar bench`: give a file that its --out has written", path.display())]
    NotAReport {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// It has nothing of what is to be measured.
    #[error("{} has nothing to compare with, only {}: measure that, or give a report of what is measured", path.display(), list(has))]
    Nothing {
        /// The file.
        path: PathBuf,
        /// Names of what it has.
        has: Vec<String>,
    },
}

fn list(names: &[String]) -> String {
    match names {
        [] => "an empty list".to_owned(),
        names => names.join(", "),
    }
}

impl Baseline {
    /// Reads a report.
    pub fn read(path: &Path) -> Result<Self, BaselineError> {
        let bytes = fs::read(path).map_err(|source| BaselineError::Read {
            path: path.to_owned(),
            source,
        })?;
        let report = serde_json::from_slice(&bytes).map_err(|source| BaselineError::NotAReport {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            report,
        })
    }

    /// Checks that it has a measurement with such a name.
    pub fn require(&self, is_wanted: impl Fn(&str) -> bool) -> Result<(), BaselineError> {
        let has = self.names();
        if has.iter().any(|id| is_wanted(id)) {
            return Ok(());
        }
        Err(BaselineError::Nothing {
            path: self.path.clone(),
            has,
        })
    }

    fn names(&self) -> Vec<String> {
        let figures = self.report.figures().into_iter();
        figures.map(|figure| figure.id).collect()
    }

    /// Before, now and how many times as fast, for each measurement that both have; and what else differs.
    pub fn compare(&self, now: &Report) -> String {
        let mut lines = vec![format!("Compared with {}:", self.path.display())];
        lines.extend(differences(&self.report.machine, &now.machine));
        let (before, now) = (self.report.figures(), now.figures());
        let mut matched = 0;
        for now in &now {
            let Some(before) = before.iter().find(|before| before.id == now.id) else {
                lines.push(format!("  {}: not in the file", now.id));
                continue;
            };
            matched += 1;
            lines.extend(rows(before, now));
        }
        if matched == 0 {
            lines.push(format!(
                "  Nothing that was measured is in the file, which has {}.",
                list(&self.names())
            ));
        }
        lines.join("\n")
    }
}

/// One line, or one for each unit that both have.
fn rows(before: &Figure, now: &Figure) -> Vec<String> {
    if let (Some((name, then)), Some((_, today))) = (before.parameter, now.parameter)
        && then != today
    {
        let id = &now.id;
        return vec![format!(
            "  {id}: not compared, {name}: {then} before, {today} now"
        )];
    }
    let row = |name: &str, before: f64, now: f64, show: fn(f64) -> String| {
        let ratio = before / now;
        format!(
            "  {name:<44} {:>12} before {:>12} now   {ratio:.2} x",
            show(before),
            show(now)
        )
    };
    let mut rows = vec![row(&now.id, before.seconds, now.seconds, time)];
    if let Some((before, now)) = before.cpu_seconds.zip(now.cpu_seconds) {
        rows.push(row("    CPU", before, now, time));
    }
    if let Some((before, now)) = before.peak_bytes.zip(now.peak_bytes) {
        let mib = |bytes: f64| format!("{:.0} MiB", bytes / f64::from(1 << 20));
        rows.push(row("    peak memory", before as f64, now as f64, mib));
    }
    rows
}

/// What else can be the cause of a difference.
fn differences(before: &Machine, now: &Machine) -> Vec<String> {
    let commit = |machine: &Machine| match &machine.commit {
        Some(commit) => commit.clone(),
        None => "unknown".to_owned(),
    };
    let memory = |machine: &Machine| match machine.memory_bytes {
        Some(bytes) => format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30)),
        None => "unknown".to_owned(),
    };
    let mut lines = Vec::new();
    let mut tell = |what: &str, before: String, now: String| {
        if before != now {
            lines.push(format!("  {what} differs: {before} before, {now} now"));
        }
    };
    tell("commit", commit(before), commit(now));
    tell("processor", before.processor.clone(), now.processor.clone());
    tell(
        "number of threads",
        before.threads.to_string(),
        now.threads.to_string(),
    );
    let vectors = |machine: &Machine| if machine.avx512_ifma { "there" } else { "missing" };
    tell("AVX-512 IFMA", vectors(before).into(), vectors(now).into());
    tell("memory", memory(before), memory(now));
    if let Some((before, now)) = before.load_before.zip(now.load_before) {
        lines.push(format!(
            "  load of the machine at the start: {before:.2} before, {now:.2} now"
        ));
    }
    lines
}
