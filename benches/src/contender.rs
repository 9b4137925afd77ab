//! What is measured.

use ashlar_accel::AccelError;

/// One implementation of an operation, with its input.
pub struct Contender<'a> {
    /// Who: `ashlar/cpu`, `halo2curves`, …
    pub backend: String,
    prepare_and_run: Box<dyn FnMut() -> Result<Run<'a>, Cause> + 'a>,
}

/// The prepared operation; does the whole of it once.
pub type Run<'a> = Box<dyn FnMut() + 'a>;

/// Why nothing of a contender is worth timing.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// Its answer is not the known one.
    #[error("a wrong result")]
    Wrong,
    /// It has no answer.
    #[error(transparent)]
    Failed(#[from] AccelError),
}

/// A contender that was not timed.
#[derive(Debug, thiserror::Error)]
#[error("{backend} is not measured")]
pub struct NotMeasured {
    /// Who.
    pub backend: String,
    /// Why.
    #[source]
    pub cause: Cause,
}

impl<'a> Contender<'a> {
    /// `prepare` does what is done once per machine (bases, twiddles), checks one answer and returns the operation.
    pub fn new(backend: impl Into<String>, prepare: impl FnMut() -> Result<Run<'a>, Cause> + 'a) -> Self {
        Self {
            backend: backend.into(),
            prepare_and_run: Box::new(prepare),
        }
    }

    /// Prepares and checks.
    pub fn prepare(&mut self) -> Result<Run<'a>, NotMeasured> {
        (self.prepare_and_run)().map_err(|cause| NotMeasured {
            backend: self.backend.clone(),
            cause,
        })
    }
}
