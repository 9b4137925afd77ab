//! Sealing: the evaluation point is drawn from the public data, and the public inputs of every proof follow.

use plonky2::field::types::Field;
use serde::{Deserialize, Serialize};
use sha3::{Digest, Keccak256};

use super::builder::{BlockBuilder, BuildError};
use super::fold::{fold_hashes, fold_spans};
use crate::hash::{F, Hash, hash_to_bytes32};
use crate::pubdata::{Evaluation, Record, Stream, data_hash};
use crate::public_inputs::{BatchPublicInputs, SpanPublicInputs};
use crate::state::{Changes, StateError, StateStore};
use crate::transaction::Domain;
use crate::witness::{ChunkWitness, WitnessError};

/// A batch whose content is final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedBatch {
    /// Number of the batch, from the contract's count.
    pub number: u64,
    /// One per chunk proof.
    pub chunks: Vec<ChunkWitness>,
    /// Public inputs of each chunk proof.
    pub spans: Vec<SpanPublicInputs<F>>,
    /// Bridge stream.
    pub bridge: Vec<u8>,
    /// Rollup stream.
    pub rollup: Vec<u8>,
    /// Public inputs of the batch proof.
    pub public_inputs: BatchPublicInputs<F>,
}

/// A batch could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError<E: std::error::Error + 'static> {
    /// Nothing was executed.
    #[error("the batch is empty")]
    Empty,
    /// The last chunk could not be closed.
    #[error("last chunk")]
    Build(#[from] BuildError<E>),
    /// The recorded witness does not replay: a bug, never the user's fault.
    #[error("chunk {chunk}: the recorded witness does not replay")]
    Witness {
        /// Index of the chunk.
        chunk: usize,
        /// Why.
        #[source]
        source: WitnessError,
    },
    /// The replayed chunks do not lead from the old root to the new one: a bug.
    #[error("the chunks do not chain from the batch's old root to its new root")]
    Inconsistent,
}

impl<S: StateStore> BlockBuilder<S> {
    /// Closes the last chunk (padding it), draws the evaluation point and derives all public inputs. Returns
    /// the batch and what it changes in the store.
    pub fn seal(mut self, number: u64) -> Result<(SealedBatch, Changes), SealError<S::Error>> {
        if self.has_open_slots() {
            self.close_chunk()?;
        }
        let new_root = self
            .overlay
            .root()
            .map_err(|error| BuildError::State(StateError(error)))?;
        let batch = seal(number, &self.config.domain, self.chunks, new_root)?;
        Ok((batch, self.overlay.into_changes()))
    }
}

fn seal<E: std::error::Error>(
    number: u64,
    domain: &Domain,
    mut chunks: Vec<ChunkWitness>,
    new_root: Hash,
) -> Result<SealedBatch, SealError<E>> {
    let (mut bridge, mut rollup, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
    for chunk in &chunks {
        let records: Vec<_> = chunk
            .slots
            .iter()
            .map(|slot| Record::new(&slot.operation))
            .collect();
        hashes.push(data_hash(&records));
        for record in &records {
            match record.stream() {
                Some(Stream::Bridge) => bridge.extend(record.to_bytes()),
                Some(Stream::Rollup) => rollup.extend(record.to_bytes()),
                None => {}
            }
        }
    }
    let data_hash = fold_hashes(&hashes).ok_or(SealError::Empty)?;
    let z = evaluation_point(domain, number, &data_hash, &bridge, &rollup);
    let mut spans = Vec::with_capacity(chunks.len());
    for (index, chunk) in chunks.iter_mut().enumerate() {
        chunk.z = z;
        let replayed = crate::witness::replay(chunk);
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

/// What the compress circuit makes of the root span.
pub fn batch_public_inputs(span: &SpanPublicInputs<F>) -> BatchPublicInputs<F> {
    BatchPublicInputs {
        old_root: span.old_root,
        new_root: span.new_root,
        domain: span.domain,
        data_hash: span.data_hash,
        z: span.z,
        eval: Evaluation::from(span).total().0,
        fee_account: span.fee_account,
        deposit_count: span.deposit_count,
        withdrawal_count: span.withdrawal_count,
        transfer_count: span.transfer_count,
    }
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
    let half = |bytes: &[u8]| {
        let value = bytes
            .iter()
            .fold(0u128, |value, byte| value << 8 | u128::from(*byte));
        F::from_noncanonical_u128(value)
    };
    [half(&digest[16..]), half(&digest[..16])]
}
