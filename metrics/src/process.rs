//! What every process shows.

use std::fs;

use ashlar_report::memory;

use crate::{
    instrument::{Gauge, Reading},
    labels::Label,
    names,
    registry::{Registry, Source},
};

/// Which program runs, and as what.
#[derive(Debug, Clone)]
pub struct Build {
    /// Version of the program.
    pub version: &'static str,
    /// Commit that it was built from, if it knows.
    pub commit: Option<&'static str>,
    /// What the process does, such as `worker`.
    pub role: &'static str,
}

pub(crate) fn register(
    Build {
        version,
        commit,
        role,
    }: Build,
    registry: &mut Registry,
) {
    let info = Gauge::<3>::new(names::BUILD_INFO);
    info.set([version, commit.unwrap_or("unknown"), role].map(Label::from), 1.0);
    info.register(registry);
    Reading::new(names::PROCESS_RESIDENT_MEMORY, || {
        memory::resident_bytes().map(|bytes| bytes as f64)
    })
    .register(registry);
    Reading::new(names::PROCESS_CPU_SECONDS, || times().map(|times| times.cpu)).register(registry);
    // It never changes, and the clock of the kernel may be set while the process runs.
    let started = times().and_then(|times| Some(boot_time()? + times.since_boot));
    Reading::new(names::PROCESS_START_TIME, move || started).register(registry);
}

/// In seconds.
#[derive(Debug, Clone, Copy)]
struct Times {
    cpu: f64,
    /// From the machine's start to this process'.
    since_boot: f64,
}

/// From Linux's `/proc`.
fn times() -> Option<Times> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, rest) = text.rsplit_once(") ")?; // the program's name, before it, may hold anything
    let ticks = |place: usize| rest.split(' ').nth(place)?.parse::<f64>().ok();
    let per_second = rustix::param::clock_ticks_per_second() as f64;
    // Fields 14, 15 and 22 of proc_pid_stat(5); the first after the name is number 3.
    Some(Times {
        cpu: (ticks(11)? + ticks(12)?) / per_second,
        since_boot: ticks(19)? / per_second,
    })
}

/// When the machine started, in seconds since 1970.
fn boot_time() -> Option<f64> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    text.lines()
        .find_map(|line| line.strip_prefix("btime "))?
        .trim()
        .parse()
        .ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::time::{Duration, Instant, SystemTime};

    use super::*;

    #[test]
    fn processor_time_grows_with_work_and_the_start_lies_in_the_past() {
        let before = times().expect("/proc");
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(200) {
            std::hint::spin_loop();
        }
        let after = times().expect("/proc");
        assert!(
            after.cpu > before.cpu && after.cpu < before.cpu + 60.0,
            "{before:?}, {after:?}"
        );
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .expect("after 1970")
            .as_secs_f64();
        let started = boot_time().expect("/proc/stat") + after.since_boot;
        assert!(
            (now - 3600.0..now + 2.0).contains(&started),
            "{started} is not before {now}"
        );
    }
}
