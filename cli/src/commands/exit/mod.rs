//! `ashlar exit`: the money out of a rollup whose operator is gone, with nothing but L1. Enters exit mode where that is due,
//! reads the state off L1, lets balances leave by a proof or by paths, has unproven deposits paid back, and claims what is
//! owed. Nobody's key is needed but one that pays for gas: everything is paid to whose it is.

mod claims;
mod prove;

use std::{collections::BTreeSet, sync::Arc};

use alloy::primitives::Address;
use anyhow::{Context, bail, ensure};
use ashlar_client::{ExitState, L1, ProvenState};
use ashlar_payments::exit::holdings;

use super::{l1_address, wallet::Source};
use crate::{cache::Cache, links::Links};

/// Exits in one transaction on L1: with 35 bytes each it is below the 128 KiB that nodes take.
const MOST_IN_A_BATCH: usize = 3_000;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    links: Links,
    #[command(flatten)]
    key: Source,
    #[command(flatten)]
    cache: Cache,
    /// Only say how far the rollup is from exit mode; needs no key.
    #[arg(long, conflicts_with_all = ["all", "owner", "by_path"])]
    status: bool,
    /// For everybody.
    #[arg(long, conflicts_with = "owner")]
    all: bool,
    /// For this L1 address, and others that are named likewise [default: the one of the key]
    #[arg(long, value_name = "ADDRESS", value_parser = l1_address)]
    owner: Vec<Address>,
    /// Without any proof system: by the Merkle path of each balance, which L1 hashes up to its root. Costs some 0.8 million
    /// gas a balance, and needs neither circuits nor a reference string.
    #[arg(long)]
    by_path: bool,
}

/// Whose money is to leave.
enum Whose {
    Everybody,
    Of(BTreeSet<Address>),
}

impl Whose {
    fn includes(&self, owner: Address) -> bool {
        match self {
            Self::Everybody => true,
            Self::Of(owners) => owners.contains(&owner),
        }
    }
}

pub fn run(args: Args) -> anyhow::Result<()> {
    crate::shutdown::run(async |interrupted| {
        tokio::select! {
            outcome = exit(args) => outcome,
            () = interrupted.cancelled() => bail!("interrupted; what is done is done, and the same command goes on"),
        }
    })
}

async fn exit(args: Args) -> anyhow::Result<()> {
    if args.status {
        return say_status(&args.links.l1(None).await?).await;
    }
    let signer = args.key.signer()?;
    args.links.require_rollup()?;
    let own = signer.address();
    let l1 = args.links.l1(Some(signer)).await?;
    let whose = match (args.all, args.owner.is_empty()) {
        (true, _) => Whose::Everybody,
        (false, true) => Whose::Of([own].into()),
        (false, false) => Whose::Of(args.owner.into_iter().collect()),
    };
    enter(&l1).await?;
    let state = l1
        .proven_state()
        .await
        .context("the state cannot be read off L1")?;
    let pairs = remaining(&l1, &state, &whose).await?;
    crate::say!(
        "{} balances are left to leave after batch {}",
        pairs.len(),
        state.batch
    )?;
    // Whom L1 cannot pay, as a contract that takes no ETH, holds up nobody else, here or below.
    let mut unpaid = 0;
    if args.by_path {
        unpaid += claims::leave_by_paths(&l1, &state, &pairs).await?;
    } else if !pairs.is_empty() {
        require_circuits(&l1).await?;
        let cache = args.cache;
        let opening = tokio::task::spawn_blocking(move || cache.engine());
        let engine = opening.await.context("opening the circuits")??;
        for pairs in pairs.chunks(MOST_IN_A_BATCH) {
            let left = pairs.len();
            match prove::leave(&l1, &state, pairs, Arc::clone(&engine)).await? {
                None => crate::say!("{left} balances left, and are paid")?,
                Some(number) => crate::say!("{left} balances left; batch {number} has those to claim")?,
            }
        }
    }
    unpaid += claims::refund(&l1, &whose).await?;
    unpaid += claims::claim(&l1, &whose).await?;
    ensure!(
        unpaid == 0,
        "{unpaid} payments failed, the others are made; whose they are can name another payee (`exitByPathTo`, `refundDepositTo`, `claimWithdrawalTo`)"
    );
    Ok(())
}

/// A proof of other circuits than the rollup's would be made for nothing.
async fn require_circuits(l1: &L1) -> anyhow::Result<()> {
    let ours = ashlar_contracts::generated_verifier()
        .context("verifier artifact")?
        .route;
    let theirs = l1.contract().circuitSet().call().await?;
    ensure!(
        ours == theirs,
        "the rollup takes proofs of circuit set {theirs}, this program makes those of {ours}: use the program that it was deployed with, or --by-path, which needs no circuits"
    );
    Ok(())
}

async fn say_status(l1: &L1) -> anyhow::Result<()> {
    match l1.exit_state().await? {
        ExitState::NothingWaits => crate::say!("no operation waits for its proof"),
        ExitState::Waits { index, expiry, now } => crate::say!(
            "operation {index} is the oldest that is not proven; it has {} s left",
            expiry.div_ceil(10).saturating_sub(now)
        ),
        ExitState::Expired { index } => {
            crate::say!("operation {index} has expired unproven: `ashlar exit` enters exit mode")
        }
        ExitState::Entered => crate::say!("exit mode: the state root stands still, and balances leave"),
    }?;
    Ok(())
}

/// Enters exit mode, which must be due, unless somebody else is first.
pub async fn enter_now(l1: &L1) -> anyhow::Result<()> {
    if let Err(error) = l1.enter_exit_mode().await {
        ensure!(l1.exit_state().await? == ExitState::Entered, error);
    }
    Ok(())
}

/// Enters exit mode if it is due.
async fn enter(l1: &L1) -> anyhow::Result<()> {
    match l1.exit_state().await? {
        ExitState::Entered => Ok(()),
        ExitState::Expired { index } => {
            enter_now(l1).await?;
            crate::say!("operation {index} has expired unproven: exit mode is entered")?;
            Ok(())
        }
        ExitState::NothingWaits => bail!(
            "the operator owes nothing: no operation waits for its proof. `ashlar wallet withdraw` or, against the operator's will, `ashlar wallet force-withdraw` moves money out; what is not proven in time opens exit mode"
        ),
        ExitState::Waits { index, expiry, now } => bail!(
            "operation {index} is the oldest that is not proven, and has {} s left; try again then",
            expiry.div_ceil(10).saturating_sub(now)
        ),
    }
}

/// What is under the root and has not left, in the order of accounts.
async fn remaining(l1: &L1, state: &ProvenState, whose: &Whose) -> anyhow::Result<Vec<(u32, u8)>> {
    let owners: std::collections::BTreeMap<_, _> = state
        .accounts
        .accounts()
        .map(|(index, account)| (index, Address::from(account.l1_owner)))
        .collect();
    let Ok(held) = holdings(&state.accounts);
    let wanted = held
        .into_iter()
        .filter(|(account, _)| owners.get(account).is_some_and(|owner| whose.includes(*owner)));
    let exited = l1.exited().await?;
    Ok(wanted.filter(|pair| !exited.contains(pair)).collect())
}
