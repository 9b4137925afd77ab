//! Errors with their causes.

use std::{error::Error, fmt};

/// Shows an error and its causes on one line, from the outermost: for logs and for messages to other processes.
///
/// ```
/// let missing = std::fs::File::open("/nowhere").unwrap_err();
/// assert!(ashlar_report::Chain(&missing).to_string().starts_with("No such file"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Chain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

/// [`Chain`] as text.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    Chain(error).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<Self>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|cause| cause as _)
        }
    }

    #[test]
    fn causes_follow_in_order() {
        let error = Layer("c", None);
        let error = Layer("a", Some(Box::new(Layer("b", Some(Box::new(error))))));
        assert_eq!(chain(&error), "a: b: c");
    }
}
