//! What one batch may ask of L1 and of the provers.
//!
//! A batch is committed by one transaction. Nodes relay none above 128 KiB, and since EIP-7825 none may use more than
//! 16,777,216 gas: a batch that needs more could never be committed, nor anything behind it.

use ashlar_statement::{application::BatchSize, queue::MAX_RECORD_WORDS, stream::WORD_BYTES};

/// Bytes of a transaction that nodes relay, at most (geth, reth, nethermind).
const RELAYED_BYTES: u64 = 128 << 10;
/// Bytes of a signed transaction without its calldata, at most: fees, nonce, signature, lengths.
const ENVELOPE_BYTES: u64 = 256;
/// Calldata of a commit without its streams: selector, nine words, and up to 31 bytes of padding behind each stream.
const COMMIT_BYTES: u64 = 4 + 9 * 32 + 2 * 31;
/// EIP-7825.
const TRANSACTION_GAS: u64 = 1 << 24;
/// What the default leaves below EIP-7825's limit.
const GAS_MARGIN: u64 = TRANSACTION_GAS / 10;
/// Smallest limits that hold any one operation.
const SMALLEST: (u64, u64) = (
    COMMIT_BYTES + LONGEST_RECORD_BYTES,
    COMMIT_GAS + L1_OPERATION_GAS + WITHDRAWAL_GAS + LONGEST_RECORD_BYTES * BRIDGE_BYTE_GAS,
);

// Gas of `commitBatch`, rounded up from forge's measurements of 100 to 8,000 operations in isolated transactions, whose
// records have few zero bytes: constant 80,000; a deposit 4,504, a forced withdrawal 4,929, or 3,824 if it pays nothing, a
// signed one 2,004, a transfer 336, or 567 where EIP-7623's floor of 40 a byte binds.
const COMMIT_GAS: u64 = 100_000;
/// Beside its bytes: its entry of the queue is read and compared.
const L1_OPERATION_GAS: u64 = 2_950;
/// Beside its bytes, of a signed one and of a forced one alike: its leaf is hashed.
const WITHDRAWAL_GAS: u64 = 1_250;
const BRIDGE_BYTE_GAS: u64 = 25;
/// For 14 bytes; other rollup records in proportion.
const ROLLUP_BYTE_GAS: u64 = 43;

/// Of a whole `proveBatch`, above what was measured (379,461).
const PROVE_GAS: u64 = 400_000;

/// Bytes of the longest record: a deposit.
const LONGEST_RECORD_BYTES: u64 = (MAX_RECORD_WORDS * WORD_BYTES) as u64;
/// Bytes of the smallest record: a transfer.
const SMALLEST_RECORD_BYTES: u64 = 14;
/// Chunks of a batch that the farm takes, at most.
pub const MAX_CHUNKS: u32 = 1024;

/// Limits of one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Calldata of its commit, in bytes.
    pub commit_bytes: u64,
    /// Gas of its commit.
    pub commit_gas: u64,
    /// Leaf proofs.
    pub chunks: u32,
}

/// A limit that cannot hold, or that no batch could keep.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoundError {
    /// Batches of so many operations cannot be committed.
    #[error(
        "batches of {given} transactions: the commit's calldata of {commit_bytes} bytes holds at most {limit}; set at most that, larger traffic makes several batches"
    )]
    Transactions {
        /// As set.
        given: u32,
        /// Transfers that fit.
        limit: u64,
        /// Calldata of a commit, at most.
        commit_bytes: u64,
    },
    /// Nodes would not relay the commit, or it would hold no operation.
    #[error(
        "commits of {given} bytes: set {least} to {most}; nodes relay no transaction above {RELAYED_BYTES} bytes"
    )]
    CommitBytes {
        /// As set.
        given: u64,
        /// Least that holds an operation.
        least: u64,
        /// Most that is relayed.
        most: u64,
    },
    /// No block would take the commit, or it would hold no operation.
    #[error("commits of {given} gas: set {least} to {most}; EIP-7825 allows a transaction {TRANSACTION_GAS}")]
    CommitGas {
        /// As set.
        given: u64,
        /// Least that holds an operation.
        least: u64,
        /// Most that leaves a margin for what was measured.
        most: u64,
    },
    /// The farm would not take the batch.
    #[error("batches of {given} chunks: set 1 to {MAX_CHUNKS}, which is what the farm takes")]
    Chunks {
        /// As set.
        given: u32,
    },
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            commit_bytes: 120 << 10,
            commit_gas: TRANSACTION_GAS - GAS_MARGIN,
            chunks: MAX_CHUNKS,
        }
    }
}

/// Bytes of calldata that commit a batch, at most.
pub(crate) fn commit_bytes(size: &BatchSize) -> u64 {
    COMMIT_BYTES + size.bridge_bytes + size.rollup_bytes
}

/// Gas that commits a batch, at most.
pub(crate) fn commit_gas(size: &BatchSize) -> u64 {
    COMMIT_GAS
        + u64::from(size.l1_operations) * L1_OPERATION_GAS
        + u64::from(size.withdrawals) * WITHDRAWAL_GAS
        + size.bridge_bytes * BRIDGE_BYTE_GAS
        + size.rollup_bytes * ROLLUP_BYTE_GAS
}

/// Whether one transaction may commit a batch of this size and prove it. Within the default limits it always may.
pub(crate) fn fits_with_proof(size: &BatchSize, proof_bytes: u64) -> bool {
    // An offset, a length, and padding behind the proof.
    let bytes = commit_bytes(size) + 3 * 32 + proof_bytes;
    bytes + ENVELOPE_BYTES <= RELAYED_BYTES && commit_gas(size) + PROVE_GAS <= TRANSACTION_GAS
}

impl Bounds {
    pub(super) fn allow(&self, size: &BatchSize) -> bool {
        commit_bytes(size) <= self.commit_bytes
            && commit_gas(size) <= self.commit_gas
            && size.chunks <= self.chunks
    }

    pub(super) fn check(&self, max_transactions: u32) -> Result<(), BoundError> {
        let (least_bytes, least_gas) = SMALLEST;
        let bytes = least_bytes..=RELAYED_BYTES - ENVELOPE_BYTES;
        if !bytes.contains(&self.commit_bytes) {
            return Err(BoundError::CommitBytes {
                given: self.commit_bytes,
                least: *bytes.start(),
                most: *bytes.end(),
            });
        }
        let gas = least_gas..=TRANSACTION_GAS - GAS_MARGIN / 4;
        if !gas.contains(&self.commit_gas) {
            return Err(BoundError::CommitGas {
                given: self.commit_gas,
                least: *gas.start(),
                most: *gas.end(),
            });
        }
        if !(1..=MAX_CHUNKS).contains(&self.chunks) {
            return Err(BoundError::Chunks { given: self.chunks });
        }
        let limit = (self.commit_bytes - COMMIT_BYTES) / SMALLEST_RECORD_BYTES;
        if u64::from(max_transactions) > limit {
            return Err(BoundError::Transactions {
                given: max_transactions,
                limit,
                commit_bytes: self.commit_bytes,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Measured with forge, each commit a transaction of its own after a first one.
    #[test]
    fn the_estimate_is_above_what_was_measured_and_not_far() {
        let size = |deposits: u32, forced: u32, withdrawals: u32, transfers: u32| BatchSize {
            l1_operations: deposits + forced,
            withdrawals: forced + withdrawals,
            bridge_bytes: u64::from(deposits) * 70 + u64::from(forced) * 42 + u64::from(withdrawals) * 35,
            rollup_bytes: u64::from(transfers) * 14,
            ..BatchSize::default()
        };
        for (size, measured) in [
            (size(100, 0, 0, 0), 527_252),
            (size(1_000, 0, 0, 0), 4_584_400),
            (size(1_700, 0, 0, 0), 7_781_870),
            (size(0, 100, 0, 0), 573_973),
            (size(0, 1_000, 0, 0), 5_008_281),
            (size(0, 2_500, 0, 0), 12_449_135),
            (size(0, 0, 1_000, 0), 2_078_876),
            (size(0, 0, 2_000, 0), 4_090_160),
            (size(0, 0, 0, 4_000), 2_266_610),
            (size(0, 0, 0, 8_000), 4_506_610),
            (size(0, 0, 1_500, 4_000), 4_428_215),
        ] {
            let estimate = commit_gas(&size);
            assert!(
                estimate >= measured && estimate < measured + measured / 3,
                "{size:?}: {estimate}, {measured}"
            );
        }
    }

    #[test]
    fn what_the_default_limits_allow_is_committed_and_proven_by_one_transaction_and_no_more() {
        const PROOF_BYTES: u64 = 2_200;
        let of = |bytes: u64, l1_operations: u32| BatchSize {
            l1_operations,
            rollup_bytes: bytes,
            ..BatchSize::default()
        };
        let largest = Bounds::default().commit_bytes - COMMIT_BYTES;
        assert!(fits_with_proof(&of(largest, 0), PROOF_BYTES));
        let relayed = RELAYED_BYTES - ENVELOPE_BYTES - COMMIT_BYTES;
        assert!(!fits_with_proof(&of(relayed, 0), PROOF_BYTES));
        let dearest = (Bounds::default().commit_gas - COMMIT_GAS) / L1_OPERATION_GAS;
        assert!(fits_with_proof(&of(0, dearest as u32), PROOF_BYTES));
        let too_dear = (TRANSACTION_GAS - COMMIT_GAS) / L1_OPERATION_GAS;
        assert!(!fits_with_proof(&of(0, too_dear as u32), PROOF_BYTES));
    }

    #[test]
    fn settings_that_l1_or_the_farm_would_refuse_are_refused() {
        let good = Bounds::default();
        assert_eq!(good.check(1024), Ok(()));
        let refused = good.check(12_006).expect_err("too many for one commit");
        assert!(
            matches!(
                refused,
                BoundError::Transactions {
                    given: 12_006,
                    limit: 8_751,
                    ..
                }
            ),
            "{refused:?}"
        );
        let bytes = Bounds {
            commit_bytes: 128 << 10,
            ..good
        };
        assert!(matches!(bytes.check(1), Err(BoundError::CommitBytes { .. })));
        let gas = Bounds {
            commit_gas: 17_000_000,
            ..good
        };
        assert!(matches!(gas.check(1), Err(BoundError::CommitGas { .. })));
        let chunks = Bounds {
            chunks: 1_025,
            ..good
        };
        assert_eq!(chunks.check(1), Err(BoundError::Chunks { given: 1_025 }));
    }
}
