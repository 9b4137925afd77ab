//! What a part says while it runs: a line of JSON each, so that what it found before it died or hung is not lost.

use std::{
    any::Any,
    fs::File,
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use anyhow::Context;
use ashlar_benches::{
    Measurement,
    operations::{plonky2::card, wrap},
};
use serde::{Deserialize, Serialize};

use super::{
    figures::{CardFacts, Memory, Profile},
    part::Target,
};

/// A line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A check begins.
    Started {
        /// Its name.
        check: String,
    },
    /// It ended well.
    Passed {
        /// Its name.
        check: String,
        /// How long it took.
        seconds: f64,
    },
    /// It did not.
    Failed {
        /// Its name.
        check: String,
        /// How long it took.
        seconds: f64,
        /// What was wrong.
        reason: String,
    },
    /// It could not be made here.
    Skipped {
        /// Its name.
        check: String,
        /// Why.
        reason: String,
    },
    /// Who will compute.
    Target {
        /// Who.
        target: Target,
    },
    /// What the card is.
    Card(CardFacts),
    /// A kernel's times.
    Kernel(Measurement),
    /// A wrap's times.
    Wrap(wrap::Measurement),
    /// Times of proofs on the card.
    Proofs(card::Measurement),
    /// Memory of the card.
    Memory(Memory),
    /// A kernel's counters.
    Profile(Profile),
    /// The part is at its end. Without this line it ended early.
    Finished,
}

/// Where a part says it.
#[derive(Debug)]
pub struct Reporter(File);

impl Reporter {
    /// Says it on `output`.
    pub fn new(output: File) -> Self {
        Self(output)
    }

    /// One line.
    pub fn say(&mut self, event: &Event) -> anyhow::Result<()> {
        let line = serde_json::to_string(event)? + "\n";
        self.0
            .write_all(line.as_bytes())
            .context("nobody listens to this part of a self-test")
    }

    /// Runs a check; a panic in it is what was wrong. What it found, if it went well.
    pub fn check<T>(
        &mut self,
        check: impl Into<String>,
        run: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<Option<T>> {
        let check = check.into();
        self.say(&Event::Started { check: check.clone() })?;
        let start = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(run));
        let seconds = start.elapsed().as_secs_f64();
        let reason = match result {
            Ok(Ok(found)) => {
                self.say(&Event::Passed { check, seconds })?;
                return Ok(Some(found));
            }
            Ok(Err(error)) => format!("{error:#}"),
            Err(panic) => message(panic.as_ref()),
        };
        self.say(&Event::Failed {
            check,
            seconds,
            reason,
        })?;
        Ok(None)
    }

    /// A check that cannot be made here.
    pub fn skip(&mut self, check: impl Into<String>, reason: impl Into<String>) -> anyhow::Result<()> {
        self.say(&Event::Skipped {
            check: check.into(),
            reason: reason.into(),
        })
    }
}

/// The text of a panic, cut where a comparison of large values made it long.
fn message(panic: &(dyn Any + Send)) -> String {
    const LONGEST: usize = 400;
    let text = ashlar_report::panic_text(panic);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use super::*;

    #[test]
    fn a_check_says_how_it_ended_whatever_it_does() {
        let mut file = tempfile::tempfile().unwrap();
        let mut report = Reporter::new(file.try_clone().unwrap());
        assert_eq!(report.check("good", || Ok(7)).unwrap(), Some(7));
        assert_eq!(
            report
                .check("bad", || -> anyhow::Result<()> { anyhow::bail!("no") })
                .unwrap(),
            None
        );
        assert_eq!(
            report
                .check("worse", || -> anyhow::Result<()> {
                    panic!("{}", "x".repeat(1000))
                })
                .unwrap(),
            None
        );
        file.rewind().unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        let events: Vec<Event> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        match &events[..] {
            [
                Event::Started { .. },
                Event::Passed { check, .. },
                Event::Started { .. },
                Event::Failed { reason, .. },
                Event::Started { .. },
                Event::Failed { reason: panic, .. },
            ] => {
                assert_eq!((check.as_str(), reason.as_str()), ("good", "no"));
                assert!(panic.starts_with("xxx") && panic.len() < 500);
            }
            other => panic!("{other:?}"),
        }
    }
}
