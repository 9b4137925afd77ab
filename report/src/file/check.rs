//! Destinations that are checked before the work.

use std::{
    error::Error,
    fmt, fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{create_beside, destination::Destination};

/// Checks that [`write_output`](super::write_output) will be able to write there, as far as that can be told before the work. The folder
/// must exist.
///
/// # Errors
/// If it will not.
pub fn require_writable(path: &Path) -> Result<(), NotWritable> {
    let check = || match Destination::of(path)? {
        Destination::File(file) if file.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Destination::File(file) if file.file_name().is_none() => Err(io::ErrorKind::InvalidFilename.into()),
        Destination::File(file) => try_beside(&file),
        Destination::Stdout | Destination::Stderr | Destination::Opened(_) => Ok(()),
        Destination::Special(_) => Ok(()), // opening it may wait for its reader
    };
    check().map_err(|source| NotWritable {
        path: path.to_owned(),
        source,
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::tests::{names, scratch};

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
}
