//! The log, on standard error: standard output belongs to the command's answer.

use std::{
    ffi::OsString,
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::Context;
use tracing::level_filters::LevelFilter;
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

/// Whether an error that ends the program is told in JSON.
static JSON: AtomicBool = AtomicBool::new(false);

/// Looks for the format before the arguments are parsed: what is wrong with them is told in it, too.
pub fn look_for_format(arguments: &[OsString]) {
    let mut format = std::env::var("ASHLAR_LOG_FORMAT").ok();
    let mut arguments = arguments.iter().skip(1).filter_map(|argument| argument.to_str());
    while let Some(argument) = arguments.next().filter(|argument| *argument != "--") {
        if argument == "--log-format" {
            format = arguments.next().map(str::to_owned);
        } else if let Some(value) = argument.strip_prefix("--log-format=") {
            format = Some(value.to_owned());
        }
    }
    JSON.store(format.as_deref() == Some("json"), Ordering::Relaxed);
}

/// Whether errors are told in JSON.
pub fn is_json() -> bool {
    JSON.load(Ordering::Relaxed)
}

/// Tells what ends the program, whatever the filter says: as a line of the log where that is JSON.
pub fn fail(text: &str) {
    if !is_json() {
        return crate::output::complain(format_args!("error: {text}"));
    }
    let log = tracing_subscriber::fmt()
        .json()
        .with_current_span(false)
        .with_max_level(LevelFilter::ERROR)
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    tracing::subscriber::with_default(log.finish(), || tracing::error!("{text}"));
}

/// Starts logging.
pub fn start(format: Format) -> anyhow::Result<()> {
    JSON.store(format == Format::Json, Ordering::Relaxed);
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
