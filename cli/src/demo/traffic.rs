//! The demo's users: keys, signed transfers, one withdrawal.

use anyhow::Context;
use ashlar_payments::{
    packing::{PackedAmount, PackedFee},
    transaction::{Domain, SecretKey, SignedTransaction, Transaction, Transfer, Withdraw},
};
use ashlar_proto::sequencer::v1::{
    SubmitTransactionRequest, sequencer_service_client::SequencerServiceClient,
};
use tonic::transport::Channel;

/// A user of the rollup.
#[derive(Debug)]
pub struct User {
    /// Key of the rollup account.
    pub key: SecretKey,
    /// Its account.
    pub account: u32,
    nonce: u32,
}

impl User {
    /// A user whose account was just created.
    pub fn new(key: SecretKey, account: u32) -> Self {
        Self {
            key,
            account,
            nonce: 0,
        }
    }

    fn sign(&mut self, tx: Transaction, domain: &Domain) -> SignedTransaction {
        self.nonce += 1;
        tx.sign(domain, &self.key)
    }

    /// Signs a transfer of token 0.
    pub fn transfer(
        &mut self,
        to: u32,
        units: u64,
        fee: u64,
        domain: &Domain,
    ) -> anyhow::Result<SignedTransaction> {
        let tx = Transfer {
            from: self.account,
            to,
            token: 0,
            amount: PackedAmount::exact(units).context("amount")?,
            fee: PackedFee::exact(fee).context("fee")?,
            nonce: self.nonce,
        };
        Ok(self.sign(Transaction::Transfer(tx), domain))
    }

    /// Signs a withdrawal of token 0.
    pub fn withdraw(
        &mut self,
        to_l1: [u8; 20],
        units: u64,
        fee: u64,
        domain: &Domain,
    ) -> anyhow::Result<SignedTransaction> {
        let fee = PackedFee::exact(fee).context("fee")?;
        let tx = Withdraw {
            from: self.account,
            to_l1,
            token: 0,
            amount: units,
            fee,
            nonce: self.nonce,
        };
        Ok(self.sign(Transaction::Withdraw(tx), domain))
    }
}

/// Sends a signed transaction to the sequencer; gives its id.
pub async fn submit(
    sequencer: &mut SequencerServiceClient<Channel>,
    signed: &SignedTransaction,
) -> anyhow::Result<Vec<u8>> {
    let request = SubmitTransactionRequest {
        encoded: signed.encode().into(),
    };
    Ok(sequencer
        .submit_transaction(request)
        .await?
        .into_inner()
        .transaction_id
        .to_vec())
}
