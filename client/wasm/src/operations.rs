//! The operations: fields of a request to the bytes of a result.

use ashlar_client_core::{amount, inclusion, key};
use ashlar_payments::{
    account::{Account, BALANCE_BITS},
    packing::{PackedAmount, PackedFee},
    transaction::{BRIDGE_AMOUNT_BITS, Domain, SignedTransaction, Transaction, Transfer, Withdraw},
    tree::ACCOUNT_DEPTH,
};
use ashlar_statement::hash::{Hash, ZERO_HASH, hash_from_bytes32, hash_to_bytes32};
use plonky2::field::types::PrimeField64;

use crate::{Error, Reader, keys::Keys};

/// The bytes of a result.
pub type Result = std::result::Result<Vec<u8>, Error>;

/// Chain id (8), rollup (20) → the text that a wallet signs to derive its rollup key.
pub fn key_message(request: &mut Reader<'_>, _: &mut Keys) -> Result {
    let domain = read_domain(request)?;
    request.end("rollup")?;
    Ok(key::key_message(&domain).into())
}

/// The wallet's signature → handle (4), public key (40), `auth` of the accounts that the key signs for (32).
pub fn open_key(request: &mut Reader<'_>, keys: &mut Keys) -> Result {
    let key = key::rollup_key(request.rest())?;
    let public = key.public_key();
    let handle = keys.open(key).to_be_bytes();
    Ok([
        &handle[..],
        &public.to_bytes(),
        &hash_to_bytes32(&key::auth_of(&public)),
    ]
    .concat())
}

/// Handle (4) → nothing. The key is erased.
pub fn close_key(request: &mut Reader<'_>, keys: &mut Keys) -> Result {
    let handle = request.u32("handle")?;
    request.end("handle")?;
    keys.close(handle);
    Ok(Vec::new())
}

fn read_domain(request: &mut Reader<'_>) -> std::result::Result<Domain, Error> {
    Ok(Domain {
        chain_id: request.u64("chain id")?,
        rollup: request.bytes("rollup")?,
    })
}

/// Chain id (8), rollup (20) → the four words (8 each) that signatures are bound to.
pub fn domain(request: &mut Reader<'_>, _: &mut Keys) -> Result {
    let domain = read_domain(request)?;
    request.end("rollup")?;
    let words = domain.words().map(|word| word.to_canonical_u64().to_be_bytes());
    Ok(words.concat())
}

fn signed(transaction: Transaction, domain: &Domain, keys: &Keys, handle: u32) -> Result {
    let signed = transaction.sign(domain, keys.get(handle)?);
    Ok([&signed.id()[..], &signed.encode()].concat())
}

/// Handle (4), chain id (8), rollup (20), from (4), to (4), L1 owner of the payee's account (20), token (1), amount (8),
/// fee (8), nonce (4)
/// → id (32), encoding. Amount and fee must be representable: see [`round_amount`].
pub fn sign_transfer(request: &mut Reader<'_>, keys: &mut Keys) -> Result {
    let (handle, domain) = (request.u32("handle")?, read_domain(request)?);
    let transfer = Transfer {
        from: request.u32("from")?,
        to: request.u32("to")?,
        to_owner: request.bytes("payee's owner")?,
        token: request.u8("token")?,
        amount: PackedAmount::exact(request.u64("amount")?)?,
        fee: PackedFee::exact(request.u64("fee")?)?,
        nonce: request.u32("nonce")?,
    };
    request.end("nonce")?;
    signed(Transaction::Transfer(transfer), &domain, keys, handle)
}

/// Handle (4), chain id (8), rollup (20), from (4), recipient on L1 (20), token (1), amount (8), fee (8), nonce (4)
/// → id (32), encoding.
pub fn sign_withdrawal(request: &mut Reader<'_>, keys: &mut Keys) -> Result {
    let (handle, domain) = (request.u32("handle")?, read_domain(request)?);
    let withdraw = Withdraw {
        from: request.u32("from")?,
        to_l1: request.bytes("recipient")?,
        token: request.u8("token")?,
        amount: request.u64("amount")?,
        fee: PackedFee::exact(request.u64("fee")?)?,
        nonce: request.u32("nonce")?,
    };
    request.end("nonce")?;
    let given = withdraw.amount;
    if given == 0 || given >> BRIDGE_AMOUNT_BITS != 0 {
        return Err(Error::BridgeAmount { given });
    }
    signed(Transaction::Withdraw(withdraw), &domain, keys, handle)
}

/// A signed transaction's encoding → its id (32).
pub fn transaction_id(request: &mut Reader<'_>, _: &mut Keys) -> Result {
    Ok(SignedTransaction::decode(request.rest())?.id().to_vec())
}

/// Units (8) → the largest amount (8) not above that a transfer can carry.
pub fn round_amount(request: &mut Reader<'_>, _: &mut Keys) -> Result {
    let amount = PackedAmount::floor(request.u64("amount")?);
    request.end("amount")?;
    Ok(amount.value().to_be_bytes().into())
}

/// Units (8) → the least fee (8) not below that can be signed.
pub fn round_fee(request: &mut Reader<'_>, _: &mut Keys) -> Result {
    let fee = PackedFee::ceil(request.u64("fee")?)?;
    request.end("fee")?;
    Ok(fee.value().to_be_bytes().into())
}

/// Decimals (1), text → units (8), whether digits below a unit were cut off (1).
pub fn parse_amount(request: &mut Reader<'_>, _: &mut Keys) -> Result {
    let decimals = request.u8("decimals")?;
    let text = std::str::from_utf8(request.rest()).map_err(|_| Error::Request { field: "text" })?;
    let parsed = amount::parse(text, decimals.into())?;
    Ok([&parsed.units.to_be_bytes()[..], &[parsed.rounded.into()]].concat())
}

/// Decimals (1), units (8) → text.
pub fn format_amount(request: &mut Reader<'_>, _: &mut Keys) -> Result {
    let (decimals, units) = (request.u8("decimals")?, request.u64("units")?);
    request.end("units")?;
    Ok(amount::format(units, decimals.into()).into())
}

fn hash(request: &mut Reader<'_>, field: &'static str) -> std::result::Result<Hash, Error> {
    let fault = "not a canonical hash";
    hash_from_bytes32(&request.bytes(field)?).ok_or(Error::Inclusion { fault })
}

/// Index (4), root (32), 28 siblings from the leaf up (32 each), whether the account exists (1), and if so: L1 owner
/// (20), auth (32), nonce (4), flags (1), and token (1) with balance (8), as often as there are tokens
/// → nothing, if the account leads to the root.
pub fn verify_inclusion(request: &mut Reader<'_>, _: &mut Keys) -> Result {
    let (index, root) = (request.u32("index")?, hash(request, "root")?);
    let mut siblings = [ZERO_HASH; ACCOUNT_DEPTH];
    for sibling in &mut siblings {
        *sibling = hash(request, "siblings")?;
    }
    let account = if request.flag("exists")? {
        let l1_owner = request.bytes("L1 owner")?;
        let mut account = Account::new(l1_owner, hash(request, "auth")?);
        account.nonce = request.u32("nonce")?;
        account.flags = request.u8("flags")?;
        while request.end("balances").is_err() {
            let (token, balance) = (request.u8("token")?, request.u64("balance")?);
            if balance >> BALANCE_BITS != 0 {
                let fault = "a balance of 2^62 or more";
                return Err(Error::Inclusion { fault });
            }
            account.set_balance(token, balance);
        }
        Some(account)
    } else {
        None
    };
    request.end("account")?;
    if inclusion::root(account.as_ref(), index, siblings) != root {
        return Err(Error::Root);
    }
    Ok(Vec::new())
}
