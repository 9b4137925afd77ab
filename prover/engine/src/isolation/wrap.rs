//! A wrap by a child that is not believed.

use std::io;

use ashlar_kzg::{ProvedSnark, Snark, prover::Steps};
use ashlar_report::chain;

use super::{Answer, AnswerError, ChildCommand, Fault, Policy, Supervisor, Unserved};
use crate::VerifyError;

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
}

impl From<ProvedSnark> for Wrapped {
    fn from(proved: ProvedSnark) -> Self {
        Self {
            snark: proved.snark,
            steps: proved.steps,
            backend: proved.backend,
            fallback: proved.fallback.map(Fallback::Backend),
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
        })
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
        let here = |fallback: Fallback| {
            tracing::warn!(reason = %fallback, "proving on the CPU of this process instead");
            let mut wrapped = on_cpu()?;
            wrapped.fallback = Some(fallback);
            Ok(wrapped)
        };
        let answer = match self.supervisor.ask(request) {
            Ok(answer) => answer,
            Err(Unserved::Fault(fault)) => return here(self.process(chain(&fault))),
            Err(Unserved::Resting { faults, remaining }) => {
                return here(Fallback::Resting {
                    backend: self.backend,
                    faults,
                    remaining_secs: remaining.as_secs(),
                });
            }
            Err(error @ (Unserved::Request(_) | Unserved::Unsupervised)) => {
                return here(self.process(chain(&error)));
            }
        };
        match read(&answer, verify) {
            Ok((snark, None)) => {
                self.supervisor.approve();
                Ok(self.wrapped(snark, None))
            }
            Ok((snark, Some(reason))) => {
                let fault = Fault::FellBack { reason };
                let fallback = self.process(chain(&fault));
                self.supervisor.condemn(fault);
                Ok(self.wrapped(snark, Some(fallback)))
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

    fn wrapped(&self, snark: Snark, fallback: Option<Fallback>) -> Wrapped {
        Wrapped {
            snark,
            steps: Steps::default(), // the child logs its own
            backend: if fallback.is_some() { "cpu" } else { self.backend },
            fallback,
        }
    }
}

/// The verified SNARK in an answer, and why it was not made on the chosen backend.
fn read(
    answer: &[u8],
    verify: impl FnOnce(&Snark) -> Result<(), VerifyError>,
) -> Result<(Snark, Option<String>), Fault> {
    match Answer::from_bytes(answer).map_err(Fault::Malformed)? {
        Answer::Refused { reason } => Err(Fault::Refused { reason }),
        Answer::Wrapped { snark, fallback } => {
            let snark =
                Snark::from_bytes(&snark).map_err(|error| Fault::Malformed(AnswerError::Snark(error)))?;
            verify(&snark).map_err(Fault::WrongProof)?;
            Ok((snark, fallback))
        }
    }
}
