//! A rollup whose operator is a seat: batches are committed through it, and its key changes hands.

use std::process::Output;

use alloy::primitives::Address;
use ashlar_client::{AccountKey, Milestone};
use ashlar_contracts::SeatTerms;
use ashlar_payments::tree::empty_accounts_root;
use ashlar_sequencer::{
    Config,
    l1::{Expected, IdentityError, L1Client},
};
use plonky2::field::types::PrimeField64;
use tokio::time::sleep;

use super::{
    bond::pass,
    money::{User, store_deployment, word},
    refused, said,
    support::{LIMIT, Rollup, Terms, amount, fee, payee, signer},
};

const HOLDER: usize = 0;
const OWNER: usize = 5;
const GUARDIAN: usize = 6;
const NEXT: usize = 7;
const NOTICE_SECS: u64 = 3_600;

/// What one of them does.
struct Desk<'a> {
    rollup: &'a Rollup,
    deployment: &'a str,
}

impl Desk<'_> {
    fn seat(&self, account: usize, words: &str) -> Output {
        let words: Vec<&str> = words.split_whitespace().collect();
        let user = User {
            rollup: self.rollup,
            deployment: self.deployment.to_owned(),
            variables: vec![("ASHLAR_ETHEREUM_KEY", hex::encode(signer(account).to_bytes()))],
        };
        user.run(&[&["seat"], &words[..]].concat())
    }
}

fn address(account: usize) -> Address {
    signer(account).address()
}

/// How far L1 has come.
async fn committed(rollup: &Rollup) -> u64 {
    rollup
        .l1(9)
        .await
        .state()
        .await
        .expect("answers")
        .committed_batches
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_s_key_changes_hands_and_its_guardian_suspends_it() {
    let terms = Terms {
        seat: Some(SeatTerms {
            owner: address(OWNER),
            guardian: address(GUARDIAN),
            notice_secs: NOTICE_SECS,
        }),
        ..Terms::default()
    };
    let mut rollup = Rollup::start_with(1_000, terms).await;
    let folder = tempfile::tempdir().expect("a folder");
    let deployment = store_deployment(&rollup, folder.path());
    let seat = |rollup: &Rollup, account: usize, words: &str| {
        let desk = Desk {
            rollup,
            deployment: &deployment,
        };
        desk.seat(account, words)
    };
    let text = said(&seat(&rollup, HOLDER, "show"));
    assert_eq!(word(&text, "holder"), address(HOLDER).to_string());
    assert_eq!(word(&text, "owner"), address(OWNER).to_string());
    assert_eq!(word(&text, "guardian"), address(GUARDIAN).to_string());
    assert!(text.contains("3600 s") && !text.contains("SUSPENDED"), "{text}");

    // What goes through the seat is read off L1 like any other.
    let mut senders = rollup.fund(&[0, 1]).await;
    let client = rollup.client().await;
    let paid = senders[1].transfer(payee(0, 0), 0, amount(500), fee()).await;
    let paid = paid.expect("admitted");
    let receipt = client
        .wait(paid, Milestone::Committed, LIMIT)
        .await
        .expect("committed");
    let l1 = rollup.l1(9).await;
    let batch = receipt.batch_number.expect("in a batch");
    let data = l1.batch_data(batch).await.expect("read");
    assert_eq!(data.header.number, batch);
    assert!(!data.rollup.is_empty());

    // Suspended: payments are executed, and L1 is told nothing.
    let error = refused(&seat(&rollup, OWNER, "suspend"));
    assert!(error.contains("CallerIsNot"), "{error}");
    let text = said(&seat(&rollup, GUARDIAN, "suspend"));
    assert!(
        text.contains(&format!("{}, SUSPENDED", address(HOLDER))),
        "{text}"
    );
    let before = committed(&rollup).await;
    let held = senders[1].transfer(payee(0, 0), 0, amount(500), fee()).await;
    let held = held.expect("admitted");
    client
        .wait(held, Milestone::Executed, LIMIT)
        .await
        .expect("executed");
    sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(committed(&rollup).await, before);
    said(&seat(&rollup, OWNER, "resume"));
    client
        .wait(held, Milestone::Committed, LIMIT)
        .await
        .expect("committed");

    // Another takes the seat, not before the notice is over.
    let error = refused(&seat(&rollup, HOLDER, &format!("nominate {}", address(NEXT))));
    assert!(error.contains("CallerIsNot"), "{error}");
    let text = said(&seat(&rollup, OWNER, &format!("nominate {}", address(NEXT))));
    assert!(text.contains(&format!("; {} from 20", address(NEXT))), "{text}");
    let error = refused(&seat(&rollup, NEXT, "take"));
    assert!(error.contains("NotNominated"), "{error}");
    pass(&rollup, NOTICE_SECS + 600).await; // blocks are ahead of the clock
    let text = said(&seat(&rollup, NEXT, "take"));
    assert_eq!(word(&text, "holder"), address(NEXT).to_string());
    rollup.stop_sequencer().await;

    let error = identify(&rollup.config())
        .await
        .expect_err("it has lost the seat");
    let expected = (address(NEXT), address(HOLDER));
    assert!(
        matches!(error, IdentityError::NotHolder { holder, given, .. } if (holder, given) == expected),
        "{error}"
    );
    assert!(error.to_string().contains("`ashlar seat take`"), "{error}");
    rollup.operator = NEXT;
    rollup.start_sequencer();
    let client = rollup.client().await;
    let mut sender = client.sender(address(1), rollup.key(1)).await.expect("there");
    let paid = sender
        .transfer(payee(0, 0), 0, amount(500), fee())
        .await
        .expect("admitted");
    client
        .wait(paid, Milestone::Committed, LIMIT)
        .await
        .expect("committed");
    let account = client
        .account(AccountKey::Index(1))
        .await
        .expect("asks")
        .expect("there");
    assert_eq!(account.nonce, 3);

    // Ownership changes hands likewise, a guardian at once.
    said(&seat(
        &rollup,
        OWNER,
        &format!("nominate-owner {}", address(HOLDER)),
    ));
    pass(&rollup, NOTICE_SECS + 600).await; // blocks are ahead of the clock
    let text = said(&seat(&rollup, HOLDER, "take-ownership"));
    assert_eq!(word(&text, "owner"), address(HOLDER).to_string());
    let text = said(&seat(
        &rollup,
        HOLDER,
        &format!("set-guardian {}", address(OWNER)),
    ));
    assert_eq!(word(&text, "guardian"), address(OWNER).to_string());
    said(&seat(&rollup, HOLDER, &format!("nominate {}", address(1))));
    let text = said(&seat(&rollup, HOLDER, "nominate --nobody"));
    assert!(!text.contains(" from "), "{text}");
}

/// Whether a sequencer of this configuration may start.
async fn identify(config: &Config) -> Result<(), IdentityError> {
    let l1 = L1Client::connect(config.l1.clone(), config.rollup, config.operator_key).await;
    let root = empty_accounts_root().elements;
    let expected = Expected {
        chain_id: None,
        data: None,
        genesis_root: root.map(|element| element.to_canonical_u64()),
        circuit_set: config.circuit_set_digest,
    };
    l1.expect("connects").identity(expected).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollup_without_a_seat_says_so() {
    let rollup = Rollup::start(1_000).await;
    let folder = tempfile::tempdir().expect("a folder");
    let deployment = store_deployment(&rollup, folder.path());
    let desk = Desk {
        rollup: &rollup,
        deployment: &deployment,
    };
    let error = refused(&desk.seat(HOLDER, "show"));
    assert!(error.contains("deployed without a seat"), "{error}");
}
