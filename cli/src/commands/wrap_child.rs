//! `ashlar wrap-child`: the process that a worker wraps in. Not for users: it speaks frames over its standard input and
//! output, and lives as long as its input is open.

use std::{
    fs::File,
    io::{Stdin, Write},
    process,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
};

use anyhow::Context;
use ashlar_engine::isolation::{encode_frame, greeting, read_frame};

use crate::{cache::Cache, child, wrap};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    backend: wrap::Backend,
    #[command(flatten)]
    cache: Cache,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let output = child::claim_stdout()?;
    let runtime = crate::shutdown::runtime()?;
    // A service manager may send SIGTERM to every process of the worker's unit. The worker decides: it drains, perhaps
    // through this process, and closes the input.
    let _deaf_to_sigterm = runtime.block_on(async {
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
            .context("cannot listen for signals")
    })?;
    let (requests, received) = sync_channel(1);
    std::thread::Builder::new()
        .name("requests".into())
        .spawn(move || forward(std::io::stdin(), &requests))
        .context("cannot start a thread")?;
    let proving = std::thread::Builder::new()
        .name("prove-wrap".into())
        .stack_size(ashlar_worker::STACK_BYTES)
        .spawn(move || serve(&args, output, received))
        .context("cannot start a thread")?;
    proving
        .join()
        .unwrap_or_else(|_| Err(anyhow::anyhow!("the proving thread panicked")))
}

/// Opens the keys, prepares the prover, greets, and answers one request after the other.
fn serve(args: &Args, mut output: File, requests: Receiver<Vec<u8>>) -> anyhow::Result<()> {
    // The log is the worker's too: this tells whose lines these are.
    let _span = tracing::info_span!("wrap_child").entered();
    let engine = args.cache.engine_on(args.backend.config(&args.cache)?)?;
    let kit = engine.wrap_kit().context("the engine has no wrap keys")?;
    kit.prepare()?;
    let mut send = |payload: &[u8]| {
        let frame = encode_frame(payload)?;
        output.write_all(&frame).context("the worker does not listen")
    };
    send(&greeting(kit))?;
    for request in requests {
        send(&engine.answer(&request).to_bytes())?;
    }
    Ok(())
}

/// Passes requests on. At the end of the input the worker has closed it or died: the process ends at once, in the middle
/// of a proof too, so that no orphan holds a device.
fn forward(input: Stdin, requests: &SyncSender<Vec<u8>>) {
    let mut input = input.lock();
    loop {
        match read_frame(&mut input) {
            Ok(Some(request)) => {
                if requests.send(request).is_err() {
                    return; // nobody serves any more, and the process is about to say why
                }
            }
            Ok(None) => process::exit(0),
            Err(error) => {
                let error = anyhow::Error::new(error).context("request");
                crate::log::fail(&format!("{error:#}"));
                process::exit(2);
            }
        }
    }
}
