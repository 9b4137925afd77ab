//! A batch whose rollup stream is in a blob, from deposits to the proof that L1 takes: the embedded devnet, a real blob, real
//! proofs.

mod rollup;

use alloy::primitives::{Bytes, U256};
use ashlar_contracts::revert::Revert;

use ashlar_publication::Publication;
use rollup::{Batch, Chain, engine, header_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_in_a_blob_is_proven_and_its_data_are_read_from_the_blob() {
    let chain = Chain::start().await;
    let batch = Batch::seal(&chain).await;
    let words = batch.words.clone();
    let engine = engine();
    let root = engine.prove_chunk(&batch.sealed.chunks[0]).expect("valid").proof;
    let compressed = engine.compress_linked(&root, &words).expect("its stream").proof;
    let proof: Bytes = engine.wrap(&compressed).expect("valid").proof.proof.into();

    let other: Vec<_> = batch.sealed.rollup.iter().map(|byte| byte ^ 1).collect();
    let other = Publication::of(&other).expect("as long");
    let genesis = chain.contract.stateRoot().call().await.expect("answers");
    // Another blob; no blob; and what is said of the value.
    let refused = chain.commit(&batch, &other, batch.opening()).await;
    assert!(
        refused
            .expect_err("another blob")
            .starts_with("BlobOpeningInvalid")
    );
    let call = chain
        .contract
        .commitBatch(batch.data(batch.opening()))
        .from(chain.operator);
    let error = Revert::from_error(&call.call().await.expect_err("no blob")).expect("reverted");
    assert!(error.to_string().starts_with("BlobMissing"), "{error}");
    let mut opening = batch.opening().to_vec();
    opening[4 + 31] ^= 1;
    let refused = chain.commit(&batch, &batch.publication, opening.into()).await;
    assert!(
        refused
            .expect_err("another value")
            .starts_with("BlobOpeningInvalid")
    );

    let header = chain
        .commit(&batch, &batch.publication, batch.opening())
        .await
        .expect("committed");
    assert_eq!(header, header_of(&batch), "as L1 derives it");
    // The proof of the same operations that says nothing of a blob.
    let plain = engine.compress(&root).expect("a root").proof;
    let plain: Bytes = engine.wrap(&plain).expect("valid").proof.proof.into();
    let call = chain.contract.proveBatch(header.clone(), plain);
    let error = Revert::from_error(&call.call().await.err().expect("not linked")).expect("reverted");
    assert!(error.to_string().starts_with("ProofInvalid"), "{error}");

    let receipt = chain.prove(header, proof).await;
    assert!(receipt.status(), "proven");
    let state = chain.contract.stateRoot().call().await.expect("answers");
    assert_ne!(state, genesis);
    assert_eq!(state, batch.new_root());
    assert_eq!(chain.contract.provenBatches().call().await.expect("answers"), 1);
    // Anybody has the stream who has the blob.
    let read = chain.read_blob(batch.publication.versioned_hash()).await;
    let words = words.len() as u32;
    let stream = ashlar_publication::read(&read, batch.publication.versioned_hash(), words);
    assert_eq!(stream.expect("a batch's"), batch.sealed.rollup);
    assert_eq!(chain.balance_owed().await, U256::from(batch.deposited));
}
