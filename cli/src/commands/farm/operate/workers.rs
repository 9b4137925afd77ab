//! `ashlar farm workers` and `drain`.

use ashlar_farm::device_object;
use ashlar_proto::farm::v1 as pb;
use serde_json::{Value, json};

use super::{Asked, kind_name, plain};
use crate::farm_link::FarmLink;

pub async fn list(farm: &FarmLink, json: bool) -> anyhow::Result<()> {
    let mut asked = Asked::connect(farm).await?;
    let answer = asked.admin.list_workers(pb::ListWorkersRequest {}).await;
    let workers = asked.answer(answer)?.workers;
    if json {
        let workers: Vec<_> = workers.iter().map(worker_object).collect();
        return Ok(crate::say!("{:#}", Value::Array(workers))?);
    }
    let now_ms = crate::unix_secs().saturating_mul(1000);
    let mut page = String::new();
    for worker in workers {
        let kinds: Vec<_> = worker.kinds.iter().copied().map(kind_name).collect();
        page += &format!(
            "{} ({}): {}; {}heard of {} s ago\n",
            worker.name,
            worker.backend,
            kinds.join(", "),
            doing(&worker),
            now_ms.saturating_sub(worker.last_seen_unix_ms) / 1000
        );
        if let Some(device) = &worker.device {
            page += &format!(
                "  {}, {} of {} MiB free when it was opened\n",
                plain(&device.name),
                device.memory_free_bytes >> 20,
                device.memory_total_bytes >> 20
            );
        }
        if !worker.fallback.is_empty() {
            page += &format!("  not as it was told to: {}\n", plain(&worker.fallback));
        }
        for quarantine in worker.quarantines {
            page += &format!(
                "  no {} for {} s, after {} fault(s) in a row, the last over job {}: {}\n",
                kind_name(quarantine.kind),
                quarantine.until_unix_ms.saturating_sub(now_ms).div_ceil(1000),
                quarantine.strikes,
                quarantine.job_id,
                plain(&quarantine.reason)
            );
        }
    }
    Ok(crate::output::write(format_args!("{page}"))?)
}

fn doing(worker: &pb::WorkerStatus) -> String {
    let mut text = String::new();
    if worker.job_id != 0 {
        text += &format!("has job {}; ", worker.job_id);
    }
    if worker.draining {
        text += "gets no more jobs; ";
    }
    text
}

pub async fn drain(farm: &FarmLink, name: String, draining: bool) -> anyhow::Result<()> {
    let request = pb::DrainWorkerRequest {
        name: name.clone(),
        draining,
    };
    let mut asked = Asked::connect(farm).await?;
    let answer = asked.admin.drain_worker(request).await;
    asked.answer(answer)?;
    if draining {
        crate::say!("{name} gets no more jobs, and ends when it has done the one that it has")?;
    } else {
        crate::say!("{name} gets jobs again, unless it has ended")?;
    }
    Ok(())
}

fn worker_object(worker: &pb::WorkerStatus) -> Value {
    let kinds = worker.kinds.iter().copied().map(kind_name);
    let quarantines = worker.quarantines.iter().map(|quarantine| {
        json!({
            "kind": kind_name(quarantine.kind),
            "strikes": quarantine.strikes,
            "until_unix_ms": quarantine.until_unix_ms,
            "job": quarantine.job_id,
            "reason": quarantine.reason,
        })
    });
    json!({
        "worker": worker.worker_id,
        "name": worker.name,
        "backend": worker.backend,
        "fallback": worker.fallback,
        "device": device_object(worker.device.as_ref()),
        "ram_bytes": worker.ram_bytes,
        "kinds": kinds.collect::<Vec<_>>(),
        "last_seen_unix_ms": worker.last_seen_unix_ms,
        "draining": worker.draining,
        "job": (worker.job_id != 0).then_some(worker.job_id),
        "quarantines": quarantines.collect::<Vec<_>>(),
    })
}
