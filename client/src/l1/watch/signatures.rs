//! Whether each payment of a batch was signed and allowed, as its sequencer shows it. L1 does not have the signatures.

use std::convert::Infallible;

use alloy::primitives::Address;
use ashlar_contracts::CommitData;
use ashlar_payments::{
    batch::SHAPES,
    rebuild::{RecordsError, Terms, UnsignedError, bridge_records, check_signed, rollup_records},
    state::{Changes, MemoryStore},
};
use ashlar_statement::Domain;

use super::super::{CommittedBatch, L1, L1Error, rebuild::batch_data};
use crate::{Client, ClientError, Options};

/// Why it is not known that a batch's payments were signed.
#[derive(Debug, thiserror::Error)]
pub enum NotShown {
    /// The sequencer does not answer, or does not show the batch: ask again, while there is time.
    #[error("the sequencer does not show it")]
    Sequencer(#[source] ClientError),
    /// It runs another rollup.
    #[error("the sequencer runs rollup {rollup} on chain {chain_id}: ask that of this rollup")]
    OtherRollup {
        /// As the sequencer says.
        rollup: Address,
        /// As the sequencer says.
        chain_id: u64,
    },
    /// The sequencer did not answer for a batch before it, so it was not asked.
    #[error("the sequencer has not answered for a batch before it")]
    NotAsked,
    /// What it shows is not what the batch was made of, or was not signed.
    #[error(transparent)]
    Wrong(#[from] UnsignedError<Infallible>),
}

impl NotShown {
    /// Whether the sequencer has shown something that cannot be proven, rather than nothing.
    pub fn is_wrong(&self) -> bool {
        matches!(self, Self::Wrong(_))
    }
}

/// A batch whose payments are not shown to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unshown {
    /// The batch.
    pub batch: CommittedBatch,
    /// Whether the sequencer has shown something that cannot be proven, rather than nothing.
    pub is_wrong: bool,
}

/// Where signatures are asked for. Connects when it is asked, and again when that fails: a watcher outlives sequencers.
#[derive(Debug)]
pub(super) struct Sequencer {
    endpoint: String,
    options: Options,
    client: Option<Client>,
}

impl Sequencer {
    pub fn new(endpoint: String, options: Options) -> Self {
        Self {
            endpoint,
            options,
            client: None,
        }
    }

    async fn client(&mut self, domain: &Domain) -> Result<Client, NotShown> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let client = Client::connect_with(&self.endpoint, self.options)
            .await
            .map_err(NotShown::Sequencer)?;
        let found = *client.domain();
        if found != *domain {
            return Err(NotShown::OtherRollup {
                rollup: found.rollup.into(),
                chain_id: found.chain_id,
            });
        }
        self.client = Some(client.clone());
        Ok(client)
    }

    /// Whether the batch's payments were signed, on the state `before` it.
    pub async fn check(
        &mut self,
        l1: &L1,
        batch: &CommittedBatch,
        data: &CommitData,
        (before, after): (&MemoryStore, &Changes),
    ) -> Result<Result<(), NotShown>, L1Error> {
        let terms = Terms {
            domain: *l1.domain(),
            time: batch.header.time,
            shapes: SHAPES,
        };
        let data = batch_data(&batch.header, data)?;
        let shown = async {
            let expected = count(data.bridge, data.rollup).map_err(UnsignedError::from)?;
            let client = self.client(&terms.domain).await?;
            let shown = client.batch_items(data.number, expected).await;
            let shown = shown.map_err(NotShown::Sequencer)?;
            Ok(check_signed(before, &data, after, terms, &shown)?)
        };
        Ok(shown.await)
    }
}

fn count(bridge: &[u8], rollup: &[u8]) -> Result<usize, RecordsError> {
    Ok(bridge_records(bridge)?.len() + rollup_records(rollup)?.len())
}
