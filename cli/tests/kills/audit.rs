//! What users were told, beside what L1 has, operation by operation.

use std::collections::{BTreeMap, BTreeSet};

use alloy::{primitives::U256, providers::Provider};
use ashlar_client::{AccountKey, data::Record, pb::TransactionStatus};

use crate::{
    queue::Order,
    stack::Links,
    users::{FEE, Ledger, Payment},
};

pub async fn audit(links: &Links, ledgers: &[Ledger], orders: &[Order]) {
    let (client, l1) = (links.client().await, links.l1(0).await);
    let state = l1.state().await.expect("L1 answers");
    let mut records = Vec::new();
    for number in 1..=state.proven_batches {
        records.extend(l1.batch_data(number).await.expect("its data").records);
    }
    let acknowledged: usize = ledgers.iter().map(|ledger| ledger.acknowledged.len()).sum();
    let unknown: usize = ledgers.iter().map(|ledger| ledger.unknown.len()).sum();
    println!(
        "{acknowledged} acknowledged, {unknown} unanswered, {} records on L1, {} of them of its queue",
        records.len(),
        state.queued_operations
    );
    assert!(acknowledged > 40, "too little was going on to tell anything");

    exactly_once(ledgers, &records);
    queue_in_order(orders, &records, state.queued_operations);

    // Each has its place, and no two have the same.
    let mut places = BTreeSet::new();
    for (id, payment) in ledgers.iter().flat_map(|ledger| &ledger.acknowledged) {
        let receipt = client.receipt(*id).await.expect("it answers");
        let receipt = receipt.unwrap_or_else(|| panic!("{payment:?} was acknowledged and is lost"));
        assert_eq!(receipt.status(), TransactionStatus::Proven, "{payment:?}");
        let place = (receipt.batch_number, receipt.slot);
        assert!(place.0.is_some() && place.1.is_some(), "{payment:?} has no place");
        assert!(places.insert(place), "{payment:?} shares its place");
    }

    let (balances, withdrawn) = balances(&records);
    for (account, balance) in &balances {
        let found = client
            .account(AccountKey::Index(*account))
            .await
            .expect("it answers");
        let found = found.unwrap_or_else(|| panic!("account {account} is lost"));
        assert_eq!(found.balance(0), *balance, "account {account}");
    }
    let units = balances.values().sum::<u64>() + withdrawn;
    let unit = l1.token(0).await.expect("ETH").unit;
    let held = l1
        .contract()
        .provider()
        .get_balance(*l1.contract().address())
        .await;
    assert_eq!(
        held.expect("L1 answers"),
        U256::from(units) * unit,
        "value is exact"
    );

    let info = client.info().await.expect("it answers");
    assert_eq!(
        info.root.as_ref(),
        state.state_root.as_slice(),
        "the proven root is the sequencer's"
    );
}

/// Acknowledged payments are on L1 once each; what else is there was sent, and not answered.
fn exactly_once(ledgers: &[Ledger], records: &[Record]) {
    let mut on_l1 = BTreeMap::<Payment, usize>::new();
    for record in records {
        let payment = match record {
            Record::Transfer { from, to, amount, .. } => Payment::Transfer {
                from: *from,
                to: *to,
                amount: *amount,
            },
            Record::Withdrawal {
                account, withdrawal, ..
            } => Payment::Withdrawal {
                from: *account,
                to: withdrawal.to,
                amount: withdrawal.amount,
            },
            _ => continue, // of the queue
        };
        *on_l1.entry(payment).or_default() += 1;
    }
    for (id, payment) in ledgers.iter().flat_map(|ledger| &ledger.acknowledged) {
        let times = on_l1.remove(payment).unwrap_or(0);
        assert_eq!(times, 1, "{payment:?} ({id}) was acknowledged once");
    }
    for payment in ledgers.iter().flat_map(|ledger| &ledger.unknown) {
        let times = on_l1.remove(payment).unwrap_or(0);
        assert!(times <= 1, "{payment:?} was sent once, executed {times} times");
    }
    assert!(on_l1.is_empty(), "nobody sent {on_l1:?}");
}

/// L1's queue is executed whole, in its order.
fn queue_in_order(noted: &[Order], records: &[Record], queued: u64) {
    let executed: Vec<_> = records.iter().filter(|record| record.is_l1_operation()).collect();
    assert_eq!(executed.len() as u64, queued);
    for order in noted {
        let found = executed[order.queue_index as usize];
        assert_eq!(
            found, &order.record,
            "operation {} of the queue",
            order.queue_index
        );
    }
}

/// Balances by account in units of ETH, from L1's data alone, and what was withdrawn.
fn balances(records: &[Record]) -> (BTreeMap<u32, u64>, u64) {
    // Records of a batch stand by kind, not in their order: only the ends are compared.
    let mut balances = BTreeMap::<u32, i128>::new();
    let mut withdrawn = 0;
    let mut change = |account: u32, units: i128| *balances.entry(account).or_default() += units;
    for record in records {
        let (from, fee) = match record {
            Record::Deposit { account, amount, .. } => {
                change(*account, (*amount).into());
                continue;
            }
            Record::ForcedWithdrawal {
                account, withdrawal, ..
            } => {
                withdrawn += withdrawal.amount;
                change(*account, -i128::from(withdrawal.amount));
                continue;
            }
            Record::ForcedTransfer { from, to, paid, .. } => {
                change(*from, -i128::from(*paid));
                change(*to, (*paid).into());
                continue;
            }
            Record::SetAuth { .. } | Record::SetFlags { .. } => continue,
            Record::Exit { .. } => panic!("nobody has left"),
            Record::Withdrawal {
                account,
                fee,
                withdrawal,
            } => {
                withdrawn += withdrawal.amount;
                change(*account, -i128::from(withdrawal.amount));
                (*account, *fee)
            }
            Record::Transfer {
                from,
                to,
                amount,
                fee,
                ..
            } => {
                change(*from, -i128::from(*amount));
                change(*to, (*amount).into());
                (*from, *fee)
            }
        };
        assert_eq!(fee, FEE, "{record:?}");
        change(from, -i128::from(fee));
        change(0, fee.into());
    }
    let balance = |units| u64::try_from(units).expect("nobody pays what is not there");
    let balances = balances
        .into_iter()
        .map(|(account, units)| (account, balance(units)));
    (balances.collect(), withdrawn)
}
