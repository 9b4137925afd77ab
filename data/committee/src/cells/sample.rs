//! Whether a stream is still there, from a few of its cells.

use std::{collections::BTreeSet, fmt};

use alloy::primitives::Address;
use ashlar_contracts::BatchHeader;
use ashlar_report::chain;
use ashlar_statement::{
    Domain,
    hash::{Hash, hash_from_bytes32},
};
use futures::{StreamExt, future::join_all, stream};
use rand::{
    Rng,
    rngs::OsRng,
    seq::{SliceRandom, index},
};

use super::{CELLS, Cell, Commitment, are_of, blobs_of};
use crate::{ClientError, Committee, Custody, MemberClient, Readers, reader::told};

/// Samples that are under way at a time.
const AT_ONCE: usize = 16;

/// Which cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Of which of the stream's blobs, from 0.
    pub blob: u32,
    /// Which of its cells, below [`CELLS`].
    pub cell: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cell {} of blob {}", self.cell, self.blob)
    }
}

/// What came of sampling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampled {
    /// The batch.
    pub number: u64,
    /// Blobs of its stream.
    pub blobs: usize,
    /// Members of the committee that have signed the commitments.
    pub signed: usize,
    /// Members of the committee.
    pub members: usize,
    /// Cells that somebody gave, ascending.
    pub found: Vec<Place>,
    /// Cells that nobody gave, ascending.
    pub missing: Vec<Place>,
    /// Each endpoint, in the order of the arguments.
    pub asked: Vec<MemberSamples>,
}

impl Sampled {
    /// Whether every cell was found. If less than half of some blob's cells were anywhere, the chance of that is below
    /// 2^-samples.
    pub fn is_available(&self) -> bool {
        self.missing.is_empty()
    }
}

/// What one endpoint gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberSamples {
    /// Where.
    pub endpoint: String,
    /// Who says to be there; `None` if nobody does.
    pub member: Option<Address>,
    /// Cells that it was asked for.
    pub asked: usize,
    /// What it did not do, and why: a cell, or what it has to sign before (`None`).
    pub failures: Vec<(Option<Place>, String)>,
}

/// Nothing can be said of a stream.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// Nobody was named.
    #[error(
        "the cells of batch {number} are with members of the rollup's committee: name some (`--da-member`)"
    )]
    NoMember {
        /// The batch.
        number: u64,
    },
    /// There is nothing to sample.
    #[error("batch {number} has no rollup stream, so nobody keeps one")]
    NoStream {
        /// The batch.
        number: u64,
    },
    /// Which cells are the batch's is not known.
    #[error(
        "{signed} members of the committee sign what the cells of batch {number} belong to, {needed} must{}: name others \
         (`--da-member`); if there are none, the stream is withheld",
        told(failures)
    )]
    TooFewSigned {
        /// The batch.
        number: u64,
        /// Members that agree.
        signed: usize,
        /// Two thirds of the committee.
        needed: usize,
        /// Each endpoint that does not, and what it said.
        failures: Vec<(String, String)>,
    },
}

/// What an endpoint fails in.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("it has no such batch")]
    Unknown,
    #[error("{0} is no member of the rollup's committee")]
    Stranger(Address),
    #[error("what it signs is signed by somebody else")]
    Signature,
    #[error("it signs other commitments than two thirds of the committee: it lies, or they do")]
    Commitments,
    #[error("it has not given it")]
    Withheld,
    #[error("what it gave is not the commitment's")]
    Wrong,
}

/// A member that has signed commitments.
struct Keeper<'a> {
    /// Place of its endpoint.
    index: usize,
    client: MemberClient,
    member: Address,
    custody: Custody,
    batch: &'a Batch<'a>,
}

struct Batch<'a> {
    domain: &'a Domain,
    header: &'a BatchHeader,
    root: Hash,
}

impl Keeper<'_> {
    async fn cell(&self, place: Place, commitments: &[Commitment]) -> Result<Cell, Fault> {
        let (number, root) = (self.batch.header.number, &self.batch.root);
        let given = self.client.cells(number, root, &[place]).await?;
        let custody = given.ok_or(Fault::Unknown)?;
        let cell = custody.cells.into_iter().find(|cell| cell.place == place);
        let cell = cell.ok_or(Fault::Withheld)?;
        match are_of(commitments, std::slice::from_ref(&cell)) {
            true => Ok(cell),
            false => Err(Fault::Wrong),
        }
    }
}

impl Batch<'_> {
    async fn keeper(
        &self,
        index: usize,
        endpoint: &str,
        readers: &Readers,
        committee: &Committee,
    ) -> (Option<Address>, Result<Keeper<'_>, Fault>) {
        let mut named = None;
        let keeper = async {
            let client = readers.client(endpoint, self.domain).await?;
            let member = client.state().await?.address;
            named = Some(member);
            if committee.members().binary_search(&member).is_err() {
                return Err(Fault::Stranger(member));
            }
            let custody = client.cells(self.header.number, &self.root, &[]).await?;
            let custody = custody.ok_or(Fault::Unknown)?;
            if custody.signer(self.domain, self.header.number, self.header.newRoot) != Some(member) {
                return Err(Fault::Signature);
            }
            Ok(Keeper {
                index,
                client,
                member,
                custody,
                batch: self,
            })
        };
        let keeper = keeper.await;
        (named, keeper)
    }
}

impl Readers {
    /// Draws `samples` different cells of each blob of a batch's rollup stream, all if there are fewer, and asks a random
    /// member for each, then the others until one gives it with its proof. Which cells are the batch's, two thirds of its
    /// committee must sign.
    ///
    /// Who gives cells to this client alone is not found out by it: that takes many who ask, and whom members cannot tell
    /// apart. And two thirds of a committee that lie can sign what cells they like, as they can sign a batch.
    ///
    /// # Errors
    /// If too few members say which cells are the batch's.
    pub async fn sample(
        &self,
        domain: &Domain,
        committee: &Committee,
        header: &BatchHeader,
        samples: u32,
    ) -> Result<Sampled, SampleError> {
        let number = header.number;
        if self.endpoints().is_empty() {
            return Err(SampleError::NoMember { number });
        }
        let (blobs, root) = match hash_from_bytes32(&header.newRoot.to_be_bytes()) {
            Some(root) if header.rollupWords > 0 => (blobs_of(header.rollupWords), root),
            _ => return Err(SampleError::NoStream { number }),
        };
        let batch = Batch { domain, header, root };
        let mut asked = Vec::new();
        let endpoints = self.endpoints().iter().enumerate();
        let keepers =
            join_all(endpoints.map(|(index, endpoint)| batch.keeper(index, endpoint, self, committee)));
        let mut keepers: Vec<Keeper<'_>> = (self.endpoints().iter().zip(keepers.await))
            .filter_map(|(endpoint, (member, keeper))| {
                let mut samples = MemberSamples {
                    endpoint: endpoint.clone(),
                    member,
                    asked: 0,
                    failures: Vec::new(),
                };
                let keeper = keeper.map_err(|fault| samples.failures.push((None, chain(&fault))));
                asked.push(samples);
                keeper.ok()
            })
            .collect();

        let signers = |commitments: &[Commitment]| {
            let agree = keepers.iter().filter(|of| of.custody.commitments == commitments);
            agree.map(|of| of.member).collect::<BTreeSet<_>>().len()
        };
        let whole = keepers.iter().filter(|of| of.custody.commitments.len() == blobs);
        let most = whole.max_by_key(|of| signers(&of.custody.commitments));
        let commitments = most.map_or(Vec::new(), |of| of.custody.commitments.clone());
        let (signed, needed) = (signers(&commitments), committee.threshold());
        for keeper in keepers.iter().filter(|of| of.custody.commitments != commitments) {
            asked[keeper.index]
                .failures
                .push((None, chain(&Fault::Commitments)));
        }
        if signed < needed {
            let failures = asked
                .into_iter()
                .filter_map(|of| Some((of.endpoint, of.failures.into_iter().next()?.1)));
            return Err(SampleError::TooFewSigned {
                number,
                signed,
                needed,
                failures: failures.collect(),
            });
        }
        keepers.retain(|of| of.custody.commitments == commitments);

        let mut rng = OsRng; // whom one can foretell, one can serve alone
        let mut drawn = Vec::new();
        for place in draw(blobs, samples, &mut rng) {
            let mut order: Vec<&Keeper<'_>> = keepers.iter().collect();
            order.shuffle(&mut rng);
            drawn.push((place, order));
        }
        let outcomes = stream::iter(drawn).map(|(place, order)| look_for(place, order, &commitments));
        let outcomes: Vec<_> = outcomes.buffer_unordered(AT_ONCE).collect().await;
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for Outcome {
            place,
            giver,
            failures,
        } in outcomes
        {
            match giver {
                Some(index) => {
                    asked[index].asked += 1;
                    found.push(place);
                }
                None => missing.push(place),
            }
            for (index, fault) in failures {
                asked[index].asked += 1;
                asked[index].failures.push((Some(place), chain(&fault)));
            }
        }
        found.sort_unstable();
        missing.sort_unstable();
        for of in &mut asked {
            of.failures.sort_unstable();
        }
        Ok(Sampled {
            number,
            blobs,
            signed,
            members: committee.members().len(),
            found,
            missing,
            asked,
        })
    }
}

/// So many different cells of each blob, for what is missing of one is a small part of many; all if there are fewer.
pub(super) fn draw(blobs: usize, samples: u32, rng: &mut impl Rng) -> Vec<Place> {
    let mut drawn = Vec::new();
    for blob in 0..blobs as u32 {
        let cells = index::sample(rng, CELLS, CELLS.min(samples as usize));
        drawn.extend(cells.into_iter().map(|cell| Place {
            blob,
            cell: cell as u32,
        }));
    }
    drawn
}

struct Outcome {
    place: Place,
    /// Place of the endpoint that gave it.
    giver: Option<usize>,
    failures: Vec<(usize, Fault)>,
}

async fn look_for(place: Place, order: Vec<&Keeper<'_>>, commitments: &[Commitment]) -> Outcome {
    let mut outcome = Outcome {
        place,
        giver: None,
        failures: Vec::new(),
    };
    for keeper in order {
        match keeper.cell(place, commitments).await {
            Ok(_) => {
                outcome.giver = Some(keeper.index);
                break;
            }
            Err(fault) => outcome.failures.push((keeper.index, fault)),
        }
    }
    outcome
}
