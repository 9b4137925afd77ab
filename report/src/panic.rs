//! Panics as errors.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// The text of a panic, where it has one.
pub fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message")
}

/// Runs what may panic; the error is the panic's text. What `run` changes must not be used after a panic.
///
/// # Errors
/// If it panicked.
pub fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| panic_text(&*panic).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_are_told_with_their_text() {
        assert_eq!(caught(|| 1), Ok(1));
        let told = |run: fn()| caught(run).unwrap_err();
        assert_eq!(told(|| panic!("plain")), "plain");
        assert_eq!(told(|| panic!("with {}", 1)), "with 1");
        assert_eq!(told(|| std::panic::panic_any(1)), "a panic without a message");
    }
}
