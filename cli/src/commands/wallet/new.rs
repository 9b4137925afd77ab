//! `ashlar wallet new`

use alloy::signers::local::PrivateKeySigner;
use anyhow::{Context, ensure};

use super::{key::Source, show};
use crate::{keys, links::Links};

pub fn run(source: &Source, links: &Links) -> anyhow::Result<()> {
    let deployment = links.deployment()?;
    let path = source
        .key_file
        .as_deref()
        .context("say where the new key is kept: --key-file FILE")?;
    ensure!(
        !path.exists(),
        "{} exists; a key is never overwritten: name a new file",
        path.display()
    );
    let password = keys::new_password(source.password_file.as_deref(), "Password for the new key: ")?;
    // The keystore is made where nobody else can look, and moved to its place with its owner's rights alone.
    let private = tempfile::tempdir().context("no temporary folder")?;
    let signer = PrivateKeySigner::random();
    let mut random = rand::rngs::OsRng;
    PrivateKeySigner::encrypt_keystore(
        private.path(),
        &mut random,
        signer.to_bytes(),
        password,
        Some("key.json"),
    )
    .context("cannot encrypt the key")?;
    let keystore = std::fs::read(private.path().join("key.json")).context("cannot read the keystore back")?;
    keys::write_secret(path, &keystore)?;
    crate::say!("keystore  {}", path.display())?;
    match deployment {
        Some(deployment) => {
            let key = crate::commands::key::derive(&signer, &deployment.domain())?;
            show::identity(&signer, &ashlar_client::auth_of(&key.public_key()))?;
        }
        None => {
            crate::say!("address   {}", signer.address())?;
            crate::say!("its key of a rollup: `ashlar wallet address`")?;
        }
    }
    Ok(())
}
