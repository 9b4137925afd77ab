//! Proposals as messages.

use alloy::{
    primitives::{B256, Signature, U256},
    signers::{SignerSync, local::PrivateKeySigner},
};
use ashlar_payments::rebuild::Shown;
use ashlar_proto::{
    Bytes,
    committee::v1::{self as pb, attest_request::Part},
    pieces,
};
use ashlar_statement::{
    Domain,
    hash::{Hash, hash_from_bytes32, hash_to_bytes32},
};
use tonic::Status;

use crate::{
    Proposal, Statement,
    attestation::proposal_digest,
    cells::{Cell, CellError, CellProofs, Place},
};

/// Items in one message: each has at most some hundred bytes.
const ITEMS_AT_ONCE: usize = 1_000;

/// Bytes of a proposal, at most.
const MAX_PROPOSAL_BYTES: usize = 64 << 20;

/// A proposal's messages, signed by the operator.
///
/// # Errors
/// If the key fails.
pub(crate) fn requests(
    proposal: &Proposal,
    domain: &Domain,
    operator: &PrivateKeySigner,
) -> Result<Vec<pb::AttestRequest>, alloy::signers::Error> {
    let signature = operator.sign_hash_sync(&digest(proposal, domain))?;
    let new_root = hash_to_bytes32(&proposal.new_root).to_vec().into();
    let statement = proposal.statement.as_ref().map(|of| pb::Statement {
        data_hash: of.data_hash.to_be_bytes::<32>().to_vec().into(),
        words: of.words,
        rollup_eval: of.rollup_eval.to_be_bytes().to_vec().into(),
        expiry: of.expiry,
    });
    let head = pb::ProposalHead {
        number: proposal.number,
        time: proposal.time,
        fee_owner: proposal.fee_owner.to_vec().into(),
        chunk_slots: proposal.chunk_slots as u32,
        new_root,
        statement,
        operator_signature: signature.as_bytes().to_vec().into(),
    };
    let mut parts = vec![Part::Head(head)];
    let stream = |bytes: &Vec<u8>| pieces(Bytes::from(bytes.clone()));
    parts.extend(stream(&proposal.bridge).map(Part::Bridge));
    parts.extend(stream(&proposal.rollup).map(Part::Rollup));
    parts.extend(proposal.shown.chunks(ITEMS_AT_ONCE).map(|shown| {
        Part::Items(pb::Items {
            items: shown.iter().map(item).collect(),
        })
    }));
    let request = |part| pb::AttestRequest { part: Some(part) };
    Ok(parts.into_iter().map(request).collect())
}

fn digest(proposal: &Proposal, domain: &Domain) -> B256 {
    let root = U256::from_be_bytes(hash_to_bytes32(&proposal.new_root));
    proposal_digest(domain, proposal.number, root, &proposal.bridge, &proposal.rollup)
}

fn item(shown: &Shown) -> pb::Item {
    let item = match shown {
        Shown::L1 => pb::item::Item::L1Operation(pb::L1Operation {}),
        Shown::Signed(encoding) => pb::item::Item::Signed(encoding.clone().into()),
    };
    pb::Item { item: Some(item) }
}

/// A proposal that is being received.
#[derive(Debug, Default)]
pub(crate) struct Receiving {
    head: Option<pb::ProposalHead>,
    bridge: Vec<u8>,
    rollup: Vec<u8>,
    shown: Vec<Shown>,
    bytes: usize,
}

impl Receiving {
    /// Takes the next message.
    ///
    /// # Errors
    /// If it is out of order, empty, or one too many.
    pub fn take(&mut self, request: pb::AttestRequest) -> Result<(), Status> {
        let part = request
            .part
            .ok_or_else(|| Status::invalid_argument("part: missing"))?;
        if self.head.is_none() != matches!(part, Part::Head(_)) {
            return Err(Status::invalid_argument("part: the head comes first, and once"));
        }
        match part {
            Part::Head(head) => self.head = Some(head),
            Part::Bridge(piece) => {
                self.count(piece.len())?;
                self.bridge.extend(piece);
            }
            Part::Rollup(piece) => {
                self.count(piece.len())?;
                self.rollup.extend(piece);
            }
            Part::Items(items) => {
                for item in items.items {
                    let shown = match item.item {
                        Some(pb::item::Item::Signed(encoding)) => Shown::Signed(encoding.to_vec()),
                        Some(pb::item::Item::L1Operation(_)) => Shown::L1,
                        None => return Err(Status::invalid_argument("items: one is of no known kind")),
                    };
                    self.count(match &shown {
                        Shown::Signed(encoding) => encoding.len(),
                        Shown::L1 => 1,
                    })?;
                    self.shown.push(shown);
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, bytes: usize) -> Result<(), Status> {
        self.bytes += bytes;
        match self.bytes > MAX_PROPOSAL_BYTES {
            true => Err(Status::resource_exhausted(format!(
                "a proposal of more than {MAX_PROPOSAL_BYTES} bytes"
            ))),
            false => Ok(()),
        }
    }

    /// The proposal, and the operator's signature of it with what it signs.
    ///
    /// # Errors
    /// If a field is malformed.
    pub fn finish(self, domain: &Domain) -> Result<(Proposal, B256, Signature), Status> {
        let head = self
            .head
            .ok_or_else(|| Status::invalid_argument("part: there is no head"))?;
        let signature = Signature::from_raw(&head.operator_signature)
            .map_err(|error| Status::invalid_argument(format!("operator_signature: {error}")))?;
        let new_root = root(&head.new_root)?;
        let statement = head.statement.as_ref().map(|of| {
            Ok::<_, Status>(Statement {
                number: head.number,
                new_root: U256::from_be_bytes(hash_to_bytes32(&new_root)),
                data_hash: U256::from_be_bytes(fixed::<32>(&of.data_hash, "data_hash")?),
                bridge_hash: Statement::bridge_hash(&self.bridge),
                words: of.words,
                rollup_eval: u128::from_be_bytes(fixed(&of.rollup_eval, "rollup_eval")?),
                expiry: of.expiry,
            })
        });
        let proposal = Proposal {
            number: head.number,
            time: head.time,
            fee_owner: fixed(&head.fee_owner, "fee_owner")?,
            chunk_slots: head.chunk_slots as usize,
            new_root,
            statement: statement.transpose()?,
            bridge: self.bridge,
            rollup: self.rollup,
            shown: self.shown,
        };
        let digest = digest(&proposal, domain);
        Ok((proposal, digest, signature))
    }
}

/// A root of canonical elements.
pub(crate) fn root(bytes: &[u8]) -> Result<Hash, Status> {
    hash_from_bytes32(&fixed(bytes, "new_root")?)
        .ok_or_else(|| Status::invalid_argument("new_root: an element is not below the field's order"))
}

/// Bytes of a fixed number.
pub(crate) fn fixed<const N: usize>(bytes: &[u8], field: &'static str) -> Result<[u8; N], Status> {
    let wrong = |_| Status::invalid_argument(format!("{field}: {} bytes, {N} expected", bytes.len()));
    bytes.try_into().map_err(wrong)
}

/// Cells at these places, with what the member signs of all.
///
/// # Errors
/// If the stream has none.
pub(crate) fn cells_answer(
    stream: &[u8],
    proofs: &CellProofs,
    signature: &Signature,
    places: &[pb::CellPlace],
) -> Result<pb::GetCellsResponse, CellError> {
    let places: Vec<_> = places.iter().map(from_place).collect();
    let cells = proofs.cells(stream, &places)?;
    let commitments = proofs.commitments();
    Ok(pb::GetCellsResponse {
        commitments: commitments.iter().map(|of| of.to_vec().into()).collect(),
        signature: signature.as_bytes().to_vec().into(),
        cells: cells.iter().map(cell).collect(),
    })
}

pub(crate) fn place(place: &Place) -> pb::CellPlace {
    pb::CellPlace {
        blob: place.blob,
        cell: place.cell,
    }
}

fn from_place(place: &pb::CellPlace) -> Place {
    Place {
        blob: place.blob,
        cell: place.cell,
    }
}

fn cell(cell: &Cell) -> pb::Cell {
    pb::Cell {
        place: Some(place(&cell.place)),
        data: cell.data.to_vec().into(),
        proof: cell.proof.to_vec().into(),
    }
}

/// A cell that was given; `None` for what is none.
pub(crate) fn from_cell(cell: &pb::Cell) -> Option<Cell> {
    Some(Cell {
        place: from_place(cell.place.as_ref()?),
        data: Box::new((*cell.data).try_into().ok()?),
        proof: (*cell.proof).try_into().ok()?,
    })
}
