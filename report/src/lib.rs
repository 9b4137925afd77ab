//! What a process says about itself in logs, errors and records: an error with its causes, the text of a panic, memory,
//! processor and commit, warnings that repeat; and files that are written whole or not at all. Every crate may use it: it depends on
//! nothing but the standard library.

pub mod cpu;
mod error;
pub mod file;
mod machine;
pub mod memory;
mod panic;
mod repeated;

pub use error::{Chain, chain};
pub use machine::{built_commit, commit, processor};
pub use panic::{caught, panic_text};
pub use repeated::{Backoff, Repeated, Told};
