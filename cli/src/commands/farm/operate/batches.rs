//! `ashlar farm cancel`.

use anyhow::ensure;
use ashlar_proto::farm::v1 as pb;
use serde_json::json;

use super::{Asked, print, which::Whose};
use crate::farm_link::FarmLink;

#[derive(Debug, clap::Args)]
pub struct Cancel {
    /// Number of the batch; that of every tenant, unless --chain-id and --rollup say whose.
    #[arg(long)]
    batch: u64,
    #[command(flatten)]
    whose: Whose,
    /// Why: the sequencer is told.
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    reason: String,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub async fn cancel(farm: &FarmLink, cancel: Cancel) -> anyhow::Result<()> {
    let number = cancel.batch;
    let request = pb::CancelBatchRequest {
        batch: Some(cancel.whose.batch(number)),
        reason: cancel.reason,
    };
    let mut asked = Asked::connect(farm).await?;
    let answer = asked.admin.cancel_batch(request).await;
    let cancelled = asked.answer(answer)?.cancelled;
    ensure!(
        cancelled > 0,
        "nothing to cancel: batch {number} is done, or was given up before (`ashlar farm top` lists batches)"
    );
    let json = cancel.json.then(|| json!({ "cancelled": cancelled }));
    print(json.as_ref(), &format!("{cancelled} batch(es) given up\n"))
}
