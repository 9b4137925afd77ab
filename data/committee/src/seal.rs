//! Sealing a batch whose rollup stream a committee keeps.

use ashlar_contracts::encoding::{extension_to_word, hash_to_word};
use ashlar_statement::{
    BatchPublicInputs, ClosedBatch, LeafWitness, SealedBatch, evaluation_point, hash::F, stream::WORD_BYTES,
    validium_evaluation_point,
};
use plonky2::field::types::PrimeField64;

use crate::Statement;

/// A batch could not be sealed.
pub type SealError<E> = ashlar_statement::SealError<E>;

/// Seals a batch whose rollup stream, if it has one, a committee will keep; `time` is in minutes since 1970. One without a
/// rollup stream is sealed as in calldata: there is nothing to keep.
///
/// # Errors
/// If the batch is empty, or its chunks do not lead to its new root.
pub fn seal<W: LeafWitness>(
    closed: ClosedBatch<W>,
    number: u64,
    time: u32,
) -> Result<SealedBatch<W>, SealError<W::Fault>> {
    let domain = closed.domain;
    closed.seal_at(number, time, |data| match words(data.rollup) {
        0 => evaluation_point(&domain, number, &data.data_hash, data.bridge, data.rollup),
        words => validium_evaluation_point(&domain, number, &data.data_hash, data.bridge, words),
    })
}

/// What members sign of a sealed batch, until `expiry` in seconds since 1970; `None` for one without a rollup stream, which
/// nobody need sign.
pub fn statement_of<W>(sealed: &SealedBatch<W>, expiry: u64) -> Option<Statement> {
    let inputs = sealed.public_inputs.to_vec();
    let mut inputs = inputs.iter().map(F::to_canonical_u64);
    let inputs = BatchPublicInputs::from_fn(|| inputs.next().expect("as many"));
    statement(sealed.number, &inputs, (&sealed.bridge, &sealed.rollup), expiry)
}

/// The same of a batch with these public inputs, bridge and rollup stream.
pub fn statement(
    number: u64,
    inputs: &BatchPublicInputs<u64>,
    (bridge, rollup): (&[u8], &[u8]),
    expiry: u64,
) -> Option<Statement> {
    let words = words(rollup);
    (words > 0).then(|| Statement {
        number,
        new_root: hash_to_word(inputs.new_root),
        data_hash: hash_to_word(inputs.data_hash),
        bridge_hash: Statement::bridge_hash(bridge),
        words,
        rollup_eval: extension_to_word(inputs.rollup_eval),
        expiry,
    })
}

fn words(stream: &[u8]) -> u32 {
    (stream.len() / WORD_BYTES) as u32
}
