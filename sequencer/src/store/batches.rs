//! Sealed batches: written whole, then moved forward step by step.

use ashlar_statement::state::StateChanges;
use redb::{ReadableDatabase, ReadableTable};

use super::{
    ACCOUNTED, BATCHES, BatchRecord, BatchStatus, CHUNKS, COUNTERS, NEXT_BATCH, Operation, Place, RECEIPTS,
    ReceiptRecord, SEALED_TO, SNARKS, Store, StoreError, decode, encode, operations, state, undo,
};

/// Everything that sealing writes, in one transaction.
#[derive(Debug)]
pub struct NewBatch<'a> {
    /// The batch.
    pub record: BatchRecord,
    /// Encoded chunk witnesses, in order.
    pub chunks: Vec<Vec<u8>>,
    /// Receipts of its transactions.
    pub receipts: Vec<([u8; 32], ReceiptRecord)>,
    /// Where its transactions are in the log, and whom they concern.
    pub operations: Vec<(Place, Operation)>,
    /// What execution wrote.
    pub changes: &'a StateChanges,
    /// Log position behind its last item.
    pub sealed_to: u64,
}

impl Store {
    /// Stores a sealed batch and the state behind it, atomically.
    pub fn seal(&self, batch: &NewBatch<'_>) -> Result<(), StoreError> {
        let number = batch.record.number;
        let txn = self.db.begin_write()?;
        undo::keep(&txn, number, batch.changes)?;
        state::apply(&txn, batch.changes)?;
        operations::add(&txn, &batch.operations, batch.sealed_to)?;
        {
            let mut counters = txn.open_table(COUNTERS)?;
            counters.insert(SEALED_TO, batch.sealed_to)?;
            counters.insert(NEXT_BATCH, number + 1)?;
            txn.open_table(BATCHES)?
                .insert(number, encode("batches", &batch.record)?.as_slice())?;
            let mut chunks = txn.open_table(CHUNKS)?;
            for (index, chunk) in (0u32..).zip(&batch.chunks) {
                chunks.insert((number, index), chunk.as_slice())?;
            }
            let mut receipts = txn.open_table(RECEIPTS)?;
            for (id, receipt) in &batch.receipts {
                receipts.insert(id, encode("receipts", receipt)?.as_slice())?;
            }
        }
        txn.commit()?;
        Ok(())
    }

    /// Number of the first batch that is not proven on L1 (the next batch to seal, if all are).
    pub fn first_unproven(&self) -> Result<u64, StoreError> {
        // Batches are proven in order: search backwards from the newest.
        let mut number = self.next_batch()?;
        while number > 1 {
            match self.batch(number - 1)? {
                Some(batch) if batch.status != BatchStatus::Proven => number -= 1,
                _ => break,
            }
        }
        Ok(number)
    }

    /// A sealed batch.
    pub fn batch(&self, number: u64) -> Result<Option<BatchRecord>, StoreError> {
        let txn = self.db.begin_read()?;
        let table = txn.open_table(BATCHES)?;
        table
            .get(number)?
            .map(|bytes| decode("batches", bytes.value()))
            .transpose()
    }

    /// Changes a batch's record in one transaction and gives the new one.
    pub fn update_batch(
        &self,
        number: u64,
        change: impl FnOnce(&mut BatchRecord),
    ) -> Result<BatchRecord, StoreError> {
        let txn = self.db.begin_write()?;
        let record = {
            let mut table = txn.open_table(BATCHES)?;
            let mut record: BatchRecord = match table.get(number)? {
                Some(bytes) => decode("batches", bytes.value())?,
                None => {
                    return Err(StoreError::Missing {
                        table: "batches",
                        key: number.to_string(),
                    });
                }
            };
            change(&mut record);
            table.insert(number, encode("batches", &record)?.as_slice())?;
            record
        };
        txn.commit()?;
        Ok(record)
    }

    /// Number of the last batch of which the farm was told what it came to; 0 before the first.
    pub fn accounted(&self) -> Result<u64, StoreError> {
        self.counter(ACCOUNTED)
    }

    /// Notes that the farm was told of the batches through this one.
    pub fn set_accounted(&self, number: u64) -> Result<(), StoreError> {
        let txn = self.db.begin_write()?;
        txn.open_table(COUNTERS)?.insert(ACCOUNTED, number)?;
        txn.commit()?;
        Ok(())
    }

    /// The encoded chunk witnesses of a batch, in order.
    pub fn chunks(&self, number: u64) -> Result<Vec<Vec<u8>>, StoreError> {
        let txn = self.db.begin_read()?;
        let table = txn.open_table(CHUNKS)?;
        let mut chunks = Vec::new();
        for entry in table.range((number, 0)..=(number, u32::MAX))? {
            chunks.push(entry?.1.value().to_vec());
        }
        Ok(chunks)
    }

    /// Keeps the SNARK of a batch.
    pub fn put_snark(&self, number: u64, snark: &[u8]) -> Result<(), StoreError> {
        let txn = self.db.begin_write()?;
        txn.open_table(SNARKS)?.insert(number, snark)?;
        txn.commit()?;
        Ok(())
    }

    /// Throws the SNARK of a batch away, so that the farm is asked again.
    pub fn drop_snark(&self, number: u64) -> Result<(), StoreError> {
        let txn = self.db.begin_write()?;
        txn.open_table(SNARKS)?.remove(number)?;
        txn.commit()?;
        Ok(())
    }

    /// The SNARK of a batch, once the farm has made it.
    pub fn snark(&self, number: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let txn = self.db.begin_read()?;
        let table = txn.open_table(SNARKS)?;
        Ok(table.get(number)?.map(|bytes| bytes.value().to_vec()))
    }
}
