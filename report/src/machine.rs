//! Processor and program.

use std::{fs, process::Command};

/// Model of the processor; its architecture where the system does not tell.
pub fn processor() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.to_owned())
}

/// Commit that was built; with `-dirty` where the tree had changes. A packaged binary knows its own; another takes that
/// of the folder it runs in.
pub fn commit() -> Option<String> {
    if let Some(commit) = built_commit() {
        return Some(commit.to_owned());
    }
    let arguments = ["describe", "--always", "--dirty", "--exclude=*"];
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}

/// Commit that a packaged binary was built from; another does not know its own.
pub fn built_commit() -> Option<&'static str> {
    option_env!("ASHLAR_COMMIT")
}
