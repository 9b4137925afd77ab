//! Hundreds of simulated workers on one coordinator: its lease latency, throughput and cost a job.
//!
//! ```text
//! POSTGRES_OPTIONS="-c fsync=on" scripts/with-postgres cargo bench -p ashlar-farm --bench scale -- --workers 256
//! ```
//! Coordinator, protocol and database are the real ones, the coordinator in a process of its own; only proving is a sleep,
//! of `--job-ms`. Prints JSON. Without PostgreSQL the database is a file.

use std::{
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use ashlar_farm::{
    Allowance, FarmConfig,
    testing::{Client, Coordinator, config, key, on_postgres},
};
use rand::Rng;
use tonic::transport::Channel;

/// Proofs of a kind do not take the same time to the millisecond, and workers of a farm do not start at the same.
const VARIATION: f64 = 0.1;
/// Before and after what is measured.
const MARGIN: Duration = Duration::from_secs(10);

struct Settings {
    workers: usize,
    job: Duration,
    measured: Duration,
    chunks: u32,
    /// All begin at once, and each job takes the same time: everybody comes at the same moment, again and again.
    in_step: bool,
}

fn argument(name: &str, default: u64) -> u64 {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    match (arguments.next(), arguments.next()) {
        (Some(_), Some(value)) => value
            .parse()
            .unwrap_or_else(|_| panic!("{name}: {value} is no number")),
        _ => default,
    }
}

fn main() {
    if let Some(dir) = std::env::var_os("SCALE_COORDINATOR") {
        return coordinate(dir.as_ref());
    }
    let settings = Settings {
        workers: argument("--workers", 256) as usize,
        job: Duration::from_millis(argument("--job-ms", 1_000)),
        measured: Duration::from_secs(argument("--seconds", 60)),
        chunks: argument("--chunks", 512) as u32,
        in_step: std::env::args().any(|argument| argument == "--in-step"),
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(simulate(settings));
}

/// The coordinator's process, until its input ends.
fn coordinate(dir: &std::path::Path) {
    let coordinator = Coordinator::start(FarmConfig {
        max_batches: u32::MAX,
        allowance: Allowance {
            calls_per_second: u32::MAX,
            calls_at_once: u32::MAX,
            ..Allowance::default()
        },
        ..config(dir)
    });
    println!("{}", coordinator.address);
    std::io::stdout().flush().ok();
    std::io::stdin().lines().for_each(drop);
}

struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    fn start(dir: &std::path::Path) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .env("SCALE_COORDINATOR", dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a coordinator");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output");
        BufReader::new(stdout).read_line(&mut line).expect("its address");
        let address = line.trim().parse().expect("an address");
        Self { child, address }
    }

    /// CPU seconds so far.
    fn cpu_seconds(&self) -> f64 {
        cpu_seconds(self.child.id()).expect("it runs")
    }

    /// Peak resident memory in bytes.
    fn peak_rss_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("/proc");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = peak.and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok());
        kib.expect("a peak") * 1024
    }
}

/// CPU seconds so far of a process.
fn cpu_seconds(pid: impl std::fmt::Display) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |place: usize| fields.get(place)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// CPU seconds so far of the database: all that is called postgres on this machine, and still runs.
fn database_cpu_seconds() -> f64 {
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
    let pids = processes.filter(|entry| {
        std::fs::read_to_string(entry.path().join("comm")).is_ok_and(|name| name.trim() == "postgres")
    });
    pids.filter_map(|entry| cpu_seconds(entry.file_name().display()))
        .sum()
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        self.child.wait().ok();
    }
}

/// CPU time, of all or of a job.
struct Cost {
    coordinator: f64,
    /// Nothing of PostgreSQL if the database is a file.
    database: f64,
    workers: f64,
}

/// One job as a worker saw it.
struct Cycle {
    ended: Instant,
    lease: Duration,
    /// Its whole cycle without the sleep.
    overhead: Duration,
}

struct Simulated {
    name: String,
    begins_after: Duration,
    job: Duration,
    /// A job takes longer or shorter by up to this part.
    varies: f64,
}

impl Simulated {
    async fn work(self, endpoint: tonic::transport::Endpoint, stop: Arc<AtomicBool>) -> Vec<Cycle> {
        let mut client = Client::over(endpoint.connect().await.expect("a connection"));
        let session = client.register(&self.name).await;
        let mut cycles = Vec::new();
        tokio::time::sleep(self.begins_after).await;
        while !stop.load(Ordering::Relaxed) {
            let began = Instant::now();
            let Some(lease) = client.try_lease(session, 30_000).await else {
                continue;
            };
            let leased = began.elapsed();
            let proof = client.prove(&lease).await;
            let takes = self
                .job
                .mul_f64(1.0 + self.varies * rand::thread_rng().gen_range(-1.0..=1.0));
            tokio::time::sleep(takes).await;
            client.deliver(key(&lease), proof).await.expect("a delivery");
            cycles.push(Cycle {
                ended: Instant::now(),
                lease: leased,
                overhead: began.elapsed().saturating_sub(takes),
            });
        }
        cycles
    }
}

async fn simulate(settings: Settings) {
    let dir = tempfile::tempdir().expect("a folder");
    let process = Process::start(dir.path());
    let endpoint = Channel::from_shared(format!("http://{}", process.address)).expect("an address");
    let mut sequencer = Client::over(endpoint.connect().await.expect("a connection"));

    // More than can be done meanwhile.
    let seconds = (2 * MARGIN + settings.measured).as_secs_f64();
    let needed = settings.workers as f64 * seconds / settings.job.as_secs_f64();
    let batches = (needed / f64::from(2 * settings.chunks)).ceil() as u64 + 1;
    let submitting = Instant::now();
    for number in 1..=batches {
        sequencer.submit(number, settings.chunks).await;
    }
    let submit_seconds = submitting.elapsed().as_secs_f64() / batches as f64;

    let stop = Arc::new(AtomicBool::new(false));
    let workers: Vec<_> = (0..settings.workers)
        .map(|worker| {
            let worker = Simulated {
                name: format!("simulated-{worker}"),
                begins_after: match settings.in_step {
                    true => Duration::ZERO,
                    false => settings.job * worker as u32 / settings.workers as u32,
                },
                job: settings.job,
                varies: if settings.in_step { 0.0 } else { VARIATION },
            };
            tokio::spawn(worker.work(endpoint.clone(), stop.clone()))
        })
        .collect();
    tokio::time::sleep(MARGIN).await;
    let cost = || Cost {
        coordinator: process.cpu_seconds(),
        database: database_cpu_seconds(),
        workers: cpu_seconds("self").expect("/proc"),
    };
    let (from, before) = (Instant::now(), cost());
    tokio::time::sleep(settings.measured).await;
    let (until, after) = (Instant::now(), cost());
    stop.store(true, Ordering::Relaxed);
    let mut cycles = Vec::new();
    for worker in workers {
        cycles.extend(worker.await.expect("a worker"));
    }
    cycles.retain(|cycle| (from..until).contains(&cycle.ended));
    let per_job = |seconds: f64| seconds * 1e3 / cycles.len() as f64;
    let cost = Cost {
        coordinator: per_job(after.coordinator - before.coordinator),
        database: per_job(after.database - before.database),
        workers: per_job(after.workers - before.workers),
    };
    report(
        &settings,
        batches,
        submit_seconds,
        (until - from).as_secs_f64(),
        &cycles,
        &cost,
        process.peak_rss_bytes(),
    );
}

/// In milliseconds.
fn quantile(times: &mut [Duration], part: f64) -> f64 {
    times.sort_unstable();
    let place = ((times.len() as f64 * part) as usize).min(times.len() - 1);
    times[place].as_secs_f64() * 1e3
}

fn report(
    settings: &Settings,
    batches: u64,
    submit_seconds: f64,
    seconds: f64,
    cycles: &[Cycle],
    cpu_ms: &Cost,
    peak_rss: u64,
) {
    let jobs = cycles.len() as f64;
    let mut leases: Vec<_> = cycles.iter().map(|cycle| cycle.lease).collect();
    let mut overheads: Vec<_> = cycles.iter().map(|cycle| cycle.overhead).collect();
    let mean = overheads.iter().map(Duration::as_secs_f64).sum::<f64>() / jobs * 1e3;
    let ideal = settings.workers as f64 / settings.job.as_secs_f64();
    println!(
        r#"{{
  "what": "simulated workers (proving is a sleep) on one coordinator over gRPC; lease: from the call to its answer; overhead: a worker's whole cycle without the sleep",
  "database": "{}",
  "workers": {},
  "job_ms": {},
  "job_varies_by": {},
  "chunks_per_batch": {},
  "batches": {batches},
  "submit_seconds_per_batch": {submit_seconds:.3},
  "measured_seconds": {seconds:.1},
  "jobs": {jobs},
  "jobs_per_second": {:.1},
  "share_of_ideal": {:.4},
  "lease_ms": {{ "p50": {:.1}, "p90": {:.1}, "p99": {:.1}, "max": {:.1} }},
  "overhead_ms": {{ "mean": {mean:.1}, "p50": {:.1}, "p99": {:.1} }},
  "cpu_ms_per_job": {{ "coordinator": {:.2}, "database": {:.2}, "simulated_workers": {:.2} }},
  "coordinator_peak_rss_bytes": {peak_rss}
}}"#,
        if on_postgres() { "PostgreSQL" } else { "SQLite" },
        settings.workers,
        settings.job.as_millis(),
        if settings.in_step { 0.0 } else { VARIATION },
        settings.chunks,
        jobs / seconds,
        jobs / seconds / ideal,
        quantile(&mut leases, 0.5),
        quantile(&mut leases, 0.9),
        quantile(&mut leases, 0.99),
        quantile(&mut leases, 1.0),
        quantile(&mut overheads, 0.5),
        quantile(&mut overheads, 0.99),
        cpu_ms.coordinator,
        cpu_ms.database,
        cpu_ms.workers,
    );
}
