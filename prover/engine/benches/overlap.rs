//! What it gains that a job is made ready, verified and encoded beside another's turn on the cores.
//!
//! ```text
//! cargo bench -p ashlar-engine --bench overlap -- --jobs 12 --rounds 9
//! ```
//! Runs the same jobs as a worker does, from bytes to bytes: one after the other, and two under way at a time; in turn, and
//! each first in every second round. Says for each kind of job the time and the CPU time of a job, and the ratio of the
//! rounds, with its spread; and how busy others kept the machine meanwhile, which must be little for the ratio to mean much.

#[path = "../tests/common/mod.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod common;

use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use ashlar_engine::{JobKind, Proof};
use ashlar_report::cpu;
use ashlar_statement::witness_to_bytes;
use common::{engine, proofs};

/// As in a worker: deep recursion.
const STACK_BYTES: usize = 64 << 20;

fn argument(name: &str, default: usize) -> usize {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    match (arguments.next(), arguments.next()) {
        (Some(_), Some(value)) => value
            .parse()
            .unwrap_or_else(|_| panic!("{name}: {value} is no number")),
        _ => default,
    }
}

/// A run of some jobs, in seconds.
#[derive(Clone, Copy, Default)]
struct Ran {
    wall: f64,
    cpu: f64,
    /// By what the jobs report of their steps.
    told: Told,
    /// CPU time of other processes.
    others: f64,
}

#[derive(Clone, Copy, Default)]
struct Told {
    time: f64,
    cpu: f64,
    waited: f64,
}

/// CPU time that the machine was busy, all processes together.
fn machine() -> Duration {
    let stat = fs::read_to_string("/proc/stat").expect("Linux");
    let fields = stat.lines().next().expect("all processors").split_whitespace();
    let ticks: Vec<u64> = fields
        .skip(1)
        .map(|field| field.parse().expect("a number"))
        .collect();
    // User, nice, system, then idle and waiting, then interrupts.
    let busy: u64 = ticks[..3].iter().chain(&ticks[5..7]).sum();
    Duration::from_millis(10 * busy)
}

/// Does a job so many times, so many at once.
fn run(kind: JobKind, inputs: &[Vec<u8>], jobs: usize, at_once: usize) -> Ran {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut told = Told::default();
        while next.fetch_add(1, Ordering::Relaxed) < jobs {
            let job = engine().decode_job(kind, inputs).expect("own encoding");
            let proved = engine().prove(&job).expect("a valid job");
            assert!(!proved.proof.to_bytes().is_empty());
            told.waited += proved.waited.as_secs_f64();
            for step in proved.steps {
                told.time += step.time.as_secs_f64();
                told.cpu += step.cpu.as_secs_f64();
            }
        }
        told
    };
    let (start, cpu_before, machine_before) = (Instant::now(), cpu::process_time(), machine());
    let told = thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once)
            .map(|_| {
                let thread = thread::Builder::new().stack_size(STACK_BYTES);
                thread.spawn_scoped(scope, work).expect("a thread")
            })
            .collect();
        let mut sum = Told::default();
        for worker in workers {
            let told = worker.join().expect("no panics");
            sum.time += told.time;
            sum.cpu += told.cpu;
            sum.waited += told.waited;
        }
        sum
    });
    let cpu = cpu::since(cpu_before).as_secs_f64();
    Ran {
        wall: start.elapsed().as_secs_f64(),
        cpu,
        told,
        others: (machine() - machine_before).as_secs_f64() - cpu,
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let (jobs, rounds) = (argument("--jobs", 12), argument("--rounds", 9).max(1));
    let proofs = proofs(); // warms up, too
    let [left, right] = proofs.chunks.clone().map(|chunk| Proof::Span(chunk).to_bytes());
    let kinds = [
        (JobKind::Chunk, vec![witness_to_bytes(&proofs.batch.chunks[0])]),
        (JobKind::Fold, vec![left, right]),
    ];
    println!("{jobs} jobs in a run, {rounds} rounds");
    for (kind, inputs) in &kinds {
        let mut ran: [Vec<Ran>; 2] = Default::default();
        for round in 0..rounds {
            for at in [round % 2, 1 - round % 2] {
                ran[at].push(run(*kind, inputs, jobs, at + 1));
            }
        }
        for (at, name) in ["one after the other", "two under way"].into_iter().enumerate() {
            let each = |of: fn(&Ran) -> f64| median(ran[at].iter().map(of).collect()) / jobs as f64;
            println!(
                "{kind}, {name}: {:.3} s and {:.3} CPU s a job; it tells {:.3} s and {:.3} CPU s, and {:.3} s of waiting; others took {:.3} CPU s",
                each(|ran| ran.wall),
                each(|ran| ran.cpu),
                each(|ran| ran.told.time),
                each(|ran| ran.told.cpu),
                each(|ran| ran.told.waited),
                each(|ran| ran.others),
            );
        }
        let ratios = |of: fn(&Ran) -> f64| {
            let both = ran[0].iter().zip(&ran[1]);
            let mut ratios: Vec<f64> = both.map(|(alone, beside)| of(alone) / of(beside)).collect();
            ratios.sort_by(f64::total_cmp);
            (ratios[0], ratios[ratios.len() / 2], ratios[ratios.len() - 1])
        };
        let (wall, cpu) = (ratios(|ran| ran.wall), ratios(|ran| ran.cpu));
        println!(
            "{kind}: {:.3} times as many in the same time ({:.3} to {:.3}), in the same CPU time {:.3} ({:.3} to {:.3})",
            wall.1, wall.0, wall.2, cpu.1, cpu.0, cpu.2
        );
    }
}
