//! `ashlar wallet policy`: what else may sign for an account beside the wallet's key, as a file. It holds no secret; who
//! signs under it must have it.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use ashlar_client::{
    amount::split_token,
    policy::{from_text, kind_names, to_text},
};
use ashlar_ecgfp5::PublicKey;
use ashlar_payments::{
    policy::{Clause, Policy, Rules},
    transaction::{Domain, Kind, NO_EXPIRY},
};
use ashlar_statement::hash::{Hash, hash_from_bytes32, hash_to_bytes32};

use super::{Wallet, files, pay::units_text, validity};
use crate::{commands::fixed_hex, links::Links};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make a policy under which the wallet's key may sign everything, and nobody else anything.
    New(New),
    /// Add a clause to --policy: another key, and what it may sign. The result is another file.
    Add(Box<Add>),
    /// Leave a clause of --policy out. The result is another file.
    Remove(Remove),
    /// Show the clauses of --policy, and the auth of accounts that have it.
    Show,
}

#[derive(Debug, clap::Args)]
pub struct New {
    /// New file for the policy.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, clap::Args)]
pub struct Add {
    /// The public key that signs, as `ashlar wallet session new` has shown it.
    #[arg(long, value_name = "PUBLIC KEY", value_parser = public_key)]
    key: PublicKey,
    /// What it may sign.
    #[arg(long, value_enum, required = true, value_delimiter = ',')]
    kind: Vec<SignedKind>,
    /// The only token that it may move, by symbol, number or address [default: that of --cap, or else any]
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// Most that it may move at once with the fee, such as "0.5 ETH". There is no limit to all together: give the key an
    /// account of its own for that.
    #[arg(long, value_name = "AMOUNT", conflicts_with = "token")]
    cap: Option<String>,
    /// It signs nothing before this time (RFC 3339).
    #[arg(long, value_name = "TIME", value_parser = validity::minute_of)]
    from: Option<u32>,
    #[command(flatten)]
    ends: validity::Ends,
    /// Digest that a preimage must open besides, which whoever pays so shows to everybody.
    #[arg(long, value_name = "DIGEST", value_parser = digest)]
    lock: Option<Hash>,
    /// New file for the policy.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, clap::Args)]
pub struct Remove {
    /// Place of the clause; those behind it move up.
    #[arg(long, value_name = "PLACE")]
    place: u8,
    /// New file for the policy.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum SignedKind {
    /// Payments to other accounts.
    Transfer,
    /// Payments to L1.
    Withdraw,
}

fn public_key(text: &str) -> anyhow::Result<PublicKey> {
    Ok(PublicKey::from_bytes(&fixed_hex(text)?)?)
}

/// Reads a digest.
pub fn digest(text: &str) -> anyhow::Result<Hash> {
    hash_from_bytes32(&fixed_hex(text)?).context("a limb is not below the field's order")
}

fn hex(digest: &Hash) -> String {
    format!("0x{}", hex::encode(hash_to_bytes32(digest)))
}

/// Reads a policy's file.
pub fn load(path: &Path, domain: &Domain) -> anyhow::Result<Policy> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    from_text(&text, domain).with_context(|| path.display().to_string())
}

/// The policy that a command is about.
pub fn require(path: Option<&Path>, domain: &Domain) -> anyhow::Result<Policy> {
    let path = path.context("say which policy: --policy FILE; `ashlar wallet policy new` makes one")?;
    load(path, domain)
}

pub fn new(wallet: &Wallet, domain: &Domain, args: &New) -> anyhow::Result<()> {
    let policy = Policy::plain(wallet.key.public_key().key_hash());
    write(&policy, domain, &args.out)
}

/// Those that need no key.
pub async fn run(links: &Links, path: Option<&Path>, command: Command) -> anyhow::Result<()> {
    let domain = links.domain().await?;
    let policy = require(path, &domain)?;
    let mut clauses = policy.clauses().to_vec();
    match command {
        Command::New(_) => Ok(()), // of `new`
        Command::Show => describe(&policy),
        Command::Add(args) => {
            clauses.push(args.clause(links).await?);
            write(&Policy::new(clauses)?, &domain, &args.out)
        }
        Command::Remove(args) => {
            policy.authorise(args.place)?; // it is there
            ensure!(
                clauses.len() > 1,
                "the policy's only clause: `ashlar wallet set-auth --lock` lets no key sign"
            );
            clauses.remove(args.place.into());
            write(&Policy::new(clauses)?, &domain, &args.out)
        }
    }
}

impl Add {
    async fn clause(&self, links: &Links) -> anyhow::Result<Clause> {
        files::require_new(&self.out)?;
        let mut rules = Rules {
            kinds: self.kind.iter().fold(0, |mask, kind| mask | kind.bit()),
            from: self.from.unwrap_or(0),
            until: self.ends.last_minute(),
            ..Rules::PLAIN
        };
        if let Some(name) = &self.token {
            rules.token = Some(links.l1(None).await?.find_token(name).await?.id);
        }
        if let Some(text) = &self.cap {
            let (digits, name) = split_token(text);
            let token = links.l1(None).await?.find_token(name).await?;
            rules.token = Some(token.id);
            rules.cap = token.parse(digits).context("--cap")?.units; // rounded down
        }
        Ok(Clause {
            key_hash: self.key.key_hash(),
            rules,
            lock: self.lock,
        })
    }
}

impl SignedKind {
    fn bit(self) -> u8 {
        1 << match self {
            Self::Transfer => Kind::Transfer,
            Self::Withdraw => Kind::Withdraw,
        } as u8
    }
}

fn write(policy: &Policy, domain: &Domain, path: &Path) -> anyhow::Result<()> {
    files::write_new(path, &to_text(policy, domain))?;
    describe(policy)?;
    let path = path.display();
    crate::say!(
        "{path}: `ashlar wallet set-auth --policy {path}` sets it; all who sign under it need this file"
    )?;
    Ok(())
}

fn describe(policy: &Policy) -> anyhow::Result<()> {
    for (place, clause) in policy.clauses().iter().enumerate() {
        crate::say!("clause {place}  {}", text(clause))?;
    }
    crate::say!("auth      {}", hex(&policy.root()))?;
    Ok(())
}

/// What a clause permits, in a line.
fn text(clause: &Clause) -> String {
    let Rules {
        kinds,
        token,
        cap,
        from,
        until,
    } = clause.rules;
    let mut text = match kinds {
        u8::MAX => "anything".to_owned(),
        kinds => kind_names(kinds).join(", "),
    };
    match (token, cap == Rules::PLAIN.cap) {
        (Some(token), true) => text += &format!(" of token {token}"),
        (Some(token), false) => text += &format!(" of up to {} with the fee", units_text(token, cap)),
        (None, false) => text += &format!(" of up to {cap} units with the fee"),
        (None, true) => {}
    }
    if from > 0 {
        text += &format!(", from {}", validity::time_text(from));
    }
    if until < NO_EXPIRY {
        text += &format!(", to the end of {}", validity::time_text(until));
    }
    if clause.lock.is_some() {
        text += ", with a lock's preimage";
    }
    format!("{text}: key with hash {}", hex(&clause.key_hash))
}
