//! Files written whole or not at all, and destinations that are checked before the work.

use std::{
    error::Error,
    fmt,
    fs::{self, File, OpenOptions},
    hash::{BuildHasher, Hasher, RandomState},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

/// End of the names of files that are being written.
const PARTIAL: &str = "partial";
/// A file that is being written and was not touched for so long is of a writer that died.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// Writes `parts`, one after the other, to the file at `path`, whose folder is made if there is none. Readers see the
/// file as it was before or as it is then, after a crash of the machine too. Several may write at once, also on several
/// machines with one disk; one of them wins.
///
/// # Errors
/// If the system refuses, for example because the disk is full. Nothing is left over then.
pub fn write_whole(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let folder = folder_of(path);
    fs::create_dir_all(folder)?;
    remove_abandoned(path);
    let (mut file, partial) = create_beside(path)?;
    let mut write = || {
        parts.iter().try_for_each(|part| file.write_all(part))?;
        file.sync_all()?;
        fs::rename(&partial, path)?;
        sync_folder(folder)
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&partial); // best effort: the first error is the one to report
    })
}

/// Writes a command's output to where its user wants it: [`write_whole`] for files; what is no file, such as a pipe, is
/// written to directly.
///
/// # Errors
/// If the system refuses.
pub fn write_output(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() && !found.is_dir() => fs::write(path, bytes),
        _ => write_whole(path, &[bytes]),
    }
}

/// Checks that [`write_output`] will be able to write there, as far as that can be told before the work. The folder
/// must exist.
///
/// # Errors
/// If it will not.
pub fn require_writable(path: &Path) -> Result<(), NotWritable> {
    let refuse = |source| NotWritable {
        path: path.to_owned(),
        source,
    };
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(refuse(io::ErrorKind::IsADirectory.into())),
        Ok(found) if !found.is_file() => Ok(()), // a pipe or a device: opening it may wait for its reader
        _ if path.file_name().is_none() => Err(refuse(io::ErrorKind::InvalidFilename.into())),
        _ => try_beside(path).map_err(refuse),
    }
}

/// Makes the folder if there is none, and checks that files can be written there.
///
/// # Errors
/// If they cannot.
pub fn require_writable_folder(folder: &Path) -> Result<(), NotWritable> {
    fs::create_dir_all(folder)
        .and_then(|()| try_beside(&folder.join("check")))
        .map_err(|source| NotWritable {
            path: folder.to_owned(),
            source,
        })
}

/// A destination that cannot be written to.
#[derive(Debug)]
pub struct NotWritable {
    /// The destination.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl fmt::Display for NotWritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write {}", self.path.display())
    }
}

impl Error for NotWritable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

fn try_beside(path: &Path) -> io::Result<()> {
    let (mut file, partial) = create_beside(path)?;
    let written = file.write_all(b"\n"); // a full disk refuses content, not names
    fs::remove_file(&partial).and(written)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A new file in the folder of `path`, with a name that nobody else has: process numbers repeat in containers.
fn create_beside(path: &Path) -> io::Result<(File, PathBuf)> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    loop {
        let random = RandomState::new().build_hasher().finish(); // seeded by the system
        let mut partial = std::ffi::OsString::from(".");
        partial.push(name);
        partial.push(format!(".{random:016x}.{PARTIAL}"));
        let partial = folder_of(path).join(partial);
        match OpenOptions::new().write(true).create_new(true).open(&partial) {
            Ok(file) => return Ok((file, partial)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// Removes what writers of this file left who died. Best effort: it only takes space.
fn remove_abandoned(path: &Path) {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return;
    };
    let prefix = format!(".{name}.");
    let entries = fs::read_dir(folder_of(path)).into_iter().flatten().flatten();
    for entry in entries {
        let found = entry.file_name();
        let of_this_file = found
            .to_str()
            .and_then(|found| found.strip_prefix(&prefix)?.strip_suffix(PARTIAL))
            .is_some();
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let old = modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > ABANDONED));
        if of_this_file && old {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Makes a new name in `folder` survive a crash of the machine.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Other systems cannot open a folder.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let random = RandomState::new().build_hasher().finish();
        let folder = std::env::temp_dir().join(format!("ashlar-report-{name}-{random:016x}"));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn writers_of_one_file_do_not_disturb_each_other() {
        let folder = scratch("writers");
        let path = folder.join("new/file");
        std::thread::scope(|scope| {
            for writer in 0..8u8 {
                let path = &path;
                scope.spawn(move || write_whole(path, &[&[writer; 1000], &[writer; 1 << 20]]).unwrap());
            }
        });
        let bytes = fs::read(&path).unwrap();
        assert_eq!(bytes.len(), 1000 + (1 << 20));
        assert!(bytes.iter().all(|byte| *byte == bytes[0]));
        assert_eq!(names(path.parent().unwrap()), ["file"], "nothing is left over");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_a_dead_writer_left_is_removed_and_what_another_writes_is_not() {
        let folder = scratch("dead");
        let path = folder.join("file");
        for (name, age_secs) in [("dead", 2 * 24 * 3600), ("alive", 60)] {
            let file = File::create(folder.join(format!(".file.{name}.partial"))).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age_secs))
                .unwrap();
        }
        write_whole(&path, &[b"x"]).unwrap();
        let mut found = names(&folder);
        found.sort();
        assert_eq!(found, [".file.alive.partial", "file"]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn destinations_are_checked_without_touching_them() {
        let folder = scratch("check");
        let file = folder.join("file");
        fs::write(&file, "old").unwrap();
        require_writable(&file).unwrap();
        require_writable(&folder.join("other")).unwrap();
        require_writable_folder(&folder.join("made")).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"old");
        assert_eq!(names(&folder.join("made")), Vec::<String>::new());
        for wrong in [
            folder.join("missing/file"),
            folder.clone(),
            file.join("below"),
            PathBuf::new(),
            PathBuf::from("/"),
        ] {
            let error = require_writable(&wrong).unwrap_err();
            assert_eq!(error.path, wrong);
        }
        require_writable_folder(&file).unwrap_err();
        let mut found = names(&folder);
        found.sort();
        assert_eq!(found, ["file", "made"], "nothing is left over");
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told() {
        let error = write_output(Path::new("/dev/full"), b"x").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        require_writable(Path::new("/dev/null")).unwrap();
        write_output(Path::new("/dev/null"), b"x").unwrap();
    }
}
