//! Times.

use std::time::{Duration, Instant};

use ashlar_report::memory::{peak_bytes, reset_peak};
use serde::{Deserialize, Serialize};

use crate::{Contender, NotMeasured};

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Rounds at most; in a round every contender runs once.
    pub rounds: usize,
    /// No further round starts after this time.
    pub time: Duration,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            rounds: 9,
            time: Duration::from_secs(20),
        }
    }
}

/// What one contender needed for one size.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// `msm_bn254`, `ntt_bn254`, …
    pub operation: String,
    /// Who.
    pub backend: String,
    /// Two to this many elements.
    pub log_size: u32,
    /// Median of the warm runs.
    pub seconds: f64,
    /// The fastest warm run.
    pub best_seconds: f64,
    /// Preparation, a check of the answer and the first run.
    pub cold_seconds: f64,
    /// Warm runs.
    pub runs: usize,
    /// Largest resident set of the whole process while this contender was prepared and first run.
    pub peak_bytes: Option<u64>,
}

/// Measures the contenders in turn, round by round, so that a noisy neighbour hits all alike.
pub fn measure(
    operation: &str,
    log_size: u32,
    contenders: Vec<Contender<'_>>,
    effort: Effort,
) -> Result<Vec<Measurement>, NotMeasured> {
    let mut ready = Vec::new();
    for mut contender in contenders {
        let _ = reset_peak(); // without it the peak is that of the whole run so far
        let start = Instant::now();
        let mut run = contender.prepare()?;
        run();
        ready.push((contender.backend, start.elapsed(), peak_bytes(), run, Vec::new()));
    }
    let start = Instant::now();
    for round in 0..effort.rounds {
        if round > 0 && start.elapsed() > effort.time {
            break;
        }
        for (.., run, times) in &mut ready {
            let start = Instant::now();
            run();
            times.push(start.elapsed().as_secs_f64());
        }
    }
    let measurement = |(backend, cold, peak_bytes, _, mut times): (String, Duration, _, _, Vec<f64>)| {
        times.sort_by(f64::total_cmp);
        Measurement {
            operation: operation.to_owned(),
            backend,
            log_size,
            seconds: times[times.len() / 2],
            best_seconds: times[0],
            cold_seconds: cold.as_secs_f64(),
            runs: times.len(),
            peak_bytes,
        }
    };
    Ok(ready.into_iter().map(measurement).collect())
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, thread::sleep};

    use super::*;
    use crate::Cause;

    #[test]
    fn contenders_take_turns_and_the_slower_one_is_seen() {
        let turns = Cell::new(String::new());
        let contender = |name: &'static str, pause: u64| {
            let turns = &turns;
            Contender::new(name, move || {
                Ok(Box::new(move || {
                    sleep(Duration::from_millis(pause));
                    turns.set(turns.take() + name);
                }) as _)
            })
        };
        let effort = Effort {
            rounds: 3,
            time: Duration::from_secs(60),
        };
        let contenders = vec![contender("a", 0), contender("b", 20)];
        let measured = measure("nap", 4, contenders, effort).unwrap();
        assert_eq!(turns.take(), "ababab".to_owned() + "ab");
        assert!(measured[0].seconds < measured[1].seconds);
        assert!(measured[1].cold_seconds >= 0.02 && measured[1].best_seconds >= 0.02);
        assert_eq!((measured[1].runs, measured[1].log_size), (3, 4));
    }

    #[test]
    fn a_wrong_contender_is_not_timed() {
        let contenders = vec![Contender::new("liar", || Err(Cause::Wrong))];
        assert_eq!(
            measure("sum", 1, contenders, Effort::default())
                .unwrap_err()
                .backend,
            "liar"
        );
    }
}
