//! Withdrawals sold before they are proven (`FastExit.sol`).

use std::{fmt, str::FromStr};

use alloy::{
    primitives::Address,
    providers::{DynProvider, Provider},
};
use ashlar_contracts::fast_exit::{FastExit, header};

use super::{
    L1, L1Error, WithdrawalProof,
    error::{refused, transport},
};

/// The terms on which a withdrawal is sold. Where it has to go follows from them: [`Market::receiver`]. For one withdrawal
/// alone: all of the token that ever arrives there is whose who buys it.
///
/// As text, `SELLER:TOKEN:AMOUNT:PRICE:SALT`, with amounts in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Is paid the price, and collects what nobody buys.
    pub seller: Address,
    /// Token number.
    pub token: u8,
    /// Of the withdrawal, in units.
    pub amount: u64,
    /// What the buyer pays, in units; at most the amount.
    pub price: u64,
    /// Distinguishes the withdrawal from the seller's others.
    pub salt: u64,
}

/// A text is no offer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// Five fields are expected.
    #[error("`{text}` is no offer: write it as it was printed, SELLER:TOKEN:AMOUNT:PRICE:SALT")]
    Fields {
        /// As given.
        text: String,
    },
    /// One of them cannot be read.
    #[error("the {field} of the offer, `{text}`, cannot be read")]
    Field {
        /// Which.
        field: &'static str,
        /// As given.
        text: String,
    },
}

impl fmt::Display for Offer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seller,
            token,
            amount,
            price,
            salt,
        } = self;
        write!(out, "{seller}:{token}:{amount}:{price}:{salt}")
    }
}

impl FromStr for Offer {
    type Err = OfferError;

    fn from_str(text: &str) -> Result<Self, OfferError> {
        let fields: Vec<_> = text.split(':').collect();
        let [seller, token, amount, price, salt] = fields[..] else {
            return Err(OfferError::Fields {
                text: text.to_owned(),
            });
        };
        fn read<T: FromStr>(field: &'static str, text: &str) -> Result<T, OfferError> {
            text.parse().map_err(|_| OfferError::Field {
                field,
                text: text.to_owned(),
            })
        }
        // With its checksum, which finds a mistyped digit.
        let seller = Address::parse_checksummed(seller, None).map_err(|_| OfferError::Field {
            field: "seller",
            text: seller.to_owned(),
        })?;
        Ok(Self {
            seller,
            token: read("token", token)?,
            amount: read("amount", amount)?,
            price: read("price", price)?,
            salt: read("salt", salt)?,
        })
    }
}

impl From<&Offer> for FastExit::Offer {
    fn from(offer: &Offer) -> Self {
        Self {
            seller: offer.seller,
            token: offer.token,
            amount: offer.amount,
            price: offer.price,
            salt: offer.salt,
        }
    }
}

/// Where withdrawals of the rollup are sold.
#[derive(Clone, Debug)]
pub struct Market {
    l1: L1,
    contract: FastExit::FastExitInstance<DynProvider>,
}

impl L1 {
    /// Puts a market for this rollup's withdrawals on L1. It belongs to nobody, and one is enough.
    ///
    /// # Errors
    /// If L1 refuses.
    pub async fn deploy_market(&self) -> Result<Market, L1Error> {
        let creation = FastExit::deploy_builder(&self.provider, *self.rollup.address());
        let receipt = self.mine("FastExit", creation).await?;
        let address = receipt.contract_address.unwrap_or_default();
        self.market(address).await
    }

    /// The market at this address.
    ///
    /// # Errors
    /// [`L1Error::NoMarket`] if there is none, or one of another rollup.
    pub async fn market(&self, address: Address) -> Result<Market, L1Error> {
        let code = self.provider.get_code_at(address).await;
        let code = code.map_err(transport("eth_getCode"))?;
        let contract = FastExit::new(address, self.provider.clone());
        // What is no market at all answers nothing that can be read.
        let is_ours = !code.is_empty()
            && contract
                .ROLLUP()
                .call()
                .await
                .is_ok_and(|rollup| rollup == *self.rollup.address());
        if !is_ours {
            return Err(L1Error::NoMarket { address });
        }
        Ok(Market {
            l1: self.clone(),
            contract,
        })
    }

    /// What committed batches pay to an address, in their order; `first` is the oldest batch that is looked at.
    async fn withdrawals_to(
        &self,
        to: Address,
        first: u64,
        last: u64,
    ) -> Result<Vec<WithdrawalProof>, L1Error> {
        let mut found = Vec::new();
        if first > last {
            return Ok(found);
        }
        for batch in self.committed(first, last).await?.values() {
            if batch.header.withdrawalCount == 0 {
                continue;
            }
            let data = self.bridge_data(batch).await?;
            for (index, paid) in (0..).zip(data.withdrawals()) {
                if paid.to == to {
                    found.push(data.withdrawal_proof(index)?);
                }
            }
        }
        Ok(found)
    }
}

impl Market {
    /// Its address.
    pub fn address(&self) -> Address {
        *self.contract.address()
    }

    /// Where the offered withdrawal has to go.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn receiver(&self, offer: &Offer) -> Result<Address, L1Error> {
        let call = self.contract.receiverOf(offer.into());
        call.call().await.map_err(refused("receiverOf"))
    }

    /// Who has bought it.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn buyer(&self, offer: &Offer) -> Result<Option<Address>, L1Error> {
        let call = self.contract.buyerOf(self.receiver(offer).await?);
        let buyer = call.call().await.map_err(refused("buyerOf"))?;
        Ok((!buyer.is_zero()).then_some(buyer))
    }

    /// Tells of an offer on L1, for those who look for something to buy.
    ///
    /// # Errors
    /// If nobody can mean such an offer, or L1 refuses.
    pub async fn announce(&self, offer: &Offer) -> Result<(), L1Error> {
        self.l1
            .mine("announce", self.contract.announce(offer.into()))
            .await?;
        Ok(())
    }

    /// The offered withdrawal in a batch that is committed and not proven, with what proves it.
    ///
    /// # Errors
    /// [`L1Error::NotForSale`] if none of them has it.
    pub async fn find(&self, offer: &Offer) -> Result<WithdrawalProof, L1Error> {
        let (state, receiver) = (self.l1.state().await?, self.receiver(offer).await?);
        let (proven, committed) = (state.proven_batches, state.committed_batches);
        let found = self.l1.withdrawals_to(receiver, proven + 1, committed).await?;
        let is_offered = |found: &WithdrawalProof| {
            found.withdrawal.token == offer.token && found.withdrawal.amount == offer.amount
        };
        found.into_iter().find(is_offered).ok_or(L1Error::NotForSale {
            receiver,
            proven,
            committed,
        })
    }

    /// Pays the price to the seller; what arrives at the receiver is the signer's from then on. Of an ERC-20 the price is
    /// approved first. Whether the batch can be proven is not looked at: see [`L1::check_committed`].
    ///
    /// # Errors
    /// If somebody was faster, or the batch is not committed any more, or proven by now.
    pub async fn buy(&self, offer: &Offer, found: &WithdrawalProof) -> Result<(), L1Error> {
        let token = self.l1.token(offer.token).await?;
        let price = token.base_units(offer.price);
        let call = self.contract.buy(
            offer.into(),
            header(&found.header),
            found.index,
            found.siblings.clone(),
        );
        if offer.token == 0 {
            self.l1.mine("buy", call.value(price)).await?;
        } else {
            self.l1.approve(&token, self.address(), price).await?;
            self.l1.mine("buy", call).await?;
        }
        Ok(())
    }

    /// Claims what proven batches pay to the receiver, and has it paid to whose it is: the buyer, or else the seller.
    /// Gives him, and the units of the offer's token.
    ///
    /// # Errors
    /// If nothing is there: the withdrawal is not proven, or was collected before.
    pub async fn collect(&self, offer: &Offer) -> Result<(Address, u64), L1Error> {
        let (state, receiver) = (self.l1.state().await?, self.receiver(offer).await?);
        for found in self.l1.withdrawals_to(receiver, 1, state.proven_batches).await? {
            if !self.l1.is_claimed(found.header.number, found.index).await? {
                self.l1.claim(&found).await?;
            }
        }
        let call = self.contract.collect(offer.into(), offer.token);
        let receipt = self.l1.mine("collect", call).await?;
        let collected = receipt.decoded_log::<FastExit::Collected>();
        let collected = collected.ok_or(L1Error::Failed {
            call: "collect",
            hash: receipt.transaction_hash,
            block: receipt.block_number.unwrap_or_default(),
        })?;
        let token = self.l1.token(offer.token).await?;
        let units = collected.data.baseUnits / token.unit;
        Ok((collected.data.to, units.saturating_to()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_read_as_it_is_printed_and_nothing_else_is() {
        let offer = Offer {
            seller: Address::repeat_byte(0xab),
            token: 1,
            amount: 1_000,
            price: 990,
            salt: u64::MAX,
        };
        let text = offer.to_string();
        assert_eq!(text.parse(), Ok(offer));
        let fields = Err(OfferError::Fields { text: "1:2".into() });
        assert_eq!("1:2".parse::<Offer>(), fields);
        let mistyped = text.replacen("aB", "Ab", 1);
        let wrong = [
            (mistyped, "seller"),
            (text.replace(":1:", ":256:"), "token"),
            (text.replace("1000", "-1"), "amount"),
            (text.replace("990", ""), "price"),
            (text.clone() + "0", "salt"),
        ];
        for (text, expected) in wrong {
            match text.parse::<Offer>() {
                Err(OfferError::Field { field, .. }) => assert_eq!(field, expected, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
