//! What batches came to on L1, for the farm to charge.

use ashlar_proto::farm::v1::SettledBatch;

use crate::store::{BatchRecord, L1Receipt, Store, StoreError};

/// Batches in one call: as many as a farm takes.
const MAX_BATCHES: usize = 256;

/// The next proven batches of which the farm was not told, oldest first, at most [`MAX_BATCHES`], none beyond `through`.
///
/// One whose receipts are not all there yet is waited for until it is final: then it was another's transaction, whose gas
/// was not this operator's.
pub fn news(store: &Store, through: u64) -> Result<Vec<SettledBatch>, StoreError> {
    let last_final = store.final_batch()?;
    let mut found = Vec::new();
    for number in store.accounted()? + 1..=through {
        let Some(batch) = store.batch(number)? else { break };
        let is_complete = batch.commit.is_some() && batch.prove.is_some();
        if found.len() == MAX_BATCHES || !(is_complete || number <= last_final) {
            break;
        }
        found.push(settled(&batch));
    }
    Ok(found)
}

fn settled(batch: &BatchRecord) -> SettledBatch {
    let gas = |receipt: &Option<L1Receipt>| receipt.as_ref().map_or(0, |of| of.gas_used);
    let by_one = batch.commit == batch.prove;
    SettledBatch {
        number: batch.number,
        transactions: batch.transactions.len() as u64,
        l1_gas: gas(&batch.prove) + if by_one { 0 } else { gas(&batch.commit) },
    }
}

#[cfg(test)]
mod tests {
    use ashlar_statement::state::StateChanges;

    use super::*;
    use crate::store::{BatchStatus, NewBatch};

    fn receipt(hash: u8, gas_used: u64) -> Option<L1Receipt> {
        Some(L1Receipt {
            hash: [hash; 32],
            block_number: 1,
            gas_used,
        })
    }

    fn seal(store: &Store, number: u64, commit: Option<L1Receipt>, prove: Option<L1Receipt>) {
        let record = BatchRecord {
            number,
            status: BatchStatus::Proven,
            public_inputs: Vec::new(),
            bridge: Vec::new(),
            rollup: Vec::new(),
            chunks: 1,
            transactions: vec![[0; 32]; 3],
            l1_operations: 1,
            first_l1_operation: None,
            withdrawals: 0,
            transfers: 2,
            header: None,
            commit,
            prove,
            snark_bytes: 0,
            proven_seen_at: None,
            failure: None,
            steps: Vec::new(),
        };
        let batch = NewBatch {
            record,
            chunks: Vec::new(),
            receipts: Vec::new(),
            operations: Vec::new(),
            changes: &StateChanges::default(),
            sealed_to: 0,
        };
        store.seal(&batch).expect("it is sealed");
    }

    fn told(store: &Store, through: u64) -> Vec<(u64, u64, u64)> {
        let news = news(store, through).expect("a database");
        let fields = |of: SettledBatch| (of.number, of.transactions, of.l1_gas);
        news.into_iter().map(fields).collect()
    }

    #[test]
    fn gas_is_told_once_it_is_known_and_of_one_transaction_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("state.redb")).expect("a database");
        seal(&store, 1, receipt(1, 50), receipt(1, 50));
        seal(&store, 2, receipt(2, 30), receipt(3, 400));
        seal(&store, 3, None, receipt(4, 7));
        seal(&store, 4, receipt(5, 1), receipt(6, 2));
        let (first, second) = ((1, 3, 50), (2, 3, 430));
        assert_eq!(told(&store, 1), [first]);
        assert_eq!(told(&store, 4), [first, second], "the third lacks a receipt");
        store.set_accounted(2).expect("it is noted");
        assert_eq!(told(&store, 4), []);
        store.finalize(3).expect("it is final");
        assert_eq!(
            told(&store, 4),
            [(3, 3, 7), (4, 3, 3)],
            "another committed the third"
        );
        assert_eq!(told(&store, 3), [(3, 3, 7)]);
    }

    #[test]
    fn a_long_history_is_told_in_pieces() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("state.redb")).expect("a database");
        let all = MAX_BATCHES as u64 + 1;
        for number in 1..=all {
            seal(&store, number, receipt(1, 1), receipt(1, 1));
        }
        let first = told(&store, all);
        assert_eq!((first.len(), first[0].0), (MAX_BATCHES, 1));
        store.set_accounted(MAX_BATCHES as u64).expect("it is noted");
        assert_eq!(told(&store, all), [(all, 3, 1)]);
    }
}
