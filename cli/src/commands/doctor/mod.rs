//! `ashlar doctor`

mod device;
mod files;
mod finding;
mod machine;
mod network;

use std::{net::SocketAddr, path::PathBuf};

use anyhow::bail;
use finding::{Finding, Status};

use crate::{cache::Cache, farm_link::FarmLink, output, say};

/// Check whether this machine can do its part, and say how to mend what cannot.
///
/// Changes nothing. Ends with an error when a check failed; warnings and notes do not count as failures.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Addresses that must be free to listen on; may be given several times.
    #[arg(long, default_values = ["127.0.0.1:7001", "127.0.0.1:7002"])]
    listen: Vec<SocketAddr>,
    /// Also ask this L1 JSON-RPC endpoint, and compare its clock with this machine's.
    #[arg(long, value_name = "URL")]
    l1_rpc: Option<String>,
    /// Also ask this farm coordinator for its health.
    #[arg(long, value_name = "URL")]
    farm: Option<String>,
    /// Folder with the certificate that is shown there.
    #[arg(long, value_name = "FOLDER", requires = "farm")]
    farm_tls: Option<PathBuf>,
    /// Print the findings as a JSON list.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    cache: Cache,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let mut findings = vec![machine::processor(), machine::memory()];
    findings.extend(device::all(&args.cache.cache_dir));
    findings.push(machine::disk(&args.cache.cache_dir));
    findings.extend(files::all(&args.cache, Cache::security()?));
    findings.extend(args.listen.iter().map(network::port));
    findings.extend(crate::shutdown::runtime()?.block_on(async {
        let mut answers = Vec::new();
        if let Some(url) = &args.l1_rpc {
            answers.extend(network::l1(url).await);
        }
        if let Some(url) = &args.farm {
            let (farm, farm_tls) = (url.clone(), args.farm_tls.clone());
            answers.push(network::farm(&FarmLink { farm, farm_tls }).await);
        }
        answers
    }));

    if args.json {
        say!("{}", serde_json::to_string_pretty(&findings)?)?;
    } else {
        let color = output::has_colour(&std::io::stdout());
        for finding in &findings {
            output::write(format_args!("{}", finding.render(color)))?;
        }
    }
    match count(&findings, Status::Failed) {
        0 => Ok(()),
        failed => bail!("{failed} of {} checks failed", findings.len()),
    }
}

fn count(findings: &[Finding], status: Status) -> usize {
    findings.iter().filter(|finding| finding.status == status).count()
}
