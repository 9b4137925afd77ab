//! Sealing a batch for a blob.

use alloy::primitives::B256;
use ashlar_blob::stream::words_of;
use ashlar_blob_link::{COEFFICIENTS, LinkFault, LinkWitness, words_hash};
use ashlar_statement::{
    ClosedBatch, LeafWitness, PublicData, SealError as StatementError, SealedBatch, blob_evaluation_point,
    evaluation_point,
    hash::{F, Hash},
    linked_data_hash,
};
use plonky2::field::types::Field;

use crate::{Publication, PublicationError};

/// A batch could not be sealed for a blob.
#[derive(Debug, thiserror::Error)]
pub enum SealError<E: std::error::Error + 'static> {
    /// As in calldata.
    #[error(transparent)]
    Batch(#[from] StatementError<E>),
    /// Its stream is in no blob.
    #[error(transparent)]
    Publication(#[from] PublicationError),
    /// Blob and stream do not go together: a bug.
    #[error("link of the rollup stream to its blob")]
    Link(#[from] LinkFault),
}

/// Seals a batch whose rollup stream, if it has one, will be in a blob; `time` is in minutes since 1970. One without a rollup
/// stream is sealed as in calldata: there is nothing to put in a blob.
///
/// # Errors
/// If the batch is empty, its chunks do not lead to its new root, or no blob holds its stream.
pub fn seal<W: LeafWitness>(
    closed: ClosedBatch<W>,
    number: u64,
    time: u32,
) -> Result<SealedBatch<W>, SealError<W::Fault>> {
    let domain = closed.domain;
    let mut drawn = None;
    let sealed = closed.seal_at(number, time, |data| {
        if data.rollup.is_empty() {
            return evaluation_point(&domain, number, &data.data_hash, data.bridge, data.rollup);
        }
        match link(data) {
            Ok(link) => {
                let linked = linked_data_hash(data.data_hash, link.words_hash);
                let words = link.words.len() as u32; // at most 16,384
                let blob = link.versioned_hash.0;
                drawn = Some(Ok(link));
                blob_evaluation_point(&domain, number, &linked, &blob, words, data.bridge)
            }
            Err(error) => {
                drawn = Some(Err(error));
                [F::ZERO; 2]
            }
        }
    });
    let Some(link) = drawn.transpose()? else {
        return Ok(sealed?);
    };
    let sealed = sealed?;
    let witness = LinkWitness::of_batch(domain.words(), sealed.public_inputs.z, link.words)?;
    let value = witness.statement(COEFFICIENTS)?.value;
    Ok(sealed.linked(link.words_hash, value))
}

/// What binds a rollup stream to its blob.
struct Link {
    words: Vec<u64>,
    words_hash: Hash,
    versioned_hash: B256,
}

fn link(data: &PublicData<'_>) -> Result<Link, PublicationError> {
    let words = words_of(data.rollup)?;
    Ok(Link {
        words_hash: words_hash(&words, COEFFICIENTS),
        versioned_hash: Publication::of(data.rollup)?.versioned_hash(),
        words,
    })
}
