//! Loops that try again: how long they wait, and how often they say why.

use std::time::{Duration, Instant};

/// Waiting times that double from a least one to a most one.
///
/// ```
/// use std::time::Duration;
/// let mut backoff = ashlar_report::Backoff::new(Duration::from_millis(100), Duration::from_millis(250));
/// assert_eq!([backoff.next(), backoff.next(), backoff.next()].map(|wait| wait.as_millis()), [100, 200, 250]);
/// backoff.reset();
/// assert_eq!(backoff.next().as_millis(), 100);
/// ```
#[derive(Clone, Debug)]
pub struct Backoff {
    least: Duration,
    most: Duration,
    current: Duration,
}

impl Backoff {
    /// Waits `least` the first time, `most` after many failures.
    pub fn new(least: Duration, most: Duration) -> Self {
        Self {
            least,
            most,
            current: least.min(most),
        }
    }

    /// How long to wait now.
    #[expect(clippy::should_implement_trait, reason = "an iterator has no reset")]
    pub fn next(&mut self) -> Duration {
        let wait = self.current;
        self.current = wait.saturating_mul(2).min(self.most);
        wait
    }

    /// After a success the next failure is the first again.
    pub fn reset(&mut self) {
        self.current = self.least.min(self.most);
    }
}

/// What a [`Repeated`] has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// How often it happened since it was told before, this time included.
    pub times: u64,
    /// Since when it happens.
    pub since: Instant,
}

/// Merges warnings that repeat: a new one is told at once, the same again after ever longer pauses.
///
/// ```
/// use std::time::{Duration, Instant};
/// let mut warnings = ashlar_report::Repeated::new(Duration::from_secs(10), Duration::from_secs(600));
/// let start = Instant::now();
/// assert!(warnings.happened("L1 does not answer", start).is_some());
/// assert!(warnings.happened("L1 does not answer", start + Duration::from_secs(2)).is_none());
/// let told = warnings.happened("L1 does not answer", start + Duration::from_secs(11)).unwrap();
/// assert_eq!((told.times, told.since), (2, start));
/// assert!(warnings.happened("L1 is another chain", start + Duration::from_secs(12)).is_some());
/// assert!(warnings.over().is_some());
/// ```
#[derive(Clone, Debug)]
pub struct Repeated {
    pauses: Backoff,
    current: Option<Current>,
}

#[derive(Clone, Debug)]
struct Current {
    text: String,
    since: Instant,
    /// When it is told again; `None` for a time beyond the clock's range.
    next: Option<Instant>,
    untold: u64,
}

impl Repeated {
    /// The pause is `first` before a warning is told again, and doubles up to `most`.
    pub fn new(first: Duration, most: Duration) -> Self {
        Self {
            pauses: Backoff::new(first, most),
            current: None,
        }
    }

    /// Notes a warning; the answer says that it is to be told now.
    pub fn happened(&mut self, text: &str, now: Instant) -> Option<Told> {
        match &mut self.current {
            Some(current) if current.text == text => {
                current.untold += 1;
                if current.next.is_none_or(|next| now < next) {
                    return None;
                }
                let told = Told {
                    times: std::mem::take(&mut current.untold),
                    since: current.since,
                };
                current.next = now.checked_add(self.pauses.next());
                Some(told)
            }
            _ => {
                self.pauses.reset();
                self.current = Some(Current {
                    text: text.to_owned(),
                    since: now,
                    next: now.checked_add(self.pauses.next()),
                    untold: 0,
                });
                Some(Told { times: 1, since: now })
            }
        }
    }

    /// Notes that all is well. The answer, with the times not told yet, is there if it was not so before: a reader of
    /// the log should be told that it is over.
    pub fn over(&mut self) -> Option<Told> {
        let Current { since, untold, .. } = self.current.take()?;
        Some(Told { times: untold, since })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn an_outage_of_an_hour_is_told_a_few_times_and_its_end_once() {
        let mut warnings = Repeated::new(10 * SECOND, 600 * SECOND);
        let start = Instant::now();
        let told: Vec<(u32, u64)> = (0..3600)
            .filter_map(|second| {
                let told = warnings.happened("down", start + second * SECOND)?;
                assert_eq!(told.since, start);
                Some((second, told.times))
            })
            .collect();
        let seconds: Vec<u32> = told.iter().map(|(second, _)| *second).collect();
        assert_eq!(seconds, [0, 10, 30, 70, 150, 310, 630, 1230, 1830, 2430, 3030]);
        assert_eq!(
            told.iter().map(|(_, times)| times).sum::<u64>(),
            3031,
            "each is counted once"
        );
        assert_eq!(warnings.over().map(|told| told.times), Some(569));
        assert_eq!(warnings.over(), None);
        assert!(
            warnings.happened("down", start).is_some(),
            "a new outage is told at once"
        );
    }

    #[test]
    fn two_that_alternate_are_both_told() {
        let mut warnings = Repeated::new(10 * SECOND, 600 * SECOND);
        let now = Instant::now();
        for _ in 0..3 {
            assert!(warnings.happened("a", now).is_some());
            assert!(warnings.happened("b", now).is_some());
        }
    }

    #[test]
    fn the_longest_pauses_do_not_overflow() {
        let mut backoff = Backoff::new(Duration::MAX / 2, Duration::MAX);
        assert_eq!(backoff.next(), Duration::MAX / 2);
        assert!(backoff.next() > Duration::MAX / 2);
        let mut warnings = Repeated::new(Duration::MAX, Duration::MAX);
        let now = Instant::now();
        assert!(warnings.happened("a", now).is_some());
        assert!(warnings.happened("a", now).is_none());
    }
}
