//! CPU time of this process and of its threads, from Linux's `/proc`.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// The kernel counts in hundredths of a second for `/proc`, on every architecture but Alpha.
const TICK: Duration = Duration::from_millis(10);

/// CPU time of all threads of this process since its start, those that ended included; without its children.
pub fn process_time() -> Option<Duration> {
    parse(&fs::read_to_string("/proc/self/stat").ok()?)
}

/// CPU time since an earlier [`process_time`]; zero where the kernel does not say.
pub fn since(earlier: Option<Duration>) -> Duration {
    let (now, earlier) = (process_time().unwrap_or_default(), earlier.unwrap_or_default());
    now.saturating_sub(earlier)
}

/// A thread whose CPU time the others can read, too, as long as it lives.
#[derive(Debug, Clone)]
pub struct Thread(Option<PathBuf>);

impl Thread {
    /// The calling one.
    pub fn current() -> Self {
        let link = fs::read_link("/proc/thread-self"); // PID/task/TID
        Self(link.ok().map(|link| Path::new("/proc").join(link).join("stat")))
    }

    /// Its CPU time since its start; zero where the kernel does not say, and once it has ended.
    pub fn time(&self) -> Duration {
        let stat = self.0.as_ref().and_then(|path| fs::read_to_string(path).ok());
        stat.and_then(|stat| parse(&stat)).unwrap_or_default()
    }
}

/// Fields 14 and 15; the second is the program's name in brackets, which may hold anything.
fn parse(stat: &str) -> Option<Duration> {
    let mut after_name = stat.rsplit_once(')')?.1.split_whitespace();
    let user: u32 = after_name.nth(11)?.parse().ok()?;
    let system: u32 = after_name.next()?.parse().ok()?;
    Some(TICK * user.checked_add(system)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_spaces_shifts_nothing() {
        let stat = "1 (a) 9 (b) R 2 3 4 5 6 7 8 9 10 11 120 30 14 15";
        assert_eq!(parse(stat), Some(Duration::from_millis(1500)));
        assert_eq!(parse("1 (a) R 2"), None);
    }

    fn work() {
        let start = std::time::Instant::now();
        while start.elapsed() < Duration::from_millis(200) {
            std::hint::spin_loop();
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn work_takes_cpu_time_in_every_thread() {
        let before = process_time().expect("Linux says");
        std::thread::spawn(work).join().expect("it ends");
        let after = process_time().expect("Linux says");
        assert!(after > before, "{before:?} {after:?}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_s_time_is_its_own_and_others_read_it() {
        let (me, before) = (Thread::current(), Thread::current().time());
        std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                work();
                assert!(Thread::current().time() > Duration::ZERO);
            });
            other.join().expect("it ends");
        });
        assert!(me.time() - before <= TICK, "it slept"); // a tick may end in what it did before
        work();
        let read = std::thread::scope(|scope| scope.spawn(|| me.time()).join());
        assert!(read.expect("it ends") > before + TICK);
    }
}
