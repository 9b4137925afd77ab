//! What a validium's contract says of its committee.

use alloy::primitives::{Address, U256};
use ashlar_contracts::ValidiumRollup;

use super::{BlockRef, L1Client, L1Error};

impl L1Client {
    /// The members of a validium's committee, ascending, as they are fixed with the contract.
    ///
    /// # Errors
    /// If L1 fails, or the rollup is no validium.
    pub async fn committee(&self, at: BlockRef) -> Result<Vec<Address>, L1Error> {
        let call = ValidiumRollup::COMMITTEE_SIZECall {};
        let size = self.read("COMMITTEE_SIZE", call, at).await?;
        let mut members = Vec::new();
        let mut index = U256::ZERO;
        while index < size {
            members.push(
                self.read("member", ValidiumRollup::memberCall { index }, at)
                    .await?,
            );
            index += U256::from(1);
        }
        Ok(members)
    }
}
