//! Where an application's state lives: a store of tree nodes and of values by key, whatever the application keeps there.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::hash::Hash;

/// Read access to a state.
pub trait StateStore {
    /// What a read may fail with.
    type Error: std::error::Error + Send + Sync + 'static;

    /// A node of a tree: level 0 holds the leaves. Nodes that were never written are absent: their subtree is empty.
    fn node(&self, tree: u8, level: u8, index: u64) -> Result<Option<Hash>, Self::Error>;

    /// A value of a table.
    fn value(&self, table: u8, key: &[u8]) -> Result<Option<Vec<u8>>, Self::Error>;
}

/// Why a state cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StateError<E: std::error::Error + 'static> {
    /// The store failed.
    #[error(transparent)]
    Store(E),
    /// A value was written by another version, or is damaged.
    #[error("a value of state table {table} does not decode")]
    Corrupt {
        /// The table.
        table: u8,
        /// What the decoder says.
        #[source]
        source: postcard::Error,
    },
}

macro_rules! forward_store {
    ($($pointer:ty),*) => {$(
        impl<S: StateStore + ?Sized> StateStore for $pointer {
            type Error = S::Error;

            fn node(&self, tree: u8, level: u8, index: u64) -> Result<Option<Hash>, S::Error> {
                (**self).node(tree, level, index)
            }

            fn value(&self, table: u8, key: &[u8]) -> Result<Option<Vec<u8>>, S::Error> {
                (**self).value(table, key)
            }
        }
    )*};
}

forward_store!(&S, Arc<S>);

/// What a batch wrote; a store applies all of it or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateChanges {
    /// Tree nodes, by tree, level and index.
    pub nodes: BTreeMap<(u8, u8, u64), Hash>,
    /// Values, by table and key.
    pub values: BTreeMap<(u8, Vec<u8>), Vec<u8>>,
}
