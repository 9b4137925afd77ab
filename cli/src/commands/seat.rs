//! `ashlar seat`: a rollup's operator whose key changes hands. `ashlar deploy --seat-owner` makes a rollup with one.

use alloy::primitives::Address;
use anyhow::{Context, bail};
use ashlar_client::{Nominee, Seat};

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
    /// Say who has which role; needs no key.
    Show,
    /// As the owner: name whose key may take the seat once the notice is over.
    Nominate(Who),
    /// As whoever was nominated: take the seat. From then on this key runs the sequencer.
    Take,
    /// As the owner: name who may become the owner once the notice is over.
    NominateOwner(Who),
    /// As whoever was nominated: become the owner.
    TakeOwnership,
    /// As the owner: replace the guardian, at once.
    SetGuardian {
        /// The new one.
        #[arg(value_name = "ADDRESS", value_parser = l1_address)]
        who: Address,
    },
    /// As the guardian: let the holder do nothing any more, at once. Users go on as before, and leave if it lasts.
    Suspend,
    /// As the owner: let the holder act again.
    Resume,
}

#[derive(Debug, clap::Args)]
struct Who {
    /// Who is named, in place of who was named before.
    #[arg(value_name = "ADDRESS", value_parser = l1_address, required_unless_present = "nobody")]
    who: Option<Address>,
    /// Take the nomination back.
    #[arg(long, conflicts_with = "who")]
    nobody: bool,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    crate::shutdown::run(async |interrupted| {
        tokio::select! {
            outcome = dispatch(args) => outcome,
            () = interrupted.cancelled() => bail!("interrupted; `ashlar seat show` says how it stands"),
        }
    })
}

async fn dispatch(args: Args) -> anyhow::Result<()> {
    let signer = match args.command {
        Command::Show => None,
        _ => {
            args.links.require_rollup()?;
            Some(args.key.signer()?)
        }
    };
    let l1 = args.links.l1(signer).await?;
    let seat = l1.seat().await?;
    let seat = seat.context("the rollup's operator is a key, for ever: it was deployed without a seat")?;
    match args.command {
        Command::Show => {}
        Command::Nominate(args) => seat.nominate_holder(args.who).await?,
        Command::Take => seat.take().await?,
        Command::NominateOwner(args) => seat.nominate_owner(args.who).await?,
        Command::TakeOwnership => seat.take_ownership().await?,
        Command::SetGuardian { who } => seat.set_guardian(who).await?,
        Command::Suspend => seat.suspend().await?,
        Command::Resume => seat.resume().await?,
    }
    show(&seat).await
}

async fn show(seat: &Seat) -> anyhow::Result<()> {
    let state = seat.state().await?;
    let suspended = if state.is_suspended { ", SUSPENDED" } else { "" };
    crate::say!("seat      {}", seat.address())?;
    crate::say!("holder    {}{suspended}{}", state.holder, next(state.next_holder))?;
    crate::say!("owner     {}{}", state.owner, next(state.next_owner))?;
    crate::say!("guardian  {}", state.guardian)?;
    crate::say!("notice    {} s", state.notice_secs)?;
    Ok(())
}

fn next(nominee: Option<Nominee>) -> String {
    let text =
        |Nominee { who, from }| format!("; {who} from {} on", super::wallet::time_text((from / 60) as u32));
    nominee.map_or_else(String::new, text)
}
