//! Where the time of a proof goes.

use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

/// A measured step of a proof; its name is also the name of its tracing span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Name.
    pub name: &'static str,
    /// Wall-clock time, summed where the step runs several times.
    pub time: Duration,
}

/// What a proof cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// In order of their first run; they do not overlap.
    pub steps: Vec<Step>,
    /// Time inside the backend's MSMs, all steps together.
    pub msm: Duration,
    /// Time inside the backend's transforms, all steps together.
    pub ntt: Duration,
    /// Time inside the backend's row programs, all steps together.
    pub rows: Duration,
}

impl Steps {
    /// Time of all steps.
    pub fn total(&self) -> Duration {
        self.steps.iter().map(|step| step.time).sum()
    }

    /// Runs a step that belongs to no one backend, before or after the proof proper.
    pub(crate) fn time<T>(&mut self, name: &'static str, span: tracing::Span, run: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = span.in_scope(run);
        self.add(name, start.elapsed());
        result
    }

    pub(crate) fn append(&mut self, other: Self) {
        other.steps.iter().for_each(|step| self.add(step.name, step.time));
        self.msm += other.msm;
        self.ntt += other.ntt;
        self.rows += other.rows;
    }

    fn add(&mut self, name: &'static str, time: Duration) {
        match self.steps.iter_mut().find(|step| step.name == name) {
            Some(step) => step.time += time,
            None => self.steps.push(Step { name, time }),
        }
    }
}

impl std::fmt::Display for Steps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut row = |name: &str, time: Duration| writeln!(f, "{name:<18}{:>9.3} s", time.as_secs_f64());
        self.steps.iter().try_for_each(|step| row(step.name, step.time))?;
        row("total", self.total())?;
        row("of it msm", self.msm)?;
        row("of it ntt", self.ntt)?;
        row("of it rows", self.rows)
    }
}

/// Collects [`Steps`] during one proof.
#[derive(Debug, Default)]
pub(super) struct Clock(RefCell<Steps>);

/// An operation of a backend.
#[derive(Clone, Copy)]
pub(super) enum Operation {
    Msm,
    Ntt,
    Rows,
}

impl Clock {
    pub(super) fn finish(self) -> Steps {
        self.0.into_inner()
    }

    /// Runs a part of the step `name`. Steps do not nest.
    pub(super) fn step<T>(&self, name: &'static str, span: tracing::Span, run: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = span.in_scope(run);
        self.0.borrow_mut().add(name, start.elapsed());
        result
    }

    /// Runs one operation of the backend.
    pub(super) fn operation<T>(&self, operation: Operation, run: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = run();
        let (time, mut steps) = (start.elapsed(), self.0.borrow_mut());
        match operation {
            Operation::Msm => steps.msm += time,
            Operation::Ntt => steps.ntt += time,
            Operation::Rows => steps.rows += time,
        }
        result
    }
}

/// `step!(clock, "name", expression)`: the name of a span must be a literal.
macro_rules! step {
    ($clock:expr, $name:literal, $body:expr) => {
        $clock.step($name, tracing::info_span!($name), || $body)
    };
}
pub(super) use step;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_steps_are_summed_in_order_of_first_run() {
        let clock = Clock::default();
        step!(clock, "b", ());
        step!(clock, "a", clock.operation(Operation::Msm, || ()));
        assert_eq!(step!(clock, "b", 7), 7);
        let steps = clock.finish();
        let names: Vec<_> = steps.steps.iter().map(|step| step.name).collect();
        assert_eq!(names, ["b", "a"]);
        assert!(steps.msm <= steps.steps[1].time && steps.total() >= steps.steps[0].time);
        assert!(steps.to_string().contains("of it msm"));
    }
}
