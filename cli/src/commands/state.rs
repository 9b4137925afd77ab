//! `ashlar state`: a stopped sequencer's sealed state, to compare and to hand on.

use std::{
    fs::File,
    io::{BufReader, BufWriter},
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use ashlar_payments::rebuild::Snapshot;
use ashlar_sequencer::store::Store;
use ashlar_statement::Domain;
use serde_json::json;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Print the last sealed batch, and a digest of all that the state after it holds: two databases of one rollup that
    /// have sealed the same batches have the same.
    Digest {
        /// Folder of the state database; its sequencer must not run.
        #[arg(long)]
        data_dir: PathBuf,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Write all accounts to a file, for `ashlar sequencer --rebuild-from-l1 --snapshot FILE`. It is signed by nobody and
    /// needs no trust: its root must be the one that L1 has proven for the last sealed batch.
    Export {
        /// Folder of the state database; its sequencer must not run.
        #[arg(long)]
        data_dir: PathBuf,
        /// File to write; there must be none.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Digest { data_dir, json } => {
            let (batch, digest) = open(data_dir)?.snapshot()?.digest()?;
            let digest = format!("0x{}", hex::encode(digest));
            if *json {
                crate::say!("{:#}", json!({ "batch": batch, "digest": digest }))?;
            } else {
                crate::say!("batch {batch}, digest {digest}")?;
            }
            Ok(())
        }
        Command::Export { data_dir, out } => export(&open(data_dir)?, out),
    }
}

fn export(store: &Store, out: &Path) -> anyhow::Result<()> {
    let identity = store
        .identity()?
        .context("no sequencer has started with this database yet")?;
    let domain = Domain {
        chain_id: identity.chain_id,
        rollup: identity.rollup,
    };
    let sealed = store.snapshot()?;
    let snapshot = Snapshot::new(domain, sealed.next_batch() - 1, sealed.entries()?);
    let file = File::create_new(out).with_context(|| format!("cannot make {}", out.display()))?;
    let written = snapshot
        .write(BufWriter::new(&file))
        .and_then(|()| file.sync_all());
    written.with_context(|| format!("cannot write {}", out.display()))?;
    crate::say!(
        "batch {}, {} accounts: {}",
        snapshot.batch,
        snapshot.accounts(),
        out.display()
    )?;
    Ok(())
}

/// Reads what `export` has written.
pub fn read(path: &Path) -> anyhow::Result<Snapshot> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    Snapshot::read(BufReader::new(file)).with_context(|| path.display().to_string())
}

/// Opens what must be there.
fn open(data_dir: &Path) -> anyhow::Result<Store> {
    let path = data_dir.join("state.redb");
    ensure!(path.is_file(), "no state database at {}", path.display());
    Store::open(&path).context("is the sequencer still running?")
}
