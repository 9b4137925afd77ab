//! The user's commands through the binary: a wallet from its first key to a claimed withdrawal, batches, the state of all
//! parts, the configuration file. L1 is a real EVM, the sequencer a real one; a verifier that accepts everything stands
//! for the generated one, so that nothing need be proved.

#[path = "../../../client/tests/rollup/authenticator.rs"]
#[allow(dead_code, reason = "the client's tests use more of it")]
mod authenticator;
mod bond;
mod config;
mod fast_exit;
mod money;
mod multisig;
mod passkey;
mod policy;
mod seat;
mod sponsor;
#[path = "../../../client/tests/rollup/support.rs"]
#[allow(dead_code, reason = "the client's tests use more of it")]
mod support;
mod watch;

use std::process::{Command, Output};

/// A command with an environment of its own, run to its end.
pub fn ashlar(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ashlar"));
    let foreign = std::env::vars_os().map(|(name, _)| name);
    for name in foreign.filter(|name| name.to_string_lossy().starts_with("ASHLAR_")) {
        command.env_remove(name);
    }
    command
        .env("ASHLAR_LOG", "warn")
        .envs(variables.iter().copied())
        .args(arguments)
        .output()
        .expect("the binary runs")
}

/// Standard output of a command that must succeed.
pub fn said(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{errors}");
    text
}

/// Standard error of a command that must fail.
pub fn refused(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{text}");
    text
}
