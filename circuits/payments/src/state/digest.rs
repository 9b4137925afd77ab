//! One number for a whole state, to compare two databases by.

use ashlar_statement::{
    hash::{Hash, hash_to_bytes32},
    state::StateChanges,
};
use sha3::{Digest, Keccak256};

use super::stored::is_blank;
use crate::tree::{AccountPath, empty_subtree};

/// Keccak-256 over everything that a state holds, in the order of its keys: tree nodes first, then values. What was opened
/// and is empty does not count, so the digest follows from the state alone, whatever way led to it: it is one and the same
/// for the operator's database and for one that was rebuilt from L1.
///
/// A node is `0 ‖ tree (1) ‖ level (1) ‖ index (8) ‖ hash (32)`, a value `1 ‖ table (1) ‖ length of the key (8) ‖ key ‖
/// length (8) ‖ value`; integers are big-endian.
#[derive(Debug, Clone)]
pub struct StateDigest(Keccak256);

impl Default for StateDigest {
    fn default() -> Self {
        Self(Keccak256::new_with_prefix(b"ashlar/state-digest/v1"))
    }
}

impl StateDigest {
    /// Of everything at once.
    pub fn of(state: &StateChanges) -> [u8; 32] {
        let mut digest = Self::default();
        for ((tree, level, index), hash) in &state.nodes {
            digest.node(*tree, *level, *index, hash);
        }
        for ((table, key), value) in &state.values {
            digest.value(*table, key, value);
        }
        digest.finish()
    }

    /// The next node.
    pub fn node(&mut self, tree: u8, level: u8, index: u64, hash: &Hash) {
        if *hash == empty_subtree(AccountPath::NODE, level.into()) {
            return;
        }
        self.0.update([0, tree, level]);
        self.0.update(index.to_be_bytes());
        self.0.update(hash_to_bytes32(hash));
    }

    /// The next value, all nodes being behind.
    pub fn value(&mut self, table: u8, key: &[u8], value: &[u8]) {
        if is_blank(table, value) {
            return;
        }
        self.0.update([1, table]);
        for part in [key, value] {
            self.0.update((part.len() as u64).to_be_bytes());
            self.0.update(part);
        }
    }

    /// The digest.
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}
