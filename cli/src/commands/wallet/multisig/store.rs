//! A party's folder, and the files that parties hand over.
//!
//! `secret.json` is an encrypted keystore, like a wallet's, with where the party is in the key ceremony, and then its share
//! of the key. `group` is what everybody may know of the key. `nonces-….json`, encrypted too, is there between the two
//! rounds of a signature, and never after it.

use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use ashlar_frost::{OneTimeNonces, Quorum, Signer, Wire, WireError, dkg::Stage};
use ashlar_statement::hash::{Hash, hash_to_bytes32};
use zeroize::Zeroizing;

use super::Folder;
use crate::commands::wallet::files::{seal, sync, unseal, write_new};

impl Folder {
    fn secret(&self) -> PathBuf {
        self.folder.join("secret.json")
    }

    fn group(&self) -> PathBuf {
        self.folder.join("group")
    }

    fn nonces_of(&self, message: &Hash) -> PathBuf {
        let digest = hex::encode(hash_to_bytes32(message));
        self.folder.join(format!("nonces-{digest}.json"))
    }

    /// Makes the folder of a party that has none.
    pub fn create(&self) -> anyhow::Result<()> {
        ensure!(
            !self.secret().exists(),
            "{} is a party's folder already; a key is never overwritten: name a new folder",
            self.folder.display()
        );
        let mut builder = fs::DirBuilder::new();
        let made = builder.recursive(true).mode(0o700).create(&self.folder);
        made.with_context(|| format!("cannot create {}", self.folder.display()))
    }

    fn open(&self, password: &str) -> anyhow::Result<Zeroizing<Vec<u8>>> {
        ensure!(
            self.secret().exists(),
            "{} is no party's folder: `ashlar wallet multisig new` makes one",
            self.folder.display()
        );
        unseal(&self.secret(), password)
    }

    /// Where the party is in the ceremony.
    pub fn stage(&self, password: &str) -> anyhow::Result<Stage> {
        match Stage::decode(&self.open(password)?) {
            Err(WireError::Kind { .. }) => bail!(
                "the key of {} is made already: `auth` says how an account comes to it",
                self.folder.display()
            ),
            stage => stage.with_context(|| self.secret().display().to_string()),
        }
    }

    /// Puts where the party is now in the place of where it was.
    pub fn keep_stage(&self, stage: &Stage, password: &str) -> anyhow::Result<()> {
        seal(&self.secret(), &Zeroizing::new(stage.encode()), password)
    }

    /// The party's share of the key.
    pub fn signer(&self, password: &str) -> anyhow::Result<Signer> {
        match Signer::decode(&self.open(password)?) {
            Err(WireError::Kind { .. }) => bail!("{}", self.unfinished()),
            signer => signer.with_context(|| self.secret().display().to_string()),
        }
    }

    /// Puts the share of the key in the place of the ceremony's secrets.
    pub fn keep_signer(&self, signer: &Signer, password: &str) -> anyhow::Result<()> {
        let group = hex::encode(signer.quorum().encode());
        fs::write(self.group(), format!("{group}\n"))
            .with_context(|| format!("cannot write {}", self.group().display()))?;
        seal(&self.secret(), &Zeroizing::new(signer.encode()), password)
    }

    fn unfinished(&self) -> String {
        format!(
            "the key ceremony of {} is not at its end: go on with `ashlar wallet multisig deal`, then `finish`",
            self.folder.display()
        )
    }

    /// What everybody may know of the key.
    pub fn quorum(&self) -> anyhow::Result<Quorum> {
        if !self.group().exists() && self.secret().exists() {
            bail!("{}", self.unfinished());
        }
        read(&self.group())
    }

    /// The nonces that are kept for a message, if there are any.
    pub fn nonces(&self, message: &Hash, password: &str) -> anyhow::Result<Option<OneTimeNonces>> {
        let path = self.nonces_of(message);
        if !path.exists() {
            return Ok(None);
        }
        let nonces = OneTimeNonces::decode(&unseal(&path, password)?);
        nonces.map(Some).with_context(|| path.display().to_string())
    }

    /// Keeps nonces until they are used.
    pub fn keep_nonces(&self, message: &Hash, nonces: &OneTimeNonces, password: &str) -> anyhow::Result<()> {
        seal(
            &self.nonces_of(message),
            &Zeroizing::new(nonces.encode()),
            password,
        )
    }

    /// Removes nonces for good; of two processes that want them, one succeeds. Only then may they sign.
    pub fn remove_nonces(&self, message: &Hash) -> anyhow::Result<()> {
        let path = self.nonces_of(message);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                bail!("another process has just used the nonces of this party: `commit` again")
            }
            removed => removed.with_context(|| format!("cannot remove {}", path.display()))?,
        }
        sync(&self.folder)
    }
}

/// Reads a message of another party, or of this one.
pub fn read<T: Wire>(path: &Path) -> anyhow::Result<T> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let bytes = hex::decode(text.trim()).map_err(|_| match text.trim().get(..8) {
        Some("41736846") => WireError::Damaged, // it begins as all do
        _ => WireError::Foreign,
    });
    let value = bytes.and_then(|bytes| T::decode(&bytes));
    value.with_context(|| path.display().to_string())
}

/// Reads the messages of several parties.
pub fn read_all<T: Wire>(paths: &[PathBuf]) -> anyhow::Result<Vec<T>> {
    paths.iter().map(|path| read(path)).collect()
}

/// Writes a message for other parties.
pub fn write(path: &Path, message: &impl Wire) -> anyhow::Result<()> {
    write_new(path, &format!("{}\n", hex::encode(message.encode())))
}
