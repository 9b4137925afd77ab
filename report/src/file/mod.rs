//! Files written whole or not at all, and destinations that are checked before the work.

mod check;
mod destination;

use std::{
    fs::{self, File, OpenOptions},
    hash::{BuildHasher, Hasher, RandomState},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

pub use self::check::{NotWritable, require_writable, require_writable_folder};
use self::destination::Destination;

/// End of the names of files that are being written.
const PARTIAL: &str = "partial";
/// A file that is being written and was not touched for so long is of a writer that died.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// Writes `parts`, one after the other, to the file at `path`, whose folder is made if there is none. Readers see the
/// file as it was before or as it is then, after a crash of the machine too. Several may write at once, also on several
/// machines with one disk; one of them wins. Where `path` is a symbolic link, the file that it leads to is written. Who
/// may read and write a file stays as it was.
///
/// # Errors
/// If the system refuses, for example because the disk is full. Nothing is left over then.
pub fn write_whole(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    replace(&destination::followed(path)?, parts)
}

/// Writes a command's output to where its user wants it: [`write_whole`] for files; what is no file, such as a pipe, and
/// what this process has open already, such as `/dev/stdout`, is written to directly.
///
/// # Errors
/// If the system refuses.
pub fn write_output(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match Destination::of(path)? {
        Destination::File(file) => replace(&file, &[bytes]),
        Destination::Stdout => {
            let mut stdout = io::stdout().lock();
            stdout.write_all(bytes).and_then(|()| stdout.flush())
        }
        Destination::Stderr => io::stderr().lock().write_all(bytes),
        Destination::Opened(file) => OpenOptions::new().append(true).open(file)?.write_all(bytes),
        Destination::Special(file) => OpenOptions::new().write(true).open(file)?.write_all(bytes),
    }
}

fn replace(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let folder = folder_of(path);
    fs::create_dir_all(folder)?;
    remove_abandoned(path);
    let (mut file, partial) = create_beside(path)?;
    let mut write = || {
        if let Ok(old) = fs::metadata(path) {
            file.set_permissions(old.permissions())?; // before there is anything to read
        }
        parts.iter().try_for_each(|part| file.write_all(part))?;
        file.sync_all()?;
        fs::rename(&partial, path)?;
        sync_folder(folder)
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&partial); // best effort: the first error is the one to report
    })
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
pub(crate) mod tests {
    use std::time::SystemTime;

    use super::*;

    pub(crate) fn scratch(name: &str) -> PathBuf {
        let random = RandomState::new().build_hasher().finish();
        let folder = std::env::temp_dir().join(format!("ashlar-report-{name}-{random:016x}"));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    pub(crate) fn names(folder: &Path) -> Vec<String> {
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

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_what_it_leads_to_keeps_its_mode() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = scratch("links");
        let file = folder.join("below/file");
        fs::create_dir(folder.join("below")).unwrap();
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("below/file", folder.join("link")).unwrap();
        symlink("link", folder.join("link of a link")).unwrap();
        symlink("below/new", folder.join("link to nothing")).unwrap();
        write_output(&folder.join("link of a link"), b"output").unwrap();
        write_whole(&folder.join("link to nothing"), &[b"whole"]).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"output");
        assert_eq!(fs::read(folder.join("below/new")).unwrap(), b"whole");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        for name in ["link", "link of a link", "link to nothing"] {
            assert!(
                fs::symlink_metadata(folder.join(name)).unwrap().is_symlink(),
                "{name}"
            );
        }
        symlink("circle", folder.join("circle")).unwrap();
        write_output(&folder.join("circle"), b"output").unwrap_err();
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_the_process_has_open_is_written_to_and_not_replaced() {
        use std::os::{fd::AsRawFd, unix::fs::MetadataExt};
        let folder = scratch("opened");
        let path = folder.join("file");
        let mut file = File::create(&path).unwrap();
        file.write_all(b"before, ").unwrap();
        let opened = format!("/dev/fd/{}", file.as_raw_fd());
        require_writable(Path::new(&opened)).unwrap();
        write_output(Path::new(&opened), b"after").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"before, after");
        assert_eq!(
            fs::metadata(&path).unwrap().ino(),
            file.metadata().unwrap().ino(),
            "it is the same file"
        );
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_named_pipe_is_written_to_and_stays_one() {
        use std::os::unix::fs::FileTypeExt;
        let folder = scratch("pipe");
        let path = folder.join("pipe");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
        let bytes = vec![7; 1 << 20]; // more than a pipe holds
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| fs::read(&path).unwrap());
            write_output(&path, &bytes).unwrap();
            assert!(reader.join().unwrap() == bytes);
        });
        assert!(fs::metadata(&path).unwrap().file_type().is_fifo());
        assert_eq!(names(&folder), ["pipe"]);
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
