//! Blob transactions for tests: signed, with sidecars of both forms.

use alloy::{
    consensus::{
        SignableTransaction as _, TxEip4844, TxEip4844Variant, TxEnvelope, transaction::TxEip4844WithSidecar,
    },
    eips::{
        eip2718::Encodable2718,
        eip4844::{Blob, BlobTransactionSidecar, Bytes48, kzg_to_versioned_hash},
        eip7594::{BlobTransactionSidecarEip7594, BlobTransactionSidecarVariant},
    },
    primitives::{Address, B256, Bytes},
    signers::{SignerSync, local::PrivateKeySigner},
};
use ashlar_blob::{BLOB_WORDS, Fr, element_bytes, encode};
use ashlar_devnet::DEV_ACCOUNTS;

use crate::STRANGER;

pub(crate) const GWEI: u128 = 1_000_000_000;

/// A blob with all that can be said of it.
#[derive(Clone)]
pub(crate) struct Proved {
    pub(crate) words: Vec<u64>,
    pub(crate) blob: Blob,
    pub(crate) commitment: Bytes48,
    pub(crate) proof: Bytes48,
}

impl Proved {
    /// Another blob for another seed.
    pub(crate) fn new(seed: u64) -> Self {
        let words: Vec<u64> = (0..BLOB_WORDS as u64).map(|i| i * seed % 9_999_991).collect();
        let blob = Blob::from(*encode(&words).unwrap()[0]);
        let commitment = settings().blob_to_kzg_commitment(&c_kzg_blob(&blob)).unwrap();
        let commitment = commitment.to_bytes();
        let proof = settings().compute_blob_kzg_proof(&c_kzg_blob(&blob), &commitment);
        Self {
            words,
            blob,
            commitment: Bytes48::from(*commitment),
            proof: Bytes48::from(*proof.unwrap().to_bytes()),
        }
    }

    pub(crate) fn hash(&self) -> B256 {
        kzg_to_versioned_hash(self.commitment.as_slice())
    }

    /// What the precompile at 0x0a takes: `y` is said to be the value at `point`.
    pub(crate) fn opening(&self, point: Fr, y: Fr) -> Bytes {
        let z = c_kzg::Bytes32::new(element_bytes(point));
        let (proof, _) = settings().compute_kzg_proof(&c_kzg_blob(&self.blob), &z).unwrap();
        let hash = self.hash();
        let parts: [&[u8]; 5] = [
            hash.as_slice(),
            &element_bytes(point),
            &element_bytes(y),
            self.commitment.as_slice(),
            &*proof.to_bytes(),
        ];
        parts.concat().into()
    }
}

fn settings() -> &'static c_kzg::KzgSettings {
    c_kzg::ethereum_kzg_settings(0)
}

fn c_kzg_blob(blob: &Blob) -> c_kzg::Blob {
    c_kzg::Blob::from_bytes(blob.as_slice()).unwrap()
}

/// A proof for each blob.
pub(crate) fn eip4844(blobs: &[Proved]) -> BlobTransactionSidecar {
    BlobTransactionSidecar {
        blobs: blobs.iter().map(|blob| blob.blob).collect(),
        commitments: blobs.iter().map(|blob| blob.commitment).collect(),
        proofs: blobs.iter().map(|blob| blob.proof).collect(),
    }
}

/// A proof for each cell.
pub(crate) fn eip7594(blobs: &[Proved]) -> BlobTransactionSidecarEip7594 {
    let mut cell_proofs = Vec::new();
    for blob in blobs {
        let (_, proofs) = settings()
            .compute_cells_and_kzg_proofs(&c_kzg_blob(&blob.blob))
            .unwrap();
        cell_proofs.extend(proofs.iter().map(|proof| Bytes48::from(*proof.to_bytes())));
    }
    let BlobTransactionSidecar {
        blobs, commitments, ..
    } = eip4844(blobs);
    BlobTransactionSidecarEip7594::new(blobs, commitments, cell_proofs)
}

/// A transaction of the first account that pays whatever is asked.
pub(crate) fn plain(nonce: u64, hashes: Vec<B256>) -> TxEip4844 {
    TxEip4844 {
        chain_id: 31_337,
        nonce,
        gas_limit: 1_000_000, // a 64th is left where the precompile refuses
        max_fee_per_gas: 30 * GWEI,
        max_priority_fee_per_gas: GWEI,
        to: STRANGER,
        blob_versioned_hashes: hashes,
        max_fee_per_blob_gas: GWEI,
        ..TxEip4844::default()
    }
}

/// Signs, and gives the encoding that goes over the network; without a sidecar that of a block.
pub(crate) fn signed(
    account: usize,
    tx: TxEip4844,
    sidecar: impl Into<Option<BlobTransactionSidecarVariant>>,
) -> Vec<u8> {
    let signer = PrivateKeySigner::from_bytes(&DEV_ACCOUNTS[account].secret_key).unwrap();
    let signature = signer.sign_hash_sync(&tx.signature_hash()).unwrap();
    let tx = match sidecar.into() {
        Some(sidecar) => TxEip4844Variant::TxEip4844WithSidecar(TxEip4844WithSidecar { tx, sidecar }),
        None => TxEip4844Variant::TxEip4844(tx),
    };
    TxEnvelope::Eip4844(tx.into_signed(signature)).encoded_2718()
}

/// A signed transaction with these blobs, in the form of EIP-4844, whose proofs are quickly made.
pub(crate) fn with_blobs(account: usize, nonce: u64, blobs: &[Proved]) -> Vec<u8> {
    let hashes = blobs.iter().map(Proved::hash).collect();
    signed(account, plain(nonce, hashes), variant(eip4844(blobs)))
}

pub(crate) fn variant(sidecar: impl Into<BlobTransactionSidecarVariant>) -> BlobTransactionSidecarVariant {
    sidecar.into()
}

/// Stores `BLOBHASH(0)` in slot 0, and in slot 1 whether the precompile at 0x0a takes the call's data.
pub(crate) const OPENS: &str = "0x5f495f55365f5f375f5f365f600a5afa60015500";
/// The contract with that code.
pub(crate) const CONTRACT: Address = STRANGER;
