//! The file that keeps the chain: what happened to it, one JSON record a line, appended and synced before the request
//! that caused it is answered. At the start the records are replayed.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use alloy::{
    consensus::TxEnvelope,
    eips::eip2718::{Decodable2718, Encodable2718},
    primitives::{Address, B256, Bytes, U256},
};
use serde::{Deserialize, Serialize};

use crate::{block::Transaction, error::JournalError, sidecar::Blobs};

/// Layout of the file.
pub(crate) const LAYOUT: u32 = 2; // 1 was under Prague's rules, which price some transactions otherwise
const FILE_NAME: &str = "chain.jsonl";

/// Something that happened to the chain.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Record {
    /// The first line.
    Genesis {
        layout: u32,
        chain_id: u64,
        block_gas_limit: u64,
        base_fee_wei: u64,
        dev_balance_ether: u64,
        timestamp_secs: u64,
    },
    /// A block was mined.
    Block {
        timestamp_secs: u64,
        base_fee_wei: u64,
        transactions: Vec<Raw>,
        hash: B256,
    },
    /// A transaction that waits or is mined next has these blobs.
    Blobs {
        transaction: B256,
        hashes: Vec<B256>,
        blobs: Vec<Bytes>,
    },
    /// A transaction was taken and waits.
    Pooled { transaction: Raw },
    /// A transaction that waited was given up.
    Dropped { sender: Address, nonce: u64 },
    /// An account was changed from outside.
    Balance { address: Address, balance: U256 },
    /// An account was changed from outside.
    Nonce { address: Address, nonce: u64 },
    /// An account was changed from outside.
    Code { address: Address, code: Bytes },
    /// An account was changed from outside.
    Slot {
        address: Address,
        slot: U256,
        value: U256,
    },
    /// The clock was set this far ahead.
    Clock { ahead_secs: u64 },
    /// The next block was given this timestamp.
    NextTimestamp { timestamp_secs: u64 },
    /// The next block was given this base fee.
    NextBaseFee { wei: u64 },
    /// The blocks to come were given this gas limit.
    BlockGasLimit { gas: u64 },
    /// The blocks to come were given this beneficiary.
    Coinbase { address: Address },
    /// The chain began anew.
    Reset { timestamp_secs: u64 },
    /// A snapshot was taken; they are numbered from 1.
    Snapshot,
    /// Back to a snapshot.
    Revert { id: u64 },
    /// Blocks after this one were taken away.
    Rewind { number: u64 },
}

impl Record {
    pub(crate) fn blobs(transaction: B256, blobs: &Blobs) -> Self {
        Self::Blobs {
            transaction,
            hashes: blobs.hashes.clone(),
            blobs: blobs
                .blobs
                .iter()
                .map(|blob| Bytes::copy_from_slice(blob.as_slice()))
                .collect(),
        }
    }
}

/// A transaction in the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Raw {
    sender: Address,
    /// EIP-2718 encoding. The signature was checked when it came, or is nobody's.
    bytes: Bytes,
}

impl From<&Transaction> for Raw {
    fn from(transaction: &Transaction) -> Self {
        Self {
            sender: transaction.signer(),
            bytes: transaction.encoded_2718().into(),
        }
    }
}

impl Raw {
    pub(crate) fn decode(&self) -> Result<Transaction, String> {
        let envelope =
            TxEnvelope::decode_2718(&mut self.bytes.as_ref()).map_err(|error| error.to_string())?;
        Ok(Transaction::new_unchecked(envelope, self.sender))
    }
}

/// The open file, locked against other processes.
pub(crate) struct Journal {
    file: File,
    path: PathBuf,
    buffer: Vec<u8>,
}

impl Journal {
    /// Opens the file in `folder` and reads its records, each with its line. A last line that was torn by a crash was
    /// never answered for, and is cut off.
    pub(crate) fn open(folder: &Path) -> Result<(Self, Vec<Record>), JournalError> {
        let path = folder.join(FILE_NAME);
        let io_error = |source| JournalError::Io {
            path: path.clone(),
            source,
        };
        fs::create_dir_all(folder).map_err(io_error)?;
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(io_error)?;
        if !file.metadata().map_err(io_error)?.is_file() {
            return Err(io_error(io::Error::other("not a file")));
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::Locked { path }),
            Err(TryLockError::Error(source)) => return Err(io_error(source)),
        }
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(io_error)?;
        let (mut records, mut whole_bytes) = (Vec::new(), 0);
        let mut reader = BufReader::new(&file);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).map_err(io_error)? > 0 {
            if line.last() != Some(&b'\n') {
                tracing::warn!(path = %path.display(), bytes = line.len(), "leaving out a torn last line");
                break;
            }
            let record = serde_json::from_slice(&line).map_err(|source| JournalError::Damaged {
                path: path.clone(),
                line: records.len() + 1,
                source,
            })?;
            records.push(record);
            whole_bytes += line.len() as u64;
            line.clear();
        }
        file.set_len(whole_bytes).map_err(io_error)?;
        file.seek(SeekFrom::Start(whole_bytes)).map_err(io_error)?;
        let journal = Self {
            file,
            path,
            buffer: Vec::new(),
        };
        Ok((journal, records))
    }

    /// A journal on a full disk.
    #[cfg(all(test, target_os = "linux"))]
    pub(crate) fn full() -> Self {
        let path = PathBuf::from("/dev/full");
        let file = OpenOptions::new().write(true).open(&path).expect("Linux has it");
        let buffer = Vec::new();
        Self { file, path, buffer }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a record to what the next [`Journal::sync`] writes.
    pub(crate) fn append(&mut self, record: &Record) -> io::Result<()> {
        serde_json::to_writer(&mut self.buffer, record)?;
        self.buffer.push(b'\n');
        Ok(())
    }

    /// Writes what was appended, and waits until it is on disk.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.file.write_all(&self.buffer)?;
        self.file.sync_data()?;
        self.buffer.clear();
        Ok(())
    }
}
