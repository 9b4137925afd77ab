//! `ashlar wallet deposit`, `transfer` and `withdraw`

use std::time::{Duration, SystemTime};

use alloy::primitives::{Address, B256};
use anyhow::{Context, ensure};
use ashlar_client::{
    AccountKey, Client, ClientError, L1, Milestone, Offer, Payee, Sender, Token,
    amount::{self, split_token},
    minute, permitted,
};
use ashlar_payments::{
    packing::{PackedAmount, PackedFee},
    transaction::SignedTransaction,
};
use ashlar_statement::hash::ZERO_HASH;

use super::{Wallet, sponsor::Unpaid, validity::Ends};
use crate::commands::l1_address;

/// Units of a token that a transaction pays unless told otherwise.
pub const DEFAULT_FEE_UNITS: u64 = 10;

/// An amount with its token.
#[derive(Debug, clap::Args)]
pub struct Amount {
    /// How much, of which token: `0.5`, `0.5ETH`, `12.25 USDC`, or with the token's number or address behind a space.
    #[arg(value_name = "AMOUNT", num_args = 1..=2, required = true)]
    amount: Vec<String>,
}

/// How long to stay.
#[derive(Debug, clap::Args)]
pub struct Wait {
    /// Return when it has come so far.
    #[arg(long, value_enum, default_value = "executed")]
    wait: Until,
    /// Give up waiting after so many seconds; what was sent stays sent.
    #[arg(long, default_value_t = 1_800, value_parser = clap::value_parser!(u64).range(1..=604_800))]
    wait_secs: u64,
}

impl Wait {
    /// How far, if at all beyond L1.
    pub fn milestone(&self) -> Option<Milestone> {
        self.wait.milestone()
    }

    /// How long at most.
    pub fn limit(&self) -> Duration {
        Duration::from_secs(self.wait_secs)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Until {
    /// Sent; of an operation of L1's queue, mined there.
    Sent,
    /// In the sequencer's state.
    Executed,
    /// Its batch's data is on L1.
    Committed,
    /// Its batch is proven on L1: final.
    Proven,
}

impl Until {
    pub fn milestone(self) -> Option<Milestone> {
        match self {
            Self::Sent => None,
            Self::Executed => Some(Milestone::Executed),
            Self::Committed => Some(Milestone::Committed),
            Self::Proven => Some(Milestone::Proven),
        }
    }
}

#[derive(Debug, clap::Args)]
pub struct Deposit {
    #[command(flatten)]
    amount: Amount,
    /// Deposit for this L1 address instead of the wallet's own: for its account, or for a new one that no key signs for
    /// until its owner sets one.
    #[arg(long = "for", value_name = "ADDRESS", value_parser = l1_address)]
    owner: Option<Address>,
    #[command(flatten)]
    wait: Wait,
}

#[derive(Debug, clap::Args)]
pub struct Transfer {
    #[command(flatten)]
    amount: Amount,
    /// Who is paid: an account's number, or an L1 address, whose first account it is.
    #[arg(long, value_name = "ACCOUNT", value_parser = payee_key)]
    to: AccountKey,
    #[command(flatten)]
    fee: Fee,
    #[command(flatten)]
    unpaid: Unpaid,
    #[command(flatten)]
    ends: Ends,
    #[command(flatten)]
    wait: Wait,
}

#[derive(Debug, clap::Args)]
pub struct Withdraw {
    #[command(flatten)]
    amount: Amount,
    /// L1 address that is paid [default: the account's L1 owner]
    #[arg(long, value_name = "ADDRESS", value_parser = l1_address)]
    to: Option<Address>,
    #[command(flatten)]
    sale: Sale,
    #[command(flatten)]
    fee: Fee,
    #[command(flatten)]
    unpaid: Unpaid,
    #[command(flatten)]
    ends: Ends,
    #[command(flatten)]
    wait: Wait,
}

/// Terms on which the withdrawal is sold before it is proven.
#[derive(Debug, clap::Args)]
pub struct Sale {
    /// Offer the withdrawal to whoever pays so much of the token at once, and waits for the proof in your place. Pass on the
    /// offer that is printed: `ashlar fast-exit buy` takes it. What nobody buys is yours, by `ashlar fast-exit collect`.
    #[arg(long, value_name = "PRICE", requires = "market", conflicts_with = "to")]
    sell_for: Option<String>,
    /// Where it is sold: a contract that `ashlar fast-exit deploy` has put on L1, and that you know, for the withdrawal goes
    /// to an address that it names.
    #[arg(long, value_name = "ADDRESS", value_parser = l1_address, requires = "sell_for")]
    market: Option<Address>,
}

#[derive(Debug, clap::Args)]
pub struct Fee {
    /// What the sequencer earns, in the same token (default: 10 units, for ETH 10 gwei).
    #[arg(long, value_name = "AMOUNT")]
    fee: Option<String>,
}

impl Amount {
    /// Units, with a word about what was cut off.
    pub async fn resolve(&self, l1: &L1) -> anyhow::Result<(Token, u64)> {
        let text = self.amount.join(" ");
        let (digits, token) = split_token(&text);
        let token = l1.find_token(token).await?;
        let parsed = token.parse(digits)?;
        if parsed.rounded {
            crate::say!(
                "rounded down to {}: the rollup counts {} with {} decimals",
                token.display(parsed.units),
                token.symbol,
                token.unit_decimals()
            )?;
        }
        ensure!(parsed.units > 0, "the amount is zero");
        Ok((token, parsed.units))
    }
}

impl Sale {
    /// The offer, if it is one, and the address where the withdrawal has to go then.
    async fn offer(
        &self,
        l1: &L1,
        seller: Address,
        token: &Token,
        amount: u64,
    ) -> anyhow::Result<Option<(Offer, Address)>> {
        let (Some(price), Some(market)) = (&self.sell_for, self.market) else {
            return Ok(None);
        };
        let (digits, name) = split_token(price);
        ensure!(
            name.is_empty() || name.eq_ignore_ascii_case(&token.symbol),
            "the price is paid in {}, the token of the amount",
            token.symbol
        );
        let parsed = token.parse(digits).context("--sell-for")?;
        let price = parsed.units + u64::from(parsed.rounded);
        ensure!(
            price <= amount,
            "nobody pays {} for {}: ask for less",
            token.display(price),
            token.display(amount)
        );
        let offer = Offer {
            seller,
            token: token.id,
            amount,
            price,
            salt: rand::random(),
        };
        let market = l1.market(market).await?;
        Ok(Some((offer, market.receiver(&offer).await?)))
    }
}

impl Fee {
    pub fn resolve(&self, token: &Token) -> anyhow::Result<PackedFee> {
        let asked = match &self.fee {
            None => DEFAULT_FEE_UNITS,
            Some(text) => {
                let (digits, name) = split_token(text);
                ensure!(
                    name.is_empty() || name.eq_ignore_ascii_case(&token.symbol),
                    "the fee is paid in {}, the token of the amount",
                    token.symbol
                );
                let parsed = token.parse(digits).context("--fee")?;
                parsed.units + u64::from(parsed.rounded)
            }
        };
        let fee = PackedFee::ceil(asked).context("--fee")?;
        if fee.value() != asked {
            crate::say!(
                "fee rounded up to {}: fees have 5 bits and a power of ten",
                token.display(fee.value())
            )?;
        }
        Ok(fee)
    }
}

/// The largest amount that a transfer can carry, with a word if it is not the one asked for.
pub fn packed(units: u64, token: &Token) -> anyhow::Result<PackedAmount> {
    let amount = PackedAmount::floor(units);
    ensure!(amount.value() > 0, "the amount is zero");
    if amount.value() != units {
        crate::say!(
            "rounded down to {}: amounts of transfers have 27 bits and a power of ten",
            token.display(amount.value())
        )?;
    }
    Ok(amount)
}

pub async fn deposit(wallet: &Wallet, args: Deposit) -> anyhow::Result<()> {
    let owner = args.owner.unwrap_or(wallet.owner());
    // What signs for somebody else's account is for its owner to say.
    let auth = (owner == wallet.owner()).then(|| wallet.auth());
    wallet.links.require_rollup()?;
    // With the default, the sequencer must be there before money moves.
    let (client, l1) = match args.wait.milestone() {
        Some(_) => {
            let (client, l1) = wallet.both().await?;
            (Some(client), l1)
        }
        None => (None, wallet.l1().await?),
    };
    let (token, units) = args.amount.resolve(&l1).await?;
    let queued = l1
        .deposit(&token, units, owner, &auth.unwrap_or(ZERO_HASH))
        .await?;
    crate::say!("L1 operation {queued}: {} for {owner}", token.display(units))?;
    if let (Some(client), Some(milestone)) = (client, args.wait.milestone()) {
        let receipt = client
            .wait_for_l1_operation(queued, milestone, args.wait.limit())
            .await?;
        // The receipt names the account once the batch is sealed; the state knows it at once.
        let account = match receipt.account {
            Some(account) => account,
            None => {
                let asked = AccountKey::Owner {
                    l1_owner: owner,
                    auth,
                };
                let account = client.account(asked).await?;
                let account =
                    account.context("the sequencer does not know the account of an executed deposit")?;
                account.index
            }
        };
        crate::say!("{milestone}: account {account}")?;
    }
    Ok(())
}

/// An account that pays, and both ends that it talks to.
pub struct Payer {
    pub client: Client,
    pub l1: L1,
    pub sender: Sender,
}

pub async fn transfer(payer: Payer, args: Transfer) -> anyhow::Result<()> {
    let Payer { client, l1, sender } = payer;
    let (token, units) = args.amount.resolve(&l1).await?;
    let amount = packed(units, &token)?;
    let fee = args.unpaid.fee(&args.fee, &token)?;
    let mut sender = sender.with_validity(args.ends.validity());
    let to = payee(&client, args.to).await?;
    crate::say!(
        "{} from account {} to {to}, fee {}",
        token.display(amount.value()),
        sender.account(),
        token.display(fee.value())
    )?;
    let signed = sender.sign_transfer(to, token.id, amount, fee);
    args.unpaid.send_or_keep(&client, &signed, &args.wait).await
}

pub async fn withdraw(payer: Payer, args: Withdraw) -> anyhow::Result<()> {
    let Payer { client, l1, sender } = payer;
    let (token, units) = args.amount.resolve(&l1).await?;
    let fee = args.unpaid.fee(&args.fee, &token)?;
    let mut sender = sender.with_validity(args.ends.validity());
    let offer = args.sale.offer(&l1, sender.l1_owner(), &token, units).await?;
    let to = match offer {
        Some((_, receiver)) => receiver,
        None => args.to.unwrap_or(sender.l1_owner()),
    };
    if let Some((offer, _)) = offer {
        // Before anything is sent: without it the money could not be collected.
        crate::say!("offer {offer}")?;
    }
    crate::say!(
        "{} from account {} to {to} on L1, fee {}",
        token.display(units),
        sender.account(),
        token.display(fee.value())
    )?;
    let signed = sender.sign_withdrawal(to, token.id, units, fee);
    args.unpaid.send_or_keep(&client, &signed, &args.wait).await
}

/// An amount where L1 is not asked for the token's symbol.
pub fn units_text(token: u8, units: u64) -> String {
    match token {
        0 => format!("{} ETH", amount::format(units, 9)),
        token => format!("{units} units of token {token}"),
    }
}

/// Reads who is to be paid.
pub fn payee_key(text: &str) -> anyhow::Result<AccountKey> {
    if let Ok(index) = text.parse() {
        return Ok(AccountKey::Index(index));
    }
    let l1_owner = l1_address(text).context("neither an account's number nor an L1 address")?;
    Ok(AccountKey::Owner { l1_owner, auth: None })
}

/// Whom the sequencer has there. What is said of it to the user is what is signed.
pub async fn payee(client: &Client, asked: AccountKey) -> anyhow::Result<Payee> {
    client.payee(asked).await.map_err(|error| match (&error, asked) {
        (ClientError::NoPayee { .. }, AccountKey::Owner { l1_owner, .. }) => {
            let remedy = format!("open it with `ashlar wallet deposit --for {l1_owner}`");
            anyhow::Error::new(error).context(remedy)
        }
        _ => error.into(),
    })
}

/// Sends what was signed once, if its clause permits it: signing it anew after a lost answer could pay twice.
pub async fn send(client: &Client, signed: &SignedTransaction, wait: &Wait) -> anyhow::Result<()> {
    permitted(signed, minute(SystemTime::now()))?;
    let id = B256::from(signed.id());
    crate::say!("transaction {id}")?;
    sent(id, client.submit(signed).await)?;
    executed(client, id, wait).await
}

/// Says of a transaction whose answer was lost that it may have been taken.
pub fn sent(id: B256, outcome: Result<B256, ClientError>) -> anyhow::Result<()> {
    let error = match outcome {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    let is_open = error.is_retryable();
    let error = anyhow::Error::new(error);
    Err(if is_open {
        error.context(format!(
            "transaction {id} may have been admitted: look with `ashlar wallet watch` or `history` before you pay again"
        ))
    } else {
        error
    })
}

/// Waits as long as was asked for.
pub async fn executed(client: &Client, id: B256, wait: &Wait) -> anyhow::Result<()> {
    if let Some(milestone) = wait.milestone() {
        let receipt = client.wait(id, milestone, wait.limit()).await?;
        match receipt.batch_number {
            Some(batch) => crate::say!("{milestone}: batch {batch}")?,
            None => crate::say!("{milestone}: in the open batch")?,
        }
    }
    Ok(())
}
