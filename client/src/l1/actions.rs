//! Transactions on L1: deposits and claims.

use alloy::{
    contract::{CallBuilder, CallDecoder},
    primitives::U256,
    providers::Provider,
    rpc::types::TransactionReceipt,
};
use ashlar_contracts::{MintableToken, Rollup, encoding::hash_to_word};
use ashlar_statement::hash::Hash;
use plonky2::field::types::PrimeField64;

use super::{L1, L1Error, Token, WithdrawalProof, error::refused};

impl L1 {
    /// Sends a call, waits until it is mined, and gives the receipt of a success.
    async fn mine<P: Provider, D: CallDecoder>(
        &self,
        name: &'static str,
        call: CallBuilder<P, D>,
    ) -> Result<TransactionReceipt, L1Error> {
        if self.signer.is_none() {
            return Err(L1Error::NoSigner { call: name });
        }
        let pending = call.send().await.map_err(refused(name))?;
        let (hash, after) = (*pending.tx_hash(), self.mining_timeout);
        let receipt = pending
            .with_timeout(Some(after))
            .get_receipt()
            .await
            .map_err(|source| L1Error::NotMined {
                call: name,
                hash,
                after,
                source: Box::new(source),
            })?;
        if !receipt.status() {
            let block = receipt.block_number.unwrap_or_default();
            return Err(L1Error::Failed {
                call: name,
                hash,
                block,
            });
        }
        Ok(receipt)
    }

    /// Deposits units of a token for the account of a key, which need not be the depositor's and need not exist yet.
    /// Gives the deposit's number in the queue. An ERC-20 is approved first, for this amount.
    pub async fn deposit(&self, token: &Token, units: u64, key_hash: &Hash) -> Result<u64, L1Error> {
        let key = hash_to_word(key_hash.elements.map(|element| element.to_canonical_u64()));
        let amount = token.base_units(units);
        let receipt = if token.id == 0 {
            self.mine("depositETH", self.rollup.depositETH(key).value(amount))
                .await?
        } else {
            self.approve(token, amount).await?;
            self.mine(
                "depositERC20",
                self.rollup.depositERC20(token.address, amount, key),
            )
            .await?
        };
        let queued = receipt.decoded_log::<Rollup::DepositQueued>();
        queued.map(|event| event.data.index).ok_or(L1Error::Failed {
            call: "deposit",
            hash: receipt.transaction_hash,
            block: receipt.block_number.unwrap_or_default(),
        })
    }

    async fn approve(&self, token: &Token, amount: U256) -> Result<(), L1Error> {
        let contract = MintableToken::new(token.address, &self.provider);
        let Some(owner) = self.signer else {
            return Err(L1Error::NoSigner { call: "approve" });
        };
        let allowance = contract.allowance(owner, *self.rollup.address());
        if allowance.call().await.map_err(refused("allowance"))? < amount {
            self.mine("approve", contract.approve(*self.rollup.address(), amount))
                .await?;
        }
        Ok(())
    }

    /// Claims a withdrawal for its recipient. Gives the receipt of the transaction.
    pub async fn claim(&self, proof: &WithdrawalProof) -> Result<TransactionReceipt, L1Error> {
        let (number, last) = (proof.header.number, self.proven_batches().await?);
        if number > last {
            return Err(L1Error::NotProven { number, last });
        }
        let call = self.rollup.claimWithdrawal(
            proof.header.clone(),
            proof.index,
            proof.withdrawal.clone(),
            proof.siblings.clone(),
        );
        self.mine("claimWithdrawal", call).await
    }

    /// Whether a withdrawal was claimed.
    pub async fn is_claimed(&self, batch: u64, index: u32) -> Result<bool, L1Error> {
        let call = self.rollup.isClaimed(batch, index);
        call.call().await.map_err(refused("isClaimed"))
    }
}
