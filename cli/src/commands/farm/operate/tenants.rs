//! `ashlar farm tenants` and `tenant`.

use ashlar_farm::tenant_status_object;
use ashlar_proto::farm::v1 as pb;
use serde_json::Value;

use super::{Asked, plain, print, tenant_name, which::TheTenant};
use crate::farm_link::FarmLink;

#[derive(Debug, clap::Args)]
pub struct Change {
    #[command(flatten)]
    tenant: TheTenant,
    /// Only the sequencer of this name, as its certificate says it, submits for the tenant.
    #[arg(long, value_name = "NAME", conflicts_with = "any_owner",
        value_parser = clap::builder::NonEmptyStringValueParser::new())]
    owner: Option<String>,
    /// Any sequencer may submit for it.
    #[arg(long)]
    any_owner: bool,
    /// Jobs of a tenant of higher priority go first, always.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    priority: Option<i32>,
    /// Among tenants of one priority, workers are shared in proportion to this.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    weight: Option<u32>,
    /// Batches of its that run at a time; 0: as many as the coordinator lets any tenant have.
    #[arg(long, value_name = "NUMBER")]
    max_batches: Option<u32>,
    /// Print one JSON object: the tenant as it is now.
    #[arg(long)]
    json: bool,
}

impl Change {
    fn owner(&self) -> Option<String> {
        if self.any_owner {
            Some(String::new())
        } else {
            self.owner.clone()
        }
    }

    /// What it may have from now on, if that changes: numbers that are not given stay.
    fn quota(&self, present: Option<pb::Quota>) -> Option<pb::Quota> {
        if self.priority.is_none() && self.weight.is_none() && self.max_batches.is_none() {
            return None;
        }
        let present = present.unwrap_or(pb::Quota {
            priority: 0,
            weight: 1,
            max_batches: 0,
        });
        Some(pb::Quota {
            priority: self.priority.unwrap_or(present.priority),
            weight: self.weight.unwrap_or(present.weight),
            max_batches: self.max_batches.unwrap_or(present.max_batches),
        })
    }
}

pub async fn list(farm: &FarmLink, json: bool) -> anyhow::Result<()> {
    let mut asked = Asked::connect(farm).await?;
    let answer = asked.admin.list_tenants(pb::ListTenantsRequest {}).await;
    let answer = asked.answer(answer)?;
    let objects: Value = answer.tenants.iter().map(tenant_status_object).collect();
    let mut page = table(&answer.tenants);
    if answer.paused {
        page += "jobs of nobody are leased: `ashlar farm resume` ends that\n";
    }
    print(json.then_some(&objects), &page)
}

pub async fn change(farm: &FarmLink, change: Change) -> anyhow::Result<()> {
    let tenant = change.tenant.tenant();
    let mut asked = Asked::connect(farm).await?;
    let present = find(&mut asked, &tenant).await?;
    let request = pb::SetTenantRequest {
        tenant: Some(tenant.clone()),
        owner: change.owner(),
        quota: change.quota(present.and_then(|status| status.quota)),
    };
    let answer = asked.admin.set_tenant(request).await;
    asked.answer(answer)?;
    let now: Vec<_> = find(&mut asked, &tenant).await?.into_iter().collect();
    let json = now.first().filter(|_| change.json).map(tenant_status_object);
    print(json.as_ref(), &table(&now))
}

async fn find(asked: &mut Asked, tenant: &pb::Tenant) -> anyhow::Result<Option<pb::TenantStatus>> {
    let answer = asked.admin.list_tenants(pb::ListTenantsRequest {}).await;
    let mut tenants = asked.answer(answer)?.tenants.into_iter();
    Ok(tenants.find(|status| status.tenant.as_ref() == Some(tenant)))
}

/// A line for each, under a head.
pub fn table(tenants: &[pb::TenantStatus]) -> String {
    let mut page = format!(
        "{:<52} {:>8} {:>6} {:>11} {:>6} {:>6} {:>9} {:>9}  sequencer\n",
        "tenant", "priority", "weight", "batches", "leased", "ready", "CPU h", "device h"
    );
    for status in tenants {
        let quota = status.quota.unwrap_or_default();
        let cost = status.cost.unwrap_or_default();
        let batches = match quota.max_batches {
            0 => status.running_batches.to_string(),
            most => format!("{} of {most}", status.running_batches),
        };
        page += &format!(
            "{:<52} {:>8} {:>6} {batches:>11} {:>6} {:>6} {:>9.2} {:>9.2}  {}{}\n",
            tenant_name(status.tenant.as_ref()),
            quota.priority,
            quota.weight,
            status.leased_jobs,
            status.ready_jobs,
            cost.cpu_seconds / 3600.0,
            cost.device_seconds / 3600.0,
            if status.owner.is_empty() {
                "any".to_owned()
            } else {
                plain(&status.owner)
            },
            if status.paused { ", paused" } else { "" },
        );
    }
    page + &settled(tenants)
}

/// What the settled batches of each came to, if there are any.
fn settled(tenants: &[pb::TenantStatus]) -> String {
    let of = |status: &pb::TenantStatus| status.settled.unwrap_or_default();
    let with_any = tenants.iter().filter(|status| of(status).batches > 0);
    let lines = with_any.map(|status| {
        let sum = of(status);
        let cost = sum.cost.unwrap_or_default();
        let each = |all: f64| all / sum.transactions.max(1) as f64;
        format!(
            "{:<52} {:>8} {:>12} {:>15} {:>10.0} {:>10.3} {:>11.3}\n",
            tenant_name(status.tenant.as_ref()),
            sum.batches,
            sum.transactions,
            sum.l1_gas,
            each(sum.l1_gas as f64),
            each(cost.cpu_seconds),
            each(cost.device_seconds),
        )
    });
    let lines: String = lines.collect();
    if lines.is_empty() {
        return lines;
    }
    let head = format!(
        "\n{:<52} {:>8} {:>12} {:>15} {:>10} {:>10} {:>11}\n",
        "settled", "batches", "transactions", "L1 gas", "gas/tx", "CPU s/tx", "device s/tx"
    );
    head + &lines
}

#[cfg(test)]
mod tests {
    use clap::{Args, FromArgMatches};

    use super::*;

    fn change(arguments: &[&str]) -> Change {
        let rollup = "0x00000000000000000000000000000000000000aa";
        let arguments = [&["tenant", "--chain-id", "1", "--rollup", rollup], arguments].concat();
        let command = Change::augment_args(clap::Command::new("tenant"));
        let matches = command.try_get_matches_from(arguments).expect("valid");
        Change::from_arg_matches(&matches).expect("complete")
    }

    #[test]
    fn what_is_not_said_stays_as_it_is() {
        let present = pb::Quota {
            priority: 3,
            weight: 5,
            max_batches: 7,
        };
        assert_eq!(change(&[]).quota(Some(present)), None);
        assert_eq!(change(&[]).owner(), None);
        assert_eq!(
            change(&["--priority", "-1", "--any-owner"]).quota(Some(present)),
            Some(pb::Quota {
                priority: -1,
                ..present
            })
        );
        assert_eq!(change(&["--any-owner"]).owner(), Some(String::new()));
        let new = change(&["--max-batches", "9", "--owner", "seq"]);
        assert_eq!(
            new.quota(None),
            Some(pb::Quota {
                priority: 0,
                weight: 1,
                max_batches: 9
            })
        );
        assert_eq!(new.owner(), Some("seq".to_owned()));
    }

    #[test]
    fn settled_batches_are_told_with_what_a_transaction_cost() {
        let mut status = pb::TenantStatus {
            tenant: Some(pb::Tenant {
                chain_id: 1,
                rollup: vec![0xaa; 20].into(),
            }),
            ..pb::TenantStatus::default()
        };
        assert_eq!(table(&[status.clone()]).lines().count(), 2, "nothing is settled");
        status.settled = Some(pb::SettledSum {
            batches: 2,
            transactions: 400,
            l1_gas: 1_000_000,
            cost: Some(pb::Cost {
                seconds: 9.0,
                cpu_seconds: 50.0,
                device_seconds: 5.0,
            }),
        });
        let page = table(&[status]);
        let line = page.lines().last().expect("a line").split_whitespace();
        let rollup = format!("1:0x{}", "aa".repeat(20));
        let expected = [&rollup[..], "2", "400", "1000000", "2500", "0.125", "0.013"];
        assert_eq!(line.collect::<Vec<_>>(), expected, "{page}");
    }
}
