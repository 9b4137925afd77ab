//! NVIDIA's own tools over a probe, where they are installed: `compute-sanitizer` looks for wrong memory accesses of the
//! kernels, `ncu` reads the counters of the longest ones.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::Context as _;

use crate::selftest::{
    child::{Args, Context},
    event::Event,
    figures::Profile,
    part::{Part, Target},
};

/// Sizes of the probes: a sanitizer slows kernels down many times; a profile is of the size of today's wrap.
const SANITIZED_LOG_SIZE: u32 = 10;
const PROFILED_LOG_SIZE: u32 = 18;
/// Where toolkits put them when they are not in PATH.
const FOLDERS: [&str; 2] = ["/usr/local/cuda/bin", "/usr/local/cuda/compute-sanitizer"];
/// How many kernels are worth a line.
const LONGEST: usize = 3;

/// What is asked of the profiler besides the time: use of the multiprocessors and of the memory, warps in flight (all in
/// per cent of what is possible), registers a thread.
const COUNTERS: [&str; 4] = [
    "sm__throughput.avg.pct_of_peak_sustained_elapsed",
    "gpu__dram_throughput.avg.pct_of_peak_sustained_elapsed",
    "sm__warps_active.avg.pct_of_peak_sustained_active",
    "launch__registers_per_thread",
];
const TIME: &str = "gpu__time_duration.sum";

pub fn run(context: &mut Context) -> anyhow::Result<()> {
    let args = context.args.clone();
    if args.target == Target::DryRun {
        return context.report.skip("NVIDIA's tools", "no card");
    }
    let folder = tempfile::tempdir().context("no folder for the tools' logs")?;
    match find("compute-sanitizer") {
        None => context
            .report
            .skip("memcheck", "compute-sanitizer is not installed")?,
        Some(program) => {
            let log = folder.path().join("memcheck");
            let ended = probe(
                Command::new(program)
                    .args(["--tool", "memcheck", "--error-exitcode", "9", "--log-file"])
                    .arg(&log),
                &args,
                SANITIZED_LOG_SIZE,
                half_of_what_is_left(context),
            );
            let still_runs = matches!(ended, Ok(None));
            match memcheck(ended, &read(&log)) {
                Ok(found) => {
                    context.report.check("memcheck", || found)?;
                }
                Err(why_not) => context.report.skip("memcheck", why_not)?,
            }
            if still_runs {
                return context
                    .report
                    .skip("profile", "the card is still busy under compute-sanitizer");
            }
        }
    }
    match find("ncu") {
        None => context.report.skip("profile", "ncu is not installed"),
        Some(program) => {
            let log = folder.path().join("profile");
            let ended = probe(
                Command::new(program)
                    // As the card runs by itself, and in units that do not change from launch to launch.
                    .args(["--clock-control", "none", "--print-units", "base"])
                    .args(["--csv", "--page", "raw", "--metrics"])
                    .arg(format!("{TIME},{}", COUNTERS.join(",")))
                    .arg("--log-file")
                    .arg(&log),
                &args,
                if args.target == Target::Card {
                    PROFILED_LOG_SIZE
                } else {
                    SANITIZED_LOG_SIZE
                },
                half_of_what_is_left(context),
            );
            profile(context, ended, &read(&log))
        }
    }
}

fn half_of_what_is_left(context: &Context) -> Instant {
    let now = Instant::now();
    now + context.deadline.saturating_duration_since(now) / 2
}

/// Runs a probe under `tool`: whether it ended well, or nothing if it did not end before `deadline`.
fn probe(tool: &mut Command, args: &Args, log_size: u32, deadline: Instant) -> anyhow::Result<Option<bool>> {
    let program = std::env::current_exe().context("cannot find this program's file")?;
    let mut child = tool
        .arg(program)
        .args([
            "selftest-part",
            Part::Probe.name(),
            "--target",
            args.target.name(),
        ])
        .args(["--scale", args.scale.name(), "--seconds", "600"])
        .args(["--log-size", &log_size.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .context("cannot start it")?;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        if Instant::now() >= deadline {
            child.kill()?; // what it started ends with this part's group
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(FOLDERS.map(PathBuf::from));
    folders
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn read(log: &Path) -> String {
    String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned()
}

fn end_of(log: &str) -> String {
    let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(6)..].join(" | ")
}

/// What memcheck calls a wrong access; what else its summary counts, such as a refused call, may be the tool's own doing.
const WRONG_ACCESS: [&str; 4] = ["Invalid __", "Misaligned", "Illegal", "Hardware"];

/// What the sanitizer found, or why it found nothing out: only its summary says that it has seen the kernels.
fn memcheck(ended: anyhow::Result<Option<bool>>, log: &str) -> Result<anyhow::Result<()>, String> {
    if log
        .lines()
        .any(|line| WRONG_ACCESS.iter().any(|words| line.contains(words)))
    {
        return Ok(Err(anyhow::anyhow!("compute-sanitizer: {}", end_of(log))));
    }
    match ended {
        Ok(Some(true)) if log.contains("ERROR SUMMARY: 0 errors") => Ok(Ok(())),
        Ok(Some(_)) => Err(format!(
            "compute-sanitizer found no wrong access, and the probe did not run well under it: {}",
            end_of(log)
        )),
        Ok(None) => Err("it did not end in the time there was".to_owned()),
        Err(error) => Err(format!("{error:#}")),
    }
}

/// A profiler may not be allowed to read counters; that says nothing about the card.
fn profile(context: &mut Context, ended: anyhow::Result<Option<bool>>, log: &str) -> anyhow::Result<()> {
    let why_not = match ended {
        Ok(Some(true)) => match parse(log) {
            Some(profiles) => {
                context.report.check("profile", || Ok(()))?;
                let mut said = profiles.into_iter().take(LONGEST);
                return said.try_for_each(|profile| context.report.say(&Event::Profile(profile)));
            }
            None => format!("its table is not understood: {}", end_of(log)),
        },
        Ok(Some(false)) if log.contains("ERR_NVGPUCTRPERM") => {
            "this user may not read counters: run as root, or allow it (NVreg_RestrictProfilingToAdminUsers=0)".to_owned()
        }
        Ok(Some(false)) => format!("ncu: {}", end_of(log)),
        Ok(None) => "it did not end in the time there was".to_owned(),
        Err(error) => format!("{error:#}"),
    };
    context.report.skip("profile", why_not)
}

/// The kernels of ncu's raw table as CSV, the longest first: a row of names, a row of units, a row for each launch.
fn parse(log: &str) -> Option<Vec<Profile>> {
    let mut rows = log.lines().filter(|line| line.starts_with('"')).map(cells);
    let (names, units) = (rows.next()?, rows.next()?);
    let column = |name: &str| names.iter().position(|found| found == name);
    let (kernel, time) = (column("Kernel Name")?, column(TIME)?);
    let unit = match units.get(time)?.as_str() {
        "ns" | "nsecond" => 1e-9,
        "us" | "usecond" => 1e-6,
        "ms" | "msecond" => 1e-3,
        "s" | "second" => 1.0,
        _ => return None,
    };
    let counters: Vec<(&str, usize)> = COUNTERS
        .iter()
        .filter_map(|counter| Some((*counter, column(counter)?)))
        .collect();
    // A counter that a card does not have is "n/a" or "nan".
    let number = |row: &[String], at: usize| {
        let number = row.get(at)?.replace(',', "").parse::<f64>().ok()?;
        number.is_finite().then_some(number)
    };
    let mut kernels: Vec<Launches> = Vec::new();
    for row in rows {
        let (Some(name), Some(time)) = (row.get(kernel), number(&row, time)) else {
            continue;
        };
        let at = kernels.iter().position(|launches| launches.kernel == *name);
        let at = at.unwrap_or_else(|| {
            kernels.push(Launches::new(name, counters.len()));
            kernels.len() - 1
        });
        let seconds = time * unit;
        kernels[at].count += 1;
        kernels[at].seconds += seconds;
        for (sum, (_, column)) in kernels[at].sums.iter_mut().zip(&counters) {
            if let Some(value) = number(&row, *column) {
                sum.0 += value * seconds;
                sum.1 += seconds;
            }
        }
    }
    let mut profiles: Vec<Profile> = kernels
        .into_iter()
        .map(|launches| Profile {
            kernel: launches.kernel,
            launches: launches.count,
            seconds: launches.seconds,
            counters: counters
                .iter()
                .zip(launches.sums)
                .filter(|(_, (_, weight))| *weight > 0.0)
                .map(|((name, _), (sum, weight))| ((*name).to_owned(), sum / weight))
                .collect(),
        })
        .collect();
    profiles.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    (!profiles.is_empty()).then_some(profiles)
}

/// The launches of one kernel.
struct Launches {
    kernel: String,
    count: usize,
    seconds: f64,
    /// By counter: its sum weighted by time, and the time.
    sums: Vec<(f64, f64)>,
}

impl Launches {
    fn new(kernel: &str, counters: usize) -> Self {
        Self {
            kernel: kernel.to_owned(),
            count: 0,
            seconds: 0.0,
            sums: vec![(0.0, 0.0); counters],
        }
    }
}

/// Cells of a line of CSV whose cells are all quoted; a quote in a cell is doubled.
fn cells(line: &str) -> Vec<String> {
    let line = line.trim();
    let inner = line.strip_prefix('"').and_then(|line| line.strip_suffix('"'));
    inner
        .unwrap_or(line)
        .split("\",\"")
        .map(|cell| cell.replace("\"\"", "\""))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sanitizer_is_believed_only_with_its_summary() {
        let clean = "========= COMPUTE-SANITIZER\n========= ERROR SUMMARY: 0 errors\n";
        assert!(matches!(memcheck(Ok(Some(true)), clean), Ok(Ok(()))));
        let found = "========= Invalid __global__ read of size 8\n========= ERROR SUMMARY: 3 errors\n";
        for ended in [Some(true), Some(false), None] {
            let error = memcheck(Ok(ended), found).unwrap().unwrap_err().to_string();
            assert!(error.contains("3 errors"), "{error}");
        }
        // These say nothing about the kernels.
        let blind = "========= Error: Target application terminated before first instrumented API call\n";
        let refused = "========= Program hit cudaErrorX\n========= ERROR SUMMARY: 1 error\n";
        for (ended, log) in [
            (Some(false), clean),
            (Some(true), blind),
            (Some(false), refused),
            (None, ""),
        ] {
            assert!(memcheck(Ok(ended), log).is_err(), "{log}");
        }
    }

    #[test]
    fn a_profile_sums_launches_and_weighs_counters_by_time() {
        let log = format!(
            "==PROF== Connected\n\"ID\",\"Kernel Name\",\"{TIME}\",\"{}\"\n\"\",\"\",\"us\",\"%\"\n\
             \"0\",\"accumulate(a, b)\",\"3,000.0\",\"80\"\n\"1\",\"sort\",\"500\",\"nan\"\n\
             \"2\",\"accumulate(a, b)\",\"1,000.0\",\"40\"\n",
            COUNTERS[0]
        );
        let profiles = parse(&log).unwrap();
        assert_eq!(profiles.len(), 2);
        assert_eq!(
            (profiles[0].kernel.as_str(), profiles[0].launches),
            ("accumulate(a, b)", 2)
        );
        assert!((profiles[0].seconds - 4e-3).abs() < 1e-9);
        let (name, mean) = &profiles[0].counters[0];
        assert_eq!(name, COUNTERS[0]);
        assert!((mean - 70.0).abs() < 1e-9);
        assert_eq!(parse("==ERROR== no kernels were profiled"), None);
    }
}
