//! `plonky2/<prover>/<circuit>`: whole proofs of chunk, lift, fold and compress, with their CPU time, its steps, and
//! memory. Circuits come from `target/ashlar`, made if need be.
//!
//! `cargo bench -p ashlar-benches --bench plonky2 -- [--rounds N] [--lanes portable|avx2|avx512] [--out FILE]
//! [--note TEXT] [--cache-dir DIR]`

use std::{fs, io, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context, bail, ensure};
use ashlar_benches::{
    Effort, Report,
    operations::plonky2::{self, Circuit, alone::Alone},
};
use ashlar_payments_engine::load_or_build;
use ashlar_plonky2::Kind;
use ashlar_statement::Security;

/// What the process is told that measures memory.
const ALONE: &str = "--alone";

fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let value = |name: &str| {
        let place = words.iter().position(|word| word == name)?;
        words.get(place + 1).cloned()
    };
    let rounds = value("--rounds")
        .map_or(Ok(3), |rounds| rounds.parse())
        .context("--rounds")?;
    let dir = value("--cache-dir").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/ashlar"),
        PathBuf::from,
    );
    let lanes = value("--lanes");
    let kind = match lanes.as_deref() {
        None => Kind::widest(),
        Some("portable") => Kind::Portable,
        Some("avx2") => Kind::Avx2,
        Some("avx512") => Kind::Avx512,
        Some(other) => bail!("--lanes {other}: it is portable, avx2 or avx512"),
    };
    ensure!(kind.is_there(), "this processor has no {kind:?}");
    let mut command = format!("cargo bench -p ashlar-benches --bench plonky2 -- --rounds {rounds}");
    if let Some(lanes) = lanes {
        command += &format!(" --lanes {lanes}");
    }
    let mut report = Report::begin(command);
    fs::create_dir_all(&dir)?;
    let circuits = load_or_build(&dir, Security::default(), None)?;
    if words.iter().any(|word| word == ALONE) {
        return Ok(plonky2::alone::serve(&circuits, io::stdin(), io::stdout())?);
    }
    let program = std::env::current_exe().context("cannot find this program's file")?;
    let alone = Alone::new(move || {
        let mut command = Command::new(&program);
        command.arg(ALONE).arg("--cache-dir").arg(&dir);
        command
    });
    let effort = Effort {
        rounds,
        time: Duration::MAX,
    };
    let prover = plonky2::our_prover_in(kind);
    report.note = value("--note");
    report.plonky2 = plonky2::measure(&circuits, &Circuit::ALL, prover, effort, Some(&alone))?;
    report.finish();
    println!("{}", report.table());
    if let Some(path) = value("--out") {
        fs::write(path, serde_json::to_string_pretty(&report)? + "\n")?;
    }
    Ok(())
}
