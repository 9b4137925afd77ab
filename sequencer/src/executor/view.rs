//! The state beneath the open batch: what is stored, what closed batches will store, and a cache over both.

use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
    rc::Rc,
    sync::Arc,
};

use ashlar_statement::{
    hash::Hash,
    state::{StateChanges, StateStore},
};

use crate::store::{Snapshot, Store, StoreError};

/// Entries of each kind that are kept in memory, at most: about 50 MiB of nodes.
const CACHE_ENTRIES: usize = 1 << 19;

type Place = (u8, u8, u64);
type Key = (u8, Vec<u8>);

/// Reads the state after the last closed batch. It belongs to the executor's thread.
#[derive(Clone, Debug)]
pub(crate) struct View(Rc<RefCell<Layers>>);

#[derive(Debug)]
struct Layers {
    sealed: Snapshot,
    /// What batches changed that are closed but not stored, oldest first.
    closed: VecDeque<Arc<StateChanges>>,
    /// What was read, absent entries included: the siblings of a sparse tree are mostly absent.
    nodes: HashMap<Place, Option<Hash>>,
    values: HashMap<Key, Option<Vec<u8>>>,
}

impl View {
    /// Of the sealed state.
    pub fn new(store: &Store) -> Result<Self, StoreError> {
        Ok(Self(Rc::new(RefCell::new(Layers {
            sealed: store.snapshot()?,
            closed: VecDeque::new(),
            nodes: HashMap::new(),
            values: HashMap::new(),
        }))))
    }

    /// A batch was closed: the next one reads what it changed.
    pub fn push(&self, changes: Arc<StateChanges>) {
        let mut layers = self.0.borrow_mut();
        for (place, hash) in &changes.nodes {
            layers.remember_node(*place, Some(*hash));
        }
        for (key, value) in &changes.values {
            layers.remember_value(key.clone(), Some(value.clone()));
        }
        layers.closed.push_back(changes);
    }

    /// The oldest closed batch is stored.
    pub fn stored(&self, store: &Store) -> Result<(), StoreError> {
        let mut layers = self.0.borrow_mut();
        layers.sealed = store.snapshot()?;
        layers.closed.pop_front();
        Ok(())
    }
}

impl Layers {
    fn remember_node(&mut self, place: Place, node: Option<Hash>) {
        if self.nodes.len() >= CACHE_ENTRIES {
            self.nodes.clear();
        }
        self.nodes.insert(place, node);
    }

    fn remember_value(&mut self, key: Key, value: Option<Vec<u8>>) {
        if self.values.len() >= CACHE_ENTRIES {
            self.values.clear();
        }
        self.values.insert(key, value);
    }
}

impl StateStore for View {
    type Error = StoreError;

    fn node(&self, tree: u8, level: u8, index: u64) -> Result<Option<Hash>, StoreError> {
        let place = (tree, level, index);
        let mut layers = self.0.borrow_mut();
        if let Some(node) = layers.nodes.get(&place) {
            return Ok(*node);
        }
        let closed = layers.closed.iter().rev();
        let node = closed
            .filter_map(|changes| changes.nodes.get(&place))
            .next()
            .copied();
        let node = match node {
            Some(node) => Some(node),
            None => layers.sealed.node(tree, level, index)?,
        };
        layers.remember_node(place, node);
        Ok(node)
    }

    fn value(&self, table: u8, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let key = (table, key.to_vec());
        let mut layers = self.0.borrow_mut();
        if let Some(value) = layers.values.get(&key) {
            return Ok(value.clone());
        }
        let closed = layers.closed.iter().rev();
        let value = closed
            .filter_map(|changes| changes.values.get(&key))
            .next()
            .cloned();
        let value = match value {
            Some(value) => Some(value),
            None => layers.sealed.value(table, &key.1)?,
        };
        layers.remember_value(key, value.clone());
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use ashlar_statement::hash::F;
    use plonky2::field::types::Field;

    use super::*;

    fn node(value: u64) -> Hash {
        Hash {
            elements: [F::from_canonical_u64(value), F::ZERO, F::ZERO, F::ZERO],
        }
    }

    fn changes(value: u64) -> Arc<StateChanges> {
        Arc::new(StateChanges {
            nodes: [((0, 0, 7), node(value))].into(),
            values: [((0, vec![1]), vec![value as u8])].into(),
        })
    }

    #[test]
    fn the_newest_closed_batch_wins_and_a_forgotten_entry_is_found_again() {
        let folder = tempfile::tempdir().expect("folder");
        let store = Store::open(&folder.path().join("state.redb")).expect("opens");
        let view = View::new(&store).expect("reads");
        assert_eq!(view.node(0, 0, 7).expect("reads"), None);
        view.push(changes(1));
        view.push(changes(2));
        for forget in [false, true] {
            if forget {
                view.0.borrow_mut().nodes.clear();
                view.0.borrow_mut().values.clear();
            }
            assert_eq!(view.node(0, 0, 7).expect("reads"), Some(node(2)));
            assert_eq!(view.value(0, &[1]).expect("reads"), Some(vec![2]));
        }
        assert_eq!(view.value(1, &[1]).expect("reads"), None);
    }
}
