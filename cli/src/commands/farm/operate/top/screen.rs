//! The terminal while the live view has it.

use std::io::{self, IsTerminal, Read};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio_util::sync::CancellationToken;

use crate::output::{self, OutputError};

/// The other screen, with no cursor; and back.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";
/// Where the terminal does not say.
const USUAL_SIZE: (usize, usize) = (80, 24);

/// Dropping it gives the terminal back as it was.
pub struct Screen {
    before: Option<Termios>,
}

impl Screen {
    /// Takes the terminal. `q` cancels `quit`.
    pub fn open(quit: CancellationToken) -> anyhow::Result<Self> {
        let mut screen = Self { before: None };
        if io::stdin().is_terminal() {
            let before = tcgetattr(io::stdin())?;
            let mut keys = before.clone();
            keys.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
            tcsetattr(io::stdin(), OptionalActions::Now, &keys)?;
            screen.before = Some(before);
            // It waits for a key for ever, and ends with the process.
            std::thread::spawn(move || {
                let keys = io::stdin().lock().bytes().map_while(Result::ok);
                if keys.into_iter().any(|key| matches!(key, b'q' | b'Q')) {
                    quit.cancel();
                }
            });
        }
        output::write(format_args!("{ENTER}"))?;
        Ok(screen)
    }

    /// Draws what fits.
    pub fn show(&self, lines: &[String]) -> Result<(), OutputError> {
        let (width, height) = tcgetwinsize(io::stdout())
            .ok()
            .filter(|size| size.ws_col > 0 && size.ws_row > 0)
            .map_or(USUAL_SIZE, |size| (size.ws_col.into(), size.ws_row.into()));
        output::write(format_args!("{}", frame(lines, width, height)))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = output::write(format_args!("{LEAVE}")); // the terminal may be gone
        if let Some(before) = &self.before {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}

/// Lines that fill a terminal without moving it: cut at its width, and the last of them kept at its end.
fn frame(lines: &[String], width: usize, height: usize) -> String {
    let mut shown: Vec<&String> = lines.iter().collect();
    if shown.len() > height {
        let last = shown.pop();
        shown.truncate(height.saturating_sub(1));
        shown.extend(last);
    }
    let shown: Vec<_> = shown
        .into_iter()
        .map(|line| format!("{}\x1b[K", line.chars().take(width).collect::<String>()))
        .collect();
    format!("\x1b[H{}\x1b[J", shown.join("\r\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_fits_the_terminal_and_keeps_its_last_line() {
        let lines = ["one", "two", "three", "q: quit"].map(str::to_owned);
        assert_eq!(
            frame(&lines, 3, 3),
            "\x1b[Hone\x1b[K\r\ntwo\x1b[K\r\nq: \x1b[K\x1b[J"
        );
        assert_eq!(frame(&lines[..1], 80, 24), "\x1b[Hone\x1b[K\x1b[J");
    }
}
