//! Whose turn it is to compute on all cores: one at a time, in the order in which they ask.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A turn that all wait for.
#[derive(Debug, Default)]
pub struct Turn {
    tickets: Mutex<Tickets>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct Tickets {
    given: u64,
    served: u64,
}

/// Whoever has this has the turn.
#[derive(Debug)]
pub struct InTurn<'a>(&'a Turn);

impl Turn {
    /// Waits for the turn. It ends when what this gives is dropped, by a panic, too.
    pub fn wait(&self) -> InTurn<'_> {
        let mut tickets = self.tickets();
        let mine = tickets.given;
        tickets.given += 1;
        let waited = self.moved.wait_while(tickets, |tickets| tickets.served != mine);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        InTurn(self)
    }

    fn tickets(&self) -> MutexGuard<'_, Tickets> {
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for InTurn<'_> {
    fn drop(&mut self) {
        self.0.tickets().served += 1;
        self.0.moved.notify_all();
    }
}

#[cfg(test)]
pub mod tests {
    use std::{
        panic::{AssertUnwindSafe, catch_unwind},
        sync::atomic::{AtomicUsize, Ordering},
        thread,
    };

    use super::*;

    impl Turn {
        /// Waits until so many have asked.
        pub fn asked(&self, count: u64) {
            while self.tickets().given < count {
                thread::yield_now();
            }
        }
    }

    #[test]
    fn turns_are_given_in_the_order_of_asking() {
        let (turn, order) = (Turn::default(), Mutex::new(Vec::new()));
        let (turn, order) = (&turn, &order);
        thread::scope(|scope| {
            let first = turn.wait();
            for place in 1..=8 {
                scope.spawn(move || {
                    let _turn = turn.wait();
                    order.lock().expect("no panics").push(place);
                });
                turn.asked(place + 1);
            }
            drop(first);
        });
        assert_eq!(*order.lock().expect("no panics"), (1..=8).collect::<Vec<u64>>());
    }

    #[test]
    fn two_never_have_it_at_once() {
        let (turn, inside) = (Turn::default(), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let _turn = turn.wait();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(turn.tickets().served, 1600);
    }

    #[test]
    fn a_panic_ends_the_turn() {
        let turn = Turn::default();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _turn = turn.wait();
            panic!("a bug");
        }));
        assert!(panicked.is_err());
        drop(turn.wait());
    }
}
