//! Where a figure was measured.

use std::{fs, process::Command};

use serde::{Deserialize, Serialize};

/// The machine and the code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// Model of the processor.
    pub processor: String,
    /// Threads that the operations use.
    pub threads: usize,
    /// Whether the vector path of the CPU backend is in use.
    pub avx512_ifma: bool,
    /// Total memory in bytes.
    pub memory_bytes: Option<u64>,
    /// Load of the machine before the first measurement: one-minute average.
    pub load_before: Option<f64>,
    /// Commit that was built; with `-dirty` where the tree had changes. A packaged binary knows its own; another takes
    /// that of the folder it runs in.
    pub commit: Option<String>,
}

impl Machine {
    /// Asks the operating system; what it does not tell is left out.
    pub fn detect() -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let processor = cpuinfo
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let load = fs::read_to_string("/proc/loadavg").ok();
        Self {
            processor: processor
                .map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.to_owned()),
            threads: rayon::current_num_threads(),
            avx512_ifma: ashlar_accel::cpu::Level::Avx512Ifma.is_available(),
            memory_bytes: kibibytes("/proc/meminfo", "MemTotal:"),
            load_before: load.and_then(|load| load.split(' ').next()?.parse().ok()),
            commit: commit(),
        }
    }
}

fn commit() -> Option<String> {
    if let Some(commit) = option_env!("ASHLAR_COMMIT") {
        return Some(commit.to_owned());
    }
    let arguments = ["describe", "--always", "--dirty", "--exclude=*"];
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}

/// The largest resident set of this process since [`forget_peak`], in bytes.
pub(crate) fn peak_bytes() -> Option<u64> {
    kibibytes("/proc/self/status", "VmHWM:")
}

/// Starts the count of [`peak_bytes`] anew, where the system allows it.
pub(crate) fn forget_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5"); // without it the peak is that of the whole run so far
}

fn kibibytes(file: &str, label: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(label))?;
    let number: u64 = line.trim().split(' ').next()?.parse().ok()?;
    Some(number * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn the_peak_covers_what_was_touched() {
        forget_peak();
        let memory = std::hint::black_box(vec![1u8; 64 << 20]);
        assert!(peak_bytes().unwrap() >= memory.len() as u64);
        assert!(Machine::detect().memory_bytes.unwrap() > 0);
    }
}
