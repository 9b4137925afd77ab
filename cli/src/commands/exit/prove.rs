//! Balances leave by one proof, however many they are.

use std::sync::Arc;

use anyhow::Context;
use ashlar_client::{L1, ProvenState};
use ashlar_kzg::Snark;
use ashlar_payments::{
    exit::{EXIT_SLOTS, close},
    leaves::PaymentWitness,
};
use ashlar_protocol::fold_schedule;
use ashlar_statement::{SealedBatch, hash::Hash};

use crate::cache::Engine;

type Sealed = SealedBatch<PaymentWitness>;

/// Number of any exit batch in its evaluation point: which one L1 gives it is not known before.
const NUMBER: u64 = 0;

/// So many balances are paid at once, some 40,000 gas each: below EIP-7825's limit of 16.7 million.
const MOST_AT_ONCE: usize = 256;

/// Proves that these balances are under the root, and has L1 pay them, at once where they are few; gives the number of the
/// batch that those became which are to be claimed, if any.
pub(super) async fn leave(
    l1: &L1,
    state: &ProvenState,
    pairs: &[(u32, u8)],
    engine: Arc<Engine>,
) -> anyhow::Result<Option<u64>> {
    let closed = close(&state.accounts, *l1.domain(), pairs, EXIT_SLOTS)?;
    let time = l1.contract().committedTime().call().await?;
    let sealed: Sealed = closed.map(PaymentWitness::Exit).seal(NUMBER, time)?;
    let (bridge, inputs) = (sealed.bridge.clone(), sealed.public_inputs);
    crate::say!(
        "proving {} balances in {} chunks",
        pairs.len(),
        sealed.chunks.len()
    )?;
    let proving = tokio::task::spawn_blocking(move || prove(&engine, &sealed));
    let snark = proving.await.context("proving")??;
    let hash = Hash {
        elements: inputs.data_hash,
    };
    if pairs.len() <= MOST_AT_ONCE {
        let paying = l1.exit_and_pay(&hash, bridge.clone(), snark.proof.clone());
        if let Err(error) = paying.await {
            crate::say!("not paid at once: {error:#}")?;
        }
        let exited = l1.exited().await?;
        if pairs.iter().all(|pair| exited.contains(pair)) {
            return Ok(None);
        }
    }
    // With the same proof; what was paid is skipped.
    Ok(Some(l1.exit_batch(&hash, bridge, snark.proof).await?))
}

/// From the witnesses to the SNARK, on this machine.
fn prove(engine: &Engine, sealed: &Sealed) -> anyhow::Result<Snark> {
    let mut spans = Vec::new();
    for (done, witness) in (1..).zip(&sealed.chunks) {
        spans.push(engine.prove_chunk(witness)?.proof);
        crate::say!("chunk {done} of {}", sealed.chunks.len())?;
    }
    for step in fold_schedule(sealed.chunks.len()) {
        spans.push(engine.fold(&spans[step.left], &spans[step.right])?.proof);
    }
    let root = spans.last().context("a batch of nothing")?;
    let compressed = engine.compress(root)?.proof;
    Ok(engine.wrap(&compressed)?.proof)
}
