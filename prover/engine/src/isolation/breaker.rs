//! When a child that keeps failing is left alone.

use std::time::{Duration, Instant};

/// Counts faults. After `limit` of them in a row it opens for `rest`; then one attempt decides: a success closes it, a
/// fault opens it again at once, because a device that is still broken may cost a whole deadline to find out.
#[derive(Debug)]
pub(super) struct Breaker {
    limit: u32,
    rest: Duration,
    faults: u32,
    closed_from: Option<Instant>,
}

impl Breaker {
    pub fn new(limit: u32, rest: Duration) -> Self {
        Self {
            limit,
            rest,
            faults: 0,
            closed_from: None,
        }
    }

    /// Faults since the last success.
    pub fn faults(&self) -> u32 {
        self.faults
    }

    /// How long it stays open, if it is.
    pub fn open_for(&self, now: Instant) -> Option<Duration> {
        let remaining = self.closed_from?.saturating_duration_since(now);
        (!remaining.is_zero()).then_some(remaining)
    }

    pub fn success(&mut self) {
        self.faults = 0;
        self.closed_from = None;
    }

    pub fn fault(&mut self, now: Instant) {
        self.faults = self.faults.saturating_add(1);
        if self.faults >= self.limit {
            self.closed_from = Some(now + self.rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: Duration = Duration::from_secs(600);

    #[test]
    fn the_third_fault_in_a_row_opens_it_for_the_rest() {
        let (mut breaker, start) = (Breaker::new(3, REST), Instant::now());
        for faults in 1..=2 {
            breaker.fault(start);
            assert_eq!((breaker.faults(), breaker.open_for(start)), (faults, None));
        }
        breaker.fault(start);
        assert_eq!(breaker.open_for(start), Some(REST));
        let late = REST - Duration::from_secs(1);
        assert_eq!(breaker.open_for(start + late), Some(Duration::from_secs(1)));
        assert_eq!(breaker.open_for(start + REST), None);
    }

    #[test]
    fn a_success_between_faults_starts_the_count_again() {
        let (mut breaker, now) = (Breaker::new(3, REST), Instant::now());
        for _ in 0..5 {
            breaker.fault(now);
            breaker.fault(now);
            breaker.success();
        }
        assert_eq!((breaker.faults(), breaker.open_for(now)), (0, None));
    }

    #[test]
    fn after_the_rest_one_attempt_decides() {
        let (mut breaker, start) = (Breaker::new(3, REST), Instant::now());
        (0..3).for_each(|_| breaker.fault(start));
        let again = start + REST;
        breaker.fault(again);
        assert_eq!(breaker.open_for(again), Some(REST));
        breaker.success();
        assert_eq!((breaker.faults(), breaker.open_for(again)), (0, None));
    }
}
