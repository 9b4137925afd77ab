//! `ashlar batch export`

use std::path::Path;

use anyhow::{Context, ensure};
use ashlar_client::data::Record;
use ashlar_kzg::Snark;
use ashlar_report::file::{require_writable_folder, write_output};
use serde_json::json;

use crate::{commands::verify::PublicInputsFile, links::Links};

pub async fn export(links: &Links, number: u64, out: &Path) -> anyhow::Result<()> {
    ensure!(number > 0, "batch 0 is the genesis state; the first batch is 1");
    require_writable_folder(out)?;
    let l1 = links.l1(None).await?;
    let data = l1.batch_data(number).await?;
    let proven = l1.proven_batch(number).await?;
    let words = proven.instances.map(|instance| instance.to_be_bytes::<32>());
    let parts = ashlar_protocol::SnarkParts {
        instances: words,
        proof: &proven.proof,
    };
    let snark =
        Snark::from_bytes(&parts.to_bytes()).context("what L1 has verified is no SNARK of this version")?;
    let inputs = PublicInputsFile::new(&crate::demo::chain::public_inputs(
        &data.header,
        l1.data_mode().await?,
        l1.domain(),
    ))?;

    let write = |name: &str, bytes: &[u8]| {
        let path = out.join(name);
        write_output(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        crate::say!("{}", path.display())?;
        anyhow::Ok(())
    };
    write("snark.json", (snark.to_json() + "\n").as_bytes())?;
    let inputs = serde_json::to_string_pretty(&inputs)? + "\n";
    write("public-inputs.json", inputs.as_bytes())?;
    let header = &data.header;
    let count = |is: fn(&Record) -> bool| data.records.iter().filter(|record| is(record)).count();
    let header = json!({
        "number": header.number,
        "first_operation": header.firstOperation,
        "unix_time_secs": u64::from(header.time) * 60,
        "l1_operations": count(Record::is_l1_operation),
        "withdrawals": header.withdrawalCount,
        "transfers": count(|record| matches!(record, Record::Transfer { .. })),
        "fee_account": header.feeAccount,
        "old_root": format!("{:#066x}", header.oldRoot),
        "new_root": format!("{:#066x}", header.newRoot),
        "data_hash": format!("{:#066x}", header.dataHash),
        "withdrawals_root": header.withdrawalsRoot,
        "proved_by": proven.transaction,
    });
    write("header.json", format!("{header:#}\n").as_bytes())?;
    write("bridge.bin", &data.bridge)?;
    write("rollup.bin", &data.rollup)
}
