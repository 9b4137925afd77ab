//! Accounts whose L1 owner is a contract that obeys a passkey (`PasskeyOwner.sol`).

mod assertion;

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    providers::{DynProvider, Provider},
    sol_types::SolCall,
};
use ashlar_contracts::{PasskeyOwner, PasskeyOwners, Rollup};
use ashlar_statement::hash::Hash;

use super::{
    L1, L1Error, WithdrawalProof,
    actions::auth_word,
    error::{refused, transport},
};

use assertion::Calls;
pub use assertion::{Assertion, Passkey, PasskeyError};

/// What an owner can be asked to do.
#[derive(Clone, Debug)]
pub enum OwnerAction {
    /// What signs for the account from now on: say a key of this browser's session, or zero for nothing.
    SetAuth {
        /// An account of the owner.
        account: u32,
        /// What signs.
        auth: Hash,
    },
    /// Money to the owner on L1.
    ForceWithdrawal {
        /// An account of the owner.
        account: u32,
        /// Token number.
        token: u8,
        /// In units, at most.
        units: u64,
    },
    /// Money to another account.
    ForceTransfer {
        /// An account of the owner.
        account: u32,
        /// Payee.
        to: u32,
        /// Token number.
        token: u8,
        /// In units, at most.
        units: u64,
    },
    /// A withdrawal of the owner is paid to somebody.
    Claim {
        /// The withdrawal.
        withdrawal: Box<WithdrawalProof>,
        /// Whom.
        to: Address,
    },
    /// Ether that the owner holds.
    Pay {
        /// Whom.
        to: Address,
        /// In wei.
        wei: U256,
    },
    /// Another passkey from now on.
    ReplaceKey(Passkey),
}

/// An owner by passkey, behind an L1 node.
#[derive(Clone, Debug)]
pub struct PasskeyAccountOwner {
    l1: L1,
    contract: PasskeyOwner::PasskeyOwnerInstance<DynProvider>,
}

impl L1 {
    /// Puts a factory of owners on L1, and gives its address. It belongs to nobody, and one is enough for a chain.
    ///
    /// # Errors
    /// If L1 refuses.
    pub async fn deploy_passkey_owners(&self) -> Result<Address, L1Error> {
        let creation = PasskeyOwners::deploy_builder(&self.provider);
        let receipt = self.mine("PasskeyOwners", creation).await?;
        Ok(receipt.contract_address.unwrap_or_default())
    }

    /// Where the owner of this passkey is, or will be, by the factory at `owners`: deposits can name it before it is
    /// created.
    ///
    /// # Errors
    /// If the node does not answer, or there is no such factory.
    pub async fn passkey_owner_address(
        &self,
        owners: Address,
        passkey: &Passkey,
    ) -> Result<Address, L1Error> {
        let factory = PasskeyOwners::new(owners, &self.provider);
        let call = factory.addressOf(passkey.x, passkey.y);
        call.call().await.map_err(refused("addressOf"))
    }

    /// Creates the owner of this passkey, unless it is there.
    ///
    /// # Errors
    /// If the coordinates are no point, or L1 refuses.
    pub async fn create_passkey_owner(
        &self,
        owners: Address,
        passkey: &Passkey,
    ) -> Result<PasskeyAccountOwner, L1Error> {
        let factory = PasskeyOwners::new(owners, &self.provider);
        self.mine("create", factory.create(passkey.x, passkey.y)).await?;
        let address = self.passkey_owner_address(owners, passkey).await?;
        self.passkey_owner(address).await
    }

    /// The owner at this address.
    ///
    /// # Errors
    /// If there is no contract.
    pub async fn passkey_owner(&self, address: Address) -> Result<PasskeyAccountOwner, L1Error> {
        let code = self.provider.get_code_at(address).await;
        if code.map_err(transport("eth_getCode"))?.is_empty() {
            return Err(L1Error::NoOwner { address });
        }
        Ok(PasskeyAccountOwner {
            l1: self.clone(),
            contract: PasskeyOwner::new(address, self.provider.clone()),
        })
    }
}

impl PasskeyAccountOwner {
    /// Its address: the L1 owner of its accounts.
    pub fn address(&self) -> Address {
        *self.contract.address()
    }

    /// The passkey that it obeys.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn passkey(&self) -> Result<Passkey, L1Error> {
        Ok(Passkey {
            x: self.contract.keyX().call().await.map_err(refused("keyX"))?,
            y: self.contract.keyY().call().await.map_err(refused("keyY"))?,
        })
    }

    /// The challenge that the passkey must sign for these actions to happen until `deadline`, in seconds since 1970. Good
    /// once, and before any other of this owner.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn challenge(&self, actions: &[OwnerAction], deadline: u64) -> Result<B256, L1Error> {
        let call = self.contract.challenge(self.calls(actions), deadline);
        call.call().await.map_err(refused("challenge"))
    }

    /// Does what the passkey has signed, all or nothing; whoever signs for L1 here pays the gas. Gives the places in the
    /// queue of the operations among the actions, in their order.
    ///
    /// # Errors
    /// If it is not what the passkey signed, or L1 refuses.
    pub async fn execute(
        &self,
        actions: &[OwnerAction],
        deadline: u64,
        assertion: &Assertion,
    ) -> Result<Vec<u64>, L1Error> {
        let challenge = self.challenge(actions, deadline).await?;
        let checked = assertion.check(&self.passkey().await?, challenge)?;
        let call = self.contract.execute(self.calls(actions), deadline, checked);
        let receipt = self.l1.mine("execute", call).await?;
        let events = receipt.logs().iter();
        let queued = events.filter_map(|log| log.log_decode::<Rollup::OperationQueued>().ok());
        Ok(queued.map(|event| event.inner.index).collect())
    }

    fn calls(&self, actions: &[OwnerAction]) -> Calls {
        actions.iter().map(|action| self.call(action)).collect()
    }

    fn call(&self, action: &OwnerAction) -> PasskeyOwner::Call {
        let rollup = *self.l1.rollup.address();
        let (target, value, data) = match action {
            OwnerAction::SetAuth { account, auth } => {
                let call = Rollup::setAuthCall {
                    account: *account,
                    auth: auth_word(auth),
                };
                (rollup, U256::ZERO, call.abi_encode())
            }
            OwnerAction::ForceWithdrawal {
                account,
                token,
                units,
            } => {
                let call = Rollup::forceWithdrawalCall {
                    account: *account,
                    token: *token,
                    amount: *units,
                };
                (rollup, U256::ZERO, call.abi_encode())
            }
            OwnerAction::ForceTransfer {
                account,
                to,
                token,
                units,
            } => {
                let call = Rollup::forceTransferCall {
                    account: *account,
                    to: *to,
                    token: *token,
                    amount: *units,
                };
                (rollup, U256::ZERO, call.abi_encode())
            }
            OwnerAction::Claim { withdrawal, to } => {
                let call = Rollup::claimWithdrawalToCall {
                    header: withdrawal.header.clone(),
                    index: withdrawal.index,
                    withdrawal: withdrawal.withdrawal.clone(),
                    proof: withdrawal.siblings.clone(),
                    to: *to,
                };
                (rollup, U256::ZERO, call.abi_encode())
            }
            OwnerAction::Pay { to, wei } => (*to, *wei, Vec::new()),
            OwnerAction::ReplaceKey(passkey) => {
                let (x, y) = (passkey.x, passkey.y);
                let call = PasskeyOwner::replaceKeyCall { x, y };
                (self.address(), U256::ZERO, call.abi_encode())
            }
        };
        PasskeyOwner::Call {
            target,
            value,
            data: Bytes::from(data),
        }
    }
}
