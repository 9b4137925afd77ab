//! A database that is lost is made anew from L1 alone, and the sequencer goes on with it.

pub mod world;

use alloy::primitives::keccak256;
use ashlar_committee::ReadError;
use ashlar_contracts::DataMode;
use ashlar_payments::rebuild::{Snapshot, SnapshotError};
use ashlar_sequencer::{
    api::AccountKey,
    l1::{Finality, IdentityError, L1Client, L1Error},
    rebuild::{RebuildError, Rebuilt, from_l1},
    store::{BatchStatus, Of, ReceiptRecord, Store},
};
use serde_json::{Value, json};

use super::{
    follow::{is, with_one_batch},
    members::{Liar, Members},
    proxy::{Answer, Proxy},
    support::{Guard, L1, Node, expected, operator_key, until},
};
use world::{BATCHES, PER_BATCH, USERS, World, counts, open, prove_all};

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_operations_are_rebuilt_to_the_same_digest_and_the_sequencer_goes_on() {
    rebuilds_and_goes_on(DataMode::Calldata).await;
}

/// No node is asked for anything but commits, queue and blobs.
#[tokio::test(flavor = "multi_thread")]
async fn they_are_rebuilt_from_blobs_too() {
    rebuilds_and_goes_on(DataMode::Blob).await;
}

/// One member is away, and one lies.
#[tokio::test(flavor = "multi_thread")]
async fn they_are_rebuilt_from_what_a_committee_keeps() {
    rebuilds_and_goes_on(DataMode::Validium).await;
}

async fn rebuilds_and_goes_on(data: DataMode) {
    let mut world = World::new(data).await;
    if let Some(members) = &mut world.members {
        members.stop(0).await;
    }
    let folder = tempfile::tempdir().expect("folder");
    let mut node = world.node(folder.path()).await;
    for account in 0..USERS {
        world.deposit(account, 1_000_000).await;
    }
    until("they are executed", async || {
        node.store.next_queue_index().expect("database") == u64::from(USERS)
    })
    .await;
    let (mut turn, mut queued, mut third) = (0, u64::from(USERS), Vec::new());
    for batch in 1..=BATCHES {
        world.orders(batch).await;
        queued += 7;
        until("the orders are executed", async || {
            node.store.next_queue_index().expect("database") == queued
        })
        .await;
        let sealed = |node: &Node| node.store.next_batch().expect("database") > batch;
        // In the first batch are the deposits, too.
        let count = PER_BATCH - 7 - if batch == 1 { USERS } else { 0 };
        world.submit(&node, turn, count).await;
        turn += count;
        until("the batch is sealed", async || sealed(&node)).await;
        if batch == 3 {
            third = node.store.snapshot().expect("database").entries().expect("reads");
        }
    }
    assert_eq!(counts(&node, BATCHES), (BATCHES + 1, 1_050));
    prove_all(&world.l1, &mut node, BATCHES).await;
    let (last, digest) = node.store.snapshot().expect("database").digest().expect("reads");
    assert_eq!(last, BATCHES);
    // One more operation of the queue, and a transaction that no batch holds: the first comes again, the second does not.
    world.deposit(USERS, 77).await;
    until("it is executed", async || {
        node.store.next_queue_index().expect("database") == queued + 1
    })
    .await;
    let lost = world.signed(turn);
    node.executor.submit(lost.encode()).await.expect("taken");
    let operator: Vec<_> = (1..=BATCHES).map(|number| node.batch(number)).collect();
    let history = |store: &Store, account| {
        let places = store.places(Of::Account(account), None, 2_000);
        places.expect("database").len()
    };
    let listed: Vec<_> = (0..u64::from(USERS)).map(|of| history(&node.store, of)).collect();
    node.stop().await;
    let refused = from_l1(
        &world.l1.client(&[&world.l1.endpoint]).await,
        &open(folder.path()),
        expected(),
        None,
    )
    .await
    .expect_err("there is something to lose");
    assert!(
        matches!(
            refused,
            RebuildError::NotEmpty {
                batches: BATCHES,
                operations: 1_052
            }
        ),
        "{refused:?}"
    );
    drop(folder);

    let folder = tempfile::tempdir().expect("folder");
    let endpoint = &world.l1.endpoint;
    let client = match data {
        DataMode::Calldata => world.l1.client(&[endpoint]).await,
        DataMode::Blob => {
            without_blobs(&world.l1).await;
            world.l1.client_of_beacons(endpoint, &[endpoint]).await
        }
        DataMode::Validium => {
            let members = world.members.as_ref().expect("a committee");
            without_members(&world.l1, members).await;
            let liar = Liar::beside(members.endpoint(1)).await;
            let endpoints = vec![members.endpoint(0), liar, members.endpoint(2)];
            world.l1.client_of_members(endpoints).await
        }
    };
    let store = open(folder.path());
    let rebuilt = from_l1(&client, &store, expected(), None)
        .await
        .expect("rebuilds");
    assert_eq!(
        rebuilt,
        Rebuilt {
            proven: BATCHES,
            committed: BATCHES
        }
    );
    let again = store.snapshot().expect("database").digest().expect("reads");
    assert_eq!(again, (BATCHES, digest));
    for batch in &operator {
        let found = store.batch(batch.number).expect("database").expect("rebuilt");
        assert_eq!(
            (&found.public_inputs, &found.header, &found.bridge, &found.rollup),
            (&batch.public_inputs, &batch.header, &batch.bridge, &batch.rollup)
        );
        assert_eq!(
            (
                found.l1_operations,
                found.first_l1_operation,
                found.withdrawals,
                found.transfers
            ),
            (
                batch.l1_operations,
                batch.first_l1_operation,
                batch.withdrawals,
                batch.transfers
            )
        );
        assert_eq!((&found.commit, &found.prove), (&batch.commit, &batch.prove));
        assert_eq!(found.transactions.len(), batch.transactions.len());
        assert_eq!(found.status, BatchStatus::Proven);
        let claims = found.transactions.iter().filter(|id| {
            let receipt = store.receipt(**id).expect("database").expect("rebuilt");
            matches!(
                receipt,
                ReceiptRecord::InBatch {
                    withdrawal: Some(_),
                    ..
                }
            )
        });
        assert_eq!(claims.count(), batch.withdrawals as usize);
    }
    let found: Vec<_> = (0..u64::from(USERS)).map(|of| history(&store, of)).collect();
    assert_eq!(found, listed);
    assert_eq!(store.receipt(lost.id()).expect("database"), None);
    client.identify(&store, expected()).await.expect("this rollup's");
    drop(store);
    from_snapshots(&client, &Snapshot::new(world.domain, 3, third), digest).await;

    let mut node = world.node(folder.path()).await;
    until("the deposit is executed anew", async || {
        node.store.next_queue_index().expect("database") == queued + 1
    })
    .await;
    let index = AccountKey::Index(USERS);
    let late = node.executor.account(index).await.expect("runs").expect("there");
    assert_eq!(late.account.balance(0), 77);
    node.executor.submit(lost.encode()).await.expect("sent again");
    turn += 1;
    world.submit(&node, turn, PER_BATCH - 2).await;
    until("the next batch is sealed", async || {
        node.store.next_batch().expect("database") == BATCHES + 2
    })
    .await;
    let errors = node
        .settle_until("its commit", is(BatchStatus::Committed, BATCHES + 1))
        .await;
    assert!(errors.is_empty(), "{errors:?}");
    node.stop().await;
}

/// Nobody, or nobody who has it or tells the truth.
async fn without_members(l1: &L1, members: &Members) {
    let folder = tempfile::tempdir().expect("folder");
    let store = open(folder.path());
    let attempt = async |endpoints: Vec<String>| {
        let client = l1.client_of_members(endpoints).await;
        let refused = from_l1(&client, &store, expected(), None).await;
        refused.expect_err("no stream")
    };
    let error = attempt(Vec::new()).await;
    assert!(
        matches!(
            error,
            RebuildError::L1(L1Error::Committee(ReadError::NoMember { number: 1 }))
        ),
        "{error:?}"
    );
    assert!(error.to_string().contains("--da-member"), "{error}");
    let liar = Liar::beside(members.endpoint(1)).await;
    let error = attempt(vec![members.endpoint(0), liar]).await.to_string();
    assert!(
        error.contains("cannot reach member") && error.contains("another length or value"),
        "{error}"
    );
}

/// Execution nodes that have no blobs, and a consensus node that has forgotten them.
async fn without_blobs(l1: &L1) {
    let folder = tempfile::tempdir().expect("folder");
    let store = open(folder.path());
    let policy = |method: &str, _: &Value| match method {
        "anvil_getBlobByHash" => Answer::Error(-32_601, "no such method"),
        _ => Answer::Forward,
    };
    let proxy = Proxy::start(&l1.endpoint, policy).await;
    let attempt = async |client: &L1Client| {
        let refused = from_l1(client, &store, expected(), None).await;
        refused.expect_err("no blobs")
    };
    let error = attempt(&through(l1, &proxy).await).await;
    assert!(
        matches!(error, RebuildError::L1(L1Error::NoBeacon { .. })),
        "{error:?}"
    );
    assert!(error.to_string().contains("--l1-beacon"), "{error}");
    // It answers every path that it does not know with 404, as a node does that keeps a block's blobs no longer.
    let forgotten = l1.client_of_beacons(&l1.endpoint, &[&proxy.url]).await;
    let error = attempt(&forgotten).await;
    assert!(
        matches!(error, RebuildError::L1(L1Error::NoBlob { .. })),
        "{error:?}"
    );
}

/// The state after batch 3 leads to the same end; what is not that state is refused, and leaves the database as it was.
async fn from_snapshots(client: &L1Client, third: &Snapshot, digest: [u8; 32]) {
    let folder = tempfile::tempdir().expect("folder");
    let store = open(folder.path());
    let attempt = async |snapshot: &Snapshot| from_l1(client, &store, expected(), Some(snapshot)).await;
    let changed = |change: fn(&mut Snapshot)| {
        let mut snapshot = third.clone();
        change(&mut snapshot);
        snapshot
    };
    let stranger = attempt(&changed(|of| of.domain.chain_id += 1)).await;
    assert!(
        matches!(stranger, Err(RebuildError::SnapshotRollup { .. })),
        "{stranger:?}"
    );
    for batch in [0, BATCHES + 1] {
        let mut other = third.clone();
        other.batch = batch;
        let early = attempt(&other).await;
        assert!(
            matches!(early, Err(RebuildError::SnapshotBatch { batch: of, proven: BATCHES }) if of == batch),
            "{early:?}"
        );
    }
    let another = attempt(&changed(|of| of.batch = 4)).await;
    assert!(
        matches!(another, Err(RebuildError::SnapshotRoot { batch: 4, .. })),
        "{another:?}"
    );
    let mut file = Vec::new();
    third.write(&mut file).expect("in memory");
    let place = file.len() - 32 - 8 - 1; // of the last account's last balance, before two empty lists
    file[place] ^= 1;
    let flipped = Snapshot::read(&file[..]).expect_err("a flipped bit");
    assert!(matches!(flipped, SnapshotError::Checksum), "{flipped:?}");
    let length = file.len() - 32;
    let checksum = keccak256(&file[..length]);
    file[length..].copy_from_slice(checksum.as_slice());
    let forged = Snapshot::read(&file[..]).expect("by itself it is a state");
    let forged = attempt(&forged).await;
    assert!(
        matches!(forged, Err(RebuildError::SnapshotRoot { batch: 3, .. })),
        "{forged:?}"
    );
    assert_eq!(store.next_batch().expect("database"), 1);

    let rebuilt = attempt(third).await.expect("rebuilds");
    assert_eq!(rebuilt.proven, BATCHES);
    let again = store.snapshot().expect("database").digest().expect("reads");
    assert_eq!(again, (BATCHES, digest));
    let known: Vec<_> = (1..=BATCHES)
        .map(|number| store.batch(number).expect("database").is_some())
        .collect();
    assert_eq!(known, [false, false, true, true, true]);
}

async fn through(l1: &L1, proxy: &Proxy) -> L1Client {
    l1.client(&[&proxy.url]).await
}

/// Two batches, of which the first is proven.
async fn half_proven(folder: &tempfile::TempDir) -> L1 {
    let (l1, mut node) = with_one_batch(Guard::AcceptsAll, folder).await;
    let errors = node
        .settle_until("the commit", is(BatchStatus::Committed, 1))
        .await;
    assert!(errors.is_empty(), "{errors:?}");
    prove_all(&l1, &mut node, 1).await;
    super::follow::seal(&l1, &node, 2).await;
    let errors = node
        .settle_until("the commit", is(BatchStatus::Committed, 2))
        .await;
    assert!(errors.is_empty(), "{errors:?}");
    node.stop().await;
    l1
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_that_were_never_proven_are_told_and_left_out() {
    let folder = tempfile::tempdir().expect("folder");
    let l1 = half_proven(&folder).await;
    let anew = tempfile::tempdir().expect("folder");
    let (store, client) = (open(anew.path()), l1.client(&[&l1.endpoint]).await);
    let mut settings = l1.settings(&[&l1.endpoint]);
    settings.finality = Finality::Depth(1_000);
    let patient = L1Client::connect(settings, l1.rollup.into_array(), operator_key()).await;
    let early = from_l1(&patient.expect("connects"), &store, expected(), None).await;
    assert!(
        matches!(
            early,
            Err(RebuildError::NotFinal {
                proven: 1,
                last_final: 0
            })
        ),
        "{early:?}"
    );
    let rebuilt = from_l1(&client, &store, expected(), None)
        .await
        .expect("rebuilds");
    assert_eq!(
        rebuilt,
        Rebuilt {
            proven: 1,
            committed: 2
        }
    );
    assert_eq!(store.next_batch().expect("database"), 2);
    assert_eq!(store.next_queue_index().expect("database"), 2);
    let error = client
        .identify(&store, expected())
        .await
        .expect_err("L1 has more");
    assert!(
        matches!(error, IdentityError::Outdated { on_l1: 2, sealed: 1 }),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_has_forgotten_or_lies_is_told_and_the_rebuild_goes_on_later() {
    let folder = tempfile::tempdir().expect("folder");
    let l1 = half_proven(&folder).await;
    let anew = tempfile::tempdir().expect("folder");
    let store = open(anew.path());
    let proxy = Proxy::start(&l1.endpoint, |_, _| Answer::Forward).await;
    let client = through(&l1, &proxy).await;
    let rebuild = async || {
        from_l1(&client, &store, expected(), None)
            .await
            .expect_err("is refused")
    };

    proxy.answer(|method, _| match method {
        "eth_getTransactionByHash" => Answer::Result(json!(null)),
        _ => Answer::Forward,
    });
    let error = rebuild().await;
    assert!(
        matches!(error, RebuildError::NoData { number: 1, .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("archive node"), "{error}");
    let half = client.identify(&store, expected()).await.expect_err("half");
    assert!(matches!(half, IdentityError::HalfRebuilt), "{half:?}");

    // The last byte of what was sent: padding of the call, or data.
    let changed = |place: fn(usize) -> usize| {
        move |method: &str, _: &Value| match method {
            "eth_getTransactionByHash" => Answer::Change(Box::new(move |mut transaction| {
                let input = transaction["input"].as_str().expect("calldata").to_owned();
                let mut bytes = input.into_bytes();
                let at = place(bytes.len());
                bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
                transaction["input"] = json!(String::from_utf8(bytes).expect("hexadecimal"));
                transaction
            })),
            _ => Answer::Forward,
        }
    };
    proxy.answer(changed(|_| 2)); // the method
    let error = rebuild().await;
    assert!(
        matches!(error, RebuildError::L1(L1Error::NoCommit { .. })),
        "{error:?}"
    );
    // Two deposits: 140 bytes of the bridge stream, padded to 160, and the length of an empty rollup stream.
    proxy.answer(changed(|length| length - 64 - 2 * (160 - 30)));
    let error = rebuild().await;
    let what = "the evaluation point";
    assert!(
        matches!(error, RebuildError::Mismatch { number: 1, what: of } if of == what),
        "{error:?}"
    );

    proxy.answer(|method, _| match method {
        "eth_getLogs" => Answer::Result(json!([])),
        _ => Answer::Forward,
    });
    let error = rebuild().await;
    assert!(
        matches!(error, RebuildError::NoEvent { number: 1, .. }),
        "{error:?}"
    );

    proxy.heal();
    let rebuilt = from_l1(&client, &store, expected(), None).await.expect("goes on");
    assert_eq!(rebuilt.proven, 1);
    let error = rebuild().await;
    assert!(
        matches!(
            error,
            RebuildError::NotEmpty {
                batches: 1,
                operations: 2
            }
        ),
        "{error:?}"
    );
}
