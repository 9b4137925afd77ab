//! `commit/<who>/2^<rows>x<columns>`: commitments to the same cells.
//!
//! `cargo bench -p ashlar-benches --bench commit -- [--log-rows N] [--columns N] [--rounds N] [--out FILE] [--note TEXT]`
//!
//! With `--features plonky3`, Plonky3's beside ours. Its packing is chosen when it is compiled: without
//! `RUSTFLAGS='-C target-cpu=native'` it has none.

use std::{fs, time::Duration};

use anyhow::Context;
use ashlar_benches::{
    Effort, Report,
    operations::commit::{Fixture, USUAL_COLUMNS},
};

const USUAL_LOG_ROWS: usize = 13;

fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let value = |name: &str| {
        let place = words.iter().position(|word| word == name)?;
        words.get(place + 1).cloned()
    };
    let number = |name: &'static str, usual: usize| {
        value(name)
            .map_or(Ok(usual), |number| number.parse())
            .context(name)
    };
    let log_rows = number("--log-rows", USUAL_LOG_ROWS)? as u32;
    let (columns, rounds) = (number("--columns", USUAL_COLUMNS)?, number("--rounds", 5)?);
    let features = if cfg!(feature = "plonky3") {
        " --features plonky3"
    } else {
        ""
    };
    let mut report = Report::begin(format!(
        "cargo bench -p ashlar-benches{features} --bench commit -- --log-rows {log_rows} --columns {columns} --rounds {rounds}"
    ));
    report.note = value("--note");
    let effort = Effort {
        rounds,
        time: Duration::MAX,
    };
    report.commitments = Fixture::new(log_rows, columns).measure(effort)?;
    report.finish();
    println!("{}", report.table());
    if let Some(path) = value("--out") {
        fs::write(path, serde_json::to_string_pretty(&report)? + "\n")?;
    }
    Ok(())
}
