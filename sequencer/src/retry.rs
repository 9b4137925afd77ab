//! Loops that ask L1 or the farm again: how long they wait, and how often the log says why.

use std::time::{Duration, Instant};

use ashlar_report::{Backoff, Repeated};

/// The same warning is told again after so long, then after ever longer pauses up to the second.
const WARN_AGAIN: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(600));

/// One loop's failures in a row.
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

    /// Says why, unless that was said just now; how long to wait before the next attempt.
    pub fn failed(&mut self, reason: &str) -> Duration {
        let wait = self.delays.next();
        if let Some(told) = self.warnings.happened(reason, Instant::now()) {
            let (action, times, since_secs) = (self.action, told.times, told.since.elapsed().as_secs());
            let pause_secs = wait.as_secs_f32();
            tracing::warn!(
                action,
                error = reason,
                times,
                since_secs,
                pause_secs,
                "asking again"
            );
        }
        wait
    }

    /// Says that it goes on, if it did not before.
    pub fn succeeded(&mut self) {
        self.delays.reset();
        if let Some(told) = self.warnings.over() {
            let (action, after_secs) = (self.action, told.since.elapsed().as_secs());
            tracing::info!(action, after_secs, "goes on again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_with_each_failure_and_begins_anew_after_a_success() {
        let ms = Duration::from_millis;
        let mut retry = Retry::new("test", (ms(100), ms(300)));
        assert_eq!(
            [(); 3].map(|()| retry.failed("away")),
            [ms(100), ms(200), ms(300)]
        );
        retry.succeeded();
        assert_eq!(retry.failed("away"), ms(100));
    }
}
