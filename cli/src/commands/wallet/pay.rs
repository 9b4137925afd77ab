//! `ashlar wallet deposit`, `transfer` and `withdraw`

use std::time::Duration;

use alloy::primitives::{Address, B256};
use anyhow::{Context, ensure};
use ashlar_client::{AccountKey, Client, L1, Milestone, Token, amount::split_token};
use ashlar_payments::{
    packing::{PackedAmount, PackedFee},
    transaction::SignedTransaction,
};
use ashlar_statement::hash::{Hash, hash_from_bytes32};

use super::Wallet;
use crate::commands::fixed_hex;

/// Units of a token that a transaction pays unless told otherwise.
const DEFAULT_FEE_UNITS: u64 = 10;

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
    /// Return when the transaction has come so far.
    #[arg(long, value_enum, default_value = "executed")]
    wait: Until,
    /// Give up waiting after so many seconds; what was sent stays sent.
    #[arg(long, default_value_t = 1_800, value_parser = clap::value_parser!(u64).range(1..=604_800))]
    wait_secs: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Until {
    /// Sent; of a deposit, mined on L1.
    Sent,
    /// In the sequencer's state.
    Executed,
    /// Its batch's data is on L1.
    Committed,
    /// Its batch is proven on L1: final.
    Proven,
}

impl Until {
    fn milestone(self) -> Option<Milestone> {
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
    /// Deposit for this key hash instead of the wallet's own, as `ashlar wallet address` shows it there.
    #[arg(long = "for", value_name = "KEY_HASH", value_parser = fixed_hex::<32>)]
    key_hash: Option<[u8; 32]>,
    #[command(flatten)]
    wait: Wait,
}

#[derive(Debug, clap::Args)]
pub struct Transfer {
    #[command(flatten)]
    amount: Amount,
    /// Who is paid: an account's number, or its key hash.
    #[arg(long, value_name = "ACCOUNT")]
    to: String,
    #[command(flatten)]
    fee: Fee,
    #[command(flatten)]
    wait: Wait,
}

#[derive(Debug, clap::Args)]
pub struct Withdraw {
    #[command(flatten)]
    amount: Amount,
    /// L1 address that is paid (default: the wallet's own).
    #[arg(long, value_name = "ADDRESS", value_parser = recipient)]
    to: Option<Address>,
    #[command(flatten)]
    fee: Fee,
    #[command(flatten)]
    wait: Wait,
}

#[derive(Debug, clap::Args)]
pub struct Fee {
    /// What the sequencer earns, in the same token (default: 10 units, for ETH 10 gwei).
    #[arg(long, value_name = "AMOUNT")]
    fee: Option<String>,
}

/// An L1 address that can be paid. One of mixed case carries a checksum (EIP-55), which finds a mistyped digit.
pub fn recipient(text: &str) -> anyhow::Result<Address> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let is_mixed =
        digits.bytes().any(|of| of.is_ascii_lowercase()) && digits.bytes().any(|of| of.is_ascii_uppercase());
    let address = if is_mixed {
        Address::parse_checksummed(format!("0x{digits}"), None)
            .context("the checksum of the address is wrong: a digit was mistyped")?
    } else {
        digits.parse().context("not an address of 20 bytes")?
    };
    ensure!(!address.is_zero(), "nobody has the zero address");
    Ok(address)
}

impl Amount {
    /// Units, with a word about what was cut off.
    async fn resolve(&self, l1: &L1) -> anyhow::Result<(Token, u64)> {
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

impl Fee {
    fn resolve(&self, token: &Token) -> anyhow::Result<PackedFee> {
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
fn packed(units: u64, token: &Token) -> anyhow::Result<PackedAmount> {
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

fn key_hash(bytes: &[u8; 32]) -> anyhow::Result<Hash> {
    hash_from_bytes32(bytes).context("the key hash has a limb that is not below the field's order")
}

pub async fn deposit(wallet: &Wallet, args: Deposit) -> anyhow::Result<()> {
    let owner = match &args.key_hash {
        Some(bytes) => key_hash(bytes)?,
        None => wallet.key_hash(),
    };
    wallet.links.require_rollup()?;
    // With the default, the sequencer must be there before money moves.
    let (client, l1) = match args.wait.wait.milestone() {
        Some(_) => {
            let (client, l1) = wallet.both().await?;
            (Some(client), l1)
        }
        None => (None, wallet.l1().await?),
    };
    let (token, units) = args.amount.resolve(&l1).await?;
    let number = l1.deposit(&token, units, &owner).await?;
    crate::say!("deposit {number}: {} on L1", token.display(units))?;
    if let (Some(client), Some(milestone)) = (client, args.wait.wait.milestone()) {
        let limit = Duration::from_secs(args.wait.wait_secs);
        client.wait_for_deposit(number, milestone, limit).await?;
        // The receipt names the account once the batch is sealed; the state knows it at once.
        let account = client.account(AccountKey::KeyHash(owner)).await?;
        let account = account.context("the sequencer does not know the account of an executed deposit")?;
        crate::say!("{milestone}: account {}", account.index)?;
    }
    Ok(())
}

pub async fn transfer(wallet: &Wallet, args: Transfer) -> anyhow::Result<()> {
    let (client, l1) = wallet.both().await?;
    let (token, units) = args.amount.resolve(&l1).await?;
    let amount = packed(units, &token)?;
    let fee = args.fee.resolve(&token)?;
    let to = payee(&client, &args.to).await?;
    let mut sender = client.sender(wallet.key.clone()).await?;
    crate::say!(
        "{} from account {} to account {to}, fee {}",
        token.display(amount.value()),
        sender.account(),
        token.display(fee.value())
    )?;
    let signed = sender.sign_transfer(to, token.id, amount, fee);
    send(&client, &signed, &args.wait).await
}

pub async fn withdraw(wallet: &Wallet, args: Withdraw) -> anyhow::Result<()> {
    let (client, l1) = wallet.both().await?;
    let (token, units) = args.amount.resolve(&l1).await?;
    let fee = args.fee.resolve(&token)?;
    let to = args.to.unwrap_or_else(|| wallet.ethereum.address());
    let mut sender = client.sender(wallet.key.clone()).await?;
    crate::say!(
        "{} from account {} to {to} on L1, fee {}",
        token.display(units),
        sender.account(),
        token.display(fee.value())
    )?;
    let signed = sender.sign_withdrawal(to, token.id, units, fee);
    send(&client, &signed, &args.wait).await
}

async fn payee(client: &Client, text: &str) -> anyhow::Result<u32> {
    if let Ok(index) = text.parse() {
        return Ok(index);
    }
    let bytes =
        fixed_hex(text).context("--to is neither an account's number nor a key hash (32 bytes of hex)")?;
    let account = client.account(AccountKey::KeyHash(key_hash(&bytes)?)).await?;
    let account = account.with_context(|| {
        format!("no account belongs to key hash {text}; open it with `ashlar wallet deposit --for {text}`")
    })?;
    Ok(account.index)
}

/// Sends what was signed once: signing it anew after a lost answer could pay twice.
async fn send(client: &Client, signed: &SignedTransaction, wait: &Wait) -> anyhow::Result<()> {
    let id = B256::from(signed.id());
    crate::say!("transaction {id}")?;
    client.submit(signed).await.map_err(|error| {
        let is_open = error.is_retryable();
        let error = anyhow::Error::new(error);
        if is_open {
            error.context(format!(
                "transaction {id} may have been admitted: look with `ashlar wallet watch` or `history` before you pay again"
            ))
        } else {
            error
        }
    })?;
    if let Some(milestone) = wait.wait.milestone() {
        let receipt = client
            .wait(id, milestone, Duration::from_secs(wait.wait_secs))
            .await?;
        match receipt.batch_number {
            Some(batch) => crate::say!("{milestone}: batch {batch}")?,
            None => crate::say!("{milestone}: in the open batch")?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_recipient_is_refused() {
        let good = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"; // of EIP-55
        let address = recipient(good).expect("its checksum holds");
        assert_eq!(recipient(&good.to_lowercase()).expect("without one"), address);
        let mistyped = recipient("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeE").expect_err("one digit");
        assert!(mistyped.to_string().contains("checksum"), "{mistyped}");
        assert!(recipient(&Address::ZERO.to_string()).is_err(), "nobody's");
    }
}
