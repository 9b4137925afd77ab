//! An account whose L1 owner obeys a passkey: a key for each session, the account back when a session's key is lost, and the
//! money out.

use alloy::{
    primitives::{Address, B256, U256},
    providers::Provider,
};
use ashlar_client::{
    Assertion, Client, ClientError, L1Error, Milestone, OwnerAction, Passkey, PasskeyError, Payee, auth_of,
    pb,
};
use ashlar_ecgfp5::SecretKey;
use ashlar_statement::hash::ZERO_HASH;

use super::{
    authenticator::{Authenticator, VERIFIED},
    support::{LIMIT, Rollup, amount, fee, payee},
};

const FUNDS: u64 = 100_000_000;
const NO_DEADLINE: u64 = u64::MAX;

async fn executed(client: &Client, queue_index: u64) {
    client
        .wait_for_l1_operation(queue_index, Milestone::Executed, LIMIT)
        .await
        .expect("executed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_gives_sessions_their_keys_and_takes_the_money_out() {
    let rollup = Rollup::start(100).await;
    rollup.fund(&[0]).await;
    let (client, l1) = (rollup.client().await, rollup.l1(1).await); // who pays for gas, and owns nothing here
    let owners = l1.deploy_passkey_owners().await.expect("deploys");
    let device = Authenticator::new(7);
    let address = l1
        .passkey_owner_address(owners, &device.passkey())
        .await
        .expect("address");
    let missing = l1.passkey_owner(address).await;
    assert!(matches!(missing, Err(L1Error::NoOwner { .. })), "{missing:?}");

    // Money can be there before its owner is.
    let eth = l1.token(0).await.expect("ETH");
    let queued = l1
        .deposit(&eth, FUNDS, address, &ZERO_HASH)
        .await
        .expect("queued");
    executed(&client, queued).await;
    let owner = l1
        .create_passkey_owner(owners, &device.passkey())
        .await
        .expect("created");
    assert_eq!(owner.address(), address);
    assert_eq!(owner.passkey().await.expect("asks"), device.passkey());

    let domain = *l1.domain();
    let session = |number: u8| SecretKey::from_seed(&[number; 32]);
    let set = |number: u8| OwnerAction::SetAuth {
        account: 1,
        auth: auth_of(&session(number).public_key()),
    };
    let ask = async |actions: &[OwnerAction]| owner.challenge(actions, NO_DEADLINE).await.expect("asks");
    assert_eq!(domain.rollup, rollup.address.into_array());

    // A session's key pays until the next session has another.
    let first = [set(1)];
    let signed = device.answer(ask(&first).await);
    let queued = owner.execute(&first, NO_DEADLINE, &signed).await.expect("does");
    assert_eq!(queued, [2]);
    executed(&client, 2).await;
    let mut before = client.sender(address, session(1)).await.expect("its key");
    before
        .transfer(payee(0, 0), 0, amount(5), fee())
        .await
        .expect("admitted");
    let again = owner.execute(&first, NO_DEADLINE, &signed).await;
    let other = PasskeyError::ClientData {
        expected: ask(&first).await,
        what: "the challenge",
    };
    assert!(
        matches!(&again, Err(L1Error::Passkey(error)) if *error == other),
        "{again:?}"
    );
    let second = [set(2)];
    let signed = device.answer(ask(&second).await);
    let queued = owner.execute(&second, NO_DEADLINE, &signed).await.expect("does");
    executed(&client, queued[0]).await;
    let refused = before.transfer(payee(0, 0), 0, amount(5), fee()).await;
    let Err(ClientError::Refused(refusal)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(refusal.code, pb::refusal::Code::Owner);
    let mut after = client.sender(address, session(2)).await.expect("its key");
    after
        .transfer(payee(0, 0), 0, amount(5), fee())
        .await
        .expect("admitted");

    // Another device from now on, and the money out, by one assertion; then it is paid to whom the new device names.
    let new = Authenticator::new(8);
    let leave = [
        OwnerAction::ForceWithdrawal {
            account: 1,
            token: 0,
            units: 700,
        },
        OwnerAction::ReplaceKey(new.passkey()),
    ];
    let signed = device.answer(ask(&leave).await);
    let queued = owner.execute(&leave, NO_DEADLINE, &signed).await.expect("does");
    let receipt = client
        .wait_for_l1_operation(queued[0], Milestone::Committed, LIMIT)
        .await
        .expect("committed");
    let paid = receipt.withdrawal.expect("a withdrawal");
    let batches = l1.committed(1, paid.batch_number).await.expect("committed");
    for batch in batches.into_values() {
        rollup.prove(batch.header).await;
    }
    let withdrawal = l1
        .withdrawal_proof(paid.batch_number, paid.withdrawal_index)
        .await
        .expect("is there");
    let to = Address::repeat_byte(0xbe);
    let claim = [OwnerAction::Claim {
        withdrawal: Box::new(withdrawal),
        to,
    }];
    let challenge = ask(&claim).await;
    let old = owner
        .execute(&claim, NO_DEADLINE, &device.answer(challenge))
        .await;
    assert!(
        matches!(old, Err(L1Error::Passkey(PasskeyError::Refused))),
        "{old:?}"
    );
    let claimed = owner.execute(&claim, NO_DEADLINE, &new.answer(challenge)).await;
    assert_eq!(claimed.expect("pays"), [] as [u64; 0]);
    let balance = l1.contract().provider().get_balance(to).await.expect("balance");
    assert_eq!(balance, eth.base_units(1) * U256::from(700));
    let left = client
        .payee(ashlar_client::AccountKey::Index(1))
        .await
        .expect("asks");
    assert_eq!(
        left,
        Payee {
            account: 1,
            l1_owner: address
        }
    );
}

#[test]
fn what_the_contract_would_refuse_is_told_before_gas_is_spent() {
    let (device, challenge) = (Authenticator::new(7), B256::repeat_byte(9));
    let check = |assertion: &Assertion| assertion.check(&device.passkey(), challenge).map(drop);
    let good = device.answer(challenge);
    assert_eq!(check(&good), Ok(()));

    let unverified = device.sign(challenge, 1, "webauthn.get");
    assert_eq!(check(&unverified), Err(PasskeyError::NotVerified { flags: 1 }));
    let absent = |what| {
        Err(PasskeyError::ClientData {
            expected: challenge,
            what,
        })
    };
    let registration = device.sign(challenge, VERIFIED, "webauthn.create");
    assert_eq!(check(&registration), absent("the type webauthn.get"));
    let other = device.answer(B256::repeat_byte(8));
    assert_eq!(check(&other), absent("the challenge"));
    let stranger = Authenticator::new(8).answer(challenge);
    assert_eq!(check(&stranger), Err(PasskeyError::Refused));

    let mut short = good.clone();
    short.authenticator_data.truncate(36);
    assert_eq!(check(&short), Err(PasskeyError::AuthenticatorData(36)));
    let mut altered = good.clone();
    altered.authenticator_data[33] ^= 1;
    assert_eq!(check(&altered), Err(PasskeyError::Refused));
    let mut cut = good;
    cut.signature.pop();
    assert_eq!(check(&cut), Err(PasskeyError::Signature));
    assert_eq!(Passkey::from_spki(&[0; 91]), Err(PasskeyError::PublicKey));
}
