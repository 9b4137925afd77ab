//! An exit pays what no account is debited for. The operator, too, can have one proven, of the very state that L1 holds, as
//! the next of the ordinary batches: L1 refuses it for its record, and for nothing else.

use std::path::Path;

use alloy::{
    primitives::{B256, Bytes, U256, keccak256},
    providers::Provider,
    sol_types::SolValue,
};
use ashlar_client::ProvenState;
use ashlar_contracts::{
    BatchHeader, CommitData, Rollup,
    bridge::exits,
    encoding::{extension_to_word, hash_to_word},
    revert::Revert,
    withdrawal,
};
use ashlar_engine::{WrapKit, wrap_k};
use ashlar_kzg::srs::Srs;
use ashlar_payments::{
    exit::{EXIT_SLOTS, close, holdings},
    leaves::PaymentWitness,
    transaction::Domain,
};
use ashlar_payments_engine::{Engine, load_or_build};
use ashlar_statement::{SealedBatch, Security};
use plonky2::field::types::PrimeField64;
use serde_json::Value;

use super::stack::Links;

/// As forge reads the layout: `verifier-contracts/test/ProveRealBatch.t.sol`.
const SLOT_BATCHES: U256 = U256::ZERO;
const COMMITTED_BATCHES_AT: usize = 96;
const COMMITTED_BATCHES_BITS: usize = 40;
const SLOT_HEADER_HASHES: U256 = U256::from_limbs([3, 0, 0, 0]);

/// All that anybody holds under this root, as batch `number`.
fn exodus(state: &ProvenState, domain: Domain, number: u64, time: u32) -> SealedBatch<PaymentWitness> {
    let Ok(pairs) = holdings(&state.accounts);
    let closed = close(&state.accounts, domain, &pairs, EXIT_SLOTS).expect("all are held");
    let sealed = closed.map(PaymentWitness::Exit).seal(number, time);
    sealed.expect("not empty")
}

/// From one chunk to the proof that L1 reads, with the circuits and keys that the processes use.
fn prove(sealed: &SealedBatch<PaymentWitness>) -> Bytes {
    let [chunk] = &sealed.chunks[..] else {
        panic!("{} chunks", sealed.chunks.len())
    };
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/ashlar");
    let circuits = load_or_build(&cache, Security::default(), None).expect("circuits");
    let srs = Srs::load_or_generate_insecure(&cache, wrap_k(Security::default())).expect("a string");
    let kit = WrapKit::load_or_generate(&cache, srs, &circuits.recursion).expect("keys");
    let engine = Engine::new(circuits)
        .with_wrap(kit)
        .expect("keys of these circuits");
    let span = engine.prove_chunk(chunk).expect("a valid witness").proof;
    let compressed = engine.compress(&span).expect("a valid span").proof;
    engine
        .wrap(&compressed)
        .expect("a valid proof")
        .proof
        .proof
        .into()
}

/// What the contract would keep of the batch, if it took it.
fn header(sealed: &SealedBatch<PaymentWitness>, first_operation: u64, previous_time: u32) -> BatchHeader {
    let inputs = &sealed.public_inputs;
    let hash = |elements: [_; 4]| {
        hash_to_word(elements.map(|element: ashlar_statement::hash::F| element.to_canonical_u64()))
    };
    let extension = |elements: [_; 2]| {
        extension_to_word(elements.map(|element: ashlar_statement::hash::F| element.to_canonical_u64()))
    };
    let paid = paid(sealed);
    BatchHeader {
        number: sealed.number,
        firstOperation: first_operation,
        withdrawalCount: paid.len() as u32,
        feeAccount: 0,
        time: previous_time, // it may be as old as the last batch
        previousTime: previous_time,
        bridgeWords: (sealed.bridge.len() / 7) as u32,
        rollupWords: 0,
        oldRoot: hash(inputs.old_root),
        newRoot: hash(inputs.new_root),
        dataHash: hash(inputs.data_hash),
        z: extension(inputs.z),
        bridgeEval: extension(inputs.bridge_eval),
        rollupEval: U256::from(extension(inputs.rollup_eval)),
        withdrawalsRoot: withdrawal::root(&paid),
    }
}

fn paid(sealed: &SealedBatch<PaymentWitness>) -> Vec<ashlar_contracts::Withdrawal> {
    let exits = exits::parse(&sealed.bridge).expect("exits alone");
    exits.into_iter().map(|exit| exit.withdrawal).collect()
}

async fn ask(provider: &impl Provider, method: &'static str, parameters: Value) -> Value {
    let answer = provider.raw_request(method.into(), parameters).await;
    answer.expect("a devnet answers")
}

/// Puts a batch among the committed ones that the contract did not take.
async fn smuggle(contract: &Rollup::RollupInstance<impl Provider>, header: &BatchHeader) {
    let (provider, rollup) = (contract.provider(), *contract.address());
    let kept = provider
        .get_storage_at(rollup, SLOT_BATCHES)
        .await
        .expect("answers");
    let mask = ((U256::from(1) << COMMITTED_BATCHES_BITS) - U256::from(1)) << COMMITTED_BATCHES_AT;
    let counters = (kept & !mask) | (U256::from(header.number) << COMMITTED_BATCHES_AT);
    let of_number = keccak256((U256::from(header.number), SLOT_HEADER_HASHES).abi_encode());
    let hash = keccak256(header.abi_encode());
    for (slot, value) in [
        (B256::from(SLOT_BATCHES), B256::from(counters)),
        (of_number, hash),
    ] {
        ask(
            provider,
            "anvil_setStorageAt",
            serde_json::json!([rollup, slot, value]),
        )
        .await;
    }
    let committed = contract.committedBatches().call().await.expect("call");
    assert_eq!(committed, header.number);
    let found = contract.headerHash(header.number).call().await.expect("call");
    assert_eq!(found, hash);
}

/// With the operator's key, on a chain that nobody else watches; it is left as it was.
pub async fn an_exit_in_an_ordinary_batch_is_refused_for_its_record_alone(
    links: &Links,
    state: &ProvenState,
) {
    let l1 = links.l1(0).await;
    let (contract, operator) = (l1.contract(), l1.signer().expect("it signs"));
    let provider = contract.provider();
    let snapshot = ask(provider, "evm_snapshot", Value::Array(Vec::new())).await;
    let committed = contract.committedBatches().call().await.expect("call");
    let number = state.batch + 1;
    assert!(committed >= number, "one waits for its proof");
    let first = l1.committed_batch(number).await.expect("committed").header;
    let taken_back = contract.revertBatches(first).send().await.expect("sent");
    assert!(taken_back.get_receipt().await.expect("mined").status());

    let (time, first_operation) = (
        contract.committedTime().call().await.expect("call"),
        contract.committedOperations().call().await.expect("call"),
    );
    let sealed = exodus(state, *l1.domain(), number, time);
    let (proof, sealed) = tokio::task::spawn_blocking(move || (prove(&sealed), sealed))
        .await
        .expect("proven");
    let header = header(&sealed, first_operation, time);
    let batch = CommitData {
        number,
        time,
        newRoot: header.newRoot,
        dataHash: header.dataHash,
        feeAccount: 0,
        bridge: sealed.bridge.clone().into(),
        rollup: Bytes::new(),
    };
    let alone = contract.commitBatch(batch.clone()).from(operator).call().await;
    let together = contract
        .commitAndProveBatch(batch.clone(), proof.clone())
        .from(operator);
    for refused in [alone.map(drop), together.call().await.map(drop)] {
        let error = refused.expect_err("it pays, and debits nobody");
        let named = Rollup::ExitRecordRefused { offset: U256::ZERO };
        let named = Revert::Rollup(Rollup::RollupErrors::ExitRecordRefused(named));
        assert_eq!(Revert::from_error(&error), Some(named), "{error}");
    }
    let sent = together.gas(5_000_000).send().await.expect("sent");
    assert!(!sent.get_receipt().await.expect("mined").status());
    assert_eq!(
        contract.committedBatches().call().await.expect("call"),
        state.batch
    );

    // Nothing else is wrong with it: once it is among the committed batches, its proof is accepted, and what it says is paid.
    smuggle(contract, &header).await;
    let proven = contract
        .proveBatch(header.clone(), proof)
        .send()
        .await
        .expect("sent");
    assert!(proven.get_receipt().await.expect("mined").status());
    assert_eq!(contract.provenBatches().call().await.expect("call"), number);
    let all = paid(&sealed);
    let theft = all.iter().position(|paid| paid.token == 0 && paid.to != operator);
    let index = theft.expect("somebody has ETH") as u32;
    let stolen = &all[index as usize];
    let before = provider.get_balance(stolen.to).await.expect("answers");
    let siblings = withdrawal::proof(&all, index).expect("one of them");
    let claim = contract
        .claimWithdrawal(header, index, stolen.clone(), siblings)
        .send()
        .await;
    assert!(claim.expect("sent").get_receipt().await.expect("mined").status());
    let after = provider.get_balance(stolen.to).await.expect("answers");
    assert_eq!(
        after - before,
        U256::from(stolen.amount) * U256::from(1_000_000_000)
    );

    let is_back = ask(provider, "evm_revert", Value::Array(vec![snapshot])).await;
    assert_eq!(is_back, Value::Bool(true));
    assert_eq!(contract.committedBatches().call().await.expect("call"), committed);
}
