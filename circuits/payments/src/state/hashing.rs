//! The tree above many writes.
//!
//! A write changes the nodes from its leaf to the root, and the next one starts from them: in time, they depend on each
//! other. Level by level they do not. What a node of a level is after each write follows from what the level below was
//! after each write, so all writes climb together.

use std::collections::{BTreeMap, HashMap};

use ashlar_statement::hash::{Hash, Role, two_to_one_all};

use crate::{
    account::{Head, balance_digest},
    tree::{ACCOUNT_DEPTH, AccountPath, BalancePath, empty_subtree, roots},
};

/// An account that was written.
#[derive(Debug, Clone)]
pub(super) struct Write {
    /// Its place.
    pub index: u32,
    /// What it is there.
    pub leaf: Leaf,
}

/// An account's leaf.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "nearly all are balances")]
pub(super) enum Leaf {
    /// Hashed already.
    Digest(Hash),
    /// Of an account with one balance on its path.
    Balance {
        /// All else of the account.
        head: Head,
        /// Token of the balance.
        token: u8,
        /// In token units.
        balance: u64,
        /// Its siblings.
        path: BalancePath,
    },
}

/// What writes make of the tree.
#[derive(Debug, Default)]
pub(super) struct Hashed {
    /// By level and index.
    pub nodes: BTreeMap<(u8, u32), Hash>,
    /// Of each write, its siblings at that time.
    pub paths: Vec<AccountPath>,
}

/// Index of the ancestor at a level; the root's is 0.
pub(super) fn parent(index: u32, level: usize) -> u32 {
    index.checked_shr(level as u32).unwrap_or(0)
}

/// Hashes writes over a tree, whose nodes `below` reads by level and index.
pub(super) fn hashed<E>(
    writes: &[Write],
    below: impl Fn((u8, u32)) -> Result<Option<Hash>, E>,
) -> Result<Hashed, E> {
    if writes.is_empty() {
        return Ok(Hashed::default());
    }
    let mut hashed = Hashed {
        nodes: BTreeMap::new(),
        paths: vec![AccountPath::empty(); writes.len()],
    };
    let mut nodes = digests(writes);
    for level in 0..ACCOUNT_DEPTH {
        // The nodes of this level as the writes find them, one after the other.
        let mut known = HashMap::with_capacity(2 * writes.len());
        let mut pairs = Vec::with_capacity(writes.len());
        for ((write, node), path) in writes.iter().zip(&nodes).zip(&mut hashed.paths) {
            let place = parent(write.index, level);
            let sibling = match known.get(&(place ^ 1)) {
                Some(sibling) => *sibling,
                None => below((level as u8, place ^ 1))?
                    .unwrap_or_else(|| empty_subtree(AccountPath::NODE, level)),
            };
            known.insert(place ^ 1, sibling);
            known.insert(place, *node);
            hashed.nodes.insert((level as u8, place), *node);
            path.siblings[level] = sibling;
            pairs.push(if place & 1 == 1 {
                [sibling, *node]
            } else {
                [*node, sibling]
            });
        }
        nodes = two_to_one_all(AccountPath::NODE, &pairs);
    }
    hashed
        .nodes
        .extend(nodes.last().map(|root| ((ACCOUNT_DEPTH as u8, 0), *root)));
    Ok(hashed)
}

/// Each write's leaf.
fn digests(writes: &[Write]) -> Vec<Hash> {
    let (mut climbs, mut heads) = (Vec::new(), Vec::new());
    for Write { leaf, .. } in writes {
        if let Leaf::Balance {
            head,
            token,
            balance,
            path,
        } = leaf
        {
            climbs.push((path, balance_digest(*balance), u32::from(*token)));
            heads.push([head.auth, head.meta()]);
        }
    }
    let heads = two_to_one_all(Role::AccountHead, &heads).into_iter();
    let leaves: Vec<_> = heads
        .zip(roots(&climbs))
        .map(|(head, balances)| [head, balances])
        .collect();
    let mut fresh = two_to_one_all(Role::AccountLeaf, &leaves).into_iter();
    let of = |write: &Write| match &write.leaf {
        Leaf::Digest(digest) => Some(*digest),
        Leaf::Balance { .. } => fresh.next(),
    };
    writes.iter().filter_map(of).collect()
}
