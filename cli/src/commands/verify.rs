//! `ashlar verify`: a saved SNARK, off chain.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use ashlar_kzg::Snark;
use ashlar_statement::{BatchPublicInputs, hash::F};
use ashlar_wrap::circuit::pack_public_inputs;
use plonky2::field::types::{Field, Field64};
use serde::{Deserialize, Serialize};

use crate::{cache::Cache, say};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The SNARK, as `ashlar demo --work-dir` saves it (JSON).
    #[arg(long)]
    snark: PathBuf,
    /// The public inputs: JSON with the fields of a batch's public inputs, every element a decimal string.
    #[arg(long)]
    public_inputs: PathBuf,
    #[command(flatten)]
    cache: Cache,
}

/// Public inputs as a file: decimal strings, because JSON numbers are not exact beyond 2^53.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublicInputsFile(BatchPublicInputs<Decimal>);

/// A Goldilocks element as a decimal string.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
struct Decimal(u64);

impl From<Decimal> for String {
    fn from(value: Decimal) -> Self {
        value.0.to_string()
    }
}

impl TryFrom<String> for Decimal {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let value: u64 = text
            .parse()
            .map_err(|_| format!("`{text}` is not a decimal integer"))?;
        if value >= F::ORDER || value.to_string() != text {
            return Err(format!("`{text}` is not a canonical field element"));
        }
        Ok(Self(value))
    }
}

impl PublicInputsFile {
    /// From the 27 elements in their order.
    pub fn new(elements: &[u64]) -> anyhow::Result<Self> {
        let elements: Vec<Decimal> = elements.iter().copied().map(Decimal).collect();
        Ok(Self(BatchPublicInputs::from_slice(&elements)?))
    }

    fn elements(&self) -> Vec<F> {
        self.0
            .to_vec()
            .iter()
            .map(|element| F::from_canonical_u64(element.0))
            .collect()
    }
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let read =
        |path: &PathBuf| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let text = String::from_utf8(read(&args.snark)?).context("the SNARK file is not text")?;
    let snark = Snark::from_json(&text).context("the SNARK is refused")?;
    let inputs: PublicInputsFile =
        serde_json::from_slice(&read(&args.public_inputs)?).context("the public inputs are malformed")?;
    let instances = pack_public_inputs(&inputs.elements());
    ensure!(
        snark.instances.as_slice() == instances,
        "the SNARK states other public inputs than the file"
    );
    let verifier = args.cache.verifier()?;
    let key = verifier.wrap().context("the verifier has no wrap key")?.key();
    key.verify(&snark).context("the SNARK is refused")?;
    say!("valid: wrap verifier {}", hex::encode(key.digest()))?;
    Ok(())
}
