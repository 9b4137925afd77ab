//! Where a path leads.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

use super::folder_of;

/// Links that are followed at most, as on Linux.
const MAX_LINKS: usize = 40;
/// Where Linux shows what a process has open; `/dev/stdout` and `/dev/fd` lead there.
const OPENED: &str = "/proc/self/fd";

/// What writing to a path means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// A file, or nothing yet: replaced whole.
    File(PathBuf),
    /// What this process has open for its output.
    Stdout,
    /// What this process has open for its complaints.
    Stderr,
    /// Something else that this process has open: added to.
    Opened(PathBuf),
    /// A pipe or a device: written to.
    Special(PathBuf),
}

impl Destination {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let path = followed(path)?;
        if is_opened(&path) {
            return Ok(match path.file_name().and_then(OsStr::to_str) {
                Some("1") => Self::Stdout,
                Some("2") => Self::Stderr,
                _ => Self::Opened(path),
            });
        }
        match fs::metadata(&path) {
            Ok(found) if !found.is_file() && !found.is_dir() => Ok(Self::Special(path)),
            _ => Ok(Self::File(path)),
        }
    }
}

/// The path behind symbolic links, whether or not anything is there. Links to what a process has open are not followed:
/// what they lead to may have no path any more.
pub(super) fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let is_link = fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink());
        if !is_link || is_opened(&path) {
            return Ok(path);
        }
        path = folder_of(&path).join(fs::read_link(&path)?);
    }
    Err(io::Error::other("too many symbolic links"))
}

fn is_opened(path: &Path) -> bool {
    let folder = |path: &Path| fs::canonicalize(path).ok();
    folder(Path::new(OPENED)).is_some_and(|opened| folder(folder_of(path)) == Some(opened))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn standard_streams_and_devices_are_known_by_every_name() {
        let of = |path: &str| Destination::of(Path::new(path)).unwrap();
        for stdout in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
            assert_eq!(of(stdout), Destination::Stdout, "{stdout}");
        }
        assert_eq!(of("/dev/stderr"), Destination::Stderr);
        assert_eq!(of("/dev/null"), Destination::Special("/dev/null".into()));
        assert_eq!(of("/nowhere/file"), Destination::File("/nowhere/file".into()));
        assert_eq!(of("file"), Destination::File("file".into()));
    }
}
