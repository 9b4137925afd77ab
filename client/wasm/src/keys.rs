//! Secret keys, by handle: the caller's language could not erase them.

use std::collections::BTreeMap;

use ashlar_ecgfp5::SecretKey;

use crate::Error;

/// The open keys.
#[derive(Default)]
pub struct Keys {
    last: u32,
    open: BTreeMap<u32, Box<SecretKey>>, // boxed: nodes of the map move their values, and would leave copies
}

impl Keys {
    /// Keeps a key until it is closed; handles are never used twice.
    pub(crate) fn open(&mut self, key: SecretKey) -> u32 {
        self.last += 1;
        self.open.insert(self.last, Box::new(key));
        self.last
    }

    /// An open key.
    pub(crate) fn get(&self, handle: u32) -> Result<&SecretKey, Error> {
        self.open.get(&handle).map(Box::as_ref).ok_or(Error::KeyClosed)
    }

    /// Erases a key; one that is closed stays so.
    pub(crate) fn close(&mut self, handle: u32) {
        self.open.remove(&handle); // erased when dropped
    }
}
