//! `eth_feeHistory`

use alloy::{eips::BlockNumberOrTag, rpc::types::FeeHistory};

use super::params::{Params, invalid};
use crate::{blobs::PARAMS, block::Block, chain::Chain, error::RpcError};

/// Longest fee history answered, in blocks.
const MAX_BLOCKS: u64 = 1024;
/// Most percentiles answered.
const MAX_PERCENTILES: usize = 100;

pub(super) fn history(chain: &Chain, params: &Params) -> Result<FeeHistory, RpcError> {
    let count = params
        .number(0, "blocks")?
        .ok_or_else(|| invalid(0, "blocks", "missing"))?
        .clamp(1, MAX_BLOCKS);
    let newest = chain.resolve(params.required::<BlockNumberOrTag>(1, "newest block")?);
    if newest > chain.newest().number() {
        return Err(RpcError::UnknownBlock);
    }
    let percentiles: Vec<f64> = params.optional(2, "percentiles")?.unwrap_or_default();
    let ordered = percentiles.windows(2).all(|pair| pair[0] <= pair[1]);
    let in_range = percentiles
        .iter()
        .all(|percentile| (0.0..=100.0).contains(percentile));
    if !ordered || !in_range || percentiles.len() > MAX_PERCENTILES {
        return Err(invalid(
            2,
            "percentiles",
            "not at most 100 ascending numbers from 0 to 100",
        ));
    }
    let oldest = (newest + 1).saturating_sub(count);
    let mut history = FeeHistory {
        oldest_block: oldest,
        ..FeeHistory::default()
    };
    let mut rewards = Vec::new();
    for block in (oldest..=newest).filter_map(|number| chain.block(number)) {
        history.base_fee_per_gas.push(block.base_fee().into());
        history
            .gas_used_ratio
            .push(block.header.gas_used as f64 / block.header.gas_limit as f64);
        history.base_fee_per_blob_gas.push(block.blob_fee());
        let blob_gas = block.header.blob_gas_used.unwrap_or_default();
        history
            .blob_gas_used_ratio
            .push(blob_gas as f64 / PARAMS.max_blob_gas_per_block() as f64);
        rewards.push(tips(block, &percentiles));
    }
    let next = chain
        .block(newest + 1)
        .map_or_else(|| chain.next_base_fee(), |block| block.base_fee());
    let next_blob_fee = chain
        .block(newest + 1)
        .map_or_else(|| chain.next_blob_fee(), |block| block.blob_fee());
    history.base_fee_per_gas.push(next.into());
    history.base_fee_per_blob_gas.push(next_blob_fee);
    history.reward = (!percentiles.is_empty()).then_some(rewards);
    Ok(history)
}

/// The tips that these shares of the block's gas paid at most.
fn tips(block: &Block, percentiles: &[f64]) -> Vec<u128> {
    let receipts = block.transactions.iter().map(|mined| &mined.receipt);
    let tip = |price: u128| price.saturating_sub(block.base_fee().into());
    let mut paid: Vec<(u128, u64)> = receipts
        .map(|receipt| (tip(receipt.effective_gas_price), receipt.gas_used))
        .collect();
    paid.sort_unstable();
    let at = |percentile: &f64| {
        let threshold = block.header.gas_used as f64 * percentile / 100.0;
        let mut gas = 0;
        let reached = paid.iter().find(|(_, gas_used)| {
            gas += gas_used;
            gas as f64 >= threshold
        });
        reached.or(paid.last()).map_or(0, |(tip, _)| *tip)
    };
    percentiles.iter().map(at).collect()
}
