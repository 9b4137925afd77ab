//! Calls that are repeated: how long each waits, and how often the log says why.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::{Duration, Instant},
};

use ashlar_report::{Backoff, Repeated};
use tokio::time::sleep;
use tonic::Status;

/// The same warning is told again after so long, then after ever longer pauses up to the second.
const WARN_AGAIN: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(600));

/// One call's failures in a row.
#[derive(Debug)]
pub struct Retry {
    action: &'static str,
    delays: Backoff,
    warnings: Repeated,
}

impl Retry {
    /// Waits from the first delay to the longest.
    pub fn new(action: &'static str, (least, most): (Duration, Duration)) -> Self {
        Self {
            action,
            delays: Backoff::new(least, most),
            warnings: Repeated::new(WARN_AGAIN.0, WARN_AGAIN.1),
        }
    }

    /// Says why the call failed, unless that was said just now, and waits until the next attempt.
    pub async fn pause(&mut self, status: &Status) {
        let action = self.action;
        // The text alone: metadata holds a date, which would make every failure a new one.
        let reason = format!("{:?}: {}", status.code(), status.message());
        if let Some(told) = self.warnings.happened(&reason, Instant::now()) {
            let (times, since_secs) = (told.times, told.since.elapsed().as_secs());
            tracing::warn!(
                action,
                reason,
                times,
                since_secs,
                "the coordinator does not help: asking again"
            );
        }
        sleep(jittered(self.delays.next())).await;
    }

    /// Notes that the call was answered, and says so if it had failed before.
    pub fn answered(&mut self) {
        self.delays.reset();
        if let Some(told) = self.warnings.over() {
            let (action, after_secs) = (self.action, told.since.elapsed().as_secs());
            tracing::info!(action, after_secs, "the coordinator answers again");
        }
    }
}

/// From the upper half of `delay`: workers that lost the same coordinator must not all come back at once.
fn jittered(delay: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64; // randomly keyed
    delay.mul_f64(0.5 + random / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_drawn_from_its_upper_half() {
        let delay = Duration::from_millis(100);
        let drawn: Vec<_> = (0..100).map(|_| jittered(delay)).collect();
        assert!(
            drawn.iter().all(|drawn| (delay / 2..=delay).contains(drawn)),
            "{drawn:?}"
        );
        assert!(
            drawn.iter().any(|other| *other != drawn[0]),
            "always {:?}",
            drawn[0]
        );
    }
}
