//! A suite as a list.

use std::fmt;

/// A part of a suite, by its name: panics if the backend is wrong.
pub struct Check<B> {
    /// What is checked.
    pub name: String,
    run: Box<dyn Fn(&B)>,
}

impl<B> Check<B> {
    /// A check called `name`.
    pub fn new(name: impl Into<String>, run: impl Fn(&B) + 'static) -> Self {
        Self {
            name: name.into(),
            run: Box::new(run),
        }
    }

    /// Runs it.
    pub fn run(&self, backend: &B) {
        (self.run)(backend);
    }
}

impl<B> fmt::Debug for Check<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Check").field(&self.name).finish()
    }
}
