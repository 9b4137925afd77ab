//! Deposits, commits and restarts against the real contract on a real EVM.

use std::{sync::Arc, time::Duration};

use alloy::{
    network::EthereumWallet,
    primitives::{Address, U256},
    providers::{DynProvider, Provider, ProviderBuilder},
    signers::local::PrivateKeySigner,
};
use ashlar_contracts::{DeployConfig, Rollup, deploy, encoding::hash_to_word, generated_verifier};
use ashlar_payments::{Payments, batch::BlockConfig, transaction::Domain, tree::empty_accounts_root};
use ashlar_protocol::{INSTANCES, SnarkParts, WORD_BYTES};
use ashlar_sequencer::{
    Changes,
    api::AccountKey,
    executor::Executor,
    l1::{L1Client, L1Error, watcher::Watcher},
    pipeline::{SettleError, Settlement},
    store::{BatchStatus, Store},
};
use plonky2::field::types::PrimeField64;
use tokio_util::sync::CancellationToken;

use super::support::{SLOTS, key, seal_at};

const OPERATOR_KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

struct L1 {
    _node: ashlar_devnet::Handle,
    endpoint: String,
    provider: DynProvider,
    rollup: Address,
    operator_key: [u8; 32],
    proof_bytes: usize,
}

/// A devnet with the rollup on it, guarded by the real generated verifier.
async fn l1() -> L1 {
    let node = ashlar_devnet::serve(([127, 0, 0, 1], 0).into(), Default::default())
        .await
        .expect("devnet starts");
    let signer: PrivateKeySigner = OPERATOR_KEY.parse().expect("key");
    let operator = signer.address();
    let operator_key = signer.to_bytes().0;
    let endpoint = node.url();
    let provider = ProviderBuilder::new()
        .wallet(EthereumWallet::from(signer))
        .connect_http(endpoint.parse().expect("URL"))
        .erased();
    let genesis = empty_accounts_root()
        .elements
        .map(|element| element.to_canonical_u64());
    let verifier = generated_verifier().expect("committed artifact");
    let config = DeployConfig {
        verifier_code: verifier.creation_code,
        genesis_root: hash_to_word(genesis),
        operator,
        tokens: Vec::new(),
    };
    let rollup = deploy(&provider, config).await.expect("deploys").rollup;
    L1 {
        _node: node,
        endpoint,
        provider,
        rollup,
        operator_key,
        proof_bytes: verifier.proof_bytes,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deposits_reach_the_state_and_a_batch_is_committed_once() {
    let l1 = l1().await;
    let contract = Rollup::new(l1.rollup, l1.provider.clone());
    let owner = key("alice").public_key().key_hash();
    let word = hash_to_word(owner.elements.map(|element| element.to_canonical_u64()));
    for _ in 0..2 {
        let deposit = contract.depositETH(word).value(U256::from(5_000_000_000u64));
        deposit
            .send()
            .await
            .expect("sent")
            .get_receipt()
            .await
            .expect("mined");
    }

    let folder = tempfile::tempdir().expect("folder");
    let store = Arc::new(Store::open(&folder.path().join("state.redb")).expect("database"));
    let client = L1Client::connect(&l1.endpoint, l1.rollup.into_array(), l1.operator_key)
        .await
        .expect("connects");
    let domain = Domain {
        chain_id: client.chain_id(),
        rollup: l1.rollup.into_array(),
    };
    let payments = Payments(BlockConfig {
        domain,
        fee_account: 0,
        slots: SLOTS,
    });
    let changes = Changes::default();
    let (executor, _thread) =
        Executor::start(store.clone(), payments, seal_at(2), changes.clone(), 16).expect("executor starts");
    let stop = CancellationToken::new();
    let watcher = Watcher {
        l1: client.clone(),
        store: store.clone(),
        executor: executor.clone(),
        confirmations: 0,
        interval: Duration::from_millis(20),
    };
    let watching = tokio::spawn(watcher.run(stop.clone()));
    let mut news = changes.subscribe();
    while store.next_batch().expect("database") == 1 {
        tokio::time::timeout(Duration::from_secs(20), news.changed())
            .await
            .expect("sealed in time")
            .expect("open");
    }
    let view = executor
        .account(AccountKey::Owner(owner))
        .await
        .expect("runs")
        .expect("account exists");
    assert_eq!((view.index, view.account.balance(0)), (0, 10));

    let settlement = Settlement {
        store: store.clone(),
        changes,
        l1: client.clone(),
        interval: Duration::from_millis(20),
    };
    settlement.advance().await.expect("commits");
    let committed = store.batch(1).expect("database").expect("sealed");
    assert_eq!(committed.status, BatchStatus::Committed);
    assert_eq!(contract.committedBatches().call().await.expect("call"), 1);

    // A crash after the transaction was sent and before it was noted: nothing is sent twice.
    store
        .update_batch(1, |batch| {
            (batch.status, batch.header, batch.commit) = (BatchStatus::Sealed, None, None)
        })
        .expect("database");
    settlement.advance().await.expect("takes what L1 holds");
    let again = store.batch(1).expect("database").expect("sealed");
    assert_eq!(
        (again.status, &again.header, &again.commit),
        (BatchStatus::Committed, &committed.header, &committed.commit)
    );

    // What is no SNARK is not sent.
    let proof = vec![1; l1.proof_bytes];
    let snark = SnarkParts {
        instances: [[1; WORD_BYTES]; INSTANCES],
        proof: &proof,
    }
    .to_bytes();
    store.put_snark(1, &snark[1..]).expect("database");
    let error = settlement.advance().await.expect_err("must be refused");
    assert!(matches!(error, SettleError::Snark { number: 1, .. }), "{error:?}");

    // The contract refuses a SNARK that its verifier does not accept, and the batch stays where it is.
    store.put_snark(1, &snark).expect("database");
    let error = settlement.advance().await.expect_err("must be refused");
    assert!(
        matches!(
            error,
            SettleError::L1(L1Error::Contract {
                call: "proveBatch",
                reverted: true,
                ..
            })
        ),
        "{error:?}"
    );
    assert_eq!(
        store.batch(1).expect("database").expect("sealed").status,
        BatchStatus::Committed
    );
    assert_eq!(contract.provenBatches().call().await.expect("call"), 0);
    stop.cancel();
    watching.await.expect("watcher ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_address_is_refused_at_start() {
    let l1 = l1().await;
    let error = L1Client::connect(&l1.endpoint, [0x42; 20], l1.operator_key)
        .await
        .expect_err("no contract there");
    assert!(
        matches!(error, L1Error::NoRollup { chain_id: 31337, .. }),
        "{error:?}"
    );
}
