//! `ashlar wallet multisig transfer` and `withdraw`: a transaction that nobody has signed, as a file that people can read.

use std::path::{Path, PathBuf};

use alloy::primitives::Address;
use anyhow::{Context, ensure};
use ashlar_client::{Account, AccountKey, Client, L1, Token, auth_of};
use ashlar_ecgfp5::{PublicKey, Signature};
use ashlar_frost::Quorum;
use ashlar_payments::{
    packing::{PackedAmount, PackedFee},
    policy::ClauseWitness,
    transaction::{NO_EXPIRY, SignedTransaction, Transaction, Transfer, Withdraw},
};
use ashlar_statement::{Domain, hash::Hash};
use serde::{Deserialize, Serialize};

use super::{Folder, owner::OwnerCanTakeAll};
use crate::{
    commands::{
        l1_address,
        wallet::{
            files,
            pay::{Amount, Fee, packed, payee, payee_key, units_text},
        },
    },
    links::Links,
};

const VERSION: u32 = 1;

/// What both kinds need.
#[derive(Debug, clap::Args)]
pub struct Common {
    #[command(flatten)]
    folder: Folder,
    /// The group's account, which pays.
    #[arg(long, value_name = "INDEX")]
    account: u32,
    #[command(flatten)]
    fee: Fee,
    /// New file for the transaction.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    allowed: OwnerCanTakeAll,
}

#[derive(Debug, clap::Args)]
pub struct TransferArgs {
    #[command(flatten)]
    amount: Amount,
    /// Who is paid: an account's number, or an L1 address, whose first account it is.
    #[arg(long, value_name = "ACCOUNT", value_parser = payee_key)]
    to: AccountKey,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
pub struct WithdrawArgs {
    #[command(flatten)]
    amount: Amount,
    /// L1 address that is paid.
    #[arg(long, value_name = "ADDRESS", value_parser = l1_address)]
    to: Address,
    #[command(flatten)]
    common: Common,
}

/// A transaction before its signature. Every party reads it, and signs what it reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    version: u32,
    chain_id: u64,
    rollup: Address,
    /// Of the group, as hex.
    public_key: String,
    account: u32,
    nonce: u32,
    pays: Pays,
    /// In units of the token.
    amount: u64,
    /// In units of the token.
    fee: u64,
    token: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Pays {
    /// Another account.
    Account { number: u32, owner: Address },
    /// An L1 address.
    Address(Address),
}

fn key_text(key: &PublicKey) -> String {
    format!("0x{}", hex::encode(key.to_bytes()))
}

impl Draft {
    /// Reads a file, and refuses what is not for this rollup and this group.
    pub fn load(path: &Path, domain: &Domain, quorum: &Quorum) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let draft: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} is no transaction of a multisig", path.display()))?;
        draft
            .require(domain, quorum)
            .with_context(|| path.display().to_string())?;
        Ok(draft)
    }

    fn require(&self, domain: &Domain, quorum: &Quorum) -> anyhow::Result<()> {
        ensure!(
            self.version == VERSION,
            "version {}, this program knows {VERSION}: all parties must use the same release",
            self.version
        );
        ensure!(
            self.chain_id == domain.chain_id && self.rollup.into_array() == domain.rollup,
            "the transaction is for rollup {} on chain {}, this is rollup {} on chain {}: correct --deployment, or refuse to sign",
            self.rollup,
            self.chain_id,
            Address::from(domain.rollup),
            domain.chain_id
        );
        ensure!(
            self.public_key == key_text(&quorum.public_key()),
            "the transaction is for another group's key: look whether --folder is the right one"
        );
        Ok(())
    }

    fn transaction(&self) -> anyhow::Result<Transaction> {
        let (from, token, nonce) = (self.account, self.token, self.nonce);
        let fee = PackedFee::exact(self.fee).context("fee")?;
        Ok(match self.pays {
            Pays::Account { number, owner } => Transaction::Transfer(Transfer {
                from,
                to: number,
                to_owner: owner.into_array(),
                token,
                amount: PackedAmount::exact(self.amount).context("amount")?,
                fee,
                nonce,
            }),
            Pays::Address(to) => Transaction::Withdraw(Withdraw {
                from,
                to_l1: to.into_array(),
                token,
                amount: self.amount,
                fee,
                nonce,
            }),
        })
    }

    /// What is signed. It names chain and rollup: a signature holds nowhere else.
    pub fn message(&self) -> anyhow::Result<Hash> {
        let domain = Domain {
            chain_id: self.chain_id,
            rollup: self.rollup.into_array(),
        };
        let place = ClauseWitness::plain().place;
        Ok(self.transaction()?.message(&domain, NO_EXPIRY, place))
    }

    /// The transaction with the group's signature.
    pub fn signed(&self, quorum: &Quorum, signature: Signature) -> anyhow::Result<SignedTransaction> {
        Ok(SignedTransaction {
            tx: self.transaction()?,
            valid_until: NO_EXPIRY,
            clause: ClauseWitness::plain(),
            public_key: quorum.public_key(),
            signature,
        })
    }

    /// Says what it pays.
    pub fn describe(&self) -> String {
        let units = |units| units_text(self.token, units);
        let payee = match self.pays {
            Pays::Account { number, owner } => format!("account {number} of {owner}"),
            Pays::Address(to) => format!("{to} on L1"),
        };
        format!(
            "{} from account {} to {payee}, fee {}, nonce {}",
            units(self.amount),
            self.account,
            units(self.fee),
            self.nonce
        )
    }
}

/// The group's account, which no address with a key owns.
struct Payer {
    client: Client,
    l1: L1,
    account: Account,
    quorum: Quorum,
}

impl Common {
    async fn payer(&self, links: &Links) -> anyhow::Result<Payer> {
        files::require_new(&self.out)?;
        let quorum = self.folder.quorum()?;
        let (client, l1) = links.both(None).await?;
        let account = client.account(AccountKey::Index(self.account)).await?;
        let account = account.with_context(|| {
            format!(
                "there is no account {}: `ashlar wallet multisig auth` says how its owner opens one",
                self.account
            )
        })?;
        ensure!(
            account.auth == auth_of(&quorum.public_key()),
            "the group does not sign for account {}: `ashlar wallet multisig auth --account {}` says how its owner gives it the group's key",
            self.account,
            self.account
        );
        self.allowed.require_contract(&l1, account.l1_owner).await?;
        Ok(Payer {
            client,
            l1,
            account,
            quorum,
        })
    }

    fn write(&self, payer: &Payer, pays: Pays, token: &Token, amount: u64) -> anyhow::Result<()> {
        let domain = payer.client.domain();
        let draft = Draft {
            version: VERSION,
            chain_id: domain.chain_id,
            rollup: domain.rollup.into(),
            public_key: key_text(&payer.quorum.public_key()),
            account: payer.account.index,
            nonce: payer.account.pending_nonce,
            pays,
            amount,
            fee: self.fee.resolve(token)?.value(),
            token: token.id,
        };
        let text = serde_json::to_string_pretty(&draft)?;
        files::write_new(&self.out, &format!("{text}\n"))?;
        crate::say!("{}", draft.describe())?;
        crate::say!(
            "give {} to all who sign; each runs `commit` with it",
            self.out.display()
        )?;
        Ok(())
    }
}

pub async fn transfer(links: &Links, args: TransferArgs) -> anyhow::Result<()> {
    let payer = args.common.payer(links).await?;
    let (token, units) = args.amount.resolve(&payer.l1).await?;
    let amount = packed(units, &token)?.value();
    let to = payee(&payer.client, args.to).await?;
    let pays = Pays::Account {
        number: to.account,
        owner: to.l1_owner,
    };
    args.common.write(&payer, pays, &token, amount)
}

pub async fn withdraw(links: &Links, args: WithdrawArgs) -> anyhow::Result<()> {
    let payer = args.common.payer(links).await?;
    let (token, units) = args.amount.resolve(&payer.l1).await?;
    args.common.write(&payer, Pays::Address(args.to), &token, units)
}
