//! Whether a validium's committee still keeps what it signed.

use alloy::primitives::U256;
use ashlar_committee::{Committee, cells::Sampled};
use ashlar_contracts::{DataMode, ValidiumRollup};

use super::{CommittedBatch, L1, L1Error, error::refused};

impl L1 {
    /// The committee of a validium, as its contract has fixed it.
    ///
    /// # Errors
    /// If L1 fails, or the rollup has its data elsewhere.
    pub async fn committee(&self) -> Result<Committee, L1Error> {
        let data = self.data_mode().await?;
        if data != DataMode::Validium {
            return Err(L1Error::NoCommittee { data });
        }
        let contract = ValidiumRollup::new(*self.rollup.address(), self.provider.clone());
        let size = contract.COMMITTEE_SIZE().call().await;
        let size = size.map_err(refused("COMMITTEE_SIZE"))?;
        let (mut members, mut index) = (Vec::new(), U256::ZERO);
        while index < size {
            let member = contract.member(index).call().await;
            members.push(member.map_err(refused("member"))?);
            index += U256::from(1);
        }
        Committee::new(members).map_err(L1Error::Members)
    }

    /// Asks members of a validium's committee for so many random cells of each blob of a batch's rollup stream, with their
    /// proofs.
    ///
    /// # Errors
    /// If the rollup has its data elsewhere, or too few members say which cells are the batch's.
    pub async fn sample(&self, batch: &CommittedBatch, samples: u32) -> Result<Sampled, L1Error> {
        let committee = self.committee().await?;
        let drawing = self
            .members
            .sample(&self.domain, &committee, &batch.header, samples);
        Ok(drawing.await?)
    }
}
