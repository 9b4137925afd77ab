//! Where the wallet's key comes from.

use std::path::{Path, PathBuf};

use alloy::signers::local::PrivateKeySigner;
use anyhow::{Context, bail};

use crate::keys;

/// Holds the key as hex.
const VARIABLE: &str = "ASHLAR_ETHEREUM_KEY";

#[derive(Debug, clap::Args)]
pub struct Source {
    /// The wallet's Ethereum key: an encrypted keystore (JSON), or a file with the private key as hex. Instead,
    /// ASHLAR_ETHEREUM_KEY may hold the key as hex.
    #[arg(long, global = true, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// File whose first line is the keystore's password. Without it, the password is asked for.
    #[arg(long, global = true, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

impl Source {
    /// The key.
    pub fn signer(&self) -> anyhow::Result<PrivateKeySigner> {
        match (&self.key_file, std::env::var(VARIABLE)) {
            (Some(path), Err(_)) => self.open(path),
            (None, Ok(text)) => keys::parse(&text).context(VARIABLE),
            (Some(path), Ok(_)) => bail!(
                "both {} and {VARIABLE} are given, and they may be different wallets: take one away",
                path.display()
            ),
            (None, Err(_)) => {
                bail!(
                    "no key: give --key-file FILE, or {VARIABLE}; `ashlar wallet new --key-file FILE` makes one"
                )
            }
        }
    }

    fn open(&self, path: &Path) -> anyhow::Result<PrivateKeySigner> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        if !text.trim_start().starts_with('{') {
            return keys::parse(&text).with_context(|| path.display().to_string());
        }
        let password = keys::password(
            self.password_file.as_deref(),
            &format!("Password of {}: ", path.display()),
        )?;
        PrivateKeySigner::decrypt_keystore(path, password).with_context(|| {
            format!(
                "{} cannot be opened: a wrong password, or a damaged file",
                path.display()
            )
        })
    }
}
