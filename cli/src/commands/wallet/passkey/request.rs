//! `ashlar wallet passkey ask`: what a passkey is to sign.

use std::path::{Path, PathBuf};

use alloy::primitives::{Address, B256};
use anyhow::{Context, ensure};
use ashlar_client::{L1, Validity};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{
    super::{
        files,
        validity::{Ends, time_text},
    },
    action::{Action, Wanted},
};
use crate::commands::l1_address;

const VERSION: u32 = 1;
/// How long what was signed can be brought to L1, in seconds, unless told otherwise.
const PATIENCE_SECS: u64 = 3_600;

#[derive(Debug, clap::Args)]
pub struct Ask {
    /// The owner: a contract that `create` has made.
    #[arg(long, value_name = "ADDRESS", value_parser = l1_address)]
    owner: Address,
    /// The new file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    ends: Ends,
    #[command(subcommand)]
    wanted: Wanted,
}

/// What an owner is asked for, on its way from who asks to who sends.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    version: u32,
    chain_id: u64,
    rollup: Address,
    /// The contract that shall do it.
    pub owner: Address,
    /// What.
    pub action: Action,
    /// Until when, in seconds since 1970.
    pub deadline: u64,
    /// What the passkey signs, for `navigator.credentials.get`, in base64 for URLs.
    challenge: String,
}

impl Request {
    pub fn load(path: &Path, l1: &L1) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let read = || -> anyhow::Result<Self> {
            let request: Self = serde_json::from_str(&text).context("no request to an owner")?;
            ensure!(
                request.version == VERSION,
                "version {}, this program knows {VERSION}: use the release that has written it",
                request.version
            );
            let domain = l1.domain();
            ensure!(
                request.chain_id == domain.chain_id && request.rollup.into_array() == domain.rollup,
                "it is for rollup {} on chain {}: correct --deployment",
                request.rollup,
                request.chain_id
            );
            Ok(request)
        };
        read().with_context(|| path.display().to_string())
    }

    /// Refuses what the owner has done something else since, or done already.
    pub fn require_current(&self, challenge: B256) -> anyhow::Result<()> {
        ensure!(
            self.challenge == encoded(challenge),
            "the owner has done something since this was asked for, or the file was altered: ask again"
        );
        Ok(())
    }
}

fn encoded(challenge: B256) -> String {
    URL_SAFE_NO_PAD.encode(challenge)
}

fn now() -> u64 {
    crate::unix_secs()
}

pub async fn ask(l1: &L1, args: Ask) -> anyhow::Result<()> {
    files::require_new(&args.out)?;
    let deadline = match args.ends.validity() {
        Validity::Unlimited => now() + PATIENCE_SECS,
        Validity::For(_) | Validity::Until(_) => (u64::from(args.ends.last_minute()) + 1) * 60 - 1,
    };
    let owner = l1.passkey_owner(args.owner).await?;
    let action = args.wanted.resolve(l1).await?;
    let challenge = owner.challenge(&[action.for_owner(l1).await?], deadline).await?;
    let text = action.describe(l1).await?;
    let domain = l1.domain();
    let request = Request {
        version: VERSION,
        chain_id: domain.chain_id,
        rollup: domain.rollup.into(),
        owner: args.owner,
        action,
        deadline,
        challenge: encoded(challenge),
    };
    files::write_new(
        &args.out,
        &format!("{}\n", serde_json::to_string_pretty(&request)?),
    )?;
    crate::say!("{text}")?;
    crate::say!("until      {}", time_text((deadline / 60) as u32))?;
    crate::say!("challenge  {}", request.challenge)?;
    crate::say!(
        "have the browser sign it with `navigator.credentials.get` and userVerification `required`, keep what `toJSON` gives, \
         and bring both with `ashlar wallet passkey send`"
    )?;
    Ok(())
}
