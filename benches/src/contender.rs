//! What is measured.

/// One implementation of an operation, with its input.
pub struct Contender<'a> {
    /// Who: `ashlar/cpu`, `halo2curves`, …
    pub backend: String,
    prepare_and_run: Box<dyn FnMut() -> Result<Run<'a>, Wrong> + 'a>,
}

/// The prepared operation; does the whole of it once.
type Run<'a> = Box<dyn FnMut() + 'a>;

/// A contender whose answer is not the known one: nothing of it is worth timing.
#[derive(Debug, thiserror::Error)]
#[error("{backend} computes a wrong result or none")]
pub struct Wrong {
    /// Who.
    pub backend: String,
}

impl<'a> Contender<'a> {
    /// `prepare` does what is done once per machine (bases, twiddles), checks one answer and returns the operation.
    pub fn new(backend: impl Into<String>, mut prepare: impl FnMut() -> Option<Run<'a>> + 'a) -> Self {
        let backend = backend.into();
        let wrong = backend.clone();
        Self {
            backend,
            prepare_and_run: Box::new(move || {
                prepare().ok_or_else(|| Wrong {
                    backend: wrong.clone(),
                })
            }),
        }
    }

    /// Prepares and checks.
    pub fn prepare(&mut self) -> Result<Run<'a>, Wrong> {
        (self.prepare_and_run)()
    }
}
