//! `ashlar farm gc`.

use std::time::Duration;

use ashlar_proto::farm::v1 as pb;
use serde_json::{Value, json};

use super::{Asked, print};
use crate::farm_link::FarmLink;

/// A million artifacts are looked at one by one.
const COLLECTION_LIMIT: Duration = Duration::from_secs(1800);

#[derive(Debug, clap::Args)]
pub struct Collect {
    /// Only tell what would go, of what is the case now.
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub async fn collect(farm: &FarmLink, collect: Collect) -> anyhow::Result<()> {
    let mut asked = Asked::connect_for(farm, COLLECTION_LIMIT).await?;
    let dry_run = collect.dry_run;
    let request = pb::CollectGarbageRequest { dry_run };
    let answer = asked.admin.collect_garbage(request).await;
    let collected = asked.answer(answer)?;
    let json = collect.json.then(|| object(&collected, dry_run));
    print(json.as_ref(), &page(&collected, dry_run))
}

fn object(collected: &pb::CollectGarbageResponse, dry_run: bool) -> Value {
    let pile = |pile: Option<pb::Pile>| {
        let pb::Pile { artifacts, bytes } = pile.unwrap_or_default();
        json!({ "artifacts": artifacts, "bytes": bytes })
    };
    json!({
        "dry_run": dry_run,
        "batches_retired": collected.batches_retired,
        "kept": pile(collected.kept),
        "doomed": pile(collected.doomed),
        "deleted": pile(collected.deleted),
        "leftovers": collected.leftovers,
    })
}

fn page(collected: &pb::CollectGarbageResponse, dry_run: bool) -> String {
    let would = if dry_run { "would be " } else { "" };
    let pile = |pile: Option<pb::Pile>, what: &str| {
        let pb::Pile { artifacts, bytes } = pile.unwrap_or_default();
        format!(
            "{artifacts:>8} artifacts {:>10.1} MiB  {what}\n",
            bytes as f64 / (1 << 20) as f64
        )
    };
    let mut page = format!(
        "{:>8} batches   {:>14}  {would}no longer kept\n",
        collected.batches_retired, ""
    );
    page += &pile(collected.kept, "kept: a job names them, or they are new");
    page += &pile(
        collected.doomed,
        "needed by nobody: they go if that stays so for the grace",
    );
    page += &pile(collected.deleted, &format!("{would}deleted"));
    page += &format!(
        "{:>8} leftovers {:>14}  {would}deleted: parts of files, and damaged copies\n",
        collected.leftovers, ""
    );
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_what_went_and_a_dry_one_what_would() {
        let mib = |artifacts, mib: u64| {
            let bytes = mib << 20;
            Some(pb::Pile { artifacts, bytes })
        };
        let collected = pb::CollectGarbageResponse {
            batches_retired: 2,
            kept: mib(30, 12),
            doomed: mib(4, 1),
            deleted: mib(7, 3),
            leftovers: 1,
        };
        assert_eq!(
            page(&collected, false),
            "       2 batches                   no longer kept\n      30 artifacts       12.0 MiB  kept: a job names them, or \
             they are new\n       4 artifacts        1.0 MiB  needed by nobody: they go if that stays so for the grace\n       7 \
             artifacts        3.0 MiB  deleted\n       1 leftovers                 deleted: parts of files, and damaged copies\n"
        );
        let dry = page(&collected, true);
        for line in [
            "2 batches                   would be no longer kept",
            "3.0 MiB  would be deleted",
        ] {
            assert!(dry.contains(line), "{dry}");
        }
        assert_eq!(
            object(&collected, true)["deleted"],
            json!({ "artifacts": 7, "bytes": 3 << 20 })
        );
    }
}
