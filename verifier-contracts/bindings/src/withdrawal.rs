//! Rust twin of `WithdrawalTree.sol`: leaf i hashes `(i, token, amount, to)`, a level pairs neighbours from the left and
//! carries an odd last node up unchanged.

use alloy::{
    primitives::{B256, U256, keccak256},
    sol_types::SolValue,
};

use crate::Withdrawal;

/// The leaf of the batch's withdrawal number `index`.
pub fn leaf(index: u32, withdrawal: &Withdrawal) -> B256 {
    keccak256(
        (
            U256::from(index),
            U256::from(withdrawal.token),
            U256::from(withdrawal.amount),
            withdrawal.to,
        )
            .abi_encode(),
    )
}

/// Root over a batch's withdrawals in the order of its bridge stream; zero for none.
pub fn root(withdrawals: &[Withdrawal]) -> B256 {
    let mut nodes = leaves(withdrawals);
    while nodes.len() > 1 {
        nodes = parents(&nodes);
    }
    nodes.first().copied().unwrap_or_default()
}

/// The siblings that `claimWithdrawal` wants for withdrawal `index`, or `None` if there is no such withdrawal.
pub fn proof(withdrawals: &[Withdrawal], index: u32) -> Option<Vec<B256>> {
    let mut position = usize::try_from(index).ok().filter(|&i| i < withdrawals.len())?;
    let mut nodes = leaves(withdrawals);
    let mut siblings = Vec::new();
    while nodes.len() > 1 {
        siblings.extend(nodes.get(position ^ 1));
        nodes = parents(&nodes);
        position /= 2;
    }
    Some(siblings)
}

fn leaves(withdrawals: &[Withdrawal]) -> Vec<B256> {
    (0..)
        .zip(withdrawals)
        .map(|(index, withdrawal)| leaf(index, withdrawal))
        .collect()
}

fn parents(nodes: &[B256]) -> Vec<B256> {
    nodes
        .chunks(2)
        .map(|pair| match pair {
            [left, right] => keccak256([left.0, right.0].concat()),
            odd => odd[0],
        })
        .collect()
}
