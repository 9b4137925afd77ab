//! What one batch may ask of L1 and of the provers.
//!
//! A batch is committed by one transaction. Nodes relay none above 128 KiB, and since EIP-7825 none may use more than
//! 16,777,216 gas: a batch that needs more could never be committed, nor anything behind it.

use ashlar_blob::BLOB_WORDS;
use ashlar_contracts::DataMode;
use ashlar_statement::{application::BatchSize, queue::MAX_RECORD_WORDS, stream::WORD_BYTES};

/// Bytes of a transaction that nodes relay, at most (geth, reth, nethermind).
const RELAYED_BYTES: u64 = 128 << 10;
/// Bytes of a signed transaction without its calldata, at most: fees, nonce, signature, lengths.
const ENVELOPE_BYTES: u64 = 256;
/// Calldata of a commit without its streams: selector, nine words, and up to 31 bytes of padding behind each stream.
const COMMIT_BYTES: u64 = 4 + 9 * 32 + 2 * 31;
/// Calldata that stands for a rollup stream in a blob: its opening, padded.
const OPENING_BYTES: u64 = 160;
/// Rollup stream of a blob.
const BLOB_STREAM_BYTES: u64 = (BLOB_WORDS * WORD_BYTES) as u64;
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

/// Of a blob's opening, however long the stream: the precompile takes 50,000 (forge, above 43,600 more than an empty
/// calldata stream where that is measured: 123,610 in all with 8,192 transfers).
const OPENING_GAS: u64 = 70_000;

/// Calldata that stands for a rollup stream with a committee, padded: what 22 of 32 members, the most, have signed.
const ATTESTATION_BYTES: u64 = (32 + 22 * 65_u64).next_multiple_of(32);
/// Of its signatures, above an empty calldata stream (forge, 22 of 32 members: 231,511 for a commit).
const ATTESTATION_GAS: u64 = 170_000;

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
    /// Where its rollup stream goes: of one in a blob neither bytes nor gas count, and it is no longer than a blob; of one
    /// that a committee keeps neither, and it may have any length.
    pub data: DataMode,
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
    /// The same of a rollup whose streams are in blobs.
    #[error(
        "batches of {given} transactions: a blob holds at most {limit}; set at most that, larger traffic makes several batches"
    )]
    Blob {
        /// As set.
        given: u32,
        /// Transfers that fit.
        limit: u64,
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
            data: DataMode::Calldata,
            commit_bytes: 120 << 10,
            commit_gas: TRANSACTION_GAS - GAS_MARGIN,
            chunks: MAX_CHUNKS,
        }
    }
}

/// What a rollup stream takes of a commit: bytes of calldata, and gas for them.
fn rollup_stream(size: &BatchSize, data: DataMode) -> (u64, u64) {
    match (data, size.rollup_bytes) {
        (_, 0) => (0, 0),
        (DataMode::Calldata, bytes) => (bytes, bytes * ROLLUP_BYTE_GAS),
        (DataMode::Blob, _) => (OPENING_BYTES, OPENING_GAS),
        (DataMode::Validium, _) => (ATTESTATION_BYTES, ATTESTATION_GAS),
    }
}

/// Bytes of calldata that commit a batch, at most.
pub(crate) fn commit_bytes(size: &BatchSize, data: DataMode) -> u64 {
    COMMIT_BYTES + size.bridge_bytes + rollup_stream(size, data).0
}

/// Gas that commits a batch, at most.
pub(crate) fn commit_gas(size: &BatchSize, data: DataMode) -> u64 {
    COMMIT_GAS
        + u64::from(size.l1_operations) * L1_OPERATION_GAS
        + u64::from(size.withdrawals) * WITHDRAWAL_GAS
        + size.bridge_bytes * BRIDGE_BYTE_GAS
        + rollup_stream(size, data).1
}

/// Whether one transaction may commit a batch of this size and prove it. Within the default limits it always may.
pub(crate) fn fits_with_proof(size: &BatchSize, data: DataMode, proof_bytes: u64) -> bool {
    // An offset, a length, and padding behind the proof.
    let bytes = commit_bytes(size, data) + 3 * 32 + proof_bytes;
    bytes + ENVELOPE_BYTES <= RELAYED_BYTES && commit_gas(size, data) + PROVE_GAS <= TRANSACTION_GAS
}

impl Bounds {
    pub(super) fn allow(&self, size: &BatchSize) -> bool {
        let fits_blob = self.data != DataMode::Blob || size.rollup_bytes <= BLOB_STREAM_BYTES;
        fits_blob
            && commit_bytes(size, self.data) <= self.commit_bytes
            && commit_gas(size, self.data) <= self.commit_gas
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
        let (given, commit_bytes) = (max_transactions, self.commit_bytes);
        let (limit, error) = match self.data {
            DataMode::Calldata => {
                let limit = (commit_bytes - COMMIT_BYTES) / SMALLEST_RECORD_BYTES;
                let error = BoundError::Transactions {
                    given,
                    limit,
                    commit_bytes,
                };
                (limit, error)
            }
            DataMode::Blob => {
                let limit = BLOB_STREAM_BYTES / SMALLEST_RECORD_BYTES;
                (limit, BoundError::Blob { given, limit })
            }
            DataMode::Validium => return Ok(()), // as many as the chunks hold
        };
        match u64::from(given) > limit {
            true => Err(error),
            false => Ok(()),
        }
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
            let estimate = commit_gas(&size, DataMode::Calldata);
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
        assert!(fits_with_proof(&of(largest, 0), DataMode::Calldata, PROOF_BYTES));
        let relayed = RELAYED_BYTES - ENVELOPE_BYTES - COMMIT_BYTES;
        assert!(!fits_with_proof(&of(relayed, 0), DataMode::Calldata, PROOF_BYTES));
        let dearest = (Bounds::default().commit_gas - COMMIT_GAS) / L1_OPERATION_GAS;
        assert!(fits_with_proof(
            &of(0, dearest as u32),
            DataMode::Calldata,
            PROOF_BYTES
        ));
        let too_dear = (TRANSACTION_GAS - COMMIT_GAS) / L1_OPERATION_GAS;
        assert!(!fits_with_proof(
            &of(0, too_dear as u32),
            DataMode::Calldata,
            PROOF_BYTES
        ));
    }

    /// 8,192 transfers: 123,610 gas by forge.
    #[test]
    fn a_stream_in_a_blob_costs_the_commit_the_same_however_long_it_is_and_fits_one_blob() {
        let of = |transfers: u64| BatchSize {
            rollup_bytes: transfers * SMALLEST_RECORD_BYTES,
            ..BatchSize::default()
        };
        let bounds = Bounds {
            data: DataMode::Blob,
            ..Bounds::default()
        };
        for transfers in [1, 8_192] {
            let estimate = commit_gas(&of(transfers), DataMode::Blob);
            assert!((123_610..123_610 * 3 / 2).contains(&estimate), "{estimate}");
            assert!(bounds.allow(&of(transfers)));
            assert!(fits_with_proof(&of(transfers), DataMode::Blob, 2_200));
        }
        assert!(!bounds.allow(&of(8_193)));
        assert_eq!(
            commit_gas(&of(0), DataMode::Blob),
            commit_gas(&of(0), DataMode::Calldata)
        );
        assert_eq!(bounds.check(8_192), Ok(()));
        let (given, limit) = (8_193, 8_192);
        assert_eq!(bounds.check(given), Err(BoundError::Blob { given, limit }));
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
