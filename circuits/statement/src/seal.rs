//! Sealing: the evaluation point is drawn from the public data, and the public inputs of every proof follow.

use plonky2::field::types::Field;
use serde::{Deserialize, Serialize};
use sha3::{Digest, Keccak256};

use crate::{
    BatchPublicInputs, Domain, SpanPublicInputs, batch_public_inputs, fold_hashes, fold_spans,
    hash::{F, Hash, hash_to_bytes32},
    linked_public_inputs,
};

/// What sealing asks of a leaf's witness.
pub trait LeafWitness {
    /// What may be wrong with a witness.
    type Fault: std::error::Error + Send + Sync + 'static;

    /// The leaf's public data.
    fn publish(&self) -> Published;

    /// Sets the point at which the public data is evaluated, and the batch's time in minutes; before, both are zero.
    fn set_point(&mut self, z: [F; 2], time: u32);

    /// Runs the witness natively, from root to root: all that the circuit constrains, but what is costly and was checked
    /// when the witness was made (signatures).
    ///
    /// # Errors
    /// What the circuit would refuse first.
    fn replay(&self) -> Result<SpanPublicInputs<F>, Self::Fault>;
}

/// Public data of a leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// [`crate::stream::data_hash`] of its records.
    pub data_hash: Hash,
    /// Its part of the bridge stream.
    pub bridge: Vec<u8>,
    /// Its part of the rollup stream.
    pub rollup: Vec<u8>,
}

/// A batch that takes no more operations, before the work of sealing it.
#[derive(Debug, Clone)]
pub struct ClosedBatch<W> {
    /// Chain and rollup.
    pub domain: Domain,
    /// One per leaf proof, without its evaluation point.
    pub chunks: Vec<W>,
    /// Root after the last operation.
    pub new_root: Hash,
}

impl<W> ClosedBatch<W> {
    /// Of other witnesses, made of these: an application's leaves of one kind as leaves of any.
    pub fn map<V>(self, witness: impl FnMut(W) -> V) -> ClosedBatch<V> {
        ClosedBatch {
            domain: self.domain,
            chunks: self.chunks.into_iter().map(witness).collect(),
            new_root: self.new_root,
        }
    }
}

impl<W: LeafWitness> ClosedBatch<W> {
    /// Draws the evaluation point and derives all public inputs; `time` is in minutes since 1970.
    ///
    /// # Errors
    /// If the batch is empty, or its chunks do not lead to the new root.
    pub fn seal(self, number: u64, time: u32) -> Result<SealedBatch<W>, SealError<W::Fault>> {
        seal(number, time, &self.domain, self.chunks, self.new_root)
    }

    /// The same with another way to draw the evaluation point, for public data that are not in calldata.
    ///
    /// # Errors
    /// If the batch is empty, or its chunks do not lead to the new root.
    pub fn seal_at(
        self,
        number: u64,
        time: u32,
        draw: impl FnOnce(&PublicData<'_>) -> [F; 2],
    ) -> Result<SealedBatch<W>, SealError<W::Fault>> {
        seal_at(number, time, self.chunks, self.new_root, draw)
    }
}

/// What is known of a batch's public data when its evaluation point is drawn.
#[derive(Debug, Clone, Copy)]
pub struct PublicData<'a> {
    /// Root of the fold tree over the chunks' data hashes.
    pub data_hash: Hash,
    /// Bridge stream.
    pub bridge: &'a [u8],
    /// Rollup stream.
    pub rollup: &'a [u8],
}

/// A batch whose public data and public inputs are final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedBatch<W> {
    /// Number of the batch, from the contract's count.
    pub number: u64,
    /// One per leaf proof.
    pub chunks: Vec<W>,
    /// Public inputs of each leaf proof.
    pub spans: Vec<SpanPublicInputs<F>>,
    /// Bridge stream.
    pub bridge: Vec<u8>,
    /// Rollup stream.
    pub rollup: Vec<u8>,
    /// Public inputs of the batch proof.
    pub public_inputs: BatchPublicInputs<F>,
}

impl<W> SealedBatch<W> {
    /// Of other witnesses, made of these, which state the same.
    pub fn map<V>(self, witness: impl FnMut(W) -> V) -> SealedBatch<V> {
        SealedBatch {
            number: self.number,
            chunks: self.chunks.into_iter().map(witness).collect(),
            spans: self.spans,
            bridge: self.bridge,
            rollup: self.rollup,
            public_inputs: self.public_inputs,
        }
    }

    /// The same batch linked to the blob that has its rollup stream: [`linked_public_inputs`].
    ///
    /// # Panics
    /// If its spans do not chain, which those of a sealed batch do.
    pub fn linked(self, words_hash: Hash, blob_value: [F; 5]) -> Self {
        let span = fold_spans(&self.spans).expect("a sealed batch's spans chain");
        Self {
            public_inputs: linked_public_inputs(&span, words_hash, blob_value),
            ..self
        }
    }
}

/// A batch could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError<E: std::error::Error + 'static> {
    /// Nothing was executed.
    #[error("the batch is empty")]
    Empty,
    /// The recorded witness does not replay: a bug, never the user's fault.
    #[error("chunk {chunk}: the recorded witness does not replay")]
    Witness {
        /// Index of the chunk.
        chunk: usize,
        /// Why.
        #[source]
        source: E,
    },
    /// The replayed chunks do not lead from the old root to the new one: a bug.
    #[error("the chunks do not chain from the batch's old root to its new root")]
    Inconsistent,
}

/// Draws the evaluation point and derives all public inputs of a batch that ends at `new_root`.
pub fn seal<W: LeafWitness>(
    number: u64,
    time: u32,
    domain: &Domain,
    chunks: Vec<W>,
    new_root: Hash,
) -> Result<SealedBatch<W>, SealError<W::Fault>> {
    seal_at(number, time, chunks, new_root, |data| {
        evaluation_point(domain, number, &data.data_hash, data.bridge, data.rollup)
    })
}

fn seal_at<W: LeafWitness>(
    number: u64,
    time: u32,
    mut chunks: Vec<W>,
    new_root: Hash,
    draw: impl FnOnce(&PublicData<'_>) -> [F; 2],
) -> Result<SealedBatch<W>, SealError<W::Fault>> {
    let (mut bridge, mut rollup, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
    for published in chunks.iter().map(W::publish) {
        hashes.push(published.data_hash);
        bridge.extend(published.bridge);
        rollup.extend(published.rollup);
    }
    let data_hash = fold_hashes(&hashes).ok_or(SealError::Empty)?;
    let z = draw(&PublicData {
        data_hash,
        bridge: &bridge,
        rollup: &rollup,
    });
    let mut spans = Vec::with_capacity(chunks.len());
    for (index, chunk) in chunks.iter_mut().enumerate() {
        chunk.set_point(z, time);
        let replayed = chunk.replay();
        spans.push(replayed.map_err(|source| SealError::Witness { chunk: index, source })?);
    }
    let span = fold_spans(&spans).filter(|span| span.new_root == new_root.elements);
    let public_inputs = batch_public_inputs(&span.ok_or(SealError::Inconsistent)?);
    Ok(SealedBatch {
        number,
        chunks,
        spans,
        bridge,
        rollup,
        public_inputs,
    })
}

/// The point at which a batch's public data is evaluated: `keccak256("ashlar/eval/v1" ‖ chain id (32 bytes) ‖
/// rollup ‖ batch number (8) ‖ data hash (32) ‖ keccak256(bridge) ‖ keccak256(rollup))`; its low and its high
/// 16 bytes, each modulo p, are the two coordinates.
pub fn evaluation_point(
    domain: &Domain,
    number: u64,
    data_hash: &Hash,
    bridge: &[u8],
    rollup: &[u8],
) -> [F; 2] {
    let digest = Keccak256::new()
        .chain_update(b"ashlar/eval/v1")
        .chain_update(domain.packed())
        .chain_update(number.to_be_bytes())
        .chain_update(hash_to_bytes32(data_hash))
        .chain_update(Keccak256::digest(bridge))
        .chain_update(Keccak256::digest(rollup))
        .finalize();
    point(&digest)
}

/// The low and the high half of a digest, each modulo p.
fn point(digest: &[u8]) -> [F; 2] {
    let half = |bytes: &[u8]| {
        let value = bytes
            .iter()
            .fold(0u128, |value, byte| value << 8 | u128::from(*byte));
        F::from_noncanonical_u128(value)
    };
    [half(&digest[16..]), half(&digest[..16])]
}

/// The point of a batch whose rollup stream a committee keeps, so that L1 does not see it: `keccak256("ashlar/validium/v1" ‖
/// chain id (32 bytes) ‖ rollup ‖ batch number (8) ‖ data hash (32) ‖ keccak256(bridge) ‖ rollup words (4))`, whose halves are
/// the coordinates as in [`evaluation_point`]. The data hash is of both streams, so nothing hangs on the rollup stream's
/// own hash (`PubdataBinding.sol`).
pub fn validium_evaluation_point(
    domain: &Domain,
    number: u64,
    data_hash: &Hash,
    bridge: &[u8],
    rollup_words: u32,
) -> [F; 2] {
    let digest = Keccak256::new()
        .chain_update(b"ashlar/validium/v1")
        .chain_update(domain.packed())
        .chain_update(number.to_be_bytes())
        .chain_update(hash_to_bytes32(data_hash))
        .chain_update(Keccak256::digest(bridge))
        .chain_update(rollup_words.to_be_bytes())
        .finalize();
    point(&digest)
}

/// The point of a batch whose rollup stream is in a blob: `keccak256("ashlar/blob/v1" ‖ chain id (32 bytes) ‖ rollup ‖ batch
/// number (8) ‖ linked data hash (32) ‖ versioned hash (32) ‖ rollup words (4) ‖ keccak256(bridge))`, of whose low and high
/// 16 bytes the lowest 63 bits are the two coordinates: below p without a reduction, so that the point at which the blob
/// is opened follows from their bits.
pub fn blob_evaluation_point(
    domain: &Domain,
    number: u64,
    linked_data_hash: &Hash,
    versioned_hash: &[u8; 32],
    rollup_words: u32,
    bridge: &[u8],
) -> [F; 2] {
    let digest = Keccak256::new()
        .chain_update(b"ashlar/blob/v1")
        .chain_update(domain.packed())
        .chain_update(number.to_be_bytes())
        .chain_update(hash_to_bytes32(linked_data_hash))
        .chain_update(versioned_hash)
        .chain_update(rollup_words.to_be_bytes())
        .chain_update(Keccak256::digest(bridge))
        .finalize();
    let coordinate = |end: usize| {
        let low = digest[end - 8..end]
            .iter()
            .fold(0, |value, byte| value << 8 | u64::from(*byte));
        F::from_canonical_u64(low & (u64::MAX >> 1))
    };
    [coordinate(32), coordinate(24)]
}
