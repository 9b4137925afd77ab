//! `anvil_reorg` and `anvil_rollback`: blocks that are taken away, and what comes in their place.

use std::collections::HashMap;

use alloy::{
    consensus::Transaction as _,
    eips::BlockId,
    primitives::{Address, Bytes},
};
use serde_json::Value;

use super::{
    Answer, call,
    params::{Params, invalid},
    quantity,
    steer::required_number,
};
use crate::{
    blobs::Incoming,
    block::Transaction,
    chain::{Blanks, Chain, sender_of},
    error::RpcError,
};

/// Blocks that one reorganisation may replace.
const MAX_REORG: u64 = 1000;
const PAIRS: &str = "tx_block_pairs";

/// `anvil_reorg`: the depth, and pairs of a transaction and the index of the replacement block that it goes into; in
/// two parameters, or in one object.
pub(super) fn reorganise(chain: &mut Chain, params: &Params) -> Answer {
    const NAMES: [&str; 2] = ["depth", PAIRS];
    let in_object;
    let params = if params.value(0).is_some_and(Value::is_object) {
        let object = params.object(0, "options", &NAMES)?.unwrap_or_default();
        in_object = Params::new(
            NAMES
                .map(|name| object.get(name).cloned().unwrap_or_default())
                .into(),
        );
        &in_object
    } else {
        params
    };
    let depth = required_number(params, 0, "depth")?;
    if depth > MAX_REORG {
        return Err(RpcError::ReorgTooDeep {
            depth,
            possible: MAX_REORG,
        });
    }
    let mut pairs: Vec<(Value, u64)> = params.optional(1, PAIRS)?.unwrap_or_default();
    pairs.sort_by_key(|(_, index)| *index);
    let mut signer = Signer {
        fork_point: chain.fork_point(depth)?,
        chain,
        nonces: HashMap::new(),
    };
    let mut blocks: Vec<Vec<Incoming>> = (0..depth).map(|_| vec![]).collect();
    for (value, index) in pairs {
        let block = usize::try_from(index)
            .ok()
            .and_then(|index| blocks.get_mut(index));
        let block = block.ok_or_else(|| {
            let reason = format!("block {index} of {depth} replacement blocks");
            invalid(1, PAIRS, reason)
        })?;
        block.push(signer.transaction(&value)?);
    }
    chain.reorganise(blocks)?;
    Ok(Value::Null)
}

/// Signs on the chain that will be left when the blocks are gone.
struct Signer<'a> {
    chain: &'a Chain,
    /// Number of the newest block that stays.
    fork_point: u64,
    /// Next nonces of those who send something.
    nonces: HashMap<Address, u64>,
}

impl Signer<'_> {
    fn transaction(&mut self, value: &Value) -> Result<Incoming, RpcError> {
        let incoming = match value.as_str() {
            Some(text) => {
                let raw = text.parse::<Bytes>().map_err(|error| invalid(1, PAIRS, error))?;
                self.chain.decode(&raw)?
            }
            None => self.sign(value)?.into(),
        };
        let transaction = &incoming.transaction;
        self.nonces
            .insert(transaction.signer(), transaction.nonce().saturating_add(1));
        Ok(incoming)
    }

    /// Gas is estimated on the state that the blocks start from.
    fn sign(&self, value: &Value) -> Result<Transaction, RpcError> {
        let request = call::transaction_request(self.chain, value)?;
        let gas = match request.gas {
            Some(gas) => gas,
            None => {
                let params = vec![value.clone(), quantity(self.fork_point)];
                call::estimate_gas(self.chain, &Params::new(params))?
            }
        };
        let sender = sender_of(&request);
        let nonce = match self.nonces.get(&sender) {
            Some(nonce) => *nonce,
            None => {
                let id = BlockId::number(self.fork_point);
                self.chain.transaction_count(sender, Some(id))?
            }
        };
        let stays = self.chain.block(self.fork_point).ok_or(RpcError::UnknownBlock)?;
        let base_fee_wei = self.chain.base_fee_after(stays);
        let blanks = Blanks {
            gas,
            nonce,
            base_fee_wei,
        };
        self.chain.sign(request, blanks)
    }
}

/// `anvil_rollback`: takes blocks away without replacing them.
pub(super) fn rollback(chain: &mut Chain, params: &Params) -> Answer {
    chain.rewind(params.number(0, "depth")?.unwrap_or(1))?;
    Ok(Value::Null)
}
