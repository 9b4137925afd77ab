//! Rust twin of `WithdrawalTree.sol`: leaf i hashes `(i, token, amount, to)`, a level pairs neighbours from the left and
//! carries an odd last node up unchanged.

use std::collections::BTreeSet;

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

/// What `claimWithdrawals` wants for the withdrawals at these positions: siblings that do not follow from the claimed leaves,
/// level by level from the left. `None` if one of them is not there, or none is asked for.
pub fn proof_of_several(withdrawals: &[Withdrawal], indices: &BTreeSet<u32>) -> Option<Vec<B256>> {
    let last = usize::try_from(*indices.last()?).ok()?;
    let mut nodes = leaves(withdrawals);
    nodes.get(last)?;
    let mut known: BTreeSet<usize> = indices.iter().map(|index| *index as usize).collect();
    let mut siblings = Vec::new();
    while nodes.len() > 1 {
        let missing = known.iter().filter(|&&at| !known.contains(&(at ^ 1)));
        siblings.extend(missing.filter_map(|at| nodes.get(at ^ 1)));
        known = known.iter().map(|at| at / 2).collect();
        nodes = parents(&nodes);
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Vectors {
        batches: Vec<Batch>,
    }

    #[derive(Deserialize)]
    struct Batch {
        withdrawals: Vec<Record>,
        withdrawals_root: B256,
    }

    #[derive(Deserialize)]
    struct Record {
        token: String,
        amount: String,
        to: alloy::primitives::Address,
    }

    /// Batches of the shared vectors: see `test/vectors/generate`.
    fn vectors() -> Vec<(Vec<Withdrawal>, B256)> {
        let vectors: Vectors =
            serde_json::from_str(include_str!("../../test/vectors/batches.json")).expect("vectors parse");
        let withdrawal = |record: &Record| Withdrawal {
            token: record.token.parse().expect("token number"),
            amount: record.amount.parse().expect("amount"),
            to: record.to,
        };
        let batch = |b: &Batch| (b.withdrawals.iter().map(withdrawal).collect(), b.withdrawals_root);
        vectors.batches.iter().map(batch).collect()
    }

    /// `WithdrawalTree.isMember` in Rust.
    fn fold(mut node: B256, mut index: usize, count: usize, proof: &[B256]) -> B256 {
        let mut siblings = proof.iter();
        let mut width = count;
        while width > 1 {
            if index ^ 1 < width {
                let sibling = siblings.next().expect("a sibling for each level that has one");
                let (left, right) = if index.is_multiple_of(2) {
                    (node, *sibling)
                } else {
                    (*sibling, node)
                };
                node = keccak256([left.0, right.0].concat());
            }
            width = width.div_ceil(2);
            index /= 2;
        }
        assert_eq!(siblings.next(), None, "no sibling too many");
        node
    }

    #[test]
    fn root_equals_the_vectors() {
        let vectors = vectors();
        assert_eq!(vectors.len(), 7);
        for (withdrawals, expected) in vectors {
            assert_eq!(root(&withdrawals), expected);
        }
    }

    #[test]
    fn proofs_lead_to_the_root() {
        for count in 1..20_u32 {
            let withdrawals: Vec<_> = (0..count)
                .map(|i| Withdrawal {
                    token: i as u8,
                    amount: u64::from(i),
                    to: Default::default(),
                })
                .collect();
            for index in 0..count {
                let siblings = proof(&withdrawals, index).expect("index is in range");
                let start = leaf(index, &withdrawals[index as usize]);
                assert_eq!(
                    fold(start, index as usize, count as usize, &siblings),
                    root(&withdrawals)
                );
            }
            assert_eq!(proof(&withdrawals, count), None);
        }
    }

    /// `WithdrawalTree.areMembers` in Rust: the node above, and how many siblings that took.
    fn fold_several(mut level: BTreeMap<usize, B256>, count: usize, proof: &[B256]) -> B256 {
        let mut siblings = proof.iter();
        let mut width = count;
        while width > 1 {
            let mut above = BTreeMap::new();
            for (&at, &node) in &level {
                let neighbour = level.get(&(at ^ 1)).copied();
                let pair = match (at % 2, neighbour) {
                    (1, Some(_)) => continue,
                    (0, Some(right)) => [node, right],
                    (0, None) if at + 1 == width => {
                        above.insert(at / 2, node);
                        continue;
                    }
                    (0, None) => [node, *siblings.next().expect("a right sibling")],
                    _ => [*siblings.next().expect("a left sibling"), node],
                };
                above.insert(at / 2, keccak256(pair.concat()));
            }
            (level, width) = (above, width.div_ceil(2));
        }
        assert_eq!(siblings.next(), None, "no sibling too many");
        level[&0]
    }

    #[test]
    fn proofs_of_several_lead_to_the_root() {
        for count in 1..9_u32 {
            let withdrawals: Vec<_> = (0..count)
                .map(|i| Withdrawal {
                    token: 0,
                    amount: u64::from(i) + 1,
                    to: Default::default(),
                })
                .collect();
            for subset in 1..1_u32 << count {
                let indices: BTreeSet<u32> = (0..count).filter(|i| subset >> i & 1 == 1).collect();
                let siblings = proof_of_several(&withdrawals, &indices).expect("all are there");
                let of = |&i: &u32| (i as usize, leaf(i, &withdrawals[i as usize]));
                let level = indices.iter().map(of).collect();
                assert_eq!(fold_several(level, count as usize, &siblings), root(&withdrawals));
                if let [index] = indices.iter().collect::<Vec<_>>()[..] {
                    assert_eq!(Some(siblings), proof(&withdrawals, *index));
                }
            }
            assert_eq!(proof_of_several(&withdrawals, &[0, count].into()), None);
            assert_eq!(proof_of_several(&withdrawals, &BTreeSet::new()), None);
        }
    }
}
