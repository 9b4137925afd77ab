//! A wrap by a child that is not believed.

use std::io;

use ashlar_kzg::{ProvedSnark, Snark, prover::Steps};
use ashlar_report::chain;
use tokio::sync::watch;

use super::{Answer, AnswerError, ChildCommand, Cost, Fault, Policy, Supervisor, Unserved, message::FIND};
use crate::{Found, VerifyError};

/// A SNARK with what it cost.
#[derive(Debug)]
pub struct Wrapped {
    /// The proof, verified.
    pub snark: Snark,
    /// Steps of the attempt that made it; none where a child did, which logs its own.
    pub steps: Steps,
    /// The backend that made it.
    pub backend: &'static str,
    /// Why it was not made as planned.
    pub fallback: Option<Fallback>,
    /// What it cost in the child that made it.
    pub child: Option<Cost>,
}

impl From<ProvedSnark> for Wrapped {
    fn from(proved: ProvedSnark) -> Self {
        Self {
            snark: proved.snark,
            steps: proved.steps,
            backend: proved.backend,
            fallback: proved.fallback.map(Fallback::Backend),
            child: None,
        }
    }
}

/// Why a proof was not made on the chosen backend, or not in the child that was asked first.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fallback {
    /// The backend failed in this process.
    #[error(transparent)]
    Backend(#[from] ashlar_kzg::Fallback),
    /// The process that the backend ran in died, overran its deadline or answered nonsense.
    #[error("{backend} in a process of its own: {reason}")]
    Process {
        /// Name of the backend.
        backend: &'static str,
        /// What became of the process: its exit status or signal in words, or what it said.
        reason: String,
    },
    /// The backend failed so often in a row that it is left alone for a while.
    #[error("{backend} is left alone for {remaining_secs} s more after {faults} faults in a row")]
    Resting {
        /// Name of the backend.
        backend: &'static str,
        /// Faults without a success between them.
        faults: u32,
        /// Seconds until it is tried again.
        remaining_secs: u64,
    },
}

/// Wraps in a child, and on this process's CPU where that fails.
#[derive(Debug)]
pub struct IsolatedWrap {
    supervisor: Supervisor,
    backend: &'static str,
    found: watch::Sender<Found>,
}

impl IsolatedWrap {
    /// No child is started yet. `backend` is what the child proves on, as reasons name it.
    ///
    /// # Errors
    /// If the system has no resources left.
    pub fn new(
        command: ChildCommand,
        greeting: Vec<u8>,
        policy: Policy,
        backend: &'static str,
    ) -> io::Result<Self> {
        Ok(Self {
            supervisor: Supervisor::start(command, greeting, policy)?,
            backend,
            found: watch::Sender::new(Found {
                backend: backend.into(),
                device: None,
                fault: None,
            }),
        })
    }

    /// Starts a child if there is none, and asks it what it proves on. One whose device does not do is a fault: the next
    /// proof, or the next call, starts another, until too many in a row failed.
    pub fn find(&self) -> Found {
        let found = match self.supervisor.ask(FIND) {
            Ok(answer) => match Answer::from_bytes(&answer) {
                Ok(Answer::Found(Found {
                    fault: Some(reason), ..
                })) => Err(self.condemned(Fault::FellBack { reason })),
                Ok(Answer::Found(found)) => Ok(found),
                Ok(Answer::Refused { reason }) => Err(self.condemned(Fault::Refused { reason })),
                Ok(Answer::Wrapped { .. }) => Err(self.condemned(Fault::Malformed(AnswerError::Unasked))),
                Err(error) => Err(self.condemned(Fault::Malformed(error))),
            },
            Err(unserved) => Err(self.unserved(unserved)),
        };
        let found = found.unwrap_or_else(|fallback| Found::cpu_since(fallback.to_string()));
        self.tell(found.clone());
        found
    }

    /// What it is at the moment, and every change.
    pub fn changes(&self) -> watch::Receiver<Found> {
        self.found.subscribe()
    }

    fn tell(&self, now: Found) {
        self.found.send_if_modified(|found| {
            let is_news = *found != now;
            *found = now;
            is_news
        });
    }

    /// Ends the child for this.
    fn condemned(&self, fault: Fault) -> Fallback {
        let fallback = self.process(chain(&fault));
        self.supervisor.condemn(fault);
        fallback
    }

    fn unserved(&self, unserved: Unserved) -> Fallback {
        match unserved {
            Unserved::Fault(fault) => self.process(chain(&fault)),
            Unserved::Resting { faults, remaining } => Fallback::Resting {
                backend: self.backend,
                faults,
                remaining_secs: remaining.as_secs(),
            },
            error @ (Unserved::Request(_) | Unserved::Unsupervised) => self.process(chain(&error)),
        }
    }

    /// Asks the child. `verify` decides whether its SNARK is handed out; `on_cpu` proves the same job here if it is not.
    ///
    /// # Errors
    /// That of `on_cpu`, which has the last word: a job that both refuse is at fault, not the child.
    pub fn prove<E>(
        &self,
        request: &[u8],
        verify: impl FnOnce(&Snark) -> Result<(), VerifyError>,
        on_cpu: impl FnOnce() -> Result<Wrapped, E>,
    ) -> Result<Wrapped, E> {
        let wrapped = self.prove_in_child(request, verify, on_cpu)?;
        match &wrapped.fallback {
            Some(Fallback::Resting { .. }) => {} // why it rests says more, and stays
            Some(fallback) => self.tell(Found::cpu_since(fallback.to_string())),
            // It works again: what it is, the new child knows.
            None if self.found.borrow().fault.is_some() => drop(self.find()),
            None => {}
        }
        Ok(wrapped)
    }

    fn prove_in_child<E>(
        &self,
        request: &[u8],
        verify: impl FnOnce(&Snark) -> Result<(), VerifyError>,
        on_cpu: impl FnOnce() -> Result<Wrapped, E>,
    ) -> Result<Wrapped, E> {
        let here = |fallback: Fallback| {
            tracing::warn!(reason = %fallback, "proving on the CPU of this process instead");
            let mut wrapped = on_cpu()?;
            wrapped.fallback = Some(fallback);
            Ok(wrapped)
        };
        let answer = match self.supervisor.ask(request) {
            Ok(answer) => answer,
            Err(unserved) => return here(self.unserved(unserved)),
        };
        match read(&answer, verify) {
            Ok((snark, None, cost)) => {
                self.supervisor.approve();
                Ok(self.wrapped(snark, None, cost))
            }
            Ok((snark, Some(reason), cost)) => {
                let fallback = self.condemned(Fault::FellBack { reason });
                Ok(self.wrapped(snark, Some(fallback), cost))
            }
            Err(fault) => {
                let wrapped = here(self.process(chain(&fault)));
                // Refusing a job that the CPU refuses too is right.
                if wrapped.is_ok() || !matches!(fault, Fault::Refused { .. }) {
                    self.supervisor.condemn(fault);
                }
                wrapped
            }
        }
    }

    fn process(&self, reason: String) -> Fallback {
        Fallback::Process {
            backend: self.backend,
            reason,
        }
    }

    fn wrapped(&self, snark: Snark, fallback: Option<Fallback>, cost: Cost) -> Wrapped {
        Wrapped {
            snark,
            steps: Steps::default(), // the child logs its own
            backend: if fallback.is_some() { "cpu" } else { self.backend },
            fallback,
            child: Some(cost),
        }
    }
}

/// The verified SNARK in an answer, why it was not made on the chosen backend, and what it cost.
fn read(
    answer: &[u8],
    verify: impl FnOnce(&Snark) -> Result<(), VerifyError>,
) -> Result<(Snark, Option<String>, Cost), Fault> {
    match Answer::from_bytes(answer).map_err(Fault::Malformed)? {
        Answer::Refused { reason } => Err(Fault::Refused { reason }),
        Answer::Found(_) => Err(Fault::Malformed(AnswerError::Unasked)),
        Answer::Wrapped {
            snark,
            fallback,
            cost,
        } => {
            let snark =
                Snark::from_bytes(&snark).map_err(|error| Fault::Malformed(AnswerError::Snark(error)))?;
            verify(&snark).map_err(Fault::WrongProof)?;
            Ok((snark, fallback, cost))
        }
    }
}
