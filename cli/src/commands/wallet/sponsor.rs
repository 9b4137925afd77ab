//! `ashlar wallet sponsor`: pays for a transaction that somebody else has signed with a fee of zero.
//!
//! The user gives the sponsor a file, which only executes what it says. The sponsor's own signature names no transaction, so
//! it goes to the sequencer alone, and ends after a while.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use alloy::primitives::{Address, B256};
use anyhow::{Context, ensure};
use ashlar_client::{Client, L1, Token, Validity, amount::split_token, minute, permitted};
use ashlar_payments::{
    packing::PackedFee,
    transaction::{Domain, SignedTransaction, Transaction},
};
use serde::{Deserialize, Serialize};

use super::{
    files,
    pay::{DEFAULT_FEE_UNITS, Fee, Payer, Wait, executed, send, sent, units_text},
    validity::Ends,
};

const VERSION: u32 = 1;
/// Operations that a sponsor pays for: the transaction and his own.
const OPERATIONS: u64 = 2;
/// How long his signature holds unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(600);

/// Where a transaction goes that somebody else pays for.
#[derive(Debug, clap::Args)]
pub struct Unpaid {
    /// Sign with a fee of zero and send nothing: write the transaction to this new file, which a sponsor sends with
    /// `ashlar wallet sponsor`.
    #[arg(long, value_name = "FILE", conflicts_with = "fee")]
    for_sponsor: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The transaction, as --for-sponsor has written it.
    #[arg(long, value_name = "FILE")]
    transaction: PathBuf,
    /// What the sequencer earns for both operations, with its token [default: 20 units of ETH, 20 gwei]
    #[arg(long, value_name = "AMOUNT")]
    fee: Option<String>,
    #[command(flatten)]
    ends: Ends,
    #[command(flatten)]
    wait: Wait,
}

/// A signed transaction on its way to a sponsor.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unsent {
    version: u32,
    chain_id: u64,
    rollup: Address,
    /// Its canonical encoding, as hex.
    transaction: String,
}

impl Unpaid {
    /// What the transaction pays itself.
    pub fn fee(&self, asked: &Fee, token: &Token) -> anyhow::Result<PackedFee> {
        match &self.for_sponsor {
            Some(path) => {
                files::require_new(path)?;
                Ok(PackedFee::exact(0)?)
            }
            None => asked.resolve(token),
        }
    }

    /// Sends what was signed, or writes it down.
    pub async fn send_or_keep(
        &self,
        client: &Client,
        signed: &SignedTransaction,
        wait: &Wait,
    ) -> anyhow::Result<()> {
        let Some(path) = &self.for_sponsor else {
            return send(client, signed, wait).await;
        };
        permitted(signed, minute(SystemTime::now()))?;
        let domain = client.domain();
        let unsent = Unsent {
            version: VERSION,
            chain_id: domain.chain_id,
            rollup: domain.rollup.into(),
            transaction: format!("0x{}", hex::encode(signed.encode())),
        };
        files::write_new(path, &format!("{}\n", serde_json::to_string_pretty(&unsent)?))?;
        crate::say!("transaction {}", B256::from(signed.id()))?;
        crate::say!(
            "give {} to a sponsor, who sends it with `ashlar wallet sponsor`",
            path.display()
        )?;
        Ok(())
    }
}

impl Unsent {
    fn load(path: &Path, domain: &Domain) -> anyhow::Result<SignedTransaction> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let read = || -> anyhow::Result<_> {
            let unsent: Self = serde_json::from_str(&text).context("no transaction for a sponsor")?;
            ensure!(
                unsent.version == VERSION,
                "version {}, this program knows {VERSION}: use the release that has written it",
                unsent.version
            );
            ensure!(
                unsent.chain_id == domain.chain_id && unsent.rollup.into_array() == domain.rollup,
                "the transaction is for rollup {} on chain {}: correct --deployment, or refuse to pay for it",
                unsent.rollup,
                unsent.chain_id
            );
            let digits = unsent
                .transaction
                .strip_prefix("0x")
                .context("transaction: no 0x")?;
            Ok(SignedTransaction::decode(&hex::decode(digits)?)?)
        };
        read().with_context(|| path.display().to_string())
    }
}

/// Says what a transaction pays.
fn describe(tx: &Transaction) -> String {
    let payee = match tx {
        Transaction::Transfer(transfer) => {
            format!("account {} of {}", transfer.to, Address::from(transfer.to_owner))
        }
        Transaction::Withdraw(withdraw) => format!("{} on L1", Address::from(withdraw.to_l1)),
    };
    format!(
        "{} from account {} to {payee}, nonce {}",
        units_text(tx.token(), tx.amount()),
        tx.from(),
        tx.nonce()
    )
}

impl Args {
    async fn fee(&self, l1: &L1) -> anyhow::Result<(Token, PackedFee)> {
        let Some(text) = &self.fee else {
            return Ok((
                l1.token(0).await?,
                PackedFee::ceil(OPERATIONS * DEFAULT_FEE_UNITS)?,
            ));
        };
        let (digits, name) = split_token(text);
        let token = l1.find_token(name).await?;
        let units = token.parse(digits).context("--fee")?.units;
        let fee = PackedFee::ceil(units).context("--fee")?;
        Ok((token, fee))
    }
}

pub async fn run(payer: Payer, args: &Args) -> anyhow::Result<()> {
    let Payer { client, l1, sender } = payer;
    let signed = Unsent::load(&args.transaction, client.domain())?;
    permitted(&signed, minute(SystemTime::now()))?;
    let (token, fee) = args.fee(&l1).await?;
    let validity = match args.ends.validity() {
        Validity::Unlimited => Validity::For(PATIENCE),
        given => given,
    };
    let mut sender = sender.with_validity(validity);
    let id = B256::from(signed.id());
    crate::say!("transaction {id}: {}", describe(&signed.tx))?;
    crate::say!(
        "fee {} from account {}",
        token.display(fee.value()),
        sender.account()
    )?;
    let sponsorship = sender.sign_sponsorship(token.id, fee);
    permitted(&sponsorship, minute(SystemTime::now()))?;
    sent(id, client.submit_sponsored(&signed, &sponsorship).await)?;
    executed(&client, id, &args.wait).await
}
