//! What a command tells its user on standard output, whose reader may go away or whose disk may be full.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
};

/// Why output could not be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The reader has seen enough, as `head` has after some lines. Nobody is told.
    #[error("the reader of the standard output is gone")]
    Closed,
    /// Anything else, such as a full disk.
    #[error("cannot write to the standard output")]
    Failed(#[source] io::Error),
}

impl From<io::Error> for OutputError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Failed(error),
        }
    }
}

/// Writes to standard output; [`say!`](crate::say) is the short way.
pub fn write(text: fmt::Arguments<'_>) -> Result<(), OutputError> {
    let mut out = io::stdout().lock();
    out.write_fmt(text)?;
    Ok(out.flush()?)
}

/// Writes a line to standard output, as `println!` does, but gives an error instead of a panic.
#[macro_export]
macro_rules! say {
    () => { $crate::output::write(format_args!("\n")) };
    ($($argument:tt)*) => { $crate::output::write(format_args!("{}\n", format_args!($($argument)*))) };
}

/// Writes a line to standard error. Where that is closed there is nobody to tell.
pub fn complain(text: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Whether to use colours on this stream: on a terminal, unless `NO_COLOR` is set (<https://no-color.org>).
pub fn has_colour(stream: &impl IsTerminal) -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    stream.is_terminal() && !refused
}
