//! What comes with a blob transaction: blobs, commitments and proofs, in the form of EIP-4844 (a proof for each blob) or
//! of EIP-7594 (wrapper version 1, a proof for each of the 128 cells of a blob). Both are checked; the blobs stay.

use std::sync::Arc;

use alloy::{
    consensus::{
        Signed, Transaction as _, TxEip4844, TxEip4844Variant, TxEnvelope, transaction::TxEip4844WithSidecar,
    },
    eips::{
        eip4844::{BYTES_PER_BLOB, Blob, VERSIONED_HASH_VERSION_KZG, kzg_to_versioned_hash},
        eip7594::{BlobTransactionSidecarVariant, CELLS_PER_EXT_BLOB},
    },
    primitives::{B256, FixedBytes},
};
use c_kzg::KzgSettings;

use crate::blobs::PARAMS;

/// Why a blob transaction is refused.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// It came as it stands in a block.
    #[error("blob transaction without its sidecar: send the pooled form, with blobs, commitments and proofs")]
    SidecarMissing,
    /// It names no blob.
    #[error("blob transaction with no blob: name one at least, or send another type")]
    NoBlobs,
    /// EIP-7594's limit.
    #[error("{actual} blobs, at most {limit} a transaction (EIP-7594): send several transactions")]
    TooMany {
        /// Blobs of the transaction.
        actual: usize,
        /// What it may have.
        limit: u64,
    },
    /// The first byte of a versioned hash is not that of KZG commitments.
    #[error(
        "versioned hash {index} has version {found:#04x}, only {VERSIONED_HASH_VERSION_KZG:#04x} is known"
    )]
    HashVersion {
        /// Which of the transaction's.
        index: usize,
        /// Its first byte.
        found: u8,
    },
    /// Parts of the sidecar do not belong together.
    #[error(
        "sidecar with {blobs} blobs, {commitments} commitments, {proofs} proofs for {hashes} versioned hashes: {expected_proofs} proofs are wanted, and as many of the others as hashes"
    )]
    Counts {
        /// Of the transaction.
        hashes: usize,
        /// Of the sidecar.
        blobs: usize,
        /// Of the sidecar.
        commitments: usize,
        /// Of the sidecar.
        proofs: usize,
        /// One for each hash, or 128 in the form of EIP-7594.
        expected_proofs: usize,
    },
    /// A commitment is not the one that the transaction names.
    #[error("commitment {index} has the versioned hash {found}, the transaction names {expected}")]
    HashMismatch {
        /// Which of the sidecar's.
        index: usize,
        /// What the transaction says.
        expected: B256,
        /// What the commitment gives.
        found: B256,
    },
    /// A field element is not below the modulus, or bytes are no point of the curve.
    #[error("sidecar with a blob, commitment or proof that is none: {0}")]
    Malformed(c_kzg::Error),
    /// The proofs do not hold.
    #[error("a KZG proof of the sidecar does not hold for its blob and commitment")]
    ProofInvalid,
    /// The transaction does not pay the block's price of blob gas.
    #[error("max fee per blob gas of {max_fee} wei is below the blob base fee of {price} wei")]
    FeeTooLow {
        /// What the transaction pays at most, in wei per blob gas.
        max_fee: u128,
        /// What the block asks, in wei per blob gas.
        price: u128,
    },
    /// The block has no room for these blobs.
    #[error("transaction asks for {asked} blob gas, the block has {left} left")]
    BlockFull {
        /// Blob gas of the transaction.
        asked: u64,
        /// What the block has.
        left: u64,
    },
    /// Another blob transaction with this nonce waits, and the new one does not pay twice its price of blob gas.
    #[error(
        "replacement transaction underpriced: {replaced} with nonce {nonce} needs a max fee per blob gas of at least {blob_fee} wei"
    )]
    Underpriced {
        /// The transaction that waits.
        replaced: B256,
        /// The nonce of both.
        nonce: u64,
        /// Least `maxFeePerBlobGas` of a replacement.
        blob_fee: u128,
    },
    /// Nodes keep blob transactions in a pool of their own, and let an account wait in one pool only.
    #[error(
        "a transaction of type {waiting} waits for this account, one of type {asked} has to wait for it: wait until it is mined, or drop it"
    )]
    OtherPool {
        /// Type of the one that waits.
        waiting: u8,
        /// Type of the new one.
        asked: u8,
    },
    /// The node's accounts sign everything else.
    #[error("the node signs no blob transaction: sign it, and send it with eth_sendRawTransaction")]
    NotSigned,
}

/// The blobs of one transaction, checked.
#[derive(Clone)]
pub(crate) struct Blobs {
    /// Versioned hashes, in the transaction's order.
    pub(crate) hashes: Vec<B256>,
    /// As many blobs.
    pub(crate) blobs: Arc<[Blob]>,
}

/// Takes a transaction out of its pooled form: as it stands in a block, and its blobs. Others stay as they are.
pub(crate) fn unwrap(envelope: TxEnvelope) -> Result<(TxEnvelope, Option<Blobs>), BlobError> {
    let TxEnvelope::Eip4844(signed) = envelope else {
        return Ok((envelope, None));
    };
    let (variant, signature, hash) = signed.into_parts();
    check_hashes(variant.tx())?;
    let TxEip4844Variant::TxEip4844WithSidecar(TxEip4844WithSidecar { tx, sidecar }) = variant else {
        return Err(BlobError::SidecarMissing);
    };
    check(&sidecar, &tx.blob_versioned_hashes)?;
    let blobs = Blobs {
        hashes: tx.blob_versioned_hashes.clone(),
        blobs: sidecar.into_blobs().into(),
    };
    let bare = Signed::new_unchecked(TxEip4844Variant::TxEip4844(tx), signature, hash);
    Ok((TxEnvelope::Eip4844(bare), Some(blobs)))
}

fn check_hashes(tx: &TxEip4844) -> Result<(), BlobError> {
    let hashes = tx.blob_versioned_hashes().unwrap_or_default();
    if hashes.is_empty() {
        return Err(BlobError::NoBlobs);
    }
    let limit = PARAMS.max_blobs_per_tx;
    if hashes.len() as u64 > limit {
        let actual = hashes.len();
        return Err(BlobError::TooMany { actual, limit });
    }
    match hashes
        .iter()
        .position(|hash| hash[0] != VERSIONED_HASH_VERSION_KZG)
    {
        Some(index) => Err(BlobError::HashVersion {
            index,
            found: hashes[index][0],
        }),
        None => Ok(()),
    }
}

fn check(sidecar: &BlobTransactionSidecarVariant, hashes: &[B256]) -> Result<(), BlobError> {
    let (proofs, proofs_per_blob) = match sidecar {
        BlobTransactionSidecarVariant::Eip4844(sidecar) => (&sidecar.proofs, 1),
        BlobTransactionSidecarVariant::Eip7594(sidecar) => (&sidecar.cell_proofs, CELLS_PER_EXT_BLOB),
    };
    let (blobs, commitments) = (sidecar.blobs(), sidecar.commitments());
    let expected_proofs = proofs_per_blob * hashes.len();
    if [blobs.len(), commitments.len()] != [hashes.len(); 2] || proofs.len() != expected_proofs {
        return Err(BlobError::Counts {
            hashes: hashes.len(),
            blobs: blobs.len(),
            commitments: commitments.len(),
            proofs: proofs.len(),
            expected_proofs,
        });
    }
    for (index, (commitment, expected)) in commitments.iter().zip(hashes).enumerate() {
        let found = kzg_to_versioned_hash(commitment.as_slice());
        if found != *expected {
            return Err(BlobError::HashMismatch {
                index,
                expected: *expected,
                found,
            });
        }
    }
    let commitments: Vec<_> = commitments.iter().map(bytes48).collect();
    let proofs: Vec<_> = proofs.iter().map(bytes48).collect();
    let holds = if sidecar.is_eip4844() {
        let blobs: Vec<_> = blobs.iter().map(|blob| *blob_of(blob)).collect();
        settings().verify_blob_kzg_proof_batch(&blobs, &commitments, &proofs)
    } else {
        cells_hold(blobs, &commitments, &proofs)
    };
    match holds {
        Ok(true) => Ok(()),
        Ok(false) => Err(BlobError::ProofInvalid),
        Err(error) => Err(BlobError::Malformed(error)),
    }
}

/// Whether the proofs of all cells hold. Cells follow from blobs, so the blobs belong to the commitments then.
fn cells_hold(
    blobs: &[Blob],
    commitments: &[c_kzg::Bytes48],
    proofs: &[c_kzg::Bytes48],
) -> Result<bool, c_kzg::Error> {
    let mut cells = Vec::with_capacity(proofs.len());
    for blob in blobs {
        cells.extend_from_slice(settings().compute_cells(&blob_of(blob))?.as_slice());
    }
    let indices: Vec<u64> = (0..blobs.len())
        .flat_map(|_| 0..CELLS_PER_EXT_BLOB as u64)
        .collect();
    let of_cells: Vec<_> = commitments
        .iter()
        .flat_map(|commitment| [*commitment; CELLS_PER_EXT_BLOB])
        .collect();
    settings().verify_cell_kzg_proof_batch(&of_cells, &indices, &cells, proofs)
}

/// Ethereum's reference string, from its ceremony.
fn settings() -> &'static KzgSettings {
    c_kzg::ethereum_kzg_settings(0) // without tables: they are for who makes proofs
}

fn bytes48(bytes: &FixedBytes<48>) -> c_kzg::Bytes48 {
    c_kzg::Bytes48::new(bytes.0)
}

fn blob_of(blob: &Blob) -> Box<c_kzg::Blob> {
    let mut copy = Box::<c_kzg::Blob>::default();
    copy.copy_from_slice(&blob[..BYTES_PER_BLOB]);
    copy
}
