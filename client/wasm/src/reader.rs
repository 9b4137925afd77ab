//! Fields of a request.

use crate::Error;

/// Reads fields off a request, in their order.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// At the first field.
    pub fn new(request: &'a [u8]) -> Self {
        Self(request)
    }

    /// So many bytes.
    pub(crate) fn bytes<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], Error> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(Error::Request { field })?;
        self.0 = rest;
        Ok(*bytes)
    }

    pub(crate) fn u8(&mut self, field: &'static str) -> Result<u8, Error> {
        Ok(self.bytes::<1>(field)?[0])
    }

    pub(crate) fn u32(&mut self, field: &'static str) -> Result<u32, Error> {
        self.bytes(field).map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self, field: &'static str) -> Result<u64, Error> {
        self.bytes(field).map(u64::from_be_bytes)
    }

    /// A byte that says yes or no.
    pub(crate) fn flag(&mut self, field: &'static str) -> Result<bool, Error> {
        match self.u8(field)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Error::Request { field }),
        }
    }

    /// What is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    /// Refuses what follows the last field.
    pub(crate) fn end(&self, last: &'static str) -> Result<(), Error> {
        match self.0 {
            [] => Ok(()),
            _ => Err(Error::Request { field: last }),
        }
    }
}
