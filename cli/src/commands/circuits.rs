//! `ashlar circuits`

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::{Context, anyhow};
use ashlar_evm as evm;
use ashlar_payments::chunk::Rows;
use ashlar_report::file::{require_writable_folder, write_output};
use ashlar_statement::Security;
use ashlar_wrap::circuit::WrapCircuit;
use plonky2::util::serialization::DefaultGateSerializer;
use serde::Serialize;

use crate::{
    cache::{Cache, Engine},
    output::OutputError,
    say,
};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Rows by component, and the size of the wrap circuit.
    Stats {
        #[command(flatten)]
        cache: Cache,
        /// Parameters: conjectured-100 or proven-100. Default: those of this program's contract.
        #[arg(long)]
        security: Option<Security>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Write the Solidity verifier of the wrap circuit, with its key and the key's digest beside it.
    ///
    /// A program that is built with what this writes into verifier-contracts/generated/wrap (and verifier-contracts/script/build)
    /// proves, verifies and deploys with the parameters chosen here.
    Verifier {
        #[command(flatten)]
        cache: Cache,
        /// Parameters: conjectured-100 or proven-100. Default: those of this program's contract.
        #[arg(long)]
        security: Option<Security>,
        /// Folder for `Halo2Verifier.sol`, `verifier.json`, `key.bin` and `compress.bin`.
        #[arg(long)]
        out: PathBuf,
    },
    /// Write the Solidity contract that hashes one balance of an account up to the state root, without any proof.
    ///
    /// What is in verifier-contracts/generated/path is this; verifier-contracts/script/build compiles it.
    Path {
        /// Folder for `PoseidonPath.sol`.
        #[arg(long)]
        out: PathBuf,
    },
}

#[derive(Debug, Serialize)]
struct Stats {
    chunks: Vec<Chunk>,
    exit: Exit,
    /// In the order of the chunks; that of the first also lifts exits.
    lifts: Vec<Size>,
    fold: Size,
    link: Size,
    join: Size,
    compress: Size,
    wrap: Wrap,
    digests: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
struct Chunk {
    slots: usize,
    #[serde(flatten)]
    size: Size,
    rows_per_transfer: f64,
    /// Rows a slot.
    components: BTreeMap<&'static str, f64>,
}

#[derive(Debug, Serialize)]
struct Exit {
    slots: usize,
    #[serde(flatten)]
    size: Size,
    rows_per_exit: f64,
    /// Rows a slot.
    components: BTreeMap<&'static str, f64>,
}

/// Rows of a plonky2 circuit.
#[derive(Debug, Serialize)]
struct Size {
    rows_used: usize,
    degree_bits: usize,
}

#[derive(Debug, Serialize)]
struct Wrap {
    k: u32,
    advice_columns: usize,
    lookup_columns: usize,
    fixed_columns: usize,
    rows_used: usize,
    lookup_rows_used: usize,
}

pub fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Stats {
            cache,
            security,
            json,
        } => {
            let stats = stats(&*cache.engine_with(security)?)?;
            if json {
                say!("{}", serde_json::to_string_pretty(&stats)?)?;
            } else {
                print(&stats)?;
            }
            Ok(())
        }
        Command::Verifier { cache, security, out } => {
            require_writable_folder(&out)?;
            let engine = cache.engine_with(security)?;
            let kit = engine.wrap_kit().context("the engine has no wrap keys")?;
            let key = kit.keys().verifier();
            let write = |name: &str, content: Vec<u8>| {
                let path = out.join(name);
                write_output(&path, &content).with_context(|| format!("cannot write {}", path.display()))
            };
            write("Halo2Verifier.sol", evm::verifier_solidity(key)?.into())?;
            write("key.bin", key.to_bytes())?;
            // So that a test can lay the wrap circuit out again without the circuits below it.
            let compress = engine.circuits().recursion.compress.data.verifier_data();
            let compress = compress.to_bytes(&DefaultGateSerializer);
            let compress = compress.map_err(|_| anyhow!("the compress circuit has a gate of its own"))?;
            write("compress.bin", compress)?;
            let tag = serde_json::json!({
                "security": security.map_or_else(Cache::security, Ok)?.name(),
                "circuit": kit.keys().fingerprint().to_string(),
                "circuit_set": hex::encode(engine.circuit_set_digest()),
                "wrap_verifier": hex::encode(key.digest()),
                "proof_bytes": evm::proof_bytes(key),
                "srs": kit.srs().kind().to_string(),
            });
            write(
                "verifier.json",
                (serde_json::to_string_pretty(&tag)? + "\n").into(),
            )
        }
        Command::Path { out } => {
            require_writable_folder(&out)?;
            let path = out.join("PoseidonPath.sol");
            write_output(&path, evm::path_solidity().as_bytes())
                .with_context(|| format!("cannot write {}", path.display()))
        }
    }
}

fn stats(engine: &Engine) -> anyhow::Result<Stats> {
    let circuits = engine.circuits();
    let recursion = &circuits.recursion;
    let digests = circuits.digests();
    let (chunks, exit) = (circuits.leaf.chunks(), circuits.leaf.exit());
    let lift_of = |kind| usize::from(recursion.lift_of(kind).expect("every leaf circuit has a lift"));
    let lifts: Vec<_> = (0..chunks.len()).map(lift_of).collect();
    let size = |rows_used, degree_bits| Size {
        rows_used,
        degree_bits,
    };
    let compress = &recursion.compress.data;
    let wrap = WrapCircuit::without_proof(&compress.common, &compress.verifier_only)?.stats();
    let kit = engine.wrap_kit().context("the engine has no wrap keys")?;
    let mut named = BTreeMap::from([
        ("fold".to_owned(), hex::encode(digests.fold)),
        ("link".to_owned(), hex::encode(digests.link)),
        ("join".to_owned(), hex::encode(digests.join)),
        ("compress".to_owned(), hex::encode(digests.compress)),
        ("set".to_owned(), hex::encode(digests.set())),
        ("wrap".to_owned(), hex::encode(kit.keys().verifier().digest())),
    ]);
    for (kind, (chunk, lift)) in chunks.iter().zip(&lifts).enumerate() {
        let slots = chunk.slots();
        named.insert(format!("chunk {slots}"), hex::encode(digests.leaves[kind]));
        named.insert(format!("lift {slots}"), hex::encode(digests.lifts[*lift]));
    }
    let exits = format!("exits {}", exit.slots());
    named.insert(exits, hex::encode(digests.leaves[chunks.len()]));
    Ok(Stats {
        chunks: chunks
            .iter()
            .map(|chunk| {
                let rows = chunk.rows();
                Chunk {
                    slots: rows.slots,
                    size: size(rows.total, rows.padded.ilog2() as usize),
                    rows_per_transfer: rows.rows_per_slot(),
                    components: components(rows),
                }
            })
            .collect(),
        exit: Exit {
            slots: exit.slots(),
            size: size(exit.rows().total, exit.rows().padded.ilog2() as usize),
            rows_per_exit: exit.rows().rows_per_slot(),
            components: components(exit.rows()),
        },
        lifts: lifts
            .iter()
            .map(|lift| &recursion.lifts[*lift])
            .map(|lift| size(lift.rows, lift.data.common.degree_bits()))
            .collect(),
        fold: size(recursion.fold.rows, recursion.fold.data.common.degree_bits()),
        link: {
            let rows = circuits.link.rows();
            size(rows.used, rows.padded.ilog2() as usize)
        },
        join: size(recursion.join.rows, recursion.join.data.common.degree_bits()),
        compress: size(recursion.compress.rows, compress.common.degree_bits()),
        wrap: Wrap {
            k: wrap.k,
            advice_columns: wrap.advice_columns,
            lookup_columns: wrap.lookup_columns,
            fixed_columns: wrap.fixed_columns,
            rows_used: wrap.used.rows,
            lookup_rows_used: wrap.used.lookups,
        },
        digests: named,
    })
}

/// Rows a slot, by component.
fn components(rows: &Rows) -> BTreeMap<&'static str, f64> {
    let components = rows.by_component.keys();
    components
        .map(|component| (component.name(), rows.per_slot(*component)))
        .collect()
}

fn print(stats: &Stats) -> Result<(), OutputError> {
    for (chunk, lift) in stats.chunks.iter().zip(&stats.lifts) {
        say!(
            "rows per transfer {:>10.1}   ({} slots a chunk)",
            chunk.rows_per_transfer,
            chunk.slots
        )?;
        for (component, rows) in &chunk.components {
            say!("  {component:<15} {rows:>10.1}")?;
        }
        size_line(&format!("chunk of {}", chunk.slots), &chunk.size)?;
        size_line("its lift", lift)?;
    }
    let exit = &stats.exit;
    say!(
        "rows per exit     {:>10.1}   ({} slots a proof)",
        exit.rows_per_exit,
        exit.slots
    )?;
    for (component, rows) in &exit.components {
        say!("  {component:<15} {rows:>10.1}")?;
    }
    size_line("exits", &exit.size)?;
    size_line("fold", &stats.fold)?;
    size_line("link of a blob", &stats.link)?;
    size_line("join", &stats.join)?;
    size_line("compress", &stats.compress)?;
    let wrap = &stats.wrap;
    say!(
        "wrap              {:>10} rows of 2^{}, {} limb rows; {} advice columns ({} with lookups), {} fixed",
        wrap.rows_used,
        wrap.k,
        wrap.lookup_rows_used,
        wrap.advice_columns,
        wrap.lookup_columns,
        wrap.fixed_columns
    )?;
    for (name, digest) in &stats.digests {
        say!("digest {name:<10} {digest}")?;
    }
    Ok(())
}

fn size_line(name: &str, size: &Size) -> Result<(), OutputError> {
    say!("{name:<17} {:>10} rows of 2^{}", size.rows_used, size.degree_bits)
}
