//! `ashlar wallet set-auth`, `force-withdraw` and `force-transfer`: what the wallet's L1 address orders through L1's queue.
//! With `--wait sent` no sequencer is asked for anything: the account is then found in L1's data.

use anyhow::{Context, ensure};
use ashlar_client::{AccountKey, Client, L1, Token, pb::Receipt};
use ashlar_statement::hash::{Hash, ZERO_HASH, hash_from_bytes32, hash_to_bytes32};

use super::{
    Wallet, history,
    pay::{Amount, Wait, payee, payee_key},
};
use crate::commands::fixed_hex;

#[derive(Debug, clap::Args)]
pub struct SetAuth {
    /// The account [default: the one that the wallet's key signs for, or else the first of its L1 address]
    #[arg(long, value_name = "INDEX")]
    account: Option<u32>,
    /// What signs from now on [default: --policy, or else the wallet's key alone]
    #[arg(long, value_name = "AUTH", value_parser = fixed_hex::<32>)]
    auth: Option<[u8; 32]>,
    /// Let no key sign from now on, until this command sets one again.
    #[arg(long, conflicts_with = "auth")]
    lock: bool,
    #[command(flatten)]
    wait: Wait,
}

#[derive(Debug, clap::Args)]
pub struct ForceWithdraw {
    #[command(flatten)]
    amount: Amount,
    /// The account that pays [default: the one that the wallet's key signs for, or else the first of its L1 address]
    #[arg(long, value_name = "INDEX")]
    account: Option<u32>,
    #[command(flatten)]
    wait: Wait,
}

#[derive(Debug, clap::Args)]
pub struct ForceTransfer {
    #[command(flatten)]
    amount: Amount,
    /// Who is paid: an account's number, or an L1 address, whose first account it is.
    #[arg(long, value_name = "ACCOUNT", value_parser = payee_key)]
    to: AccountKey,
    /// The account that pays [default: the one that the wallet's key signs for, or else the first of its L1 address]
    #[arg(long, value_name = "INDEX")]
    account: Option<u32>,
    #[command(flatten)]
    wait: Wait,
}

/// L1, and the sequencer where it is needed.
struct Ends {
    client: Option<Client>,
    l1: L1,
}

impl Ends {
    async fn of(wallet: &Wallet, wait: &Wait) -> anyhow::Result<Self> {
        wallet.links.require_rollup()?;
        if wait.milestone().is_none() {
            let l1 = wallet.l1().await?;
            return Ok(Self { client: None, l1 });
        }
        let (client, l1) = wallet.both().await?;
        let client = Some(client);
        Ok(Self { client, l1 })
    }

    /// The account that is meant, and what signs for it where that is known.
    async fn account(&self, wallet: &Wallet, given: Option<u32>) -> anyhow::Result<(u32, Option<Hash>)> {
        if let Some(account) = given {
            return Ok((account, None));
        }
        let found = match &self.client {
            Some(client) => {
                let account = wallet.account(client).await?;
                account.map(|account| (account.index, account.auth))
            }
            None => {
                let batches = history::batches(&self.l1, 1).await?;
                history::account(&history::accounts(&batches, wallet), wallet)
            }
        };
        let (account, auth) =
            found.context("the wallet's L1 address has no account yet; a deposit opens it")?;
        Ok((account, Some(auth)))
    }

    /// Waits as long as was asked for; gives the receipt if there is anything to wait for.
    async fn wait(&self, queued: u64, wait: &Wait) -> anyhow::Result<Option<Receipt>> {
        let (Some(client), Some(milestone)) = (&self.client, wait.milestone()) else {
            return Ok(None);
        };
        let receipt = client
            .wait_for_l1_operation(queued, milestone, wait.limit())
            .await?;
        match receipt.batch_number {
            Some(batch) => crate::say!("{milestone}: batch {batch}")?,
            None => crate::say!("{milestone}: in the open batch")?,
        }
        Ok(Some(receipt))
    }

    /// The same for a payment: what was paid is known once the batch is sealed.
    async fn wait_for_payment(&self, queued: u64, token: &Token, wait: &Wait) -> anyhow::Result<()> {
        let receipt = self.wait(queued, wait).await?;
        if let Some(operation) = receipt.and_then(|receipt| receipt.operation) {
            let requested = operation.requested.unwrap_or(operation.amount);
            crate::say!(
                "paid {} of {}",
                token.display(operation.amount),
                token.display(requested)
            )?;
        }
        Ok(())
    }
}

pub async fn set_auth(wallet: &Wallet, args: &SetAuth) -> anyhow::Result<()> {
    let auth = match &args.auth {
        Some(bytes) => {
            hash_from_bytes32(bytes).context("--auth has a limb that is not below the field's order")?
        }
        None if args.lock => ZERO_HASH,
        None => wallet.auth(),
    };
    let ends = Ends::of(wallet, &args.wait).await?;
    let (account, present) = ends.account(wallet, args.account).await?;
    ensure!(
        present != Some(auth),
        "account {account} has this auth; name another account with --account"
    );
    let queued = ends.l1.set_auth(account, &auth).await?;
    let auth = hex::encode(hash_to_bytes32(&auth));
    crate::say!("L1 operation {queued}: auth of account {account} to be 0x{auth}")?;
    ends.wait(queued, &args.wait).await?;
    Ok(())
}

pub async fn withdraw(wallet: &Wallet, args: &ForceWithdraw) -> anyhow::Result<()> {
    let ends = Ends::of(wallet, &args.wait).await?;
    let (token, units) = args.amount.resolve(&ends.l1).await?;
    let (account, _) = ends.account(wallet, args.account).await?;
    let queued = ends.l1.force_withdrawal(account, token.id, units).await?;
    crate::say!(
        "L1 operation {queued}: up to {} from account {account} to {} on L1",
        token.display(units),
        wallet.owner()
    )?;
    ends.wait_for_payment(queued, &token, &args.wait).await
}

pub async fn transfer(wallet: &Wallet, args: &ForceTransfer) -> anyhow::Result<()> {
    let ends = Ends::of(wallet, &args.wait).await?;
    let (token, units) = args.amount.resolve(&ends.l1).await?;
    let (account, _) = ends.account(wallet, args.account).await?;
    let (to, name) = match (&ends.client, args.to) {
        (Some(client), asked) => {
            let payee = payee(client, asked).await?;
            (payee.account, payee.to_string())
        }
        (None, AccountKey::Index(index)) => (index, format!("account {index}")),
        (None, AccountKey::Owner { l1_owner, .. }) => {
            let batches = history::batches(&ends.l1, 1).await?;
            let accounts = history::accounts_of(&batches, l1_owner);
            let (index, _) = accounts.first_key_value().with_context(|| {
                format!("L1's data have no account of {l1_owner}; a deposit for it opens one")
            })?;
            (*index, format!("account {index} of {l1_owner}"))
        }
    };
    let queued = ends.l1.force_transfer(account, to, token.id, units).await?;
    crate::say!(
        "L1 operation {queued}: up to {} from account {account} to {name}",
        token.display(units)
    )?;
    ends.wait_for_payment(queued, &token, &args.wait).await
}
