//! `plonky2/<prover>/<circuit>`: whole proofs of chunk, lift, fold and compress, with their CPU time and its steps. Circuits come from
//! `target/ashlar`, made if need be.
//!
//! `cargo bench -p ashlar-benches --bench plonky2 -- [--rounds N] [--out FILE] [--note TEXT] [--cache-dir DIR]`

use std::{fs, path::PathBuf};

use anyhow::Context;
use ashlar_benches::{Machine, Report, operations::plonky2};
use ashlar_engine::load_or_build;
use ashlar_statement::Security;

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
    let machine = Machine::detect();
    fs::create_dir_all(&dir)?;
    let circuits = load_or_build(&dir, Security::default(), None)?;
    let report = Report {
        command: format!("cargo bench -p ashlar-benches --bench plonky2 -- --rounds {rounds}"),
        machine,
        note: value("--note"),
        measurements: Vec::new(),
        plonky2: plonky2::measure(&circuits, rounds)?,
        wrap: Vec::new(),
        load: Vec::new(),
    };
    println!("{}", report.table());
    if let Some(path) = value("--out") {
        fs::write(path, serde_json::to_string_pretty(&report)? + "\n")?;
    }
    Ok(())
}
