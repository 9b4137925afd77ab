//! What a batch cost on L1.

use crate::sequencer::v1::{Batch, L1Transaction};

impl Batch {
    /// The transaction that committed and proved it, if one did both.
    pub fn commit_and_prove(&self) -> Option<&L1Transaction> {
        self.prove.as_ref().filter(|prove| {
            self.commit
                .as_ref()
                .is_some_and(|commit| commit.hash == prove.hash)
        })
    }

    /// Gas of its transactions; one that did both counts once.
    pub fn l1_gas(&self) -> u64 {
        let of = |transaction: &Option<L1Transaction>| transaction.as_ref().map_or(0, |of| of.gas_used);
        match self.commit_and_prove() {
            Some(both) => both.gas_used,
            None => of(&self.commit) + of(&self.prove),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_that_committed_and_proved_counts_once() {
        let transaction = |hash: u8, gas_used| {
            Some(L1Transaction {
                hash: vec![hash; 32].into(),
                gas_used,
                ..L1Transaction::default()
            })
        };
        let batch = |commit, prove| Batch {
            commit,
            prove,
            ..Batch::default()
        };
        assert_eq!(batch(None, None).l1_gas(), 0);
        assert_eq!(batch(transaction(1, 5), None).l1_gas(), 5);
        let apart = batch(transaction(1, 5), transaction(2, 7));
        assert_eq!((apart.l1_gas(), apart.commit_and_prove()), (12, None));
        let by_one = batch(transaction(1, 9), transaction(1, 9));
        assert_eq!(by_one.l1_gas(), 9);
        assert_eq!(by_one.commit_and_prove(), by_one.commit.as_ref());
    }
}
