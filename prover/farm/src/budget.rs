//! What one caller may take of the coordinator: memory for bodies that are on their way, and calls.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use crate::error::FarmError;

/// Bounds for all callers together and for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Memory for bodies on their way, of all callers.
    pub body_bytes: u64,
    /// The same of one caller.
    pub body_bytes_of_one: u64,
    /// Calls a second of one caller, over a while; callers of this machine are not counted.
    pub calls_per_second: u32,
    /// Calls that one caller may make at once.
    pub calls_at_once: u32,
}

impl Default for Allowance {
    fn default() -> Self {
        Self {
            body_bytes: 512 << 20,
            body_bytes_of_one: 128 << 20, // two of the largest
            calls_per_second: 50,         // a worker that proves makes one or two
            calls_at_once: 200,
        }
    }
}

/// Keeps callers to an [`Allowance`].
#[derive(Debug)]
pub struct Budget {
    allowance: Allowance,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    bytes: u64,
    bytes_of: HashMap<String, u64>,
    calls_of: HashMap<String, Calls>,
}

#[derive(Debug)]
struct Calls {
    left: f64,
    at: Instant,
}

impl Budget {
    /// Nothing is taken yet.
    pub fn new(allowance: Allowance) -> Arc<Self> {
        Arc::new(Self {
            allowance,
            state: Mutex::default(),
        })
    }

    /// A body of `caller`, empty as yet.
    pub fn body(self: &Arc<Self>, caller: String) -> Held {
        Held {
            budget: self.clone(),
            caller,
            bytes: 0,
        }
    }

    /// Counts a call.
    ///
    /// # Errors
    /// [`FarmError::Busy`] if `caller` makes more than it may.
    pub fn call(&self, caller: &str) -> Result<(), FarmError> {
        self.call_at(caller, Instant::now())
    }

    fn call_at(&self, caller: &str, now: Instant) -> Result<(), FarmError> {
        let (rate, most) = (self.allowance.calls_per_second, self.allowance.calls_at_once);
        let mut state = self.state();
        let fresh = || Calls {
            left: most.into(),
            at: now,
        };
        let calls = state.calls_of.entry(caller.to_owned()).or_insert_with(fresh);
        let earned = now.saturating_duration_since(calls.at).as_secs_f64() * f64::from(rate);
        calls.left = (calls.left + earned).min(most.into());
        calls.at = now;
        if calls.left < 1.0 {
            return Err(FarmError::Busy(format!(
                "{caller} makes more than {rate} calls a second"
            )));
        }
        calls.left -= 1.0;
        Ok(())
    }

    fn take(&self, caller: &str, bytes: u64) -> Result<(), FarmError> {
        let Allowance {
            body_bytes,
            body_bytes_of_one,
            ..
        } = self.allowance;
        let mut state = self.state();
        if state.bytes + bytes > body_bytes {
            return Err(FarmError::Busy(format!(
                "{body_bytes} bytes are on their way already"
            )));
        }
        let own = state.bytes_of.entry(caller.to_owned()).or_default();
        if *own + bytes > body_bytes_of_one {
            return Err(FarmError::Busy(format!(
                "{caller} has {own} bytes on their way, and may have {body_bytes_of_one}"
            )));
        }
        *own += bytes;
        state.bytes += bytes;
        Ok(())
    }

    fn give_back(&self, caller: &str, bytes: u64) {
        let mut state = self.state();
        state.bytes -= bytes;
        if let Some(own) = state.bytes_of.get_mut(caller) {
            *own -= bytes;
            if *own == 0 {
                state.bytes_of.remove(caller);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner) // whole after every step
    }
}

/// Memory that a caller's body takes; given back when dropped.
#[derive(Debug)]
pub struct Held {
    budget: Arc<Budget>,
    caller: String,
    bytes: u64,
}

impl Held {
    /// Takes more.
    ///
    /// # Errors
    /// [`FarmError::Busy`] if that is more than there is.
    pub fn grow(&mut self, bytes: u64) -> Result<(), FarmError> {
        self.budget.take(&self.caller, bytes)?;
        self.bytes += bytes;
        Ok(())
    }

    /// Gives all back: the body has been put away.
    pub fn clear(&mut self) {
        self.budget.give_back(&self.caller, self.bytes);
        self.bytes = 0;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SMALL: Allowance = Allowance {
        body_bytes: 100,
        body_bytes_of_one: 60,
        calls_per_second: 2,
        calls_at_once: 3,
    };

    #[test]
    fn memory_is_shared_and_comes_back() {
        let budget = Budget::new(SMALL);
        let (mut a, mut b) = (budget.body("a".into()), budget.body("b".into()));
        a.grow(60).unwrap();
        assert!(matches!(a.grow(1), Err(FarmError::Busy(_))), "its own bound");
        let mut second = budget.body("a".into());
        assert!(second.grow(1).is_err(), "also in another body");
        b.grow(40).unwrap();
        assert!(b.grow(1).is_err(), "everybody's bound");
        drop(a);
        b.grow(20).unwrap();
        b.clear();
        second.grow(60).unwrap();
        drop((b, second));
        let state = budget.state();
        assert_eq!((state.bytes, state.bytes_of.len()), (0, 0));
    }

    #[test]
    fn calls_are_earned_over_time_and_by_each_caller() {
        let budget = Budget::new(SMALL);
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        for _ in 0..3 {
            budget.call_at("a", start).unwrap();
        }
        assert!(budget.call_at("a", at(400)).is_err());
        budget.call_at("b", at(400)).unwrap();
        budget.call_at("a", at(600)).unwrap();
        assert!(budget.call_at("a", at(600)).is_err());
        for _ in 0..3 {
            budget.call_at("a", at(60_000)).unwrap();
        }
        assert!(budget.call_at("a", at(60_000)).is_err(), "no more than at once");
    }
}
