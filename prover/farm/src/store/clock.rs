//! The time that deadlines are made of.

use std::{
    sync::Mutex,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// The machine's wall clock may be set, by hours and in both directions. Taken as it is, that would end every lease at once,
/// or none for hours. This one runs with the monotonic clock and drifts towards the wall clock, by a tenth of what passes.
#[derive(Debug)]
pub struct Clock {
    last: Mutex<(Instant, i64)>,
    wall: WallClock,
}

/// Tells the wall clock's time, Unix milliseconds.
pub type WallClock = fn() -> i64;

impl Clock {
    /// Begins at the wall clock.
    pub fn new(wall: WallClock) -> Self {
        Self {
            last: Mutex::new((Instant::now(), wall())),
            wall,
        }
    }

    /// Now, in Unix milliseconds; never less than before.
    pub fn now_ms(&self) -> i64 {
        let mut last = self
            .last
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let now = Instant::now();
        let (then, then_ms) = *last;
        let passed = super::millis(now.duration_since(then));
        let now_ms = advance(then_ms, passed, (self.wall)());
        if passed >= 10 {
            *last = (now, now_ms); // less than that has no tenth
        }
        now_ms
    }

    /// Takes the time of the database, which every coordinator on it goes by.
    pub fn set(&self, now_ms: i64) {
        let mut last = self
            .last
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *last = (Instant::now(), now_ms);
    }
}

fn advance(then_ms: i64, passed: i64, wall_ms: i64) -> i64 {
    let expected = then_ms.saturating_add(passed);
    let drift = wall_ms.saturating_sub(expected).clamp(-passed / 10, passed / 10);
    expected.saturating_add(drift)
}

/// The machine's.
pub fn wall_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    super::millis(since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_of_the_wall_clock_moves_the_time_by_a_tenth_of_what_passes() {
        for (wall, expected) in [
            (1_050, 1_081),
            (1_085, 1_085),
            (5_000_000, 1_099),
            (-5_000_000, 1_081),
        ] {
            assert_eq!(advance(1_000, 90, wall), expected, "wall {wall}");
        }
    }
}
