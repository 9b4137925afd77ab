//! `ashlar watch`: an eye on a rollup, for whoever has money there. From L1 alone it executes what the operator commits, and
//! says whether that leads to the root that he claims, and how long L1's queue has waited; what the sequencer shows says
//! whether the payments were signed. In an optimistic rollup it challenges what nothing can prove.

use std::time::Duration;

use alloy::primitives::Address;
use anyhow::{Context, bail, ensure};
use ashlar_client::{BatchStanding, CommittedBatch, ExitState, Finding, L1, Options, Watcher};
use ashlar_contracts::OptimisticTerms;
use tokio::time::sleep;

use super::{exit::enter_now, wallet::Source};
use crate::{links::Links, output::OutputError};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    links: Links,
    #[command(flatten)]
    key: Source,
    /// Look once at all there is, and end: with success if nothing is wrong.
    #[arg(long)]
    once: bool,
    /// Seconds between two looks.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    every_secs: u64,
    /// Say so, and with --once fail, if the oldest operation that is not proven has fewer seconds left.
    #[arg(long, value_name = "SECS", default_value_t = 86_400)]
    warn_below_secs: u64,
    /// Enter exit mode as soon as that is allowed; needs a key, which pays for it.
    #[arg(long)]
    enter_exit_mode: bool,
    /// In an optimistic rollup, challenge a batch that cannot be proven, have it taken back when its challenge is not
    /// answered, and collect the bonds; needs a key, which pays for it and puts up the challenge's bond.
    #[arg(long)]
    challenge: bool,
    /// Ask the sequencer (--sequencer) what each batch was made of, and check that its payments were signed and allowed. With
    /// --challenge, a batch whose payments were not is challenged at once, and one that the sequencer does not show when
    /// half of its window is over: the bond is lost if they were signed after all.
    #[arg(long)]
    signatures: bool,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    crate::shutdown::run(async |interrupted| {
        tokio::select! {
            outcome = watch(args) => outcome,
            () = interrupted.cancelled() => Ok(()),
        }
    })
}

async fn watch(args: Args) -> anyhow::Result<()> {
    let signer = match args.enter_exit_mode || args.challenge {
        true => {
            args.links.require_rollup()?;
            Some(args.key.signer()?)
        }
        false => None,
    };
    let l1 = args.links.l1(signer).await?;
    let terms = l1.optimistic_terms().await?;
    let challenger = match args.challenge {
        true => Some(Challenger::of(&l1, terms)?),
        false => None,
    };
    let mut watcher = watcher(&args.links, l1.clone(), args.signatures);
    let mut said = None;
    loop {
        let mut found = Vec::new();
        let looked = watcher.look(&mut found).await;
        for finding in &found {
            say(finding, terms.is_some())?;
        }
        let exit = match looked {
            Ok(()) => l1.exit_state().await,
            Err(error) => Err(error),
        };
        let exit = match exit {
            Err(error) if !args.once => {
                // A node that is away comes back; what was seen is kept.
                tracing::warn!(error = ashlar_report::chain(&error), "cannot look at L1");
                sleep(Duration::from_secs(args.every_secs)).await;
                continue;
            }
            exit => exit?,
        };
        let waiting = Waiting::of(exit, args.warn_below_secs);
        if said != Some(waiting) {
            waiting.say(exit)?;
            said = Some(waiting);
        }
        if let Some(challenger) = &challenger {
            let challenged = challenger.act(&l1, &watcher).await;
            match challenged {
                Err(error) if args.once => return Err(error),
                Err(error) => tracing::error!(error = format!("{error:#}"), "cannot challenge: tried again"),
                Ok(()) => {}
            }
        }
        if args.once {
            return verdict(&watcher, waiting);
        }
        if waiting == Waiting::Expired && args.enter_exit_mode {
            enter_now(&l1).await?;
            crate::say!("exit mode is entered")?;
            continue;
        }
        sleep(Duration::from_secs(args.every_secs)).await;
    }
}

/// Looks at L1, and asks the sequencer for signatures if they are wanted.
pub fn watcher(links: &Links, l1: L1, signatures: bool) -> Watcher {
    if !signatures {
        return Watcher::new(l1);
    }
    let options = Options {
        attempts: 2, // whoever watches asks again at the next look
        ..links.options()
    };
    Watcher::with_sequencer(l1, links.sequencer.clone(), options)
}

fn say(finding: &Finding, is_optimistic: bool) -> Result<(), OutputError> {
    match finding {
        Finding::Right { number } => crate::say!("batch {number}: committed; its data lead to its root"),
        Finding::Signed { number } => crate::say!("batch {number}: its payments were signed"),
        Finding::NotShown { number, error } if error.is_wrong() => crate::say!(
            "batch {number}: WRONG as the sequencer shows it: {}",
            ashlar_report::chain(error)
        ),
        Finding::NotShown { number, error } => crate::say!(
            "batch {number}: whether its payments were signed is NOT KNOWN: {}",
            ashlar_report::chain(error)
        ),
        Finding::Proven { number } if is_optimistic => crate::say!("batch {number}: final"),
        Finding::Proven { number } => crate::say!("batch {number}: proven"),
        Finding::TakenBack { first } => crate::say!("batch {first} and those behind it are taken back"),
        Finding::Wrong { number, error } => crate::say!(
            "batch {number}: WRONG, nothing can prove it: {}",
            ashlar_report::chain(error)
        ),
    }
}

/// Who challenges in an optimistic rollup.
struct Challenger {
    terms: OptimisticTerms,
    account: Address,
}

impl Challenger {
    fn of(l1: &L1, terms: Option<OptimisticTerms>) -> anyhow::Result<Self> {
        Ok(Self {
            terms: terms.context(
                "--challenge: batches of this rollup are final by proof alone, nothing is to be challenged",
            )?,
            account: l1.signer().context("--challenge needs a key")?,
        })
    }

    /// Takes the next step against batches that nothing can prove, or that are not shown, then collects what is due.
    async fn act(&self, l1: &L1, watcher: &Watcher) -> anyhow::Result<()> {
        let unshown = watcher.unshown().map(|of| (&of.batch, of.is_wrong));
        let wrong = watcher.wrong().map(|batch| (batch, true));
        for (batch, is_wrong) in unshown.chain(wrong) {
            self.step(l1, batch, is_wrong).await?;
            if is_wrong {
                break; // what is behind it goes back with it
            }
        }
        let due = l1.bonds_due(self.account).await?;
        if !due.is_zero() {
            l1.collect_bonds(self.account).await?;
            crate::say!("bonds: {due} wei are paid to {}", self.account)?;
        }
        Ok(())
    }

    /// Takes the next step against one batch, which `is_wrong` for certain, or only not shown.
    async fn step(&self, l1: &L1, batch: &CommittedBatch, is_wrong: bool) -> anyhow::Result<()> {
        let number = batch.header.number;
        match l1.batch_standing(number, &self.terms).await? {
            // There is time for a sequencer that is away to come back.
            BatchStanding::Open { until, now } if !is_wrong && until - now > self.terms.window_secs / 2 => {}
            BatchStanding::Open { .. } => {
                l1.challenge(batch, &self.terms).await?;
                crate::say!(
                    "batch {number}: challenged, with a bond of {} wei",
                    self.terms.challenge_bond_wei
                )?;
            }
            BatchStanding::Challenged { .. } => {} // by whomsoever
            BatchStanding::Lapsed { by } => {
                l1.revert_unanswered(&batch.header).await?;
                crate::say!("batch {number}: the challenge by {by} was not answered; it is taken back")?;
            }
            BatchStanding::Unchallengeable if is_wrong => {
                bail!("batch {number} is wrong and cannot be challenged any more: its window is over")
            }
            BatchStanding::Unchallengeable => {} // it was proven, or it is too late
        }
        Ok(())
    }
}

/// How L1's queue stands, as far as it is worth a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    InTime,
    Short,
    Expired,
    Entered,
}

impl Waiting {
    fn of(exit: ExitState, warn_below_secs: u64) -> Self {
        match exit {
            ExitState::NothingWaits => Self::InTime,
            ExitState::Waits { expiry, now, .. } if left_secs(expiry, now) >= warn_below_secs => Self::InTime,
            ExitState::Waits { .. } => Self::Short,
            ExitState::Expired { .. } => Self::Expired,
            ExitState::Entered => Self::Entered,
        }
    }

    fn say(self, exit: ExitState) -> Result<(), OutputError> {
        match exit {
            ExitState::NothingWaits => crate::say!("queue: nothing waits for its proof"),
            ExitState::Waits { index, expiry, now } => {
                let word = if self == Self::Short { "ONLY " } else { "" };
                crate::say!(
                    "queue: operation {index} waits for its proof, and has {word}{} s left",
                    left_secs(expiry, now)
                )
            }
            ExitState::Expired { index } => crate::say!(
                "queue: operation {index} has EXPIRED unproven: `ashlar exit`, or --enter-exit-mode here, enters exit mode"
            ),
            ExitState::Entered => crate::say!("EXIT MODE: `ashlar exit` takes the money out"),
        }
    }
}

fn left_secs(expiry: u64, now: u64) -> u64 {
    expiry.div_ceil(10).saturating_sub(now)
}

fn verdict(watcher: &Watcher, waiting: Waiting) -> anyhow::Result<()> {
    if let Some(batch) = watcher.wrong() {
        bail!("batch {} cannot be proven", batch.header.number);
    }
    if let Some(unshown) = watcher.unshown().next() {
        let number = unshown.batch.header.number;
        match unshown.is_wrong {
            true => bail!("batch {number} cannot be proven as the sequencer shows it"),
            false => bail!("batch {number}: whether its payments were signed is not known"),
        }
    }
    ensure!(waiting == Waiting::InTime, "the operator is late");
    crate::say!("all is right up to batch {}", watcher.last())?;
    Ok(())
}
