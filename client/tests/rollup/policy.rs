//! A phone pays from its owner's account, within what the account's policy permits. What it does not permit is refused
//! before it is sent, and by the sequencer if it is sent all the same.

use std::time::{Duration, SystemTime};

use ashlar_client::{
    AccountKey, Authorisation, Client, ClientError, Milestone, NotPermitted, Refusal, Sender, Validity,
    minute, pb::refusal::Code, permitted,
};
use ashlar_ecgfp5::SecretKey;
use ashlar_payments::{
    policy::{Clause, Policy, PolicyError, Rules, lock},
    transaction::{Kind, SignedTransaction},
};
use ashlar_statement::hash::{F, Hash};
use plonky2::field::types::Field;

use super::support::{FEE, LIMIT, Rollup, amount, fee, payee, signer};

const CAP: u64 = 5_000;
const TRANSFERS: u8 = 1 << Kind::Transfer as u8;

fn phone() -> SecretKey {
    SecretKey::from_seed(b"phone")
}

fn secret() -> Hash {
    Hash {
        elements: [1, 2, 3, 4].map(F::from_canonical_u64),
    }
}

fn now() -> u32 {
    minute(SystemTime::now())
}

/// The owner, and four clauses for the phone: small payments in ETH for an hour; the same an hour ago, from in an hour on,
/// and with a lock.
fn policy(rollup: &Rollup) -> Policy {
    let key_hash = phone().public_key().key_hash();
    let small = Rules {
        kinds: TRANSFERS,
        token: Some(0),
        cap: CAP,
        from: now() - 10,
        until: now() + 60,
    };
    let over = Rules {
        until: now() - 60,
        from: 0,
        ..small
    };
    let to_come = Rules {
        from: now() + 60,
        ..small
    };
    let to_come = Rules {
        until: now() + 120,
        ..to_come
    };
    let clause = |rules, lock| Clause {
        key_hash,
        rules,
        lock,
    };
    let owner = Clause::plain(rollup.key(1).public_key().key_hash());
    let clauses = vec![
        owner,
        clause(small, None),
        clause(over, None),
        clause(to_come, None),
        clause(small, Some(lock(secret()))),
    ];
    Policy::new(clauses).expect("a policy")
}

/// Gives account 1 another auth.
async fn set_auth(rollup: &Rollup, client: &Client, auth: &Hash) {
    let l1 = rollup.l1(1).await;
    let queued = l1.set_auth(1, auth).await.expect("queued");
    let executed = client.wait_for_l1_operation(queued, Milestone::Executed, LIMIT);
    executed.await.expect("executed");
}

async fn sender(client: &Client, authorisation: Authorisation) -> Sender {
    let sender = client.sender_under(AccountKey::Index(1), authorisation).await;
    sender.expect("it signs for the account")
}

/// What the sequencer says.
async fn refusal(client: &Client, signed: &SignedTransaction) -> Refusal {
    match client.submit(signed).await {
        Err(ClientError::Refused(refusal)) => refusal,
        outcome => panic!("{outcome:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_key_pays_within_its_rules_and_not_beyond_them() {
    let rollup = Rollup::start(1_000).await;
    rollup.fund(&[0, 1]).await;
    let client = rollup.client().await;
    let policy = policy(&rollup);
    set_auth(&rollup, &client, &policy.root()).await;

    // The owner's key signs no longer by itself, but under its clause.
    let plain = client.sender(signer(1).address(), rollup.key(1)).await;
    assert!(matches!(plain, Err(ClientError::NoAccount { .. })), "{plain:?}");
    let plain = Authorisation::plain(rollup.key(1));
    let plain = client.sender_under(AccountKey::Index(1), plain).await;
    assert!(
        matches!(plain, Err(ClientError::OtherAuth { account: 1 })),
        "{plain:?}"
    );
    let owner = Authorisation::under(&policy, rollup.key(1)).expect("its clause");
    let mut owner = sender(&client, owner).await;
    let to = payee(0, 0);
    owner
        .transfer(to, 0, amount(CAP * 10), fee())
        .await
        .expect("everything");

    // The phone, up to its cap with the fee, and for as long as it says.
    let session = Authorisation::under(&policy, phone()).expect("its clause");
    let session = session.with_validity(Validity::For(Duration::from_secs(60)));
    let mut by_phone = sender(&client, session.clone()).await;
    let id = by_phone
        .transfer(to, 0, amount(CAP - FEE), fee())
        .await
        .expect("permitted");
    client
        .wait(id, Milestone::Committed, LIMIT)
        .await
        .expect("committed");

    // Each rule, by this client and by the sequencer.
    let at = |place| Authorisation::at(&policy, place, phone()).expect("its clause");
    let (token, kinds) = (0, TRANSFERS);
    let above = PolicyError::AboveCap {
        spent: CAP + 1,
        cap: CAP,
    };
    let nonce = by_phone.nonce();
    let refused = async |authorisation: Authorisation, sign: &dyn Fn(&mut Sender) -> SignedTransaction| {
        let mut sender = sender(&client, authorisation).await;
        assert_eq!(sender.nonce(), nonce, "nothing was executed");
        let signed = sign(&mut sender);
        let refusal = refusal(&client, &signed).await;
        (permitted(&signed, now()), refusal)
    };
    let transfer = |sender: &mut Sender| sender.sign_transfer(to, token, amount(100), fee());
    let one_above = |sender: &mut Sender| sender.sign_transfer(to, token, amount(CAP + 1 - FEE), fee());
    let other_token = |sender: &mut Sender| sender.sign_transfer(to, 1, amount(100), fee());
    let withdrawal = |sender: &mut Sender| sender.sign_withdrawal(signer(1).address(), token, 100, fee());
    type Sign<'a> = &'a dyn Fn(&mut Sender) -> SignedTransaction;
    let cases: [(_, Sign<'_>, _, _); 4] = [
        (session.clone(), &one_above, above, "clause.cap"),
        (
            session.clone(),
            &other_token,
            PolicyError::Token {
                given: 1,
                permitted: 0,
            },
            "clause.token",
        ),
        (
            session.clone(),
            &withdrawal,
            PolicyError::Kind {
                kind: Kind::Withdraw,
                kinds,
            },
            "clause.kinds",
        ),
        (at(4), &transfer, PolicyError::NoPreimage, "clause.lock"),
    ];
    for (authorisation, sign, fault, field) in cases {
        let (here, there) = refused(authorisation, sign).await;
        assert_eq!(here, Err(NotPermitted::Clause(fault)));
        assert_eq!((there.code, &*there.field), (Code::Policy, field));
        assert!(there.message.ends_with(&fault.to_string()), "{}", there.message);
    }
    // The minute may turn between the two looks at the clock, so these are compared by field.
    for (place, field) in [(2, "clause.until"), (3, "clause.from")] {
        let (here, there) = refused(at(place), &transfer).await;
        let is_time = matches!(
            (place, here),
            (2, Err(NotPermitted::Clause(PolicyError::TooLate { .. })))
                | (3, Err(NotPermitted::Clause(PolicyError::TooEarly { .. })))
        );
        assert!(is_time, "{here:?}");
        assert_eq!((there.code, &*there.field), (Code::Policy, field));
    }
    let over = session.clone().with_validity(Validity::Until(now() - 10));
    let (here, there) = refused(over, &transfer).await;
    assert!(matches!(here, Err(NotPermitted::Expired { .. })), "{here:?}");
    assert_eq!((there.code, &*there.field), (Code::Expired, "valid_until"));

    // A clause that the policy does not have leads to another auth.
    let mut wider = by_phone.sign_transfer(to, 0, amount(CAP + 1 - FEE), fee());
    wider.clause.rules.cap += 1;
    assert_eq!(permitted(&wider, now()), Ok(()));
    let there = refusal(&client, &wider).await;
    assert_eq!((there.code, &*there.field), (Code::Owner, "public_key"));

    // Its own check holds a sender back before anything is sent, and its nonce with it.
    by_phone.refresh().await.expect("there");
    let error = by_phone.transfer(to, 0, amount(CAP), fee()).await;
    assert!(
        matches!(
            error,
            Err(ClientError::NotPermitted(NotPermitted::Clause(
                PolicyError::AboveCap { .. }
            )))
        ),
        "{error:?}"
    );
    assert_eq!(by_phone.nonce(), nonce);
    let unlocked = at(4).unlock(secret()).expect("its preimage");
    let mut unlocked = sender(&client, unlocked).await;
    unlocked.transfer(to, 0, amount(100), fee()).await.expect("open");

    // The owner takes the phone's clauses away, and what the phone signs is nobody's.
    set_auth(&rollup, &client, &rollup.auth(1)).await;
    let error = by_phone.refresh().await;
    assert!(
        matches!(error, Err(ClientError::OtherAuth { account: 1 })),
        "{error:?}"
    );
    let signed = unlocked.sign_transfer(to, 0, amount(100), fee());
    let there = refusal(&client, &signed).await;
    assert_eq!((there.code, &*there.field), (Code::Owner, "public_key"));
    let sender = client.sender(signer(1).address(), rollup.key(1)).await;
    let paid = sender
        .expect("plain again")
        .transfer(to, 0, amount(100), fee())
        .await;
    paid.expect("by its owner");
}
