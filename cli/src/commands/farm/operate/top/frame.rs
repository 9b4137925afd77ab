//! What the live view shows, as lines of text.

use ashlar_proto::farm::v1 as pb;

use super::super::{
    kind_name, plain,
    status::{batch_state, duration, duration_ms, summary},
    tenant_name,
};

const BAR_WIDTH: u64 = 20;

/// The whole view. `trouble` is why it is not the newest.
pub fn lines(url: &str, overview: &pb::OverviewResponse, trouble: Option<&str>) -> Vec<String> {
    let mut lines = vec![format!("Ashlar farm at {url}")];
    if let Some(trouble) = trouble {
        lines.push(format!("NOT CURRENT: {}", plain(trouble)));
    }
    lines.extend(summary(overview));
    lines.push(String::new());
    lines.extend(workers(overview));
    lines.push(String::new());
    lines.extend(batches(overview));
    if !overview.failures.is_empty() {
        lines.push(String::new());
        lines.extend(failures(overview));
    }
    lines
}

fn workers(overview: &pb::OverviewResponse) -> Vec<String> {
    let mut lines = vec![format!(
        "{:<24} {:<8} {:>8} {:<8} {:>8} {:>8} {:>5} {:>9}  remarks",
        "WORKER", "BACKEND", "JOB", "KIND", "BATCH", "FOR", "DONE", "COST"
    )];
    // Those that live, and of the others none: they are many after a while.
    for of in overview.workers.iter().filter(|of| of.live) {
        let Some(worker) = &of.worker else { continue };
        let (mut job, mut kind, mut batch, mut since) = ("-".to_owned(), "", String::new(), String::new());
        if worker.job_id != 0 {
            job = worker.job_id.to_string();
            kind = kind_name(of.kind);
            batch = of.batch_number.to_string();
            since = duration_ms(of.leased_unix_ms, overview.at_unix_ms);
        }
        lines.push(format!(
            "{:<24} {:<8} {job:>8} {kind:<8} {batch:>8} {since:>8} {:>5} {:>9}  {}",
            plain(&worker.name),
            plain(&worker.backend),
            of.jobs_done,
            duration(of.seconds),
            remarks(worker, overview.at_unix_ms)
        ));
    }
    lines
}

fn remarks(worker: &pb::WorkerStatus, now_ms: u64) -> String {
    let mut remarks = Vec::new();
    if worker.draining {
        remarks.push("draining".to_owned());
    }
    for quarantine in &worker.quarantines {
        remarks.push(format!(
            "no {} for {}: {}",
            kind_name(quarantine.kind),
            duration_ms(now_ms, quarantine.until_unix_ms),
            plain(&quarantine.reason)
        ));
    }
    remarks.join("; ")
}

fn batches(overview: &pb::OverviewResponse) -> Vec<String> {
    let mut lines = vec![format!(
        "{:>8} {:<9} {:>8} {:>9} {:<22} jobs done",
        "BATCH", "STATE", "TIME", "COST", "PROGRESS"
    )];
    let several = overview.tenants.len() > 1;
    for batch in &overview.batches {
        let cost: f64 = batch.kinds.iter().map(|kind| kind.seconds).sum();
        let mut about = vec![steps(&batch.kinds)];
        if batch.machine_faults > 0 {
            about.push(format!("{} fault(s)", batch.machine_faults));
        }
        if let Some(settled) = &batch.settled {
            let (transactions, gas) = (settled.transactions, settled.l1_gas);
            about.push(format!("settled: {transactions} tx, {gas} gas"));
        }
        if several {
            about.push(tenant_name(batch.tenant.as_ref()));
        }
        if !batch.failure_reason.is_empty() {
            about.push(plain(&batch.failure_reason));
        }
        lines.push(format!(
            "{:>8} {:<9} {:>8} {:>9} [{}] {}",
            batch.number,
            batch_state(batch.state()),
            duration(batch.seconds),
            duration(cost),
            bar(&batch.kinds),
            about.join("; ")
        ));
    }
    lines
}

const fn total(kind: &pb::KindOverview) -> u64 {
    kind.blocked + kind.ready + kind.leased + kind.done + kind.poisoned
}

fn steps(kinds: &[pb::KindOverview]) -> String {
    if kinds.is_empty() {
        return "no longer kept".to_owned();
    }
    let steps: Vec<_> = kinds
        .iter()
        .map(|kind| format!("{} {}/{}", kind_name(kind.kind), kind.done, total(kind)))
        .collect();
    steps.join(", ")
}

/// `#` for what is done, `+` for what workers have.
fn bar(kinds: &[pb::KindOverview]) -> String {
    let sum = |of: fn(&pb::KindOverview) -> u64| kinds.iter().map(of).sum::<u64>();
    let all = sum(total).max(1);
    let done = BAR_WIDTH * sum(|kind| kind.done) / all;
    let leased = (BAR_WIDTH * sum(|kind| kind.leased))
        .div_ceil(all)
        .min(BAR_WIDTH - done);
    let part = |sign: &str, width: u64| sign.repeat(width as usize);
    part("#", done) + &part("+", leased) + &part(".", BAR_WIDTH - done - leased)
}

fn failures(overview: &pb::OverviewResponse) -> Vec<String> {
    let mut lines = vec!["FAILED ATTEMPTS of the last 10 minutes".to_owned()];
    for failure in &overview.failures {
        lines.push(format!(
            "{:>8} ago  {} of batch {} (job {}) on {}: {}",
            duration_ms(failure.ended_unix_ms, overview.at_unix_ms),
            kind_name(failure.kind),
            failure.batch_number,
            failure.job_id,
            plain(&failure.worker),
            plain(&failure.reason)
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overview() -> pb::OverviewResponse {
        let kind = |kind: pb::JobKind, leased, blocked, done| pb::KindOverview {
            kind: kind as i32,
            leased,
            blocked,
            done,
            seconds: done as f64 * 2.5,
            ..pb::KindOverview::default()
        };
        let worker = pb::WorkerStatus {
            name: "w\x1b]0;hello".into(),
            backend: "cpu".into(),
            job_id: 5,
            draining: true,
            ..pb::WorkerStatus::default()
        };
        pb::OverviewResponse {
            at_unix_ms: 60_000,
            batches: vec![pb::BatchOverview {
                number: 12,
                state: pb::BatchState::Running as i32,
                seconds: 45.0,
                kinds: vec![
                    kind(pb::JobKind::Chunk, 1, 0, 3),
                    kind(pb::JobKind::Fold, 0, 3, 1),
                ],
                ..pb::BatchOverview::default()
            }],
            workers: vec![
                pb::WorkerOverview {
                    worker: Some(worker),
                    live: true,
                    kind: pb::JobKind::Chunk as i32,
                    batch_number: 12,
                    leased_unix_ms: 48_000,
                    jobs_done: 3,
                    seconds: 7.5,
                },
                pb::WorkerOverview::default(),
            ],
            ..pb::OverviewResponse::default()
        }
    }

    #[test]
    fn batches_and_workers_are_lines_without_control_codes() {
        let text = lines("http://a:1", &overview(), Some("away")).join("\n");
        for expected in [
            "Ashlar farm at http://a:1\nNOT CURRENT: away\n",
            "      12 running       45 s      10 s [##########+++.......] chunk 3/4, fold 1/4",
            "w ]0;hello               cpu             5 chunk          12     12 s     3     7.5 s  draining",
        ] {
            assert!(text.contains(expected), "{expected:?} is not in\n{text}");
        }
        assert!(!text.contains('\x1b'), "{text:?}");
        assert_eq!(
            text.matches("draining").count(),
            1,
            "only what lives is listed: {text}"
        );
    }

    #[test]
    fn a_bar_is_full_only_when_all_is_done() {
        let jobs = |done, leased, blocked| {
            let kind = pb::KindOverview {
                done,
                leased,
                blocked,
                ..pb::KindOverview::default()
            };
            bar(&[kind])
        };
        assert_eq!(jobs(0, 0, 0), ".".repeat(20));
        assert_eq!(jobs(999, 1, 0), format!("{}+", "#".repeat(19)));
        assert_eq!(jobs(3, 0, 0), "#".repeat(20));
        assert_eq!(jobs(0, 1, 999), format!("+{}", ".".repeat(19)));
        assert_eq!(steps(&[]), "no longer kept", "a batch has jobs until it goes");
    }
}
