//! Memory of this process and machine, from Linux's `/proc`.

use std::{fs, io};

/// Forgets the peak so far, so that [`peak_bytes`] measures from now on.
///
/// # Errors
/// If the kernel has no `/proc/self/clear_refs`, or does not allow it.
pub fn reset_peak() -> io::Result<()> {
    fs::write("/proc/self/clear_refs", "5") // 5: reset the peak resident set size
}

/// Peak resident memory of this process since its start or the last [`reset_peak`], in bytes.
pub fn peak_bytes() -> Option<u64> {
    kib_field("/proc/self/status", "VmHWM:")
}

/// Resident memory of this process now, in bytes.
pub fn resident_bytes() -> Option<u64> {
    kib_field("/proc/self/status", "VmRSS:")
}

/// Memory of this machine in bytes.
pub fn total_bytes() -> Option<u64> {
    kib_field("/proc/meminfo", "MemTotal:")
}

fn kib_field(path: &str, field: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(field))?;
    let kib: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_peak_rises_with_use_and_falls_with_a_reset() {
        const BLOCK: usize = 256 << 20;
        let block = vec![1u8; BLOCK];
        assert_eq!(std::hint::black_box(&block)[BLOCK - 1], 1);
        let high = peak_bytes().expect("VmHWM");
        assert!(high >= BLOCK as u64);
        assert!(resident_bytes().expect("VmRSS") >= BLOCK as u64);
        drop(block);
        reset_peak().expect("clear_refs");
        let low = peak_bytes().expect("VmHWM");
        assert!(
            low < high - BLOCK as u64 / 2,
            "{low} after a reset, {high} before"
        );
        assert!(total_bytes().expect("MemTotal") >= high);
    }
}
