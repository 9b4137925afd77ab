//! `ashlar`: one binary for every role.

// They panic where nobody reads or the disk is full: `say!` and `output::complain` do not.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod auto;
mod bar;
mod cache;
mod child;
mod commands;
mod config;
mod contract;
mod demo;
mod deployment;
mod farm_link;
mod keys;
mod links;
mod log;
mod metrics;
mod output;
mod roles;
#[cfg(feature = "bench")]
mod selftest;
mod shutdown;
mod traces;
mod version;
mod wrap;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use ashlar_process::children::Signal;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use self::output::OutputError;

/// What a shell shows of a program that ended because its reader was gone: 128 and the number of SIGPIPE.
const READER_GONE: u8 = 141;

/// An open zk-rollup prover stack: sequencer, proving farm, recursive proofs, one SNARK, settlement on L1.
#[derive(Debug, Parser)]
#[command(name = "ashlar", version, long_version = version::LONG.as_str(), after_help = ENVIRONMENT)]
struct Cli {
    /// TOML file whose sections are the commands and whose keys are their flags; `ashlar config keys` lists them.
    #[arg(long, global = true, env = "ASHLAR_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// How the log is written to standard error.
    #[arg(
        long,
        global = true,
        env = "ASHLAR_LOG_FORMAT",
        value_enum,
        default_value = "text"
    )]
    log_format: log::Format,
    /// The process that started this one and that it shall not outlive.
    #[arg(long, hide = true)]
    parent: Option<u32>,
    #[command(subcommand)]
    command: Command,
}

/// Shown below the help.
const ENVIRONMENT: &str = "\
Environment:
  ASHLAR_LOG         What is logged: levels by module, such as `info` (the default), `warn,ashlar_farm=debug` or `off`
  ASHLAR_LOG_FORMAT  How: `text` or `json`
  OTEL_EXPORTER_OTLP_ENDPOINT  Where farm, worker and sequencer send traces over OTLP and gRPC, such as
                     http://127.0.0.1:4317; nowhere by default
  NO_COLOR           If set, no colours; without it there are some on terminals";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything on this machine: signed transfers to a SNARK verified on a devnet.
    Demo(demo::Args),
    /// Run a devnet, a deployment, a farm, a worker and a sequencer; keep their data.
    Up(commands::up::Args),
    /// Say how L1, sequencer and farm are.
    Status(commands::status::Args),
    /// Deposit, pay, withdraw and claim.
    Wallet(commands::wallet::Args),
    /// Take the money out of a rollup whose operator is gone, with nothing but L1.
    Exit(commands::exit::Args),
    /// Buy withdrawals before they are proven, at a discount and at a risk.
    FastExit(commands::fast_exit::Args),
    /// Challenge batches of an optimistic rollup, and post, withdraw and collect bonds.
    Bond(commands::bond::Args),
    /// Be a member of a validium's committee: execute batches, keep their rollup streams, sign that they are kept.
    Da(commands::da::Args),
    /// Ask the members of a validium's committee for a few random cells of a batch: do they still keep it?
    Sample(commands::sample::Args),
    /// Keep an eye on a rollup: execute what its operator commits, and see how long L1's queue waits.
    Watch(commands::watch::Args),
    /// Say whose key drives a rollup, and change that: nominate, take over, suspend.
    Seat(commands::seat::Args),
    /// List, show, follow and export batches; take back those that do not move.
    Batch(commands::batch::Args),
    /// Deploy the contracts on L1, and write down where they are.
    Deploy(commands::deploy::Args),
    /// Check the configuration file, and list its keys.
    #[command(subcommand)]
    Config(commands::config::Command),
    /// Make or load the structured reference string, and build circuits and keys into the cache.
    Setup(commands::setup::Args),
    /// Inspect the circuits.
    #[command(subcommand)]
    Circuits(commands::circuits::Command),
    /// Verify a saved SNARK off chain.
    Verify(commands::verify::Args),
    /// Run the sequencer.
    Sequencer(Box<commands::sequencer::Args>),
    /// Look at a stopped sequencer's state.
    #[command(subcommand)]
    State(commands::state::Command),
    /// Run the coordinator of the proving farm.
    Farm(Box<commands::farm::Args>),
    /// Run a prover worker.
    Worker(commands::worker::Args),
    /// Make and revoke the certificates of a farm that spans machines.
    #[command(subcommand)]
    Certs(commands::certs::Command),
    /// Run the embedded EVM devnet.
    Devnet(commands::devnet::Args),
    #[cfg(feature = "bench")]
    /// Measure this machine's kernels and provers beside their peers.
    Bench(commands::bench::Args),
    /// Check this machine: processor, memory, GPU, disk, keys, ports, neighbours; say how to mend what is wrong.
    Doctor(commands::doctor::Args),
    #[cfg(feature = "bench")]
    /// Check a GPU and measure it: every kernel, a whole wrap, faults, figures; one page and one JSON file.
    Selftest(selftest::Args),
    /// Derive a rollup key from an Ethereum key.
    Key(commands::key::Args),
    /// Prove wraps for the worker at the other end of standard input and output.
    #[command(hide = true)]
    WrapChild(commands::wrap_child::Args),
    /// Run a program that knows nothing of its parent, and end it with the parent.
    #[command(hide = true)]
    Attend(commands::attend::Args),
    #[cfg(feature = "bench")]
    /// Measure the memory of one prover for the process that started this one.
    #[command(hide = true)]
    BenchAlone(commands::bench_alone::Args),
    #[cfg(feature = "bench")]
    /// Run a part of a self-test for the process that started this one.
    #[command(hide = true)]
    SelftestPart(selftest::PartArgs),
}

fn main() -> ExitCode {
    let Err(error) = run() else {
        return ExitCode::SUCCESS;
    };
    if let Some(OutputError::Closed) = error.downcast_ref() {
        return READER_GONE.into();
    }
    log::fail(&format!("{error:#}"));
    ExitCode::FAILURE
}

/// Ends with what clap says of the arguments: help on standard output, or what is wrong with them.
fn misused(error: &clap::Error) -> ! {
    if error.use_stderr() && log::is_json() {
        log::fail(error.to_string().trim_end().trim_start_matches("error: "));
        std::process::exit(error.exit_code());
    }
    error.exit()
}

fn run() -> anyhow::Result<()> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    log::look_for_format(&arguments);
    let file = config::path(&arguments)?;
    let file = file.as_deref().map(config::ConfigFile::load).transpose()?;
    let program = config::apply(Cli::command(), file.as_ref())?;
    let matches = program.clone().try_get_matches_from(arguments);
    let cli = matches.and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = cli.unwrap_or_else(|error| misused(&error));
    log::start(cli.log_format)?;
    if let Some(parent) = cli.parent {
        let last_signal = match &cli.command {
            Command::Attend(_) => commands::attend::LAST_SIGNAL,
            _ => Signal::KILL,
        };
        child::end_with_parent(parent, last_signal)?;
    }
    match cli.command {
        Command::Demo(args) => demo::run(args),
        Command::Up(args) => commands::up::run(&args, &program, cli.config.as_deref()),
        Command::Status(args) => commands::status::run(&args),
        Command::Exit(args) => commands::exit::run(args),
        Command::FastExit(args) => commands::fast_exit::run(args),
        Command::Bond(args) => commands::bond::run(args),
        Command::Da(args) => commands::da::run(&args),
        Command::Sample(args) => commands::sample::run(args),
        Command::Watch(args) => commands::watch::run(args),
        Command::Seat(args) => commands::seat::run(args),
        Command::Wallet(args) => commands::wallet::run(args),
        Command::Batch(args) => commands::batch::run(args),
        Command::State(command) => commands::state::run(&command),
        Command::Deploy(args) => commands::deploy::run(&args),
        Command::Config(command) => commands::config::run(command, &Cli::command(), cli.config),
        Command::Setup(args) => commands::setup::run(&args),
        Command::Circuits(command) => commands::circuits::run(command),
        Command::Verify(args) => commands::verify::run(&args),
        Command::Sequencer(args) => commands::sequencer::run(*args),
        Command::Farm(args) => commands::farm::run(*args),
        Command::Worker(args) => commands::worker::run(args),
        Command::Certs(command) => commands::certs::run(command),
        Command::Devnet(args) => commands::devnet::run(&args),
        #[cfg(feature = "bench")]
        Command::Bench(args) => commands::bench::run(&args),
        #[cfg(feature = "bench")]
        Command::BenchAlone(args) => commands::bench_alone::run(&args),
        Command::Doctor(args) => commands::doctor::run(&args),
        Command::Key(args) => commands::key::run(&args),
        #[cfg(feature = "bench")]
        Command::Selftest(args) => selftest::run(&args),
        Command::Attend(args) => commands::attend::run(args),
        Command::WrapChild(args) => commands::wrap_child::run(args),
        #[cfg(feature = "bench")]
        Command::SelftestPart(args) => selftest::run_part(args),
    }
}

/// Now, in seconds since 1970; zero for a clock that is before.
fn unix_secs() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |time| time.as_secs())
}
