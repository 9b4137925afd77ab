//! A database, a program and an L1 that do not belong together are refused with cause and remedy.

use alloy::{primitives::Address, providers::Provider};
use ashlar_contracts::DataMode;
use ashlar_sequencer::{
    l1::{Expected, IdentityError, L1Client, L1Error, L1Settings},
    store::Store,
};

use super::support::{Deployed, Guard, Node, expected, key, l1, operator_key, provider, signer, until};

fn store(folder: &tempfile::TempDir) -> Store {
    Store::open(&folder.path().join("state.redb")).expect("database")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_knows_its_rollup_its_circuits_and_its_chain() {
    let one = l1(Guard::Real).await;
    let two = Deployed::on(&one.endpoint, Guard::Real).await;
    let folder = tempfile::tempdir().expect("folder");
    let store = store(&folder);
    let client = one.client(&[&one.endpoint]).await;
    client
        .identify(&store, expected())
        .await
        .expect("the first start");
    client.identify(&store, expected()).await.expect("a later start");

    let other = two.client(&[&two.endpoint]).await;
    let error = other
        .identify(&store, expected())
        .await
        .expect_err("another contract");
    let IdentityError::Foreign { what, stored, given } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(*what, "rollup contract");
    assert!(
        stored.contains(&alloy::hex::encode(one.rollup)) && given.contains(&alloy::hex::encode(two.rollup))
    );

    let circuits = Expected {
        circuit_set: [8; 32],
        ..expected()
    };
    let error = client
        .identify(&store, circuits)
        .await
        .expect_err("other circuits");
    assert!(
        matches!(
            error,
            IdentityError::Foreign {
                what: "circuit set",
                ..
            }
        ),
        "{error:?}"
    );

    // A devnet that was started anew: the same id, the same address, another chain.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await; // blocks tell seconds apart
    let anew = l1(Guard::Real).await;
    assert_eq!(anew.rollup, one.rollup);
    let error = anew
        .client(&[&anew.endpoint])
        .await
        .identify(&store, expected())
        .await
        .expect_err("another chain");
    assert!(
        matches!(
            error,
            IdentityError::Foreign {
                what: "L1 genesis block",
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_the_operator_s_is_refused() {
    let l1 = l1(Guard::Real).await;
    let folder = tempfile::tempdir().expect("folder");
    let stranger = signer(3);
    let client = L1Client::connect(
        l1.settings(&[&l1.endpoint]),
        l1.rollup.into_array(),
        stranger.to_bytes().0,
    )
    .await
    .expect("connects");
    let error = client
        .identify(&store(&folder), expected())
        .await
        .expect_err("a stranger");
    assert!(
        matches!(error, IdentityError::NotOperator { given, operator, .. }
            if given == stranger.address() && operator == signer(0).address()),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_beside_batches_and_an_older_copy_are_refused() {
    let l1 = l1(Guard::Real).await;
    let folder = tempfile::tempdir().expect("folder");
    let mut node = Node::start(folder.path(), l1.client(&[&l1.endpoint]).await, l1.rollup, 1).await;
    let client = l1.client(&[&l1.endpoint]).await;
    let copied = tempfile::tempdir().expect("folder");
    let older = store(&copied);
    client.identify(&older, expected()).await.expect("fresh");
    l1.deposit(&key("a")).await;
    until("the batch is sealed", async || {
        node.store.next_batch().expect("database") == 2
    })
    .await;
    node.settle_until("the commit", |store| {
        store
            .batch(1)
            .expect("database")
            .expect("sealed")
            .commit
            .is_some()
    })
    .await;
    let empty = tempfile::tempdir().expect("folder");
    let error = client
        .identify(&store(&empty), expected())
        .await
        .expect_err("batches are there");
    assert!(
        matches!(error, IdentityError::EmptyDatabase { batches: 1 }),
        "{error:?}"
    );
    let error = client
        .identify(&older, expected())
        .await
        .expect_err("one batch behind");
    assert!(
        matches!(error, IdentityError::Outdated { on_l1: 1, sealed: 0 }),
        "{error:?}"
    );
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_genesis_root_another_chain_and_no_contract_are_refused() {
    let l1 = l1(Guard::Real).await;
    let folder = tempfile::tempdir().expect("folder");
    let client = l1.client(&[&l1.endpoint]).await;
    let other = Expected {
        genesis_root: [1, 2, 3, 4],
        ..expected()
    };
    let error = client
        .identify(&store(&folder), other)
        .await
        .expect_err("another application");
    assert!(matches!(error, IdentityError::GenesisRoot { .. }), "{error:?}");
    let elsewhere = Expected {
        chain_id: Some(1),
        ..expected()
    };
    let error = client
        .identify(&store(&folder), elsewhere)
        .await
        .expect_err("a rollup deployed on another chain");
    assert!(
        matches!(
            error,
            IdentityError::Chain {
                found: 31337,
                expected: 1
            }
        ),
        "{error:?}"
    );
    let error = L1Client::connect(l1.settings(&[&l1.endpoint]), [0x42; 20], operator_key())
        .await
        .expect_err("no contract there");
    assert!(
        matches!(error, L1Error::NoRollup { chain_id: 31337, .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn endpoints_are_checked_before_anything_is_asked() {
    let connect = async |settings: L1Settings| {
        L1Client::connect(settings, [1; 20], operator_key())
            .await
            .expect_err("refused")
    };
    let error = connect(L1Settings::default()).await;
    assert!(matches!(error, L1Error::NoEndpoint), "{error:?}");
    for malformed in [
        "127.0.0.1:8545",
        "localhost:8545",
        "ws://127.0.0.1:8545",
        "https://127.0.0.1:8545",
        "",
    ] {
        let error = connect(L1Settings::single(malformed)).await;
        assert!(
            matches!(error, L1Error::Endpoint { .. }),
            "{malformed}: {error:?}"
        );
        assert!(error.to_string().contains("http://HOST:PORT"), "{error}");
    }
    let error = connect(L1Settings {
        quorum: Some(2),
        ..L1Settings::single("http://127.0.0.1:1")
    })
    .await;
    assert!(
        matches!(
            error,
            L1Error::Quorum {
                quorum: 2,
                endpoints: 1
            }
        ),
        "{error:?}"
    );
}

/// A contract that answers every call with this word, or reverts.
async fn answering(l1: &Deployed, word: Option<&str>) -> Address {
    let code = match word {
        // PUSH32 word, MSTORE at 0, RETURN 32 bytes from 0.
        Some(name) => format!("0x7f{:0<64}5f5260205ff3", alloy::hex::encode(name)),
        None => "0x5f5ffd".to_owned(),
    };
    let address = Address::repeat_byte(0x77);
    let set: serde_json::Value = provider(&l1.endpoint, 1)
        .raw_request("anvil_setCode".into(), (address, code))
        .await
        .expect("a devnet sets code");
    drop(set);
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollup_of_another_data_mode_and_one_that_says_none_are_refused() {
    let l1 = l1(Guard::Real).await;
    let folder = tempfile::tempdir().expect("folder");
    let store = store(&folder);
    let of_file = Expected {
        data: Some(DataMode::Calldata),
        ..expected()
    };
    let refused = async |expected: Expected, word: Option<&str>| {
        let rollup = answering(&l1, word).await.into_array();
        let client = L1Client::connect(l1.settings(&[&l1.endpoint]), rollup, operator_key()).await;
        let client = client.expect("connects");
        client.identify(&store, expected).await.expect_err("refused")
    };
    let error = refused(expected(), Some("plasma")).await;
    let IdentityError::UnknownDataMode { source, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(source.name, "plasma");
    let error = refused(of_file, Some("plasma")).await;
    assert!(
        matches!(&error, IdentityError::DataMode { found, expected: DataMode::Calldata, .. } if found == "plasma"),
        "{error:?}"
    );
    for given in [expected(), of_file] {
        let error = refused(given, None).await;
        assert!(matches!(error, IdentityError::NoDataMode { .. }), "{error:?}");
    }
    let client = l1.client(&[&l1.endpoint]).await;
    for given in [expected(), of_file] {
        let mode = client.identify(&store, given).await.expect("the same");
        assert_eq!(mode, DataMode::Calldata);
    }
}
