//! Deadlines, and how often a request is sent again.

use std::time::Duration;

/// How patient a [`crate::Client`] is.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Limit for making a connection.
    pub connect_timeout: Duration,
    /// Limit for each request, and for each answer of a stream of transactions.
    pub request_timeout: Duration,
    /// How often a request is sent in all while the sequencer is away or full.
    pub attempts: u32,
    /// Pause before the second attempt; each further pause is twice as long, up to [`Self::max_pause`].
    pub first_pause: Duration,
    /// Longest pause between two attempts.
    pub max_pause: Duration,
}

impl Default for Options {
    /// About half a minute in all for a sequencer that restarts.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(20),
            attempts: 9,
            first_pause: Duration::from_millis(100),
            max_pause: Duration::from_secs(10),
        }
    }
}

impl Options {
    /// Pause after so many failed attempts, counted from 1.
    pub(crate) fn pause(&self, failed: u32) -> Duration {
        let doubled = self
            .first_pause
            .saturating_mul(2u32.saturating_pow(failed.saturating_sub(1)));
        doubled.min(self.max_pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let options = Options::default();
        let pauses: Vec<u128> = (1..9).map(|failed| options.pause(failed).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000]);
        assert_eq!(options.pause(u32::MAX), options.max_pause);
    }
}
