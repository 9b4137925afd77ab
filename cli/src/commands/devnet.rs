//! `ashlar devnet`

use std::net::SocketAddr;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where JSON-RPC is served (loopback only).
    #[arg(long, default_value = "127.0.0.1:8545")]
    listen: SocketAddr,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    crate::shutdown::runtime()?.block_on(async {
        let shutdown = crate::shutdown::token()?;
        let node = ashlar_devnet::serve(args.listen, ashlar_devnet::Config::default()).await?;
        tracing::info!(address = %node.addr(), "devnet serving");
        shutdown.cancelled().await;
        node.shutdown().await;
        Ok(())
    })
}
