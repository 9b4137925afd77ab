//! `ashlar da`

use std::{net::SocketAddr, path::PathBuf};

use alloy::{primitives::Address, signers::local::PrivateKeySigner};
use anyhow::{Context, bail, ensure};
use ashlar_committee::{Member, Service, Terms};
use ashlar_contracts::DataMode;
use ashlar_payments::batch::SHAPES;
use tokio::net::TcpListener;

use crate::{deployment::Deployment, keys};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The rollup, as `ashlar deploy` has written it down.
    #[arg(long, value_name = "FILE")]
    deployment: PathBuf,
    /// Folder that keeps the batches. What is in it is executed at the start, so it is as good as the state; without it, or
    /// another member's, a member begins with the first batch.
    #[arg(long)]
    data_dir: PathBuf,
    /// File that holds the private key that this member signs with, as hex. Instead, ASHLAR_MEMBER_KEY may hold the key.
    #[arg(long, value_name = "FILE")]
    member_key_file: Option<PathBuf>,
    /// Whose key proposes batches, where the operator is a seat that another has taken since the deployment (`ashlar seat
    /// show`) [default: as the deployment file says]
    #[arg(long, value_name = "ADDRESS", value_parser = super::l1_address)]
    proposer: Option<Address>,
    /// Where gRPC is served, in plain text: the operator signs what he proposes, and streams are everybody's to read.
    #[arg(long, default_value = "127.0.0.1:7301")]
    listen: SocketAddr,
}

impl Args {
    fn signer(&self) -> anyhow::Result<PrivateKeySigner> {
        if let Some(path) = &self.member_key_file {
            return keys::from_file(path);
        }
        match std::env::var("ASHLAR_MEMBER_KEY") {
            Ok(text) => keys::parse(&text).context("ASHLAR_MEMBER_KEY"),
            Err(_) => bail!("no key: give --member-key-file FILE, or the key in ASHLAR_MEMBER_KEY"),
        }
    }
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let signer = args.signer()?;
    let deployment = Deployment::load(&args.deployment)?;
    ensure!(
        deployment.data == DataMode::Validium,
        "{} names a rollup with its data in {}: only a validium has a committee",
        args.deployment.display(),
        deployment.data
    );
    ensure!(
        deployment.committee.contains(&signer.address()),
        "{} is no member of the rollup's committee, which is fixed: {}",
        signer.address(),
        deployment
            .committee
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    );
    let terms = Terms {
        domain: deployment.domain(),
        shapes: SHAPES,
    };
    let proposer = args.proposer.or(deployment.holder).unwrap_or(deployment.operator);
    let member = Member::open(signer, terms, &args.data_dir)?;
    crate::shutdown::run(async |shutdown| {
        let listener = TcpListener::bind(args.listen).await;
        let listener = listener.with_context(|| format!("cannot listen on {}", args.listen))?;
        let address = listener.local_addr().context("the address that is listened on")?;
        tracing::info!(%address, member = %member.address(), last_batch = member.last(), "committee member serving");
        let service = Service::new(member, proposer);
        service.serve(listener, shutdown).await.context("gRPC server")
    })
}
