//! `ashlar farm status`.

use ashlar_farm::overview_object;
use ashlar_proto::farm::v1 as pb;

use super::{Asked, kind_name, plain, print, tenants};
use crate::farm_link::FarmLink;

pub async fn show(farm: &FarmLink, json: bool) -> anyhow::Result<()> {
    let mut asked = Asked::connect(farm).await?;
    let overview = asked.overview().await?;
    let object = json.then(|| overview_object(&overview));
    print(object.as_ref(), &page(&overview))
}

/// What `status` says, and the live view begins with.
pub fn summary(overview: &pb::OverviewResponse) -> Vec<String> {
    let mut lines = Vec::new();
    if overview.paused {
        lines.push("PAUSED   no job is leased: `ashlar farm resume` ends that".to_owned());
    }
    let counts = overview.batch_counts.iter();
    let counts = counts.map(|count| format!("{} {}", count.batches, batch_state(count.state())));
    lines.push(format!("batches  {}", list(counts)));
    let before = lines.len();
    for kind in &overview.running {
        let head = if lines.len() == before { "jobs" } else { "" };
        lines.push(format!("{head:<8} {}", kind_line(kind)));
    }
    if overview.oldest_ready_unix_ms != 0 {
        let waits = duration_ms(overview.oldest_ready_unix_ms, overview.at_unix_ms);
        lines.push(format!(
            "waiting  {waits}: the oldest job that no worker has taken"
        ));
    }
    lines.push(format!(
        "workers  {}",
        fleet_line(overview.fleet.unwrap_or_default())
    ));
    let minute = |ago: usize| overview.minutes.get(ago).copied().unwrap_or_default();
    let (accepted, failed) = overview
        .minutes
        .iter()
        .fold((0, 0), |(accepted, failed), minute| {
            (accepted + minute.accepted, failed + minute.failed)
        });
    lines.push(format!(
        "done     {} job(s) in the minute before this, {accepted} in {}; {failed} attempt(s) went wrong",
        minute(1).accepted,
        overview.minutes.len()
    ));
    lines
}

fn page(overview: &pb::OverviewResponse) -> String {
    let mut page = summary(overview).join("\n") + "\n";
    if !overview.tenants.is_empty() {
        page += "\n";
        page += &tenants::table(&overview.tenants);
    }
    if let Some(failure) = overview.failures.first() {
        page += &format!(
            "\nlast failure, {} ago: {} of batch {} (job {}) on {}: {}\n",
            duration_ms(failure.ended_unix_ms, overview.at_unix_ms),
            kind_name(failure.kind),
            failure.batch_number,
            failure.job_id,
            plain(&failure.worker),
            plain(&failure.reason)
        );
    }
    page
}

fn kind_line(kind: &pb::KindOverview) -> String {
    let states = [
        (kind.leased, "leased"),
        (kind.ready, "ready"),
        (kind.blocked, "blocked"),
        (kind.poisoned, "poisoned"),
        (kind.done, "done"),
    ];
    let states = states.into_iter().filter(|(jobs, _)| *jobs > 0);
    let states = states.map(|(jobs, state)| format!("{jobs} {state}"));
    format!("{:<8} {}", kind_name(kind.kind), list(states))
}

fn fleet_line(fleet: pb::Fleet) -> String {
    let mut line = format!("{} of {} live", fleet.live, fleet.known);
    for (workers, what) in [(fleet.draining, "draining"), (fleet.quarantined, "quarantined")] {
        if workers > 0 {
            line += &format!(", {workers} {what}");
        }
    }
    line
}

fn list(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<_> = parts.collect();
    if parts.is_empty() {
        "none".to_owned()
    } else {
        parts.join(", ")
    }
}

pub fn batch_state(state: pb::BatchState) -> String {
    let name = state.as_str_name().trim_start_matches("BATCH_STATE_");
    name.to_lowercase()
}

/// A time that passed between two moments.
pub fn duration_ms(from_ms: u64, to_ms: u64) -> String {
    duration(to_ms.saturating_sub(from_ms) as f64 / 1000.0)
}

/// Seconds in few characters.
pub fn duration(seconds: f64) -> String {
    let whole = seconds as u64;
    match whole {
        0..10 => format!("{seconds:.1} s"),
        10..120 => format!("{whole} s"),
        120..7200 => format!("{} min", whole / 60),
        7200..172_800 => format!("{} h", whole / 3600),
        _ => format!("{} d", whole / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_what_runs_and_what_is_wrong() {
        let count = |state: pb::BatchState, batches| pb::BatchCount {
            state: state as i32,
            batches,
        };
        let overview = pb::OverviewResponse {
            at_unix_ms: 100_000,
            paused: true,
            batch_counts: vec![
                count(pb::BatchState::Running, 2),
                count(pb::BatchState::Cancelled, 1),
            ],
            running: vec![pb::KindOverview {
                kind: pb::JobKind::Chunk as i32,
                ready: 3,
                done: 1,
                ..pb::KindOverview::default()
            }],
            oldest_ready_unix_ms: 58_000,
            fleet: Some(pb::Fleet {
                known: 5,
                live: 3,
                draining: 0,
                quarantined: 1,
            }),
            minutes: [(0, 1), (4, 0), (6, 0)]
                .map(|(accepted, failed)| pb::Minute { accepted, failed })
                .to_vec(),
            failures: vec![pb::FailedAttempt {
                kind: pb::JobKind::Fold as i32,
                job_id: 9,
                batch_number: 4,
                worker: "w".into(),
                ended_unix_ms: 99_000,
                reason: "bad\x1b[2J\nmore".into(),
            }],
            ..pb::OverviewResponse::default()
        };
        let expected = "\
PAUSED   no job is leased: `ashlar farm resume` ends that
batches  2 running, 1 cancelled
jobs     chunk    3 ready, 1 done
waiting  42 s: the oldest job that no worker has taken
workers  3 of 5 live, 1 quarantined
done     4 job(s) in the minute before this, 10 in 3; 1 attempt(s) went wrong

last failure, 1.0 s ago: fold of batch 4 (job 9) on w: bad [2J
";
        assert_eq!(page(&overview), expected);
        let nothing = page(&pb::OverviewResponse::default());
        assert!(
            nothing.starts_with("batches  none\nworkers  0 of 0 live\n"),
            "{nothing}"
        );
    }

    #[test]
    fn durations_are_short() {
        for (seconds, text) in [
            (0.24, "0.2 s"),
            (59.9, "59 s"),
            (125.0, "2 min"),
            (7200.0, "2 h"),
            (200_000.0, "2 d"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }
}
