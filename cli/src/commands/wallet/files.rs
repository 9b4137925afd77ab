//! Files of wallets: secrets under a password, and what is handed on, which is never written over.

use std::{fs, io::Write, os::unix::fs::PermissionsExt, path::Path};

use anyhow::{Context, ensure};
use zeroize::Zeroizing;

/// Has the entries of a folder on the disk.
pub fn sync(folder: &Path) -> anyhow::Result<()> {
    let synced = fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.with_context(|| format!("cannot write {}", folder.display()))
}

/// Writes an encrypted file where nobody else can look, and moves it to its place: there is the old one or the new one.
pub fn seal(path: &Path, secret: &[u8], password: &str) -> anyhow::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let written = || -> anyhow::Result<()> {
        let private = tempfile::tempdir_in(folder)?;
        let mut random = rand::rngs::OsRng;
        eth_keystore::encrypt_key(private.path(), &mut random, secret, password, Some("secret"))?;
        let file = private.path().join("secret");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
        fs::File::open(&file)?.sync_all()?;
        fs::rename(&file, path)?;
        sync(folder)
    };
    written().with_context(|| format!("cannot write {}", path.display()))
}

/// What [`seal`] has written.
pub fn unseal(path: &Path, password: &str) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let opened = eth_keystore::decrypt_key(path, password).map(Zeroizing::new);
    opened.with_context(|| {
        format!(
            "{} cannot be opened: a wrong password, or a damaged file",
            path.display()
        )
    })
}

/// Refuses to write over a file. Ask before secrets are used up.
pub fn require_new(path: &Path) -> anyhow::Result<()> {
    ensure!(
        !path.exists(),
        "{} exists, and is not overwritten: remove it, or name another file",
        path.display()
    );
    Ok(())
}

/// Writes a file that must not exist.
pub fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    require_new(path)?;
    let mut file = fs::File::create_new(path).with_context(|| format!("cannot create {}", path.display()))?;
    file.write_all(text.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))
}
