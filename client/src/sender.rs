//! An account that pays: what signs for it, its number, its nonce.

use std::time::SystemTime;

use alloy::primitives::{Address, B256};
use ashlar_payments::{
    packing::{PackedAmount, PackedFee},
    transaction::{SignedTransaction, Transaction, Transfer, Withdraw},
};
use ashlar_proto::sequencer::v1::refusal::Code;

use crate::{AccountKey, Authorisation, Client, ClientError, Payee, Validity, minute, permitted};

/// How often a transaction is signed anew because another wallet with the same key was faster.
const SIGNATURES: u32 = 4;

/// Signs and sends transactions of one account, in the order of their nonces.
#[derive(Clone, Debug)]
pub struct Sender {
    client: Client,
    asked: AccountKey,
    authorisation: Authorisation,
    l1_owner: Address,
    account: u32,
    nonce: u32,
}

impl Sender {
    pub(crate) async fn new(
        client: Client,
        asked: AccountKey,
        authorisation: Authorisation,
    ) -> Result<Self, ClientError> {
        let mut sender = Self {
            client,
            asked,
            authorisation,
            l1_owner: Address::ZERO,
            account: 0,
            nonce: 0,
        };
        sender.refresh().await?;
        Ok(sender)
    }

    /// The account's number.
    pub fn account(&self) -> u32 {
        self.account
    }

    /// Who owns the account on L1.
    pub fn l1_owner(&self) -> Address {
        self.l1_owner
    }

    /// Nonce of the next transaction.
    pub fn nonce(&self) -> u32 {
        self.nonce
    }

    /// The same, with how long what it signs from now on holds.
    pub fn with_validity(self, validity: Validity) -> Self {
        let authorisation = self.authorisation.with_validity(validity);
        Self {
            authorisation,
            ..self
        }
    }

    /// Asks the sequencer for the account and its nonce again.
    pub async fn refresh(&mut self) -> Result<(), ClientError> {
        let asked = self.asked;
        let account = self.client.account(asked).await?;
        let account = account.ok_or(ClientError::NoAccount { asked })?;
        if account.auth != self.authorisation.auth() {
            return Err(ClientError::OtherAuth {
                account: account.index,
            });
        }
        (self.account, self.l1_owner) = (account.index, account.l1_owner);
        self.nonce = account.pending_nonce;
        Ok(())
    }

    /// Signs a transfer with the next nonce, for [`Client::submit`] and [`Client::submit_all`]; whether the clause permits
    /// it is for [`permitted`] to say.
    pub fn sign_transfer(
        &mut self,
        to: Payee,
        token: u8,
        amount: PackedAmount,
        fee: PackedFee,
    ) -> SignedTransaction {
        self.sign_next(self.transfer_at(to, token, amount, fee))
    }

    /// Signs a withdrawal with the next nonce, for [`Client::submit`]; see [`Self::sign_transfer`].
    pub fn sign_withdrawal(
        &mut self,
        to: Address,
        token: u8,
        amount: u64,
        fee: PackedFee,
    ) -> SignedTransaction {
        self.sign_next(self.withdrawal_at(to, token, amount, fee))
    }

    /// Signs what pays for somebody else's transaction, for [`Client::submit_sponsored`]: a transfer of nothing to the
    /// account itself, with a fee for two operations. It does not name that transaction, so give it to nobody but the
    /// sequencer, and let it end ([`Self::with_validity`]).
    pub fn sign_sponsorship(&mut self, token: u8, fee: PackedFee) -> SignedTransaction {
        let to = Payee {
            account: self.account,
            l1_owner: self.l1_owner,
        };
        self.sign_transfer(to, token, PackedAmount::floor(0), fee)
    }

    fn sign_next(&mut self, transaction: Transaction) -> SignedTransaction {
        let signed = self.authorisation.sign(transaction, self.client.domain());
        self.nonce += 1;
        signed
    }

    /// Pays another account; gives the transaction's id.
    pub async fn transfer(
        &mut self,
        to: Payee,
        token: u8,
        amount: PackedAmount,
        fee: PackedFee,
    ) -> Result<B256, ClientError> {
        self.send(|sender| sender.transfer_at(to, token, amount, fee))
            .await
    }

    /// Withdraws to an L1 address, in units; gives the transaction's id. Once its batch is proven, anybody may claim it
    /// for the recipient.
    pub async fn withdraw(
        &mut self,
        to: Address,
        token: u8,
        amount: u64,
        fee: PackedFee,
    ) -> Result<B256, ClientError> {
        self.send(|sender| sender.withdrawal_at(to, token, amount, fee))
            .await
    }

    fn withdrawal_at(&self, to: Address, token: u8, amount: u64, fee: PackedFee) -> Transaction {
        Transaction::Withdraw(Withdraw {
            from: self.account,
            to_l1: to.into_array(),
            token,
            amount,
            fee,
            nonce: self.nonce,
        })
    }

    fn transfer_at(&self, to: Payee, token: u8, amount: PackedAmount, fee: PackedFee) -> Transaction {
        Transaction::Transfer(Transfer {
            from: self.account,
            to: to.account,
            to_owner: to.l1_owner.into_array(),
            token,
            amount,
            fee,
            nonce: self.nonce,
        })
    }

    /// A transaction refused for its nonce was not executed under that nonce, now or by an earlier attempt of ours (that
    /// would have been answered with its id): signing it anew cannot pay twice.
    async fn send(&mut self, transaction: impl Fn(&Self) -> Transaction) -> Result<B256, ClientError> {
        for _ in 1..SIGNATURES {
            match self.attempt(&transaction).await {
                Err(ClientError::Refused(refusal)) if refusal.code == Code::Nonce => {
                    let used = self.nonce;
                    self.refresh().await?;
                    if self.nonce == used {
                        return Err(refusal.into());
                    }
                }
                outcome => return outcome,
            }
        }
        self.attempt(&transaction).await
    }

    async fn attempt(&mut self, transaction: impl Fn(&Self) -> Transaction) -> Result<B256, ClientError> {
        let signed = self.authorisation.sign(transaction(self), self.client.domain());
        permitted(&signed, minute(SystemTime::now()))?;
        let id = self.client.submit(&signed).await?;
        self.nonce += 1;
        Ok(id)
    }
}
