//! Processor, memory, disk.

use std::{fs, path::Path};

use ashlar_accel::cpu::{CpuBackend, Level};

use super::finding::{Finding, Status};

/// What a worker needs that wraps proofs: its measured peak at a wrap is 2.3 GiB, circuits and keys in it; the rest is
/// room for the system.
const WORKER_BYTES: u64 = 4 << 30;
/// Circuits, keys and reference string take 0.45 GiB; databases and artifacts grow with use.
const CACHE_BYTES: u64 = 1 << 30;
/// Room below which a busy farm fills the disk soon.
const COMFORTABLE_BYTES: u64 = 10 << 30;

pub fn processor() -> Finding {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    match CpuBackend::new().level() {
        Level::Avx512Ifma => Finding::ok(
            "processor",
            format!("{threads} threads, vector path (AVX-512 IFMA)"),
        ),
        Level::Portable => Finding::new(
            "processor",
            Status::Note,
            format!("{threads} threads, portable path"),
            "a processor with AVX-512 IFMA (Intel since Ice Lake, AMD since Zen 4) computes multi-scalar multiplications about twice as fast",
        ),
    }
}

pub fn memory() -> Finding {
    let Ok(text) = fs::read_to_string("/proc/meminfo") else {
        return Finding::new(
            "memory",
            Status::Note,
            "this system does not tell",
            format!("a worker needs about {}", gibibytes(WORKER_BYTES)),
        );
    };
    let bytes = |label| kibibytes(&text, label).map(|kibibytes| kibibytes * 1024);
    judge_memory(bytes("MemTotal:"), bytes("MemAvailable:"))
}

fn judge_memory(total: Option<u64>, available: Option<u64>) -> Finding {
    let needed = gibibytes(WORKER_BYTES);
    match (total, available) {
        (Some(total), _) if total < WORKER_BYTES => Finding::new(
            "memory",
            Status::Failed,
            format!(
                "{} in all; a worker that wraps proofs needs about {needed}",
                gibibytes(total)
            ),
            "run the worker on a larger machine",
        ),
        (Some(total), Some(available)) if available < WORKER_BYTES => Finding::new(
            "memory",
            Status::Warning,
            format!("{} of {} available", gibibytes(available), gibibytes(total)),
            format!("stop other programs: a worker that wraps proofs needs about {needed}"),
        ),
        (Some(total), Some(available)) => Finding::ok(
            "memory",
            format!("{} of {} available", gibibytes(available), gibibytes(total)),
        ),
        _ => Finding::new(
            "memory",
            Status::Note,
            "this system does not tell",
            format!("a worker needs about {needed}"),
        ),
    }
}

/// Room where `directory` is, or will be made.
pub fn disk(directory: &Path) -> Finding {
    let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    let existing = absolute
        .ancestors()
        .find(|path| path.exists())
        .unwrap_or(Path::new("/"));
    match rustix::fs::statvfs(existing) {
        Ok(volume) => judge_disk(directory, volume.f_bavail.saturating_mul(volume.f_frsize)),
        Err(error) => Finding::new(
            "disk",
            Status::Failed,
            format!("{} cannot be asked: {error}", existing.display()),
            "choose another folder with --cache-dir",
        ),
    }
}

fn judge_disk(directory: &Path, free: u64) -> Finding {
    let fact = format!("{} free at {}", gibibytes(free), directory.display());
    if free < CACHE_BYTES {
        let remedy = format!(
            "make room, or choose another folder with --cache-dir: {} are needed",
            gibibytes(CACHE_BYTES)
        );
        Finding::new("disk", Status::Failed, fact, remedy)
    } else if free < COMFORTABLE_BYTES {
        Finding::new(
            "disk",
            Status::Warning,
            fact,
            "make room: a farm keeps the artifacts of its batches",
        )
    } else {
        Finding::ok("disk", fact)
    }
}

fn kibibytes(meminfo: &str, label: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix(label))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn gibibytes(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / (1u64 << 30) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_judged_by_what_a_worker_needs() {
        let judge =
            |total: u64, available: u64| judge_memory(Some(total << 30), Some(available << 30)).status;
        assert_eq!(judge(2, 2), Status::Failed);
        assert_eq!(judge(16, 3), Status::Warning);
        assert_eq!(judge(16, 4), Status::Ok);
        assert_eq!(judge_memory(None, None).status, Status::Note);
    }

    #[test]
    fn disks_are_judged_by_what_is_free() {
        let judge = |free| judge_disk(Path::new("cache"), free).status;
        assert_eq!(judge(CACHE_BYTES - 1), Status::Failed);
        assert_eq!(judge(CACHE_BYTES), Status::Warning);
        assert_eq!(judge(COMFORTABLE_BYTES), Status::Ok);
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("not/yet/made");
        assert!(disk(&deep).fact.contains("GiB free"), "{:?}", disk(&deep));
        assert!(!deep.exists(), "a check changes nothing");
    }

    #[test]
    fn meminfo_is_read_in_kibibytes() {
        let text = "MemTotal:       24684096 kB\nMemAvailable:   24000000 kB\n";
        assert_eq!(kibibytes(text, "MemTotal:"), Some(24_684_096));
        assert_eq!(kibibytes(text, "MemFree:"), None);
    }
}
