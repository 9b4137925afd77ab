//! CPU time of this process, from Linux's `/proc`.

use std::{fs, time::Duration};

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

    #[cfg(target_os = "linux")]
    #[test]
    fn work_takes_cpu_time_in_every_thread() {
        let before = process_time().expect("Linux says");
        let work = || {
            let start = std::time::Instant::now();
            while start.elapsed() < Duration::from_millis(200) {
                std::hint::spin_loop();
            }
        };
        std::thread::spawn(work).join().expect("it ends");
        let after = process_time().expect("Linux says");
        assert!(after > before, "{before:?} {after:?}");
    }
}
