//! `ashlar wallet session`: a key that pays from somebody's account within the rules of the account's policy, and needs no
//! Ethereum key for it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use ashlar_client::{AccountKey, Authorisation};
use ashlar_ecgfp5::SecretKey;
use ashlar_statement::hash::Hash;
use rand::RngCore;
use zeroize::Zeroizing;

use super::{
    files,
    pay::{self, Payer},
    policy,
};
use crate::{keys, links::Links};

const SEED_BYTES: usize = 32;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make a key and keep it, encrypted; the account's owner adds its public key to a policy.
    New(Secret),
    /// Pay another account, from one that has --policy.
    Transfer(HeldTransfer),
    /// Move money to an L1 address, from an account that has --policy.
    Withdraw(HeldWithdraw),
}

#[derive(Debug, clap::Args)]
pub struct Secret {
    /// File of the session's key.
    #[arg(long, value_name = "FILE")]
    secret: PathBuf,
}

/// Who signs, for which account, under which clause.
#[derive(Debug, clap::Args)]
pub struct Holder {
    #[command(flatten)]
    secret: Secret,
    /// The account that pays.
    #[arg(long, value_name = "INDEX")]
    account: u32,
    /// Place of the clause [default: the first one for this key]
    #[arg(long, value_name = "PLACE")]
    place: Option<u8>,
    /// What opens the clause's lock. Everybody will see it.
    #[arg(long, value_name = "DIGEST", value_parser = policy::digest)]
    preimage: Option<Hash>,
}

#[derive(Debug, clap::Args)]
pub struct HeldTransfer {
    #[command(flatten)]
    holder: Holder,
    #[command(flatten)]
    pays: pay::Transfer,
}

#[derive(Debug, clap::Args)]
pub struct HeldWithdraw {
    #[command(flatten)]
    holder: Holder,
    #[command(flatten)]
    pays: pay::Withdraw,
}

/// What all of them are given.
pub struct Given<'a> {
    pub links: &'a Links,
    pub policy: Option<&'a Path>,
    pub password_file: Option<&'a Path>,
}

pub async fn run(given: Given<'_>, command: Command) -> anyhow::Result<()> {
    match command {
        Command::New(secret) => secret.make(given.password_file),
        Command::Transfer(args) => pay::transfer(args.holder.payer(&given).await?, args.pays).await,
        Command::Withdraw(args) => pay::withdraw(args.holder.payer(&given).await?, args.pays).await,
    }
}

impl Secret {
    fn make(&self, password_file: Option<&Path>) -> anyhow::Result<()> {
        files::require_new(&self.secret)?;
        let password = keys::new_password(password_file, "Password for the new key: ")?;
        let mut seed = Zeroizing::new([0; SEED_BYTES]);
        rand::rngs::OsRng.fill_bytes(&mut *seed);
        files::seal(&self.secret, &*seed, &password)?;
        let public_key = SecretKey::from_seed(&*seed).public_key();
        crate::say!("keystore    {}", self.secret.display())?;
        crate::say!("public key  0x{}", hex::encode(public_key.to_bytes()))?;
        Ok(())
    }

    fn key(&self, password_file: Option<&Path>) -> anyhow::Result<SecretKey> {
        let prompt = format!("Password of {}: ", self.secret.display());
        let password = keys::password(password_file, &prompt)?;
        let seed = files::unseal(&self.secret, &password)?;
        anyhow::ensure!(
            seed.len() == SEED_BYTES,
            "{} has a secret of {} bytes, a session's has {SEED_BYTES}: name the file that `ashlar wallet session new` has made",
            self.secret.display(),
            seed.len()
        );
        Ok(SecretKey::from_seed(&seed))
    }
}

impl Holder {
    async fn payer(&self, given: &Given<'_>) -> anyhow::Result<Payer> {
        let (client, l1) = given.links.both(None).await?;
        let policy = policy::require(given.policy, client.domain())?;
        let key = self.secret.key(given.password_file)?;
        let authorisation = match self.place {
            Some(place) => Authorisation::at(&policy, place, key),
            None => Authorisation::under(&policy, key),
        };
        let authorisation = match self.preimage {
            Some(preimage) => authorisation?.unlock(preimage).context("--preimage")?,
            None => authorisation?,
        };
        let sender = client
            .sender_under(AccountKey::Index(self.account), authorisation)
            .await?;
        Ok(Payer { client, l1, sender })
    }
}
