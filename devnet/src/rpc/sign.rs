//! `eth_sign` and its kin: what the node signs with the public keys of the development accounts.

use alloy::{
    primitives::{Address, B256, Bytes, eip191_hash_message},
    signers::SignerSync,
};
use alloy_dyn_abi::TypedData;
use serde_json::{Value, json};

use super::{
    Answer,
    params::{Params, invalid},
};
use crate::{accounts, error::RpcError};

/// `eth_sign`: account and data, signed as EIP-191 has it.
pub(super) fn eth_sign(params: &Params) -> Answer {
    let data: Bytes = params.required(1, "data")?;
    sign(params.required(0, "account")?, eip191_hash_message(data))
}

/// `personal_sign`: the same, with data and account.
pub(super) fn personal_sign(params: &Params) -> Answer {
    let data: Bytes = params.required(0, "data")?;
    sign(params.required(1, "account")?, eip191_hash_message(data))
}

/// `eth_signTypedData_v4`: account and EIP-712 data, as an object or as its JSON in a string.
pub(super) fn typed_data(params: &Params) -> Answer {
    const NAME: &str = "typed data";
    let typed: TypedData = match params.value(1) {
        Some(Value::String(text)) => serde_json::from_str(text).map_err(|error| invalid(1, NAME, error))?,
        _ => params.required(1, NAME)?,
    };
    let hash = typed.eip712_signing_hash();
    sign(
        params.required(0, "account")?,
        hash.map_err(|error| invalid(1, NAME, error))?,
    )
}

fn sign(account: Address, hash: B256) -> Answer {
    let key = accounts::signer(account).ok_or(RpcError::NoKey(account))?;
    let signature = key
        .sign_hash_sync(&hash)
        .map_err(|error| RpcError::Internal(error.to_string()))?;
    Ok(json!(Bytes::from(signature.as_bytes())))
}
