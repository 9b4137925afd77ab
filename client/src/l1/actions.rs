//! Transactions on L1: operations of the queue.

use alloy::{
    contract::{CallBuilder, CallDecoder},
    primitives::{Address, U256},
    providers::Provider,
    rpc::types::TransactionReceipt,
};
use ashlar_contracts::{MintableToken, Rollup, encoding::hash_to_word};
use ashlar_statement::hash::{Hash, ZERO_HASH};
use plonky2::field::types::PrimeField64;

use super::{L1, L1Error, Token, error::refused};

pub(super) fn auth_word(auth: &Hash) -> U256 {
    hash_to_word(auth.elements.map(|element| element.to_canonical_u64()))
}

impl L1 {
    /// Sends a call, waits until it is mined, and gives the receipt of a success.
    pub(super) async fn mine<P: Provider, D: CallDecoder>(
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

    /// Before anything is paid for what the contract would refuse.
    async fn require_no_exit_mode(&self, call: &'static str) -> Result<(), L1Error> {
        match self.in_exit_mode().await? {
            true => Err(L1Error::ExitMode { call }),
            false => Ok(()),
        }
    }

    /// Sends a call that queues an operation; gives its index in the queue.
    async fn queue<P: Provider, D: CallDecoder>(
        &self,
        name: &'static str,
        call: CallBuilder<P, D>,
    ) -> Result<u64, L1Error> {
        let receipt = self.mine(name, call).await?;
        let queued = receipt.decoded_log::<Rollup::OperationQueued>();
        queued.map(|event| event.data.index).ok_or(L1Error::Failed {
            call: name,
            hash: receipt.transaction_hash,
            block: receipt.block_number.unwrap_or_default(),
        })
    }

    /// Deposits units of a token for the owner's account with this `auth`, which need not exist yet; with a zero one,
    /// which is all that others may give, for any account of the owner. Gives the index in the queue. An ERC-20 is
    /// approved first, for this amount. In exit mode nothing is sent ([`L1Error::ExitMode`]).
    pub async fn deposit(
        &self,
        token: &Token,
        units: u64,
        owner: Address,
        auth: &Hash,
    ) -> Result<u64, L1Error> {
        match self.signer {
            Some(depositor) if depositor != owner && *auth != ZERO_HASH => {
                return Err(L1Error::ForeignAuth { depositor, owner });
            }
            _ => {}
        }
        let (auth, amount) = (auth_word(auth), token.base_units(units));
        if token.id == 0 {
            let call = self.rollup.depositETH(owner, auth).value(amount);
            return self.queue("depositETH", call).await;
        }
        self.require_no_exit_mode("depositERC20").await?;
        self.approve(token, *self.rollup.address(), amount).await?;
        let call = self.rollup.depositERC20(token.address, amount, owner, auth);
        self.queue("depositERC20", call).await
    }

    /// Gives an account of the signer another `auth`; a zero one locks it until it is set again. Gives the index in the
    /// queue. It does nothing to an account of somebody else.
    pub async fn set_auth(&self, account: u32, auth: &Hash) -> Result<u64, L1Error> {
        let call = self.rollup.setAuth(account, auth_word(auth));
        self.queue("setAuth", call).await
    }

    /// Withdraws units of a token, or what there is of them, from an account of the signer to the signer; no sequencer can
    /// refuse it. Gives the index in the queue. From an account of somebody else it withdraws nothing.
    pub async fn force_withdrawal(&self, account: u32, token: u8, units: u64) -> Result<u64, L1Error> {
        let call = self.rollup.forceWithdrawal(account, token, units);
        self.queue("forceWithdrawal", call).await
    }

    /// Pays units of a token, or what there is of them, from an account of the signer to another account; no sequencer can
    /// refuse it. Gives the index in the queue. From an account of somebody else, or to one that nobody has, it pays
    /// nothing.
    pub async fn force_transfer(&self, account: u32, to: u32, token: u8, units: u64) -> Result<u64, L1Error> {
        let call = self.rollup.forceTransfer(account, to, token, units);
        self.queue("forceTransfer", call).await
    }

    /// Lets a contract take so much of a token from the signer.
    pub(super) async fn approve(&self, token: &Token, spender: Address, amount: U256) -> Result<(), L1Error> {
        let contract = MintableToken::new(token.address, &self.provider);
        let Some(owner) = self.signer else {
            return Err(L1Error::NoSigner { call: "approve" });
        };
        let allowance = contract.allowance(owner, spender);
        if allowance.call().await.map_err(refused("allowance"))? < amount {
            self.mine("approve", contract.approve(spender, amount)).await?;
        }
        Ok(())
    }
}
