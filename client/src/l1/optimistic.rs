//! Optimistic rollups: terms, challenges and bonds.

use alloy::{
    primitives::{Address, U256},
    providers::{DynProvider, Provider},
};
use ashlar_contracts::{
    BatchHeader,
    optimistic::{OptimisticRollup, OptimisticTerms, header},
};

use super::{
    CommittedBatch, L1, L1Error,
    error::{refused, transport},
};

/// How a batch of an optimistic rollup stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchStanding {
    /// Anybody can challenge it until then, in seconds since 1970.
    Open {
        /// End of its window.
        until: u64,
        /// Timestamp of the newest block.
        now: u64,
    },
    /// It is challenged, and must be proven before then, in seconds since 1970.
    Challenged {
        /// Who has challenged it.
        by: Address,
        /// When the challenge lapses.
        answer_by: u64,
    },
    /// Its challenge was not answered in time: anybody can have it taken back.
    Lapsed {
        /// Who has challenged it.
        by: Address,
    },
    /// Its window is over, or a challenge of it was answered.
    Unchallengeable,
}

impl L1 {
    fn optimistic(&self) -> OptimisticRollup::OptimisticRollupInstance<DynProvider> {
        OptimisticRollup::new(*self.rollup.address(), self.provider.clone())
    }

    /// What the rollup has fixed for challenges; `None` if its batches are final by proof alone.
    pub async fn optimistic_terms(&self) -> Result<Option<OptimisticTerms>, L1Error> {
        let contract = self.optimistic();
        let window_secs = match contract.WINDOW().call().await {
            Ok(window) => window,
            // There is no such method: a revert without a name.
            Err(error) if error.as_revert_data().is_some() => return Ok(None),
            Err(error) => return Err(refused("WINDOW")(error)),
        };
        let answer_secs = contract.ANSWER_TIME().call().await;
        let operator_bond = contract.OPERATOR_BOND().call().await;
        let challenge_bond = contract.CHALLENGE_BOND().call().await;
        Ok(Some(OptimisticTerms {
            window_secs,
            answer_secs: answer_secs.map_err(refused("ANSWER_TIME"))?,
            operator_bond_wei: operator_bond.map_err(refused("OPERATOR_BOND"))?.to(),
            challenge_bond_wei: challenge_bond.map_err(refused("CHALLENGE_BOND"))?.to(),
        }))
    }

    /// Timestamp of the newest block, in seconds since 1970: the clock of windows and challenges.
    async fn time(&self) -> Result<u64, L1Error> {
        let newest = self.provider.get_block_by_number(Default::default()).await;
        let newest = newest.map_err(transport("eth_getBlockByNumber"))?;
        Ok(newest.map_or(0, |block| block.header.timestamp))
    }

    /// How a committed batch that is not final stands.
    pub async fn batch_standing(
        &self,
        number: u64,
        terms: &OptimisticTerms,
    ) -> Result<BatchStanding, L1Error> {
        let kept = self.optimistic().pending(number).call().await;
        let kept = kept.map_err(refused("pending"))?;
        let now = self.time().await?;
        let (by, answer_by) = (kept.challenger, kept.answerBy.to());
        let until = kept.committedAt.to::<u64>() + terms.window_secs;
        Ok(match by.is_zero() {
            false if now < answer_by => BatchStanding::Challenged { by, answer_by },
            false => BatchStanding::Lapsed { by },
            true if !kept.answered && now < until => BatchStanding::Open { until, now },
            true => BatchStanding::Unchallengeable,
        })
    }

    /// Obliges the operator to prove a batch in time, for the bond that the terms say: it is his if he does. Challenge the
    /// first batch that is wrong.
    pub async fn challenge(&self, batch: &CommittedBatch, terms: &OptimisticTerms) -> Result<(), L1Error> {
        let contract = self.optimistic();
        let call = contract.challenge(header(&batch.header));
        let call = call.value(U256::from(terms.challenge_bond_wei));
        self.mine("challenge", call).await.map(drop)
    }

    /// Has a batch taken back whose challenge was not answered in time, and all behind it. The challenger is due his bond
    /// and, if it still stands, the operator's.
    pub async fn revert_unanswered(&self, batch: &BatchHeader) -> Result<(), L1Error> {
        let contract = self.optimistic();
        let call = contract.revertUnanswered(header(batch));
        self.mine("revertUnanswered", call).await.map(drop)
    }

    /// Wei of bonds that are due to an account.
    pub async fn bonds_due(&self, account: Address) -> Result<U256, L1Error> {
        let due = self.optimistic().due(account).call().await;
        due.map_err(refused("due"))
    }

    /// Pays what of bonds is due to the signer to an account.
    pub async fn collect_bonds(&self, to: Address) -> Result<(), L1Error> {
        let contract = self.optimistic();
        self.mine("collect", contract.collect(to)).await.map(drop)
    }

    /// Whether the operator's bond is there: without it nothing is committed.
    pub async fn is_bonded(&self) -> Result<bool, L1Error> {
        let bonded = self.optimistic().bonded().call().await;
        bonded.map_err(refused("bonded"))
    }

    /// Posts the operator's bond; the signer must be the operator.
    pub async fn post_bond(&self, terms: &OptimisticTerms) -> Result<(), L1Error> {
        let contract = self.optimistic();
        let call = contract.postBond().value(U256::from(terms.operator_bond_wei));
        self.mine("postBond", call).await.map(drop)
    }

    /// Makes the operator's bond due to him, if all batches are final; the signer must be the operator.
    pub async fn withdraw_bond(&self) -> Result<(), L1Error> {
        let contract = self.optimistic();
        self.mine("withdrawBond", contract.withdrawBond()).await.map(drop)
    }
}
