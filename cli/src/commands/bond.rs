//! `ashlar bond`: challenges and bonds of an optimistic rollup, each step by hand. `ashlar watch --challenge` takes a
//! challenger's steps by itself.

use alloy::{
    primitives::{Address, utils::format_ether},
    signers::local::PrivateKeySigner,
};
use anyhow::{Context, bail, ensure};
use ashlar_client::{BatchStanding, L1};
use ashlar_contracts::OptimisticTerms;

use super::{l1_address, wallet::Source};
use crate::links::Links;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    links: Links,
    #[command(flatten)]
    key: Source,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Say what challenges cost, whether the operator's bond is there, and how batches stand that are not final; needs no
    /// key.
    Show {
        /// Say what is due to this account, too.
        #[arg(long, value_name = "ADDRESS", value_parser = l1_address)]
        of: Option<Address>,
    },
    /// As the operator: post the bond, without which nothing is committed.
    Post,
    /// As the operator: take the bond out, if all batches are final.
    Withdraw(To),
    /// Have paid out what is due to the key's account, of challenges won and of batches that were taken back.
    Collect(To),
    /// Oblige the operator to prove a batch in time: one with a payment that its owner has not signed. Your bond is his if
    /// he does.
    Challenge(Which),
    /// Have a batch taken back whose challenge was not answered in time, and all behind it.
    TakeBack(Which),
}

#[derive(Debug, clap::Args)]
struct To {
    /// Who is paid [default: the key's account]
    #[arg(long, value_name = "ADDRESS", value_parser = l1_address)]
    to: Option<Address>,
}

#[derive(Debug, clap::Args)]
struct Which {
    /// Number of the batch.
    batch: u64,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    crate::shutdown::run(async |interrupted| {
        tokio::select! {
            outcome = dispatch(args) => outcome,
            () = interrupted.cancelled() => bail!("interrupted; `ashlar bond show` says how it stands"),
        }
    })
}

async fn dispatch(args: Args) -> anyhow::Result<()> {
    let Args { links, key, command } = args;
    if let Command::Show { of } = command {
        let l1 = links.l1(None).await?;
        let terms = terms(&l1).await?;
        return show(&l1, &terms, of).await;
    }
    links.require_rollup()?;
    let signer: PrivateKeySigner = key.signer()?;
    let own = signer.address();
    let l1 = links.l1(Some(signer)).await?;
    let terms = terms(&l1).await?;
    match command {
        Command::Show { .. } => Ok(()),
        Command::Post => {
            ensure!(!l1.is_bonded().await?, "the operator's bond is there already");
            l1.post_bond(&terms).await?;
            let bond = ether(terms.operator_bond_wei);
            Ok(crate::say!("the operator's bond of {bond} ETH is posted")?)
        }
        Command::Withdraw(To { to }) => {
            l1.withdraw_bond().await?;
            collect(&l1, own, to).await
        }
        Command::Collect(To { to }) => collect(&l1, own, to).await,
        Command::Challenge(Which { batch }) => challenge(&l1, &terms, batch).await,
        Command::TakeBack(Which { batch }) => take_back(&l1, &terms, batch).await,
    }
}

async fn terms(l1: &L1) -> anyhow::Result<OptimisticTerms> {
    let terms = l1.optimistic_terms().await?;
    terms.context(
        "batches of this rollup are final by proof alone: it has no bonds, and nothing is to be challenged",
    )
}

async fn show(l1: &L1, terms: &OptimisticTerms, of: Option<Address>) -> anyhow::Result<()> {
    crate::say!(
        "a batch can be challenged for {} s, with a bond of {} ETH, and is proven within {} s",
        terms.window_secs,
        ether(terms.challenge_bond_wei),
        terms.answer_secs
    )?;
    let bond = ether(terms.operator_bond_wei);
    match l1.is_bonded().await? {
        true => crate::say!("the operator's bond of {bond} ETH is there")?,
        false => crate::say!("the operator's bond of {bond} ETH is NOT there: nothing can be committed")?,
    }
    let state = l1.state().await?;
    for number in state.proven_batches + 1..=state.committed_batches {
        match l1.batch_standing(number, terms).await? {
            BatchStanding::Open { until, now } => {
                crate::say!(
                    "batch {number}: can be challenged for {} s",
                    until.saturating_sub(now)
                )?;
            }
            BatchStanding::Challenged { by, answer_by } => {
                crate::say!(
                    "batch {number}: challenged by {by}, to be proven until {answer_by} (seconds since 1970)"
                )?;
            }
            BatchStanding::Lapsed { by } => crate::say!(
                "batch {number}: the challenge by {by} was NOT ANSWERED: `ashlar bond take-back {number}`"
            )?,
            BatchStanding::Unchallengeable => {
                crate::say!("batch {number}: cannot be challenged, final after those before it")?;
            }
        }
    }
    if let Some(of) = of {
        let due = l1.bonds_due(of).await?;
        crate::say!("{} ETH are due to {of}", format_ether(due))?;
    }
    Ok(())
}

async fn challenge(l1: &L1, terms: &OptimisticTerms, number: u64) -> anyhow::Result<()> {
    match standing(l1, terms, number).await? {
        BatchStanding::Open { .. } => {}
        BatchStanding::Challenged { by, .. } | BatchStanding::Lapsed { by } => {
            bail!("batch {number} is challenged already, by {by}; nothing was sent")
        }
        BatchStanding::Unchallengeable => {
            bail!(
                "batch {number} cannot be challenged: its window is over, or it was proven; nothing was sent"
            )
        }
    }
    let batch = l1.committed_batch(number).await?;
    l1.challenge(&batch, terms).await?;
    crate::say!(
        "batch {number}: challenged, with a bond of {} ETH; if it is not proven within {} s, `ashlar bond take-back {number}`",
        ether(terms.challenge_bond_wei),
        terms.answer_secs
    )?;
    Ok(())
}

async fn take_back(l1: &L1, terms: &OptimisticTerms, number: u64) -> anyhow::Result<()> {
    match standing(l1, terms, number).await? {
        BatchStanding::Lapsed { .. } => {}
        BatchStanding::Challenged { answer_by, .. } => {
            bail!(
                "batch {number} may still be proven, until {answer_by} (seconds since 1970); nothing was sent"
            )
        }
        BatchStanding::Open { .. } | BatchStanding::Unchallengeable => {
            bail!("batch {number} has no challenge that was not answered; nothing was sent")
        }
    }
    let batch = l1.committed_batch(number).await?;
    l1.revert_unanswered(&batch.header).await?;
    crate::say!(
        "batch {number} and those behind it are taken back; `ashlar bond collect` pays the challenger"
    )?;
    Ok(())
}

/// How a batch stands that is committed and not final.
async fn standing(l1: &L1, terms: &OptimisticTerms, number: u64) -> anyhow::Result<BatchStanding> {
    let state = l1.state().await?;
    ensure!(
        number <= state.committed_batches,
        "batch {number} is not committed: the last one is {}",
        state.committed_batches
    );
    ensure!(
        number > state.proven_batches,
        "batch {number} is final, as is all up to batch {}",
        state.proven_batches
    );
    Ok(l1.batch_standing(number, terms).await?)
}

async fn collect(l1: &L1, own: Address, to: Option<Address>) -> anyhow::Result<()> {
    let due = l1.bonds_due(own).await?;
    ensure!(!due.is_zero(), "nothing is due to {own}");
    let to = to.unwrap_or(own);
    l1.collect_bonds(to).await?;
    crate::say!("{} ETH are paid to {to}", format_ether(due))?;
    Ok(())
}

fn ether(wei: u128) -> String {
    format_ether(wei)
}
