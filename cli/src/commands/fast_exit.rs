//! `ashlar fast-exit`: withdrawals that are sold before they are proven. `ashlar wallet withdraw --sell-for` offers one; here
//! is what a buyer does, and anybody who has a withdrawal paid out.

use std::str::FromStr;

use alloy::primitives::Address;
use anyhow::{Context, bail};
use ashlar_client::{Finding, L1, L1Error, Market, Offer, Watcher};

use super::{l1_address, wallet::Source, watch::watcher};
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
    /// Put a market for the rollup's withdrawals on L1. It belongs to nobody, and one is enough for a rollup.
    Deploy,
    /// Say where an offer's withdrawal has to go, which batch has it, and who has bought it; needs no key.
    Show(Which),
    /// Pay the price, and have what the withdrawal pays once it is proven. The risk is yours: if its batch is never proven,
    /// the price is lost. Executes all public data up to the batch before, which finds a batch that the state does not
    /// allow, and asks the sequencer for what was signed.
    Buy(Buy),
    /// Have a proven withdrawal paid to its buyer, or else to its seller.
    Collect(Which),
}

/// An offer, and where it is made.
#[derive(Debug, clap::Args)]
struct Which {
    /// As `ashlar wallet withdraw --sell-for` has printed it: SELLER:TOKEN:AMOUNT:PRICE:SALT, amounts in units.
    #[arg(value_parser = Offer::from_str)]
    offer: Offer,
    /// The market, a contract: one that you know.
    #[arg(long, value_name = "ADDRESS", value_parser = l1_address)]
    market: Address,
}

#[derive(Debug, clap::Args)]
struct Buy {
    #[command(flatten)]
    which: Which,
    /// Do not execute the public data first: take the operator's word that the batch can be proven.
    #[arg(long)]
    unchecked: bool,
    /// Do not ask the sequencer whether the payments of batches that are not proven were signed.
    #[arg(long, conflicts_with = "unchecked")]
    without_signatures: bool,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    crate::shutdown::run(async |interrupted| {
        tokio::select! {
            outcome = dispatch(args) => outcome,
            () = interrupted.cancelled() => bail!("interrupted; `ashlar fast-exit show` says what was bought"),
        }
    })
}

async fn dispatch(args: Args) -> anyhow::Result<()> {
    let Args { links, key, command } = args;
    if let Command::Show(which) = command {
        return show(&links.l1(None).await?, &which).await;
    }
    links.require_rollup()?;
    let l1 = links.l1(Some(key.signer()?)).await?;
    match command {
        Command::Show(_) => Ok(()),
        Command::Deploy => {
            let market = l1.deploy_market().await?;
            Ok(crate::say!("market {}", market.address())?)
        }
        Command::Buy(args) => buy(&links, &l1, &args).await,
        Command::Collect(which) => collect(&l1, &which).await,
    }
}

async fn show(l1: &L1, which: &Which) -> anyhow::Result<()> {
    let (offer, market) = (&which.offer, l1.market(which.market).await?);
    say_offer(l1, &market, offer).await?;
    match market.buyer(offer).await? {
        Some(buyer) => crate::say!("sold to {buyer}")?,
        None => crate::say!("not sold")?,
    }
    match market.find(offer).await {
        Ok(found) => crate::say!(
            "withdrawal {} of batch {}, which is committed and not proven",
            found.index,
            found.header.number
        )?,
        Err(error @ L1Error::NotForSale { .. }) => crate::say!("{error}")?,
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Whether all batches up to this one can be proven, as far as is shown.
async fn check(watcher: &mut Watcher, last: u64) -> anyhow::Result<()> {
    let mut found = Vec::new();
    watcher.look(&mut found).await?;
    for finding in found {
        match finding {
            Finding::Wrong { number, error } if number <= last => return Err(error.into()),
            Finding::NotShown { number, error } if number <= last => {
                return Err(anyhow::Error::from(error).context(format!(
                    "batch {number}: whether its payments were signed is not known; --without-signatures does not ask"
                )));
            }
            _ => {}
        }
    }
    Ok(())
}

async fn buy(links: &Links, l1: &L1, args: &Buy) -> anyhow::Result<()> {
    let (offer, market) = (&args.which.offer, l1.market(args.which.market).await?);
    say_offer(l1, &market, offer).await?;
    let found = market.find(offer).await?;
    let number = found.header.number;
    if !args.unchecked {
        let mut watcher = watcher(links, l1.clone(), !args.without_signatures);
        check(&mut watcher, number).await.context(
            "nothing was bought: the batch cannot be proven, or this node or this sequencer does not show all there is",
        )?;
    }
    market.buy(offer, &found).await?;
    crate::say!(
        "bought withdrawal {} of batch {number}: once that is proven, `ashlar fast-exit collect` pays it",
        found.index
    )?;
    Ok(())
}

async fn collect(l1: &L1, which: &Which) -> anyhow::Result<()> {
    let market = l1.market(which.market).await?;
    let (to, units) = market.collect(&which.offer).await?;
    let token = l1.token(which.offer.token).await?;
    crate::say!("paid {} to {to}", token.display(units))?;
    Ok(())
}

async fn say_offer(l1: &L1, market: &Market, offer: &Offer) -> anyhow::Result<()> {
    let token = l1.token(offer.token).await?;
    crate::say!(
        "{} for {}, from {}, by way of {}",
        token.display(offer.amount),
        token.display(offer.price),
        offer.seller,
        market.receiver(offer).await?
    )?;
    Ok(())
}
