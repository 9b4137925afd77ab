//! The log, on standard error: standard output belongs to the command's answer.

use anyhow::Context;
use tracing_subscriber::EnvFilter;

/// What is logged, where `ASHLAR_LOG` does not say it.
const DEFAULT_FILTER: &str = "info,sqlx=warn";

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Lines for people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// Starts logging.
pub fn start(format: Format) -> anyhow::Result<()> {
    let filter = match std::env::var("ASHLAR_LOG") {
        Ok(text) if !text.is_empty() => text.parse::<EnvFilter>().with_context(|| {
            format!("ASHLAR_LOG is `{text}`; it takes levels by module, such as `info` or `warn,ashlar_farm=debug`")
        })?,
        _ => EnvFilter::new(DEFAULT_FILTER),
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(crate::output::has_colour(&std::io::stderr()))
        .log_internal_errors(false) // they go to standard error, which is what failed
        .with_writer(std::io::stderr);
    match format {
        Format::Text => log.init(),
        Format::Json => log.json().with_current_span(false).init(),
    }
    Ok(())
}
