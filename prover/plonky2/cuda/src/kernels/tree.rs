//! Merkle trees, of leaves that stay where they are.
#![allow(unsafe_code, reason = "launches kernels")]

use std::{ffi::c_int, sync::Arc};

use super::short;
use crate::{Device, Error, Words, device::Stream, entries::entries};

entries! {
    fn tree(
        stream: Stream, hash: c_int, source: c_int, values: *const u64, batch: u32, width: u32, count: usize, cap: usize,
        digests: *mut u64,
    ) -> c_int;
    fn leaves(
        stream: Stream, source: c_int, values: *const u64, batch: u32, width: u32, count: usize, queried: *const u64,
        queries: u32, out: *mut u64,
    ) -> c_int;
    fn paths(
        stream: Stream, digests: *const u64, batch: u32, count: usize, cap: usize, levels: u32, queried: *const u64,
        queries: u32, out: *mut u64,
    ) -> c_int;
}

/// Words of a digest, whatever the hash.
pub const DIGEST: usize = 4;

/// A digest: elements below p of a hash over Goldilocks, or the words of a number below r of one over BN254, the lowest
/// first.
pub type Digest = [u64; DIGEST];

/// With what trees are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Hash {
    /// plonky2's Poseidon: its `hash_or_noop` of each leaf, and `two_to_one`.
    Poseidon = 0,
    /// Poseidon2 over the scalar field of BN254: the same of `ashlar_bn254::Bn254Hasher`.
    Bn254 = 1,
}

/// How the elements of leaves lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Source {
    /// `[proof][element][leaf]`
    Columns = 0,
    /// A leaf is neighbouring elements of the extension, whose parts lie as `[proof][part][leaf][element of the leaf]`.
    Neighbours = 1,
}

/// Leaves of a batch of proofs.
#[derive(Clone, Copy)]
pub struct Leaves<'a> {
    /// The elements.
    pub values: &'a Words,
    /// How they lie.
    pub source: Source,
    /// Proofs.
    pub batch: usize,
    /// Elements of a leaf.
    pub width: usize,
    /// Leaves of a proof.
    pub count: usize,
}

impl Leaves<'_> {
    fn address(&self) -> *const u64 {
        let words = self.batch * self.width * self.count;
        assert_eq!(self.values.len(), words, "leaves of another shape");
        self.values.range(0, words)
    }

    /// Elements of the queried leaves, below p: `[proof][query][element]`. As many leaves are queried of each proof.
    ///
    /// # Errors
    /// If the device is full or lost.
    ///
    /// # Panics
    /// If a leaf is queried that is not there.
    pub fn read(&self, queried: &[u64]) -> Result<Vec<u64>, Error> {
        let queries = queries(queried, self.batch, self.count);
        if queries == 0 {
            return Ok(Vec::new());
        }
        let device = self.values.device();
        let queried = Words::of(device, queried)?;
        let out = Words::new(device, queried.len() * self.width)?;
        let launch = Entries::of(device.runtime()).leaves;
        let (values, queried) = (self.address(), queried.range(0, queried.len()));
        let (batch, width) = (short(self.batch), short(self.width));
        // SAFETY: device memory of the shapes that were just checked.
        device.launch("read leaves", |stream| unsafe {
            launch(
                stream,
                self.source as c_int,
                values,
                batch,
                width,
                self.count,
                queried,
                short(queries),
                out.range(0, out.len()),
            )
        })?;
        out.read_all()
    }
}

/// The trees of a batch of proofs.
pub struct Tree {
    digests: Words,
    batch: usize,
    count: usize,
    cap: usize,
}

impl Tree {
    /// Words of memory that the trees over so many leaves take.
    pub fn words(batch: usize, count: usize, cap_height: usize) -> usize {
        batch * DIGEST * (2 * count - (1 << cap_height))
    }

    /// Hashes leaves.
    ///
    /// # Errors
    /// If the device is full or lost.
    ///
    /// # Panics
    /// If the leaves are no power of two, or fewer than the cap has digests.
    pub fn new(hash: Hash, leaves: &Leaves<'_>, cap_height: usize) -> Result<Self, Error> {
        let Leaves { batch, count, .. } = *leaves;
        let cap = 1 << cap_height;
        assert!(
            count.is_power_of_two() && cap <= count,
            "a cap is part of its tree"
        );
        let device = leaves.values.device();
        let digests = Words::new(device, Self::words(batch, count, cap_height))?;
        let launch = Entries::of(device.runtime()).tree;
        let values = leaves.address();
        // SAFETY: leaves of the shape that was just checked, and as many words as their trees have.
        device.launch("tree", |stream| unsafe {
            launch(
                stream,
                hash as c_int,
                leaves.source as c_int,
                values,
                short(batch),
                short(leaves.width),
                count,
                cap,
                digests.range(0, digests.len()),
            )
        })?;
        Ok(Self {
            digests,
            batch,
            count,
            cap,
        })
    }

    fn device(&self) -> &Arc<Device> {
        self.digests.device()
    }

    /// Digests on the way from a leaf to the cap.
    pub fn levels(&self) -> usize {
        (self.count / self.cap).ilog2() as usize
    }

    /// The cap of each proof.
    ///
    /// # Errors
    /// If the device is lost.
    pub fn caps(&self) -> Result<Vec<Vec<Digest>>, Error> {
        let (tree, cap) = (self.digests.len() / self.batch, DIGEST * self.cap);
        let caps = (1..=self.batch).map(|proof| {
            let words = self.digests.read(proof * tree - cap, cap)?;
            Ok(words.as_chunks().0.to_vec())
        });
        caps.collect()
    }

    /// The siblings on the way from each queried leaf to the cap: `[proof][query][level]`. As many leaves are queried of each
    /// proof.
    ///
    /// # Errors
    /// If the device is full or lost.
    ///
    /// # Panics
    /// If a leaf is queried that is not there.
    pub fn paths(&self, queried: &[u64]) -> Result<Vec<Digest>, Error> {
        let queries = queries(queried, self.batch, self.count);
        let levels = self.levels();
        if queries * levels == 0 {
            return Ok(Vec::new());
        }
        let queried = Words::of(self.device(), queried)?;
        let out = Words::new(self.device(), queried.len() * levels * DIGEST)?;
        let launch = Entries::of(self.device().runtime()).paths;
        let (digests, queried) = (
            self.digests.range(0, self.digests.len()),
            queried.range(0, queried.len()),
        );
        let (batch, levels, queries) = (short(self.batch), short(levels), short(queries));
        // SAFETY: the trees, and device memory of the shapes that were just checked.
        self.device().launch("read paths", |stream| unsafe {
            let to = out.range(0, out.len());
            launch(
                stream, digests, batch, self.count, self.cap, levels, queried, queries, to,
            )
        })?;
        Ok(out.read_all()?.as_chunks().0.to_vec())
    }
}

/// How many leaves are queried of each proof.
fn queries(queried: &[u64], batch: usize, count: usize) -> usize {
    assert!(
        queried.len().is_multiple_of(batch),
        "as many queries of each proof"
    );
    assert!(queried.iter().all(|leaf| *leaf < count as u64), "no such leaf");
    queried.len() / batch
}
