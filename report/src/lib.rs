//! What a process says about itself in logs, errors and records: an error with its causes, the text of a panic, memory,
//! processor and commit. Every crate may use it: without the
//! feature `signal` it depends on nothing but the standard library.

mod error;
mod machine;
pub mod memory;
mod panic;
#[cfg(feature = "signal")]
pub mod signal;

pub use error::{Chain, chain};
pub use machine::{commit, processor};
pub use panic::{caught, panic_text};
