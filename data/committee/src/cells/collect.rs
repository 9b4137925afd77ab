//! A stream from the cells of members of whom each gives a part.

use ashlar_contracts::BatchHeader;
use ashlar_report::chain;
use ashlar_statement::{
    Domain,
    hash::{Hash, hash_from_bytes32},
};
use tokio::task::spawn_blocking;

use super::{CELLS, Cell, Commitment, Place, are_of, blobs_of, stream_of_cells};
use crate::{MemberClient, Readers};

impl Readers {
    /// The stream of which all members together give half of each blob's cells, for each member's commitments in turn until
    /// one is accepted; `None` if none is.
    pub(crate) async fn stream_of_cells(
        &self,
        domain: &Domain,
        header: &BatchHeader,
        mut accepts: impl FnMut(&[u8]) -> bool,
    ) -> Option<Vec<u8>> {
        let root = hash_from_bytes32(&header.newRoot.to_be_bytes())?;
        let (number, words) = (header.number, header.rollupWords);
        let (mut members, mut named) = (Vec::new(), Vec::<Vec<Commitment>>::new());
        for endpoint in self.endpoints() {
            let Ok(client) = self.client(endpoint, domain).await else {
                continue; // what it said is known from the question before
            };
            let Ok(Some(custody)) = client.cells(number, &root, &[]).await else {
                continue;
            };
            let is_whole = custody.commitments.len() == blobs_of(words);
            if is_whole && !named.contains(&custody.commitments) {
                named.push(custody.commitments);
            }
            members.push(client);
        }
        for commitments in named {
            let mut cells = Vec::new();
            for client in &members {
                cells.extend(cells_of(client, number, &root, &commitments).await);
            }
            let given = cells.len();
            match spawn_blocking(move || stream_of_cells(&cells, words))
                .await
                .ok()?
            {
                Ok(stream) if accepts(&stream) => {
                    tracing::info!(
                        batch = number,
                        cells = given,
                        "the stream is put together from cells"
                    );
                    return Some(stream);
                }
                Ok(_) => tracing::warn!(batch = number, "the cells are of another stream"),
                Err(error) => {
                    tracing::warn!(
                        batch = number,
                        error = chain(&error),
                        "no stream comes of the cells"
                    );
                }
            }
        }
        None
    }
}

/// All cells of these commitments that a member gives.
async fn cells_of(client: &MemberClient, number: u64, root: &Hash, commitments: &[Commitment]) -> Vec<Cell> {
    let mut found = Vec::new();
    for blob in 0..commitments.len() as u32 {
        let places: Vec<_> = (0..CELLS as u32).map(|cell| Place { blob, cell }).collect();
        let Ok(Some(custody)) = client.cells(number, root, &places).await else {
            continue;
        };
        let (cells, of) = (custody.cells, commitments.to_vec());
        let right = spawn_blocking(move || {
            if are_of(&of, &cells) {
                return cells;
            }
            // Who mixes false ones in does not make true ones false.
            let each = cells.into_iter();
            each.filter(|cell| are_of(&of, std::slice::from_ref(cell)))
                .collect()
        });
        found.extend(right.await.unwrap_or_default());
    }
    found
}
