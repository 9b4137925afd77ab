//! Secrets from the environment, a file or a prompt; never from the command line.

use std::{
    fs,
    path::{Path, PathBuf},
};

use alloy::signers::local::PrivateKeySigner;
use anyhow::{Context, bail, ensure};

use crate::commands::fixed_hex;

/// A private key of secp256k1 as hex.
pub fn parse(text: &str) -> anyhow::Result<PrivateKeySigner> {
    let key: [u8; 32] = fixed_hex(text.trim()).context("the key is not 32 bytes of hex")?;
    PrivateKeySigner::from_slice(&key).context("the key is not one of secp256k1")
}

/// A private key from a file that holds it as hex.
pub fn from_file(path: &Path) -> anyhow::Result<PrivateKeySigner> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| format!("{}", path.display()))
}

/// The operator's key.
#[derive(Clone, Debug, clap::Args)]
pub struct OperatorKey {
    /// File that holds the L1 private key of the operator, as hex. Instead, ASHLAR_OPERATOR_KEY may hold the key.
    #[arg(long, value_name = "FILE")]
    operator_key_file: Option<PathBuf>,
}

impl OperatorKey {
    /// The file, if one was given.
    pub fn file(&self) -> Option<&Path> {
        self.operator_key_file.as_deref()
    }

    /// The key of the file or of the environment.
    pub fn signer(&self) -> anyhow::Result<PrivateKeySigner> {
        if let Some(path) = &self.operator_key_file {
            return from_file(path);
        }
        match std::env::var("ASHLAR_OPERATOR_KEY") {
            Ok(text) => parse(&text).context("ASHLAR_OPERATOR_KEY"),
            Err(_) => {
                bail!("no operator key: give --operator-key-file FILE, or the key in ASHLAR_OPERATOR_KEY")
            }
        }
    }
}

/// A password from the first line of a file, or else typed without an echo.
pub fn password(file: Option<&Path>, prompt: &str) -> anyhow::Result<String> {
    let Some(path) = file else {
        return rpassword::prompt_password(prompt)
            .context("no password: give --password-file FILE where there is no terminal");
    };
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        bail!("{} holds no password in its first line", path.display());
    }
    Ok(line.to_owned())
}

/// The password of a new secret: from a file, or else typed twice.
pub fn new_password(file: Option<&Path>, prompt: &str) -> anyhow::Result<String> {
    let chosen = password(file, prompt)?;
    if file.is_none() {
        let again = password(None, "The same again: ")?;
        ensure!(chosen == again, "the two passwords differ; nothing was written");
    }
    ensure!(!chosen.is_empty(), "an empty password protects nothing");
    Ok(chosen)
}

/// Writes a file that only its owner may read, and that must not exist.
pub fn write_secret(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot create {}", path.display()))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .with_context(|| format!("cannot write {}", path.display()))
}
