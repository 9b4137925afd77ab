//! A whole state as a file, from which a rebuild starts instead of from the first batch.
//!
//! Nobody signs it: whoever reads it hashes all leaves, and L1 has the root. The root does not say in which order accounts
//! came to their owner and `auth`, of which the sequencer takes the first one where a deposit names none; so the file does,
//! and who makes it could at most send such a deposit to another account of the same owner and `auth`.
//!
//! Integers are big-endian:
//!
//! | part | bytes |
//! |---|---|
//! | `"ashlar-state"`, version 1 | 12, 4 |
//! | chain id, rollup, batch | 8, 20, 8 |
//! | number of accounts | 4 |
//! | each, by index: index, L1 owner, `auth`, nonce, flags, number of balances | 4, 20, 32, 4, 1, 2 |
//! | its balances, by token: token, units | 1, 8 |
//! | number of owners whose first account has not their least index; each: that account | 4; 4 |
//! | number of lists (accounts of one owner and `auth`) that are not in the order of indices; each: length, accounts | 4; 4, 4 each |
//! | Keccak-256 of all before | 32 |

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read, Write},
};

use ashlar_statement::{
    Domain,
    hash::{Hash, hash_from_bytes32, hash_to_bytes32, two_to_one_all},
};
use sha3::{Digest, Keccak256};

use crate::{
    account::{Account, BALANCE_BITS},
    state::{Changes, Entry, L1Owner},
    tree::{ACCOUNT_DEPTH, AccountPath, empty_subtree},
};

const MAGIC: &[u8; 12] = b"ashlar-state";
const VERSION: u32 = 1;
/// An owner and an `auth`.
type Key = (L1Owner, [u8; 32]);

/// The state after a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Whose state it is.
    pub domain: Domain,
    /// The batch.
    pub batch: u64,
    accounts: BTreeMap<u32, Account>,
    firsts: BTreeMap<L1Owner, u32>,
    lists: BTreeMap<Key, Vec<u32>>,
}

/// Bytes are not a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// It cannot be read.
    #[error("cannot read the snapshot")]
    Read(#[source] io::Error),
    /// It ends too early.
    #[error("the snapshot is cut off: copy or export it again")]
    Truncated,
    /// It is something else.
    #[error("not a snapshot: `ashlar state export` makes one")]
    Magic,
    /// Another version made it.
    #[error("the snapshot has version {found}, this program reads version {VERSION}")]
    Version {
        /// As it says.
        found: u32,
    },
    /// Its parts contradict each other or their ranges.
    #[error("the snapshot is damaged or forged: {what}")]
    Field {
        /// What is wrong.
        what: &'static str,
    },
    /// It is not what was written.
    #[error("the snapshot is damaged: its checksum does not hold; copy or export it again")]
    Checksum,
    /// Something follows.
    #[error("the snapshot is damaged: bytes follow its end")]
    Trailing,
}

impl Snapshot {
    /// Of all entries of a state.
    pub fn new(domain: Domain, batch: u64, entries: impl IntoIterator<Item = Entry>) -> Self {
        let (mut accounts, mut firsts, mut lists) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for entry in entries {
            match entry {
                Entry::Account(index, account) => drop(accounts.insert(index, account)),
                Entry::First(owner, index) => drop(firsts.insert(owner, index)),
                Entry::Listed(key, listed) if !listed.is_empty() => drop(lists.insert(key, listed)),
                Entry::Listed(..) | Entry::Count(_) => {}
            }
        }
        Self {
            domain,
            batch,
            accounts,
            firsts,
            lists,
        }
    }

    /// How many accounts it has.
    pub fn accounts(&self) -> usize {
        self.accounts.len()
    }

    /// The state as changes of the empty one, with all nodes of its tree.
    pub fn changes(&self) -> Changes {
        let last = self.accounts.keys().next_back();
        Changes {
            accounts: self.accounts.clone(),
            nodes: nodes(&self.accounts),
            owners: self.firsts.clone(),
            auths: self.lists.clone(),
            account_count: last.map(|last| last + 1),
        }
    }

    /// Writes the file.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, to: impl Write) -> io::Result<()> {
        let mut to = Hashing {
            inner: to,
            hash: Keccak256::new(),
        };
        to.put(MAGIC)?;
        to.put(&VERSION.to_be_bytes())?;
        to.put(&self.domain.chain_id.to_be_bytes())?;
        to.put(&self.domain.rollup)?;
        to.put(&self.batch.to_be_bytes())?;
        to.put(&(self.accounts.len() as u32).to_be_bytes())?;
        for (index, account) in &self.accounts {
            to.put(&index.to_be_bytes())?;
            to.put(&account.l1_owner)?;
            to.put(&hash_to_bytes32(&account.auth))?;
            to.put(&account.nonce.to_be_bytes())?;
            to.put(&[account.flags])?;
            to.put(&(account.balances.len() as u16).to_be_bytes())?;
            for (token, balance) in &account.balances {
                to.put(&[*token])?;
                to.put(&balance.to_be_bytes())?;
            }
        }
        let (firsts, lists) = usual(&self.accounts);
        let firsts: Vec<_> = self
            .firsts
            .iter()
            .filter(|(owner, index)| firsts.get(*owner) != Some(*index))
            .collect();
        to.put(&(firsts.len() as u32).to_be_bytes())?;
        for (_, index) in firsts {
            to.put(&index.to_be_bytes())?;
        }
        let lists: Vec<_> = self
            .lists
            .iter()
            .filter(|(key, listed)| lists.get(*key) != Some(*listed))
            .collect();
        to.put(&(lists.len() as u32).to_be_bytes())?;
        for (_, listed) in lists {
            to.put(&(listed.len() as u32).to_be_bytes())?;
            for index in listed {
                to.put(&index.to_be_bytes())?;
            }
        }
        let Hashing { mut inner, hash } = to;
        inner.write_all(&hash.finalize())?;
        inner.flush()
    }

    /// Reads a file. Memory grows with what was read, whatever the file says of itself.
    ///
    /// # Errors
    /// If it is no snapshot, or contradicts itself. Whether it is L1's, its root tells.
    pub fn read(from: impl Read) -> Result<Self, SnapshotError> {
        let mut from = Hashing {
            inner: from,
            hash: Keccak256::new(),
        };
        if from.take::<12>().map_err(|error| match error {
            SnapshotError::Truncated => SnapshotError::Magic,
            error => error,
        })? != *MAGIC
        {
            return Err(SnapshotError::Magic);
        }
        let found = from.u32()?;
        if found != VERSION {
            return Err(SnapshotError::Version { found });
        }
        let domain = Domain {
            chain_id: u64::from_be_bytes(from.take()?),
            rollup: from.take()?,
        };
        let batch = u64::from_be_bytes(from.take()?);
        let accounts = read_accounts(&mut from)?;
        let (mut firsts, mut lists) = usual(&accounts);
        read_firsts(&mut from, &accounts, &mut firsts)?;
        read_lists(&mut from, &accounts, &mut lists)?;
        let Hashing { mut inner, hash } = from;
        let mut checksum = [0; 32];
        inner.read_exact(&mut checksum).map_err(failed)?;
        if checksum != <[u8; 32]>::from(hash.finalize()) {
            return Err(SnapshotError::Checksum);
        }
        match inner.read(&mut [0]).map_err(SnapshotError::Read)? {
            0 => Ok(Self {
                domain,
                batch,
                accounts,
                firsts,
                lists,
            }),
            _ => Err(SnapshotError::Trailing),
        }
    }
}

/// First accounts and lists where all came in the order of their indices.
fn usual(accounts: &BTreeMap<u32, Account>) -> (BTreeMap<L1Owner, u32>, BTreeMap<Key, Vec<u32>>) {
    let (mut firsts, mut lists) = (BTreeMap::new(), BTreeMap::<Key, Vec<u32>>::new());
    for (index, account) in accounts {
        firsts.entry(account.l1_owner).or_insert(*index);
        lists.entry(key(account)).or_default().push(*index);
    }
    (firsts, lists)
}

fn key(account: &Account) -> Key {
    (account.l1_owner, hash_to_bytes32(&account.auth))
}

/// All nodes of the tree, level by level.
fn nodes(accounts: &BTreeMap<u32, Account>) -> BTreeMap<(u8, u32), Hash> {
    let mut nodes = BTreeMap::new();
    let mut level: Vec<(u32, Hash)> = accounts
        .iter()
        .map(|(index, account)| (*index, account.digest()))
        .collect();
    for height in 0..ACCOUNT_DEPTH {
        let empty = empty_subtree(AccountPath::NODE, height);
        let (mut places, mut pairs) = (Vec::<u32>::new(), Vec::new());
        for (index, node) in &level {
            if places.last() != Some(&(index >> 1)) {
                places.push(index >> 1);
                pairs.push([empty; 2]);
            }
            if let Some(pair) = pairs.last_mut() {
                pair[(index & 1) as usize] = *node;
            }
        }
        nodes.extend(
            level
                .into_iter()
                .map(|(index, node)| ((height as u8, index), node)),
        );
        level = places
            .into_iter()
            .zip(two_to_one_all(AccountPath::NODE, &pairs))
            .collect();
    }
    nodes.extend(
        level
            .into_iter()
            .map(|(index, node)| ((ACCOUNT_DEPTH as u8, index), node)),
    );
    nodes
}

fn read_accounts<R: Read>(from: &mut Hashing<R>) -> Result<BTreeMap<u32, Account>, SnapshotError> {
    let mut accounts = BTreeMap::<u32, Account>::new();
    for _ in 0..from.u32()? {
        let index = from.u32()?;
        if index >> ACCOUNT_DEPTH != 0 || accounts.keys().next_back().is_some_and(|last| *last >= index) {
            return Err(wrong("an account's index"));
        }
        let owner = from.take()?;
        let auth = hash_from_bytes32(&from.take()?).ok_or(wrong("an account's auth"))?;
        let mut account = Account::new(owner, auth);
        account.nonce = from.u32()?;
        [account.flags] = from.take()?;
        for _ in 0..u16::from_be_bytes(from.take()?) {
            let [token] = from.take()?;
            let balance = u64::from_be_bytes(from.take()?);
            let is_next = account
                .balances
                .keys()
                .next_back()
                .is_none_or(|last| *last < token);
            if !is_next || balance == 0 || balance >> BALANCE_BITS != 0 {
                return Err(wrong("a balance"));
            }
            account.balances.insert(token, balance);
        }
        accounts.insert(index, account);
    }
    Ok(accounts)
}

fn read_firsts<R: Read>(
    from: &mut Hashing<R>,
    accounts: &BTreeMap<u32, Account>,
    firsts: &mut BTreeMap<L1Owner, u32>,
) -> Result<(), SnapshotError> {
    for _ in 0..from.u32()? {
        let index = from.u32()?;
        let account = accounts.get(&index).ok_or(wrong("an owner's first account"))?;
        firsts.insert(account.l1_owner, index);
    }
    Ok(())
}

fn read_lists<R: Read>(
    from: &mut Hashing<R>,
    accounts: &BTreeMap<u32, Account>,
    lists: &mut BTreeMap<Key, Vec<u32>>,
) -> Result<(), SnapshotError> {
    let wrong = || wrong("a list of accounts");
    for _ in 0..from.u32()? {
        let mut listed = Vec::new();
        for _ in 0..from.u32()? {
            listed.push(from.u32()?);
        }
        let account = listed
            .first()
            .and_then(|index| accounts.get(index))
            .ok_or(wrong())?;
        let usual = lists.get_mut(&key(account)).ok_or(wrong())?;
        let set = |list: &[u32]| list.iter().copied().collect::<BTreeSet<_>>();
        if listed.len() != usual.len() || set(&listed) != set(usual) {
            return Err(wrong());
        }
        *usual = listed;
    }
    Ok(())
}

/// A stream, and the hash of what has passed.
struct Hashing<T> {
    inner: T,
    hash: Keccak256,
}

impl<W: Write> Hashing<W> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.inner.write_all(bytes)
    }
}

impl<R: Read> Hashing<R> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes).map_err(failed)?;
        self.hash.update(bytes);
        Ok(bytes)
    }

    fn u32(&mut self) -> Result<u32, SnapshotError> {
        Ok(u32::from_be_bytes(self.take()?))
    }
}

fn failed(error: io::Error) -> SnapshotError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => SnapshotError::Truncated,
        _ => SnapshotError::Read(error),
    }
}

fn wrong(what: &'static str) -> SnapshotError {
    SnapshotError::Field { what }
}
