//! `ashlar status`: L1, sequencer and farm in three lines.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, ensure};
use ashlar_client::ExitState;
use ashlar_identity::Role;
use ashlar_proto::farm::v1::{JobState, ListJobsRequest, admin_service_client::AdminServiceClient};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::{farm_link::FarmLink, links::Links};

/// Limit for each of the farm's answers.
const FARM_TIMEOUT: Duration = Duration::from_secs(10);
/// Jobs that the farm tells at once; of more, the newest are counted.
const MOST_JOBS: usize = 1_000;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    links: Links,
    #[command(flatten)]
    farm: FarmLink,
    /// Wait up to so many seconds until all three answer.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=86_400))]
    wait_secs: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    crate::shutdown::run(async |interrupted| {
        tokio::select! {
            outcome = answer(args) => outcome,
            () = interrupted.cancelled() => anyhow::bail!("interrupted"),
        }
    })
}

async fn answer(args: &Args) -> anyhow::Result<()> {
    let end = Instant::now() + Duration::from_secs(args.wait_secs);
    let parts = loop {
        // At once: who is away must not delay the others' answers.
        let (l1, sequencer, farm) = tokio::join!(l1(args), sequencer(args), farm(args));
        let parts = [("L1", l1), ("sequencer", sequencer), ("farm", farm)];
        if parts.iter().all(|(_, part)| part.is_ok()) || Instant::now() >= end {
            break parts;
        }
        sleep(Duration::from_millis(500)).await;
    };
    let mut object = serde_json::Map::new();
    let mut away = Vec::new();
    for (name, part) in parts {
        let (text, value) = match part {
            Ok((text, value)) => (text, value),
            Err(error) => {
                away.push(name);
                (
                    format!("NOT AVAILABLE: {error:#}"),
                    json!({ "error": format!("{error:#}") }),
                )
            }
        };
        if !args.json {
            crate::say!("{name:<10} {text}")?;
        }
        object.insert(name.to_lowercase(), value);
    }
    if args.json {
        crate::say!("{:#}", Value::Object(object))?;
    }
    ensure!(away.is_empty(), "not available: {}", away.join(", "));
    Ok(())
}

async fn l1(args: &Args) -> anyhow::Result<(String, Value)> {
    let l1 = args.links.l1(None).await?;
    let (state, head) = (l1.state().await?, l1.head().await?);
    let in_exit_mode = l1.in_exit_mode().await?;
    // Which operation is the oldest is in the logs, of which a node may refuse so many.
    let exit_state = l1.exit_state().await.unwrap_or(ExitState::NothingWaits);
    let chain_id = l1.domain().chain_id;
    let rollup = alloy::primitives::Address::from(l1.domain().rollup);
    let exits = match exit_state {
        ExitState::NothingWaits => String::new(),
        ExitState::Waits { index, expiry, now } => format!(
            ", operation {index} to be proven within {} s",
            expiry.div_ceil(10).saturating_sub(now)
        ),
        ExitState::Expired { index } => {
            format!(", operation {index} HAS EXPIRED: anybody can enter exit mode")
        }
        ExitState::Entered => ", IN EXIT MODE: `ashlar exit` takes the money out".to_owned(),
    };
    let text = format!(
        "{} chain {chain_id}, block {head}, rollup {rollup}: {} batches committed, {} proven, {} operations queued{exits}",
        args.links.l1_rpc, state.committed_batches, state.proven_batches, state.queued_operations
    );
    let value = json!({
        "endpoint": args.links.l1_rpc,
        "chain_id": chain_id,
        "block": head,
        "rollup": rollup,
        "committed_batches": state.committed_batches,
        "proven_batches": state.proven_batches,
        "queued_operations": state.queued_operations,
        "state_root": state.state_root,
        "exit_mode": in_exit_mode,
    });
    Ok((text, value))
}

async fn sequencer(args: &Args) -> anyhow::Result<(String, Value)> {
    let info = args.links.client().await?.info().await?;
    let is_exit_mode = info.exit_mode.is_some_and(|of| of.entered);
    let exits = match is_exit_mode {
        true => "; exit mode: it takes no transaction, and can be read",
        false => "",
    };
    let text = format!(
        "{} batch {} is open, {} operations unsealed, {} of L1's queue taken{exits}",
        args.links.sequencer, info.next_batch, info.unsealed_operations, info.next_queue_index
    );
    let value = json!({
        "endpoint": args.links.sequencer,
        "next_batch": info.next_batch,
        "unsealed_operations": info.unsealed_operations,
        "next_queue_index": info.next_queue_index,
        "exit_mode": is_exit_mode,
        "root": format!("0x{}", hex::encode(&info.root)),
        "circuit_set": format!("0x{}", hex::encode(&info.circuit_set_digest)),
    });
    Ok((text, value))
}

fn state_name(state: JobState) -> &'static str {
    match state {
        JobState::Unspecified => "unknown",
        JobState::Blocked => "blocked",
        JobState::Ready => "ready",
        JobState::Leased => "leased",
        JobState::Done => "done",
        JobState::Poisoned => "poisoned",
    }
}

async fn farm(args: &Args) -> anyhow::Result<(String, Value)> {
    let asking = async {
        let link = args.farm.open(Role::Admin)?;
        let mut admin = AdminServiceClient::new(link.connect(None).await?);
        anyhow::Ok(
            admin
                .list_jobs(ListJobsRequest::default())
                .await
                .map_err(|status| link.explain(status))?
                .into_inner()
                .jobs,
        )
    };
    let jobs = timeout(FARM_TIMEOUT, asking)
        .await
        .with_context(|| {
            format!(
                "no answer from {} within {} s",
                args.farm.farm,
                FARM_TIMEOUT.as_secs()
            )
        })?
        .with_context(|| format!("cannot ask the farm at {}", args.farm.farm))?;
    let mut counts = BTreeMap::<&str, usize>::new();
    for job in &jobs {
        *counts.entry(state_name(job.state())).or_default() += 1;
    }
    let list: Vec<String> = counts
        .iter()
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    let text = match (list.is_empty(), jobs.len() < MOST_JOBS) {
        (true, _) => "none".to_owned(),
        (false, true) => list.join(", "),
        (false, false) => format!("{} (of the newest {MOST_JOBS})", list.join(", ")),
    };
    let value = json!({ "endpoint": args.farm.farm, "jobs": counts });
    Ok((format!("{} jobs: {text}", args.farm.farm), value))
}
