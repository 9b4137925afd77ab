//! Commitments on the card, and answers to queries of them.

use ashlar_plonky2_cuda::{
    Error, Words,
    kernels::{
        columns::Polynomials,
        ntt::Extender,
        tree::{Digest, Leaves, Source, Tree},
    },
};
use ashlar_statement::hash::F;
use plonky2::{
    field::goldilocks_field::GoldilocksField,
    hash::{merkle_proofs::MerkleProof, merkle_tree::MerkleCap},
    iop::challenger::Challenger,
};

use super::CardHasher;

/// Values of polynomials, and the trees over them, of each proof.
pub struct Committed {
    pub values: Words,
    source: Source,
    batch: usize,
    width: usize,
    tree: Tree,
}

impl Committed {
    /// `source` says how the leaves lie, each of `width` elements.
    pub fn new<H: CardHasher>(
        values: Words,
        source: Source,
        batch: usize,
        width: usize,
        cap_height: usize,
    ) -> Result<Self, Error> {
        let leaves = leaves(&values, source, batch, width);
        let tree = Tree::new(H::HASH, &leaves, cap_height)?;
        Ok(Self {
            values,
            source,
            batch,
            width,
            tree,
        })
    }

    /// Each transcript observes the cap of its proof.
    pub fn caps<H: CardHasher>(
        &self,
        transcripts: &mut [Challenger<F, H>],
    ) -> Result<Vec<MerkleCap<F, H>>, Error> {
        let caps = self.tree.caps()?.into_iter().zip(transcripts);
        let caps = caps.map(|(cap, transcript)| {
            let cap = MerkleCap(cap.into_iter().map(H::digest).collect());
            transcript.observe_cap(&cap);
            cap
        });
        Ok(caps.collect())
    }

    /// The leaves that are asked for and their paths: as many of each proof.
    pub fn answers(&self, queried: &[u64]) -> Result<Answers, Error> {
        Ok(Answers {
            width: self.width,
            levels: self.tree.levels(),
            rows: leaves(&self.values, self.source, self.batch, self.width).read(queried)?,
            paths: self.tree.paths(queried)?,
        })
    }
}

fn leaves(values: &Words, source: Source, batch: usize, width: usize) -> Leaves<'_> {
    let count = values.len() / (batch * width);
    Leaves {
        values,
        source,
        batch,
        width,
        count,
    }
}

/// Polynomials of the degree of the circuit that each proof commits to.
pub struct Batch {
    pub coefficients: Words,
    pub width: usize,
    pub committed: Committed,
}

impl Batch {
    pub fn new<H: CardHasher>(
        extender: &Extender,
        coefficients: Words,
        batch: usize,
        cap_height: usize,
    ) -> Result<Self, Error> {
        let values = extender.extend(&coefficients)?;
        let width = values.len() / (batch * extender.length());
        let committed = Committed::new::<H>(values, Source::Columns, batch, width, cap_height)?;
        Ok(Self {
            coefficients,
            width,
            committed,
        })
    }

    pub fn polynomials(&self) -> Polynomials<'_> {
        Polynomials::all(&self.coefficients, self.width)
    }
}

/// To the queries of all proofs, one after the other.
pub struct Answers {
    width: usize,
    levels: usize,
    rows: Vec<u64>,
    paths: Vec<Digest>,
}

impl Answers {
    /// To the query with this number.
    pub fn get<H: CardHasher>(&self, query: usize) -> (Vec<F>, MerkleProof<F, H>) {
        let row = &self.rows[query * self.width..][..self.width];
        let path = &self.paths[query * self.levels..][..self.levels];
        let siblings = path.iter().copied().map(H::digest).collect();
        (
            row.iter().copied().map(GoldilocksField).collect(),
            MerkleProof { siblings },
        )
    }
}
