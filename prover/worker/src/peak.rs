//! Peak memory of jobs, some of which are under way at the same time: each has the highest of the process meanwhile.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ashlar_report::{Chain, memory};

/// By job, what was seen before the last reset.
static SEEN: Mutex<Vec<(u64, u64)>> = Mutex::new(Vec::new());

/// Watches from when it was made.
#[derive(Debug)]
pub struct Peak(u64);

impl Peak {
    pub fn watch() -> Self {
        let mut seen = seen();
        let now = memory::peak_bytes().unwrap_or(0);
        for (_, peak) in seen.iter_mut() {
            *peak = now.max(*peak);
        }
        if let Err(error) = memory::reset_peak() {
            tracing::debug!(error = %Chain(&error), "peak memory is that of the process so far");
        }
        let job = (0..).find(|job| seen.iter().all(|(other, _)| other != job));
        let job = job.expect("they are few");
        seen.push((job, 0));
        Self(job)
    }

    /// In bytes, so far; none where the kernel does not say.
    pub fn bytes(&self) -> Option<u64> {
        let seen = seen();
        let mine = seen.iter().find(|(job, _)| *job == self.0);
        let before = mine.map_or(0, |(_, peak)| *peak);
        Some(memory::peak_bytes()?.max(before))
    }
}

impl Drop for Peak {
    fn drop(&mut self) {
        seen().retain(|(job, _)| *job != self.0);
    }
}

fn seen() -> MutexGuard<'static, Vec<(u64, u64)>> {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_begins_takes_nothing_from_the_peak_of_the_one_under_way() {
        const BLOCK: usize = 128 << 20;
        let first = Peak::watch();
        let block = vec![1u8; BLOCK];
        assert_eq!(std::hint::black_box(&block)[BLOCK - 1], 1);
        drop(block);
        let second = Peak::watch();
        let [first, second] = [first, second].map(|peak| peak.bytes().expect("VmHWM"));
        assert!(first >= BLOCK as u64);
        assert!(second < first - BLOCK as u64 / 2, "{second} beside {first}");
    }
}
