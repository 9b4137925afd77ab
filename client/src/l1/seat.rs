//! A rollup whose operator is a seat, which keys take in turn (`OperatorSeat.sol`).

use alloy::{
    primitives::Address,
    providers::{DynProvider, Provider},
};
use ashlar_contracts::{Rollup, seat::OperatorSeat};

use super::{
    L1, L1Error,
    error::{refused, transport},
};

/// The seat, behind an L1 node.
#[derive(Clone, Debug)]
pub struct Seat {
    l1: L1,
    contract: OperatorSeat::OperatorSeatInstance<DynProvider>,
}

/// Who was named, and when he may take over, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nominee {
    /// Who.
    pub who: Address,
    /// From when on.
    pub from: u64,
}

/// Who has which role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatState {
    /// Whose key commits batches.
    pub holder: Address,
    /// Who nominates.
    pub owner: Address,
    /// Who suspends.
    pub guardian: Address,
    /// Whether the holder may do nothing.
    pub is_suspended: bool,
    /// Seconds between a nomination and its effect.
    pub notice_secs: u64,
    /// Who may take the seat.
    pub next_holder: Option<Nominee>,
    /// Who may become the owner.
    pub next_owner: Option<Nominee>,
}

fn nominee(who: Address, from: u64) -> Option<Nominee> {
    (!who.is_zero()).then_some(Nominee { who, from })
}

impl L1 {
    /// The seat that is the rollup's operator; `None` if that is a key, or another contract.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn seat(&self) -> Result<Option<Seat>, L1Error> {
        let operator = self.rollup.OPERATOR().call().await;
        let operator = operator.map_err(refused("OPERATOR"))?;
        let code = self.provider.get_code_at(operator).await;
        if code.map_err(transport("eth_getCode"))?.is_empty() {
            return Ok(None);
        }
        let contract = OperatorSeat::new(operator, self.provider.clone());
        // What is no seat at all answers nothing that can be read.
        let is_ours = contract.rollup().call().await.ok() == Some(*self.rollup.address());
        Ok(is_ours.then(|| Seat {
            l1: self.clone(),
            contract,
        }))
    }

    /// The contract that takes the operator's calls: the seat, if there is one, or else the rollup itself.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn driven(&self) -> Result<Rollup::RollupInstance<DynProvider>, L1Error> {
        Ok(match self.seat().await? {
            Some(seat) => Rollup::new(seat.address(), self.provider.clone()),
            None => self.rollup.clone(),
        })
    }
}

impl Seat {
    /// Its address: the rollup's operator.
    pub fn address(&self) -> Address {
        *self.contract.address()
    }

    /// Who has which role.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn state(&self) -> Result<SeatState, L1Error> {
        let of = &self.contract;
        let next_holder = of.nextHolder().call().await.map_err(refused("nextHolder"))?;
        let next_owner = of.nextOwner().call().await.map_err(refused("nextOwner"))?;
        Ok(SeatState {
            holder: of.holder().call().await.map_err(refused("holder"))?,
            owner: of.owner().call().await.map_err(refused("owner"))?,
            guardian: of.guardian().call().await.map_err(refused("guardian"))?,
            is_suspended: of.isSuspended().call().await.map_err(refused("isSuspended"))?,
            notice_secs: of.NOTICE().call().await.map_err(refused("NOTICE"))?,
            next_holder: nominee(next_holder.who, next_holder.from),
            next_owner: nominee(next_owner.who, next_owner.from),
        })
    }

    /// As the owner: names who may take the seat after the notice, or nobody.
    ///
    /// # Errors
    /// If L1 refuses.
    pub async fn nominate_holder(&self, who: Option<Address>) -> Result<(), L1Error> {
        let call = self.contract.nominateHolder(who.unwrap_or_default());
        self.l1.mine("nominateHolder", call).await.map(drop)
    }

    /// As who was nominated: takes the seat.
    ///
    /// # Errors
    /// If L1 refuses.
    pub async fn take(&self) -> Result<(), L1Error> {
        self.l1.mine("takeSeat", self.contract.takeSeat()).await.map(drop)
    }

    /// As the owner: names who may become the owner after the notice, or nobody.
    ///
    /// # Errors
    /// If L1 refuses.
    pub async fn nominate_owner(&self, who: Option<Address>) -> Result<(), L1Error> {
        let call = self.contract.nominateOwner(who.unwrap_or_default());
        self.l1.mine("nominateOwner", call).await.map(drop)
    }

    /// As who was nominated: becomes the owner.
    ///
    /// # Errors
    /// If L1 refuses.
    pub async fn take_ownership(&self) -> Result<(), L1Error> {
        let call = self.contract.takeOwnership();
        self.l1.mine("takeOwnership", call).await.map(drop)
    }

    /// As the owner: replaces the guardian, at once.
    ///
    /// # Errors
    /// If L1 refuses.
    pub async fn set_guardian(&self, who: Address) -> Result<(), L1Error> {
        let call = self.contract.setGuardian(who);
        self.l1.mine("setGuardian", call).await.map(drop)
    }

    /// As the guardian: the holder may do nothing any more.
    ///
    /// # Errors
    /// If L1 refuses.
    pub async fn suspend(&self) -> Result<(), L1Error> {
        self.l1.mine("suspend", self.contract.suspend()).await.map(drop)
    }

    /// As the owner: the holder may act again.
    ///
    /// # Errors
    /// If L1 refuses.
    pub async fn resume(&self) -> Result<(), L1Error> {
        self.l1.mine("resume", self.contract.resume()).await.map(drop)
    }
}
