//! A member of the committee.

use std::{collections::BTreeMap, convert::Infallible, path::Path};

use alloy::{
    primitives::{Address, B256, Signature, U256},
    signers::{SignerSync, local::PrivateKeySigner},
};
use ashlar_payments::{
    batch::{BlockBuilder, BlockConfig, BuildError, SealedBatch, Shapes},
    rebuild::{BatchData, RebuildError, Shown, UnsignedError, rebuild, shown_operations},
    state::{Changes, L1Owner, MemoryStore},
    transaction::Operation,
    validate::{ExecuteError, verify},
    witness::WitnessError,
};
use ashlar_statement::{
    Domain, TIME_BITS,
    hash::{Hash, hash_from_bytes32, hash_to_bytes32},
};
use plonky2::field::types::PrimeField64;

use crate::{
    SealError, Statement,
    attestation::cells_digest,
    cells::CellProofs,
    chain::Chain,
    kept::{Kept, KeptBatch, KeptError},
    seal, statement_of,
};

/// What a member is a member of.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Chain and rollup.
    pub domain: Domain,
    /// Sizes of chunks of the rollup's circuits.
    pub shapes: Shapes,
}

/// A batch that the operator wants to have signed: what it was made of, and what comes of it.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Its number.
    pub number: u64,
    /// Its time, in minutes since 1970.
    pub time: u32,
    /// L1 address whose first account earns the fees.
    pub fee_owner: L1Owner,
    /// Most slots of its chunks.
    pub chunk_slots: usize,
    /// Bridge stream.
    pub bridge: Vec<u8>,
    /// Rollup stream.
    pub rollup: Vec<u8>,
    /// Its operations, in order.
    pub shown: Vec<Shown>,
    /// Root after it.
    pub new_root: Hash,
    /// What is to be signed; `None` for a batch without a rollup stream, which is executed and kept like any other.
    pub statement: Option<Statement>,
}

/// Why a member does not sign a batch.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It does not follow what was signed before.
    #[error(
        "batch {given}: the next one is {next}, and from {first} on they can be replaced: propose those before it first"
    )]
    Order {
        /// As proposed.
        given: u64,
        /// The first that can be replaced.
        first: u64,
        /// The next one.
        next: u64,
    },
    /// Its chunks are of a size that the rollup's circuits do not have.
    #[error("chunks of {slots} slots are none of the rollup's: {known:?}")]
    Shape {
        /// As proposed.
        slots: usize,
        /// Those of the circuits.
        known: Vec<usize>,
    },
    /// What it was made of was not signed, or is not allowed.
    #[error(transparent)]
    Unsigned(#[from] UnsignedError<Infallible>),
    /// It cannot be sealed: it is empty.
    #[error("it cannot be sealed")]
    Seal(#[from] SealError<WitnessError>),
    /// Something else comes of it: the member's state before it is another, or the operator is wrong.
    #[error("{what} is {found}, not {proposed} as proposed")]
    Differs {
        /// Of the batch.
        what: &'static str,
        /// As proposed.
        proposed: String,
        /// As executed.
        found: String,
    },
}

/// A member failed, or refuses.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// It does not sign the batch, and nothing has changed.
    #[error("refused")]
    Refused(#[from] Refusal),
    /// It cannot keep the batch, so it has not signed it; or cannot read what it has kept.
    #[error("kept batches")]
    Kept(#[from] KeptError),
    /// What it has kept does not lead from batch to batch.
    #[error(
        "a kept batch does not follow the one before it: restore the folder from a copy, or from another member"
    )]
    Rebuild(#[source] Box<RebuildError<Infallible>>),
    /// A kept batch has a number that cannot follow the one before it.
    #[error(
        "kept batch {found} does not follow batch {last}: restore the folder from a copy, or from another member"
    )]
    Gap {
        /// The batch before it.
        last: u64,
        /// Its number.
        found: u64,
    },
    /// The key failed.
    #[error("cannot sign")]
    Sign(#[from] alloy::signers::Error),
}

/// What there is of a batch's cells.
#[derive(Debug)]
pub(crate) enum Cells {
    /// There is no such batch.
    Unknown,
    /// Their proofs are being made.
    NotYet,
    /// What they are made of.
    Kept {
        stream: Vec<u8>,
        proofs: CellProofs,
        /// Of the commitments.
        signature: Signature,
    },
}

/// Executes batches, keeps their streams, and signs that it has them.
#[derive(Debug)]
pub struct Member {
    signer: PrivateKeySigner,
    terms: Terms,
    kept: Kept,
    /// Where each kept batch is, by number and root.
    places: BTreeMap<(u64, [u8; 32]), u64>,
    chain: Chain,
    /// What came of the batches of this run, by number; signed again when asked again.
    executed: BTreeMap<u64, Option<Statement>>,
}

impl Member {
    /// Opens what was kept in a folder, and executes it; a new folder is a member that has seen nothing.
    ///
    /// # Errors
    /// If the folder cannot be read, or holds what does not lead from batch to batch.
    pub fn open(signer: PrivateKeySigner, terms: Terms, folder: &Path) -> Result<Self, MemberError> {
        let kept = Kept::open(folder)?;
        let (mut chain, mut places) = (Chain::default(), BTreeMap::new());
        for sequence in kept.sequences() {
            let batch = kept.read(*sequence)?;
            let (found, last) = (batch.number, chain.last());
            if !(chain.first_replaceable()..=last + 1).contains(&found) {
                return Err(MemberError::Gap { last, found });
            }
            let changes = replay(&chain.state_after(found - 1), &batch)?;
            chain.put(found, changes);
            places.insert((found, batch.new_root), *sequence);
        }
        Ok(Self {
            signer,
            terms,
            kept,
            places,
            chain,
            executed: BTreeMap::new(),
        })
    }

    /// Who it is.
    pub fn address(&self) -> Address {
        self.signer.address()
    }

    /// Chain and rollup.
    pub fn domain(&self) -> &Domain {
        &self.terms.domain
    }

    /// The last batch that it has executed; 0 before the first.
    pub fn last(&self) -> u64 {
        self.chain.last()
    }

    /// A kept batch, by its number and the root after it, as L1's header has both.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn batch(&self, number: u64, new_root: [u8; 32]) -> Result<Option<KeptBatch>, KeptError> {
        let place = self.places.get(&(number, new_root));
        place.map(|sequence| self.kept.read(*sequence)).transpose()
    }

    /// The youngest batch whose cells have no proofs yet, and its place.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn without_cells(&self) -> Result<Option<(u64, KeptBatch)>, KeptError> {
        let place = self.kept.without_cells();
        place
            .map(|sequence| Ok((sequence, self.kept.read(sequence)?)))
            .transpose()
    }

    /// Keeps the proofs of the cells of the batch at this place.
    ///
    /// # Errors
    /// If they cannot be written.
    pub(crate) fn keep_cells(&mut self, place: u64, proofs: &CellProofs) -> Result<(), KeptError> {
        self.kept.add_cells(place, proofs)
    }

    /// A kept batch with the proofs of its cells, once they were made, and what the member signs of them.
    ///
    /// # Errors
    /// If they are there and cannot be read, or the key fails.
    pub(crate) fn cells(&self, number: u64, new_root: [u8; 32]) -> Result<Cells, MemberError> {
        let Some(place) = self.places.get(&(number, new_root)) else {
            return Ok(Cells::Unknown);
        };
        let Some(proofs) = self.kept.cells(*place)? else {
            return Ok(Cells::NotYet);
        };
        let root = U256::from_be_bytes(new_root);
        let digest = cells_digest(&self.terms.domain, number, root, &proofs.commitments());
        Ok(Cells::Kept {
            stream: self.kept.read(*place)?.rollup,
            proofs,
            signature: self.signer.sign_hash_sync(&digest)?,
        })
    }

    /// Executes what the operator proposes, keeps it, and signs; a batch without a rollup stream is only executed and kept.
    /// Proposed again, it is signed again.
    ///
    /// # Errors
    /// [`MemberError::Refused`] for a batch that a member does not sign; nothing has changed then.
    pub fn attest(&mut self, proposal: &Proposal) -> Result<Option<Signature>, MemberError> {
        let number = proposal.number;
        let is_known = number <= self.last() && same(self.executed.get(&number), &proposal.statement);
        if !is_known {
            let (sealed, changes) = self.execute(proposal)?;
            self.keep(&sealed)?;
            self.chain.put(number, changes);
            self.executed.split_off(&number);
            self.executed.insert(number, proposal.statement.clone());
        }
        let statement = proposal.statement.as_ref();
        let signed = statement.map(|of| of.sign(&self.terms.domain, &self.signer));
        Ok(signed.transpose()?)
    }

    fn execute(&self, proposal: &Proposal) -> Result<(SealedBatch, Changes), Refusal> {
        let number = proposal.number;
        let (first, next) = (self.chain.first_replaceable(), self.last() + 1);
        if !(first..=next).contains(&number) {
            return Err(Refusal::Order {
                given: number,
                first,
                next,
            });
        }
        let before = self.chain.state_after(number - 1);
        let (sealed, changes) = execute(&before, &self.terms, proposal)?;
        let found = Hash {
            elements: sealed.public_inputs.new_root,
        };
        if found != proposal.new_root {
            return Err(Refusal::Differs {
                what: "the new root",
                proposed: word(&proposal.new_root),
                found: word(&found),
            });
        }
        let expiry = proposal.statement.as_ref().map_or(0, |of| of.expiry);
        compare(
            proposal.statement.as_ref(),
            statement_of(&sealed, expiry).as_ref(),
        )?;
        Ok((sealed, changes))
    }

    fn keep(&mut self, sealed: &SealedBatch) -> Result<(), KeptError> {
        let inputs = &sealed.public_inputs;
        let new_root = hash_to_bytes32(&Hash {
            elements: inputs.new_root,
        });
        let batch = KeptBatch {
            number: sealed.number,
            bridge: sealed.bridge.clone(),
            rollup: sealed.rollup.clone(),
            fee_account: (inputs.fee_account_and_time.to_canonical_u64() >> TIME_BITS) as u32,
            new_root,
        };
        let sequence = self.kept.add(&batch)?;
        self.places.insert((batch.number, new_root), sequence);
        Ok(())
    }
}

fn word(root: &Hash) -> String {
    B256::from(hash_to_bytes32(root)).to_string()
}

/// Whether this came of the batch when it was executed, whatever was the expiry.
fn same(executed: Option<&Option<Statement>>, proposed: &Option<Statement>) -> bool {
    let without = |of: &Statement| Statement {
        expiry: 0,
        ..of.clone()
    };
    match (executed, proposed) {
        (Some(Some(executed)), Some(proposed)) => without(executed) == without(proposed),
        // What has no statement is executed again: what it was is not known by one.
        _ => false,
    }
}

fn replay(before: &MemoryStore, batch: &KeptBatch) -> Result<Changes, MemberError> {
    let damaged = || MemberError::Gap {
        last: batch.number - 1,
        found: batch.number,
    };
    let data = BatchData {
        number: batch.number,
        bridge: &batch.bridge,
        rollup: &batch.rollup,
        fee_account: batch.fee_account,
        new_root: hash_from_bytes32(&batch.new_root).ok_or_else(damaged)?,
    };
    rebuild(before, &data).map_err(|error| MemberError::Rebuild(Box::new(error)))
}

/// By the rules of the circuits, signatures checked.
fn execute(
    before: &MemoryStore,
    terms: &Terms,
    proposal: &Proposal,
) -> Result<(SealedBatch, Changes), Refusal> {
    let slots = proposal.chunk_slots;
    let shapes = terms.shapes.up_to(slots).ok_or_else(|| Refusal::Shape {
        slots,
        known: terms.shapes.sizes().to_vec(),
    })?;
    let config = BlockConfig {
        domain: terms.domain,
        fee_owner: proposal.fee_owner,
        shapes,
    };
    let operations = shown_operations::<Infallible>(&proposal.bridge, &proposal.rollup, &proposal.shown)?;
    let mut builder = BlockBuilder::new(before, config).map_err(UnsignedError::from)?;
    builder.set_time(proposal.time);
    for (place, operation) in operations.into_iter().enumerate() {
        if let Operation::Signed(signed) = &operation {
            verify(&terms.domain, signed).map_err(|source| UnsignedError::Refused { place, source })?;
        }
        builder.push_verified(operation).map_err(|error| match error {
            ExecuteError::Refused(source) => UnsignedError::Refused { place, source },
            ExecuteError::State(error) => UnsignedError::State(error),
        })?;
    }
    let (closed, changes) = builder.close().map_err(|error| match error {
        BuildError::State(error) => UnsignedError::State(error),
        error => UnsignedError::Fees(error),
    })?;
    Ok((seal(closed, proposal.number, proposal.time)?, changes))
}

/// Whether what is proposed to be signed is what comes of the batch.
fn compare(proposed: Option<&Statement>, found: Option<&Statement>) -> Result<(), Refusal> {
    let differs = |what, proposed: &dyn ToString, found: &dyn ToString| Refusal::Differs {
        what,
        proposed: proposed.to_string(),
        found: found.to_string(),
    };
    let (proposed, found) = match (proposed, found) {
        (None, None) => return Ok(()),
        (Some(proposed), Some(found)) => (proposed, found),
        (proposed, found) => {
            let words = |of: Option<&Statement>| of.map_or(0, |of| of.words);
            return Err(differs("the number of words", &words(proposed), &words(found)));
        }
    };
    if proposed.number != found.number {
        return Err(differs("the number", &proposed.number, &found.number));
    }
    if proposed.new_root != found.new_root {
        return Err(differs("the new root", &proposed.new_root, &found.new_root));
    }
    if proposed.data_hash != found.data_hash {
        return Err(differs("the data hash", &proposed.data_hash, &found.data_hash));
    }
    if proposed.bridge_hash != found.bridge_hash {
        return Err(differs(
            "the bridge stream's hash",
            &proposed.bridge_hash,
            &found.bridge_hash,
        ));
    }
    if proposed.words != found.words {
        return Err(differs("the number of words", &proposed.words, &found.words));
    }
    if proposed.rollup_eval != found.rollup_eval {
        return Err(differs(
            "the rollup stream's value",
            &proposed.rollup_eval,
            &found.rollup_eval,
        ));
    }
    Ok(())
}
