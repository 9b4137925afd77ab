//! One job's way through the engine: steps, and in them turns on all cores, each with what it costs.

use std::time::{Duration, Instant};

use ashlar_accel::device_time;
use ashlar_protocol::Step;
use ashlar_report::cpu;
use tracing::Span;

use crate::{
    Fallback, ProveError, Proved, TimedStep,
    threads::{Member, Threads},
    turn::Turn,
};

/// What the jobs of an engine share.
#[derive(Debug, Default)]
pub struct Cores {
    turn: Turn,
    threads: Threads,
}

/// A job under way.
pub struct Run<'a> {
    cores: &'a Cores,
    thread: Member<'a>,
    is_wanted: &'a dyn Fn() -> bool,
    steps: Vec<TimedStep>,
    waited: Duration,
    turns: Turns,
    /// Why the proof was not made as planned.
    pub fallback: Option<Fallback>,
}

/// What the turns of the present step took.
#[derive(Debug, Default)]
struct Turns {
    /// Before them.
    waited: Duration,
    /// Of the process, but for what other jobs' threads did meanwhile.
    cpu: Duration,
    /// The part of it that is this job's own thread's.
    thread: Duration,
    device: Duration,
}

impl Cores {
    /// Begins a job on the calling thread.
    pub fn begin<'a>(&'a self, is_wanted: &'a dyn Fn() -> bool) -> Run<'a> {
        Run {
            cores: self,
            thread: self.threads.join(),
            is_wanted,
            steps: Vec::new(),
            waited: Duration::ZERO,
            turns: Turns::default(),
            fallback: None,
        }
    }
}

impl Run<'_> {
    /// Does one step inside its tracing span. Provers of circuits turn panics into errors themselves; whoever runs jobs
    /// guards against all others.
    pub fn step<T>(
        &mut self,
        step: Step,
        span: Span,
        run: impl FnOnce(&mut Self) -> Result<T, ProveError>,
    ) -> Result<T, ProveError> {
        let (start, thread) = (Instant::now(), self.thread.time());
        self.turns = Turns::default();
        let made = span.in_scope(|| run(self))?;
        let turns = &self.turns;
        let time = start.elapsed().saturating_sub(turns.waited);
        let thread = self.thread.time().saturating_sub(thread);
        let (seconds, waited) = (time.as_secs_f64(), turns.waited.as_secs_f64());
        span.in_scope(|| tracing::info!(seconds, waited, "proved"));
        self.steps.push(TimedStep {
            step,
            time,
            cpu: thread.saturating_sub(turns.thread) + turns.cpu,
            device: turns.device,
        });
        self.waited += turns.waited;
        Ok(made)
    }

    /// Waits for this job's turn, and computes on all cores.
    ///
    /// # Errors
    /// [`ProveError::Withdrawn`] if nobody wants it any more.
    pub fn in_turn<T>(&mut self, compute: impl FnOnce() -> T) -> Result<T, ProveError> {
        let asked = Instant::now();
        let turn = self.cores.turn.wait();
        self.turns.waited += asked.elapsed();
        if !(self.is_wanted)() {
            return Err(ProveError::Withdrawn);
        }
        let (thread, others) = (self.thread.time(), self.thread.others());
        let (cpu, device) = (cpu::process_time(), device_time());
        let made = compute();
        let cpu = cpu::since(cpu);
        self.turns.cpu += cpu.saturating_sub(self.thread.others().saturating_sub(others));
        self.turns.thread += self.thread.time().saturating_sub(thread);
        self.turns.device += device_time() - device;
        drop(turn);
        Ok(made)
    }

    /// What a child process used for the step before.
    pub fn add(&mut self, cpu: Duration, device: Duration) {
        if let Some(step) = self.steps.last_mut() {
            step.cpu += cpu;
            step.device += device;
        }
    }

    /// The job is over.
    pub fn proved<T>(self, proof: T) -> Proved<T> {
        Proved {
            proof,
            steps: self.steps,
            waited: self.waited,
            fallback: self.fallback,
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{
        panic::{AssertUnwindSafe, catch_unwind},
        sync::Barrier,
        thread,
    };

    use tracing::info_span;

    use super::*;
    use crate::threads::tests::{alone, work};

    /// Milliseconds of CPU time. What the other tests of this process take meanwhile is less than [`OWN`].
    const LITTLE: u64 = 100;
    const OWN: u64 = 600;
    const MUCH: u64 = 1000;

    /// One computes on a pool in its turn, the other on its own thread meanwhile, and then waits.
    #[test]
    fn a_step_costs_what_was_done_for_it_and_waiting_is_no_part_of_it() {
        let _alone = alone();
        let (cores, step) = (Cores::default(), Barrier::new(2));
        let (cores, step) = (&cores, &step);
        let [first, second] = thread::scope(|scope| {
            let first = scope.spawn(move || {
                let mut run = cores.begin(&|| true);
                let made = run.step(Step::Fold, info_span!("first"), |run| {
                    run.in_turn(|| {
                        step.wait();
                        thread::scope(|pool| drop(pool.spawn(|| work(LITTLE))));
                        step.wait();
                        cores.turn.asked(2);
                        work(OWN);
                    })
                });
                made.map(|()| run.proved(())).expect("it is wanted")
            });
            let second = scope.spawn(move || {
                let begun = Instant::now();
                let mut run = cores.begin(&|| true);
                let made = run.step(Step::Fold, info_span!("second"), |run| {
                    step.wait();
                    work(MUCH);
                    step.wait();
                    run.in_turn(|| thread::scope(|pool| drop(pool.spawn(|| work(LITTLE)))))
                });
                let second = made.map(|()| run.proved(())).expect("it is wanted");
                assert!(
                    second.steps[0].time + second.waited <= begun.elapsed(),
                    "what it waited is no part of the step"
                );
                second
            });
            [first, second].map(|job| job.join().expect("it ends"))
        });
        let cpu = [&first, &second].map(|job| job.steps[0].cpu.as_millis() as u64 + 20); // ticks
        assert!((LITTLE + OWN..LITTLE + 2 * OWN).contains(&cpu[0]), "{cpu:?}");
        assert!((LITTLE + MUCH..LITTLE + MUCH + OWN).contains(&cpu[1]), "{cpu:?}");
        assert!(first.waited < second.waited);
        assert!(second.waited >= Duration::from_millis(OWN), "{:?}", second.waited);
        let asked = second.steps[0].time + second.waited;
        assert!(
            first.steps[0].time < asked,
            "the second one's begins and ends later"
        );
    }

    #[test]
    fn who_is_not_wanted_any_more_leaves_the_turn_to_others() {
        let cores = Cores::default();
        let refused = cores.begin(&|| false).in_turn(|| ());
        assert!(matches!(refused, Err(ProveError::Withdrawn)));
        cores.begin(&|| true).in_turn(|| ()).expect("it is free");
    }

    #[test]
    fn a_panic_in_a_turn_ends_the_turn_and_the_job() {
        let cores = Cores::default();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            cores.begin(&|| true).in_turn(|| panic!("a bug"))
        }));
        assert!(panicked.is_err());
        let run = cores.begin(&|| true);
        assert_eq!(run.cores.threads.count(), 1, "the other is over");
        drop(run);
        cores.begin(&|| true).in_turn(|| ()).expect("it is free");
    }
}
