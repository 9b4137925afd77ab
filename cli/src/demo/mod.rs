//! `ashlar demo`: everything on this machine, nothing of it pretended. A devnet, the contracts, a sequencer, a farm and
//! a worker run as processes of their own; deposits on L1, signed transfers and a withdrawal over gRPC, and what an owner
//! orders through L1's queue become one SNARK that the contract verifies, and the withdrawals are claimed on L1.

pub mod chain;
mod committee;
pub mod processes;
mod queue;
mod report;
mod services;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use alloy::{
    primitives::{Address, B256},
    providers::Provider,
};
use anyhow::{Context, bail, ensure};
use ashlar_client::{
    AccountKey, Client, Payee, Sender, auth_of,
    pb::{Batch, BatchStatus, L1Transaction, Receipt},
};
use ashlar_contracts::DataMode;
use ashlar_kzg::Snark;
use ashlar_payments::packing::{PackedAmount, PackedFee};
use ashlar_report::file::{require_writable_folder, write_output};
use ashlar_sequencer::farm::{Account, FarmClient, Link};
use futures::StreamExt;
use tokio::process::Command;

use crate::{bar::Bar, commands::verify::PublicInputsFile, say};

use self::{
    chain::{Chain, Devnet},
    committee::Committee,
    report::{Gas, Report},
    services::{Sealing, Services},
};

pub(crate) use self::processes::free_address;

/// Operations of a batch, at most, unless `--batch-transactions` says otherwise: more traffic makes several batches.
const BATCH_TRANSACTIONS: u32 = 4096;
/// The last of several batches is seldom full: it is sealed when it is so old. A single one is sealed when it is complete.
const LAST_BATCH_SECS: u64 = 15;
const ONLY_BATCH_SECS: u64 = 600;
/// Units (gwei) that every user and the operator deposit: 1 ETH.
const DEPOSIT_UNITS: u64 = 1_000_000_000;
const TRANSFER_UNITS: u64 = 1_000;
const WITHDRAW_UNITS: u64 = 250_000;
const FEE_UNITS: u64 = 10;
/// Where the withdrawal goes: an address that nobody else pays.
const RECIPIENT: [u8; 20] = [0xa5; 20];

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Signed transfers to prove.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    transactions: u32,
    /// Transactions and operations of L1's queue in one batch, at most.
    #[arg(long, default_value_t = BATCH_TRANSACTIONS, value_parser = clap::value_parser!(u32).range(1..=8_192))]
    batch_transactions: u32,
    /// Print one JSON object instead of progress and table.
    #[arg(long)]
    json: bool,
    /// Which EVM to settle on.
    #[arg(long, value_enum, default_value = "auto")]
    devnet: Devnet,
    /// Where batches have their public data: `calldata`, `blob`, or `validium`, which starts a committee of four processes.
    #[arg(long, value_name = "MODE", default_value_t = DataMode::Calldata)]
    da: DataMode,
    /// Circuits, keys and reference string are kept here.
    #[arg(long, default_value = crate::cache::DEFAULT_CACHE)]
    cache_dir: PathBuf,
    #[command(flatten)]
    wrap: crate::wrap::Args,
    /// Keep databases, logs and the SNARK in this folder (default: a temporary one, removed at the end).
    #[arg(long)]
    work_dir: Option<PathBuf>,
}

/// Prints a line per step with its time.
struct Progress {
    quiet: bool,
    start: Instant,
}

impl Progress {
    /// A reader who is gone does not end the demo, whose exit status still tells how it went.
    fn line(&self, step: &str, text: &str) {
        if !self.quiet {
            let _ = say!(
                "[{:>7.1} s] {step:<12} {text}",
                self.start.elapsed().as_secs_f64()
            );
        }
    }
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let temporary = tempfile::tempdir().context("no temporary folder")?;
    let folder = args
        .work_dir
        .clone()
        .unwrap_or_else(|| temporary.path().to_path_buf());
    require_writable_folder(&folder)?;
    let report = crate::shutdown::run(async |interrupted| {
        // Dropping the unfinished demo kills its processes.
        tokio::select! {
            report = demo(&args, &folder) => report,
            () = interrupted.cancelled() => bail!("interrupted"),
        }
    })?;
    if args.json {
        say!("{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        report.print()?;
    }
    ensure!(report.verified, "L1 does not hold the sequencer's root");
    Ok(())
}

/// Runs `ashlar setup` in a process of its own, so that its memory is gone before the proving starts.
async fn setup(cache_dir: &Path) -> anyhow::Result<crate::commands::setup::Summary> {
    let output = Command::new(std::env::current_exe()?)
        .args(crate::child::bound())
        .args(["setup", "--json", "--cache-dir"])
        .arg(cache_dir)
        .stderr(std::process::Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await
        .context("cannot run `ashlar setup`")?;
    ensure!(
        output.status.success(),
        "`ashlar setup` ended with {}; what it printed: {}",
        output.status,
        String::from_utf8_lossy(&output.stdout)
    );
    serde_json::from_slice(&output.stdout).context("`ashlar setup` gave no summary")
}

async fn demo(args: &Args, folder: &Path) -> anyhow::Result<Report> {
    let progress = Progress {
        quiet: args.json,
        start: Instant::now(),
    };
    progress.line(
        "setup",
        "circuits, keys and reference string (kept for the next run)",
    );
    let summary = setup(&args.cache_dir).await?;
    progress.line("setup", &format!("circuit set {}", summary.circuit_set));

    let mut chain = Chain::start(args.devnet, folder).await?;
    let verifier = crate::contract::verifier_contract(&summary.wrap_verifier)?;
    let members = committee::addresses(args.da)?;
    let deployment = chain.deploy(verifier, args.da, members).await?;
    progress.line(
        "devnet",
        &format!(
            "{} at {}, rollup {}, data in {}",
            chain.kind, chain.endpoint, deployment.rollup, args.da
        ),
    );

    // Deposits come first; the operator's is the very first, so that its account is there to earn the fees.
    let users = chain::USERS.min(args.transactions as usize + 1);
    let total = args.transactions + 1 + users as u32 + 1 + queue::OPERATIONS;
    let sealing = Sealing {
        max_transactions: total.min(args.batch_transactions),
        max_age_secs: if total > args.batch_transactions {
            LAST_BATCH_SECS
        } else {
            ONLY_BATCH_SECS
        },
    };
    let committee = Committee::start(args.da, folder, &chain, &deployment, &summary).await?;
    let mut services = Services::start(
        args,
        folder,
        &chain,
        committee,
        (deployment.rollup, &summary.circuit_set),
        &sealing,
    )
    .await?;
    let sequencer = Client::connect(&services.endpoint).await?;

    let rollup = deployment.rollup;
    let players = deposit_all(&chain, rollup, &sequencer, &mut services, users).await?;
    let accounts: Vec<u32> = players.iter().map(Sender::account).collect();
    progress.line(
        "deposit",
        &format!("{} deposits on L1, executed on L2", users + 1),
    );
    let withdrawal = send_all(args.transactions, players).await?;
    progress.line(
        "admit",
        &format!("{} signed transfers and a withdrawal", args.transactions),
    );

    let queued = queue::order(&chain.rollup(1, rollup).await?, accounts[0], accounts[1]).await?;
    progress.line(
        "queue",
        "a withdrawal, a transfer and a new auth, by order of an owner on L1",
    );

    let batches = watch(&progress, &mut services, &mut chain, &sequencer, total).await?;
    let receipt = sequencer.receipt(withdrawal).await?;
    let receipt = receipt.context("the sequencer has lost the withdrawal")?;
    let claimed = claim(&chain, rollup, &receipt, WITHDRAW_UNITS).await?;
    let (queued, forced) = queue::outcome(&sequencer, queued).await?;
    claim(&chain, rollup, &forced, queue::WITHDRAW_UNITS).await?;
    progress.line(
        "claim",
        &format!("{WITHDRAW_UNITS} and {} gwei paid on L1", queue::WITHDRAW_UNITS),
    );

    if let Some(found) = services.sample(&chain, rollup).await? {
        progress.line(
            "sample",
            &format!("{found} random cells of the last batch, from the committee"),
        );
    }

    save(
        folder,
        &chain,
        (deployment.rollup, &summary.circuit_set),
        &services.farm_endpoint,
        claimed,
    )
    .await?;
    progress.line(
        "save",
        "snark.json and public-inputs.json (check them with `ashlar verify`)",
    );

    let l1_root = chain
        .rollup(0, deployment.rollup)
        .await?
        .state()
        .await?
        .state_root;
    let l2_root = B256::try_from(sequencer.info().await?.root.as_ref()).context("the sequencer's root")?;
    services.stop().await;
    let sum = |count: fn(&Batch) -> u64| batches.iter().map(count).sum::<u64>();
    let steps: Vec<_> = batches.iter().flat_map(|batch| batch.steps.clone()).collect();
    Ok(Report {
        transactions: sum(operations) - u64::from(queue::WITHDRAWALS),
        batches: batches.len(),
        chunks: sum(|batch| batch.chunk_count.into()),
        devnet: chain.kind,
        queue: queued,
        steps: report::steps(&steps),
        snark_bytes: batches.iter().map(|batch| batch.snark_bytes).max().unwrap_or(0),
        gas: gas(&batches),
        l1_state_root: l1_root.to_string(),
        l2_state_root: l2_root.to_string(),
        verified: l1_root == l2_root && batches.iter().all(|batch| batch.status() == BatchStatus::Proven),
    })
}

/// Operations of a batch; a forced withdrawal counts twice, for it is one of L1's queue as well.
fn operations(batch: &Batch) -> u64 {
    u64::from(batch.l1_operation_count) + u64::from(batch.transfer_count) + u64::from(batch.withdrawal_count)
}

fn gas(batches: &[Batch]) -> Gas {
    let used = |transaction: Option<&L1Transaction>| transaction.map_or(0, |of| of.gas_used);
    let (by_one, apart): (Vec<_>, Vec<_>) = batches
        .iter()
        .partition(|batch| batch.commit_and_prove().is_some());
    let all: u64 = batches.iter().map(Batch::l1_gas).sum();
    let transfers: u32 = batches.iter().map(|batch| batch.transfer_count).sum();
    Gas {
        commit: apart.iter().map(|batch| used(batch.commit.as_ref())).sum(),
        prove: apart.iter().map(|batch| used(batch.prove.as_ref())).sum(),
        commit_and_prove: by_one.iter().map(|batch| batch.l1_gas()).sum(),
        per_transfer: all as f64 / f64::from(transfers),
    }
}

/// Deposits for the operator and the users; gives the users once their accounts exist.
async fn deposit_all(
    chain: &Chain,
    rollup: Address,
    sequencer: &Client,
    services: &mut Services,
    users: usize,
) -> anyhow::Result<Vec<Sender>> {
    let mut players = Vec::new();
    for account in 0..=users {
        let signer = chain::signer(account)?;
        let key = crate::commands::key::derive(&signer, sequencer.domain())?;
        let (owner, auth) = (signer.address(), auth_of(&key.public_key()));
        let own = AccountKey::Owner {
            l1_owner: owner,
            auth: Some(auth),
        };
        let l1 = chain.rollup(account, rollup).await?;
        let queued = l1
            .deposit(&l1.token(0).await?, DEPOSIT_UNITS, owner, &auth)
            .await?;
        let start = Instant::now();
        // The account shows in the executor's state before its batch is sealed.
        while sequencer.account(own).await?.is_none() {
            services.check()?;
            ensure!(
                start.elapsed() < Duration::from_secs(60),
                "deposit {queued} was not executed within 60 s"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        if account > 0 {
            players.push(sequencer.sender(owner, key).await?);
        }
    }
    Ok(players)
}

/// Sends the transfers, each user to the next in turn, and one withdrawal; gives the withdrawal's id.
async fn send_all(transfers: u32, mut users: Vec<Sender>) -> anyhow::Result<B256> {
    let payee = |of: &Sender| Payee {
        account: of.account(),
        l1_owner: of.l1_owner(),
    };
    let payees: Vec<Payee> = users.iter().map(payee).collect();
    let fee = PackedFee::exact(FEE_UNITS).context("fee")?;
    for number in 0..transfers as usize {
        let (from, to) = (number % users.len(), payees[(number + 1) % payees.len()]);
        let amount = TRANSFER_UNITS * (1 + number as u64 % 100);
        let amount = PackedAmount::exact(amount).context("amount")?;
        let sent = users[from].transfer(to, 0, amount, fee).await;
        sent.with_context(|| format!("transfer {number}"))?;
    }
    let sent = users[0].withdraw(RECIPIENT.into(), 0, WITHDRAW_UNITS, fee).await;
    sent.context("withdrawal")
}

/// Follows all batches until L1 has accepted the proofs of so many operations; gives them in order.
async fn watch(
    progress: &Progress,
    services: &mut Services,
    chain: &mut Chain,
    sequencer: &Client,
    total: u32,
) -> anyhow::Result<Vec<Batch>> {
    let mut stream = sequencer.watch_batches(1).await?;
    let mut batches = BTreeMap::<u64, Batch>::new();
    let mut bar = Bar::default();
    loop {
        let message = tokio::time::timeout(Duration::from_secs(1), stream.next()).await;
        services.check()?;
        chain.process.check()?;
        let Ok(message) = message else { continue };
        let batch = message.context("the sequencer stopped reporting")??;
        let seen = batches.get(&batch.number).map_or(0, |known| known.steps.len());
        if !progress.quiet {
            // A reader who is gone does not end the demo.
            let _ = if batch.steps.len() > seen {
                bar.clear()
            } else {
                bar.show(&batch)
            };
        }
        for step in &batch.steps[seen.min(batch.steps.len())..] {
            let text = format!("batch {}: {:.2} s", batch.number, step.seconds);
            progress.line(&step.name, &text);
        }
        if batch.status() == BatchStatus::Failed {
            bail!("batch {} failed: {}", batch.number, batch.failure_reason);
        }
        batches.insert(batch.number, batch);
        let proven = batches
            .values()
            .filter(|batch| batch.status() == BatchStatus::Proven);
        if proven.map(operations).sum::<u64>() >= u64::from(total + queue::WITHDRAWALS) {
            return Ok(batches.into_values().collect());
        }
    }
}

/// Saves the SNARK as the farm made it, and its public inputs as L1 holds them.
async fn save(
    folder: &Path,
    chain: &Chain,
    (rollup, circuit_set): (Address, &str),
    farm: &str,
    batch: u64,
) -> anyhow::Result<()> {
    let l1 = chain.rollup(0, rollup).await?;
    let account = Account {
        chain_id: l1.domain().chain_id,
        rollup: rollup.into_array(),
        circuit_set: crate::commands::fixed_hex(circuit_set)?,
    };
    let link = Link::new(farm, None)?;
    let proven = FarmClient::connect(&link, account).await?.wait(batch).await?;
    let snark = Snark::from_bytes(&proven.snark)?;
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        write_output(&path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
    };
    write("snark.json", snark.to_json() + "\n")?;
    let header = l1.committed_batch(batch).await?.header;
    let data = l1.data_mode().await?;
    let inputs = PublicInputsFile::new(&chain::public_inputs(&header, data, l1.domain()))?;
    write(
        "public-inputs.json",
        serde_json::to_string_pretty(&inputs)? + "\n",
    )
}

/// Claims the withdrawal that the receipt describes, with a proof from L1's own data, and checks that its recipient is paid
/// so many units exactly; gives its batch.
async fn claim(chain: &Chain, rollup: Address, receipt: &Receipt, units: u64) -> anyhow::Result<u64> {
    let place = receipt.withdrawal.as_ref();
    let place = place.context("the withdrawal has no claim data")?;
    let l1 = chain.rollup(chain::CLAIMER, rollup).await?;
    let proof = l1
        .withdrawal_proof(place.batch_number, place.withdrawal_index)
        .await?;
    let (provider, recipient) = (l1.contract().provider(), proof.withdrawal.to);
    let before = provider.get_balance(recipient).await?;
    l1.claim(&proof).await?;
    let gained = provider.get_balance(recipient).await? - before;
    let owed = l1.token(0).await?.base_units(units);
    ensure!(
        gained == owed,
        "the claim paid {gained} wei, {owed} were withdrawn"
    );
    Ok(place.batch_number)
}
