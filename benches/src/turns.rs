//! Contenders in turn, with their time and CPU time.

use std::time::Instant;

use crate::{Effort, cpu_time};

/// Rounds that are run whatever time they take, unless fewer are wanted: fewer have no spread.
const LEAST_ROUNDS: usize = 3;

/// The runs of one contender, in order.
pub(crate) struct Runs<T> {
    /// Seconds.
    pub(crate) wall: Vec<f64>,
    /// CPU seconds over all threads.
    pub(crate) cpu: Vec<f64>,
    /// What each gave.
    pub(crate) results: Vec<T>,
}

impl<T> Runs<T> {
    fn add<E>(&mut self, run: &dyn Fn() -> Result<T, E>) -> Result<(), E> {
        let (start, cpu_start) = (Instant::now(), cpu_time());
        let result = run()?;
        self.wall.push(start.elapsed().as_secs_f64());
        self.cpu.push((cpu_time() - cpu_start).as_secs_f64());
        self.results.push(result);
        Ok(())
    }
}

/// Runs each once to warm up, then all in turn, round by round, so that a noisy neighbour hits all alike.
pub(crate) fn take_turns<T, E>(
    effort: Effort,
    contenders: &[&dyn Fn() -> Result<T, E>],
) -> Result<Vec<Runs<T>>, E> {
    for contender in contenders {
        contender()?;
    }
    let none = || Runs {
        wall: Vec::new(),
        cpu: Vec::new(),
        results: Vec::new(),
    };
    let mut runs: Vec<_> = contenders.iter().map(|_| none()).collect();
    let start = Instant::now();
    for round in 0..effort.rounds.max(1) {
        if round >= LEAST_ROUNDS && start.elapsed() > effort.time {
            break;
        }
        for (contender, runs) in contenders.iter().zip(&mut runs) {
            runs.add(contender)?;
        }
    }
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, convert::Infallible, time::Duration};

    use super::*;

    fn turns(rounds: usize, time: Duration) -> String {
        let turns = RefCell::new(String::new());
        let contender = |name: &'static str| {
            let turns = &turns;
            move || {
                turns.borrow_mut().push_str(name);
                Ok::<_, Infallible>(name)
            }
        };
        let Ok(runs) = take_turns(Effort { rounds, time }, &[&contender("a"), &contender("b")]);
        for (runs, name) in runs.iter().zip(["a", "b"]) {
            assert!(runs.results.iter().all(|result| *result == name));
            assert_eq!(
                (runs.wall.len(), runs.cpu.len()),
                (runs.results.len(), runs.results.len())
            );
        }
        turns.into_inner()
    }

    #[test]
    fn contenders_take_turns_after_a_warm_run_each() {
        assert_eq!(turns(2, Duration::from_secs(60)), "ababab");
        assert_eq!(turns(0, Duration::from_secs(60)), "abab", "one round at least");
    }

    #[test]
    fn a_spread_is_seen_even_when_the_time_is_over() {
        assert_eq!(turns(9, Duration::ZERO), "ab".repeat(1 + LEAST_ROUNDS));
    }
}
