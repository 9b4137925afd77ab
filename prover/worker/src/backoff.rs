//! Waiting longer and longer between attempts.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

/// Exponential backoff with jitter: each delay is drawn from the upper half of a bound that doubles.
#[derive(Debug, Clone)]
pub struct Backoff {
    min: Duration,
    max: Duration,
    bound: Duration,
}

impl Backoff {
    /// Delays from `min` to `max`.
    pub fn new(min: Duration, max: Duration) -> Self {
        Self { min, max, bound: min }
    }

    /// The next delay.
    pub fn next_delay(&mut self) -> Duration {
        let bound = self.bound;
        self.bound = (bound * 2).min(self.max);
        // Workers that lost the same coordinator must not all come back at once. The hasher is randomly keyed.
        let random = RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64;
        bound.mul_f64(0.5 + random / 2.0)
    }

    /// Starts over after a success.
    pub fn reset(&mut self) {
        self.bound = self.min;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_the_maximum_and_starts_over() {
        let (min, max) = (Duration::from_millis(100), Duration::from_millis(1000));
        let mut backoff = Backoff::new(min, max);
        for bound in [100, 200, 400, 800, 1000, 1000].map(Duration::from_millis) {
            let delay = backoff.next_delay();
            assert!(delay >= bound / 2 && delay <= bound, "{delay:?} of {bound:?}");
        }
        backoff.reset();
        assert!(backoff.next_delay() <= min);
    }
}
