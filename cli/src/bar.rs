//! How far proving has come: a bar that is drawn over itself on a terminal, and a line now and then elsewhere.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal},
};

use ashlar_client::pb::{Batch, Progress};

use crate::output::{self, OutputError};

const WIDTH: usize = 24;

/// What was shown of each batch.
#[derive(Debug)]
pub struct Bar {
    is_terminal: bool,
    is_drawn: bool,
    /// Tenths of the jobs that were told last.
    told: BTreeMap<u64, u32>,
}

impl Default for Bar {
    fn default() -> Self {
        Self {
            is_terminal: io::stdout().is_terminal(),
            is_drawn: false,
            told: BTreeMap::new(),
        }
    }
}

impl Bar {
    /// Makes room for a line.
    pub fn clear(&mut self) -> Result<(), OutputError> {
        if std::mem::take(&mut self.is_drawn) {
            output::write(format_args!("\r\x1b[K"))?;
        }
        Ok(())
    }

    /// Shows what the farm has still to do for a batch, if it is there. In a pipe, once for every tenth of the jobs.
    pub fn show(&mut self, batch: &Batch) -> Result<(), OutputError> {
        let Some(progress) = &batch.progress else {
            self.told.remove(&batch.number);
            return self.clear();
        };
        let (done, total) = jobs(progress);
        let text = describe(batch.number, progress);
        if self.is_terminal {
            let filled = WIDTH * done as usize / total.max(1) as usize;
            self.is_drawn = true;
            let bar = format!("{}{}", "#".repeat(filled), ".".repeat(WIDTH - filled));
            return output::write(format_args!("\r\x1b[K[{bar}] {text}"));
        }
        let tenth = 10 * done / total.max(1);
        if self.told.insert(batch.number, tenth) != Some(tenth) {
            crate::say!("{text}")?;
        }
        Ok(())
    }
}

fn jobs(progress: &Progress) -> (u32, u32) {
    let sum = |count: fn(&ashlar_client::pb::StepProgress) -> u32| progress.steps.iter().map(count).sum();
    let total: u32 = sum(|step| step.total);
    (sum(|step| step.done).min(total), total)
}

fn describe(number: u64, progress: &Progress) -> String {
    let (done, total) = jobs(progress);
    let steps: Vec<_> = progress
        .steps
        .iter()
        .filter(|step| step.total > 0)
        .map(|step| format!("{} {}/{}", step.name, step.done, step.total))
        .collect();
    let left = progress.seconds_left.map_or_else(String::new, |seconds| {
        format!(", about {:.0} s left", seconds.ceil())
    });
    format!("batch {number}: {done}/{total} jobs ({}){left}", steps.join(", "))
}

#[cfg(test)]
mod tests {
    use ashlar_client::pb::StepProgress;

    use super::*;

    #[test]
    fn a_line_tells_the_steps_and_the_time_left_when_it_is_known() {
        let step = |name: &str, done, total| StepProgress {
            name: name.into(),
            done,
            total,
            running: 0,
        };
        let mut progress = Progress {
            steps: vec![step("prove_chunk", 3, 4), step("fold", 1, 3), step("wrap", 0, 1)],
            seconds_left: None,
        };
        assert_eq!(
            describe(7, &progress),
            "batch 7: 4/8 jobs (prove_chunk 3/4, fold 1/3, wrap 0/1)"
        );
        progress.seconds_left = Some(41.2);
        assert!(describe(7, &progress).ends_with(", about 42 s left"));
    }
}
