//! The rollup's tokens.

use alloy::{
    contract,
    primitives::{Address, U256},
};
use ashlar_contracts::MintableToken;

use super::{L1, L1Error, error::refused};
use crate::amount::{self, AmountError, Parsed};

/// A registered token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its number in the rollup; 0 is ETH.
    pub id: u8,
    /// Its contract; zero for ETH.
    pub address: Address,
    /// Base units in one unit of the rollup.
    pub unit: U256,
    /// Decimals of the base unit.
    pub decimals: u8,
    /// As its contract says; anybody may deploy a token of any symbol.
    pub symbol: String,
}

impl Token {
    /// Decimals of the rollup's unit.
    pub fn unit_decimals(&self) -> u32 {
        // The unit is a power of ten, at most 10^decimals.
        let digits = self.unit.to_string().len() as u32 - 1;
        u32::from(self.decimals).saturating_sub(digits)
    }

    /// Reads an amount of this token.
    pub fn parse(&self, text: &str) -> Result<Parsed, AmountError> {
        amount::parse(text, self.unit_decimals())
    }

    /// Units with the symbol: `0.5 ETH`.
    pub fn display(&self, units: u64) -> String {
        format!("{} {}", amount::format(units, self.unit_decimals()), self.symbol)
    }

    /// Units in base units, as the token's contract counts.
    pub fn base_units(&self, units: u64) -> U256 {
        U256::from(units) * self.unit
    }
}

impl L1 {
    /// A token by its number.
    pub async fn token(&self, id: u8) -> Result<Token, L1Error> {
        let count = self.token_count().await?;
        if u16::from(id) >= count {
            return Err(L1Error::UnknownToken {
                token: id.to_string(),
                known: format!("numbers 0 to {}", count - 1),
            });
        }
        self.token_info(id).await
    }

    /// All tokens, in order of their numbers.
    pub async fn tokens(&self) -> Result<Vec<Token>, L1Error> {
        let mut tokens = Vec::new();
        for id in 0..self.token_count().await? {
            // The registry has 256 places.
            tokens.push(self.token_info(id as u8).await?);
        }
        Ok(tokens)
    }

    /// A token by its number, its address, or its symbol (letters of any case); the empty name is ETH. A symbol that
    /// several tokens have is refused.
    pub async fn find_token(&self, name: &str) -> Result<Token, L1Error> {
        let tokens = self.tokens().await?;
        let known = || {
            let names: Vec<String> = tokens
                .iter()
                .map(|token| format!("{} ({})", token.symbol, token.id))
                .collect();
            names.join(", ")
        };
        let is_named = |token: &&Token| {
            token.symbol.eq_ignore_ascii_case(name)
                || name.parse() == Ok(token.id)
                || name.parse() == Ok(token.address) && token.id != 0
                || name.is_empty() && token.id == 0
        };
        let mut found = tokens.iter().filter(is_named);
        match (found.next(), found.next()) {
            (Some(token), None) => Ok(token.clone()),
            _ => Err(L1Error::UnknownToken {
                token: name.to_owned(),
                known: known(),
            }),
        }
    }

    async fn token_count(&self) -> Result<u16, L1Error> {
        self.rollup
            .tokenCount()
            .call()
            .await
            .map_err(refused("tokenCount"))
    }

    async fn token_info(&self, id: u8) -> Result<Token, L1Error> {
        let info = self
            .rollup
            .tokenInfo(id)
            .call()
            .await
            .map_err(refused("tokenInfo"))?;
        let unit = info.unit.to();
        let (decimals, symbol) = if id == 0 {
            (18, "ETH".to_owned())
        } else {
            let token = MintableToken::new(info.token, self.provider.clone());
            // Some old tokens answer with 32 bytes instead of a string: no reason to be without the others.
            let symbol = match token.symbol().call().await {
                Ok(symbol) => symbol,
                Err(contract::Error::AbiError(_) | contract::Error::ZeroData(..)) => format!("token {id}"),
                Err(error) if error.as_revert_data().is_some() => format!("token {id}"),
                Err(error) => return Err(refused("symbol")(error)),
            };
            (
                token.decimals().call().await.map_err(refused("decimals"))?,
                symbol,
            )
        };
        Ok(Token {
            id,
            address: info.token,
            unit,
            decimals,
            symbol,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(decimals: u8, unit: u64, symbol: &str) -> Token {
        Token {
            id: 1,
            address: Address::ZERO,
            unit: U256::from(unit),
            decimals,
            symbol: symbol.to_owned(),
        }
    }

    #[test]
    fn amounts_of_a_token_are_in_its_units() {
        let (eth, usdc) = (token(18, 1_000_000_000, "ETH"), token(6, 1, "USDC"));
        assert_eq!((eth.unit_decimals(), usdc.unit_decimals()), (9, 6));
        assert_eq!(eth.parse("0.5").expect("an amount").units, 500_000_000);
        assert_eq!(usdc.display(12_250_000), "12.25 USDC");
        assert_eq!(eth.base_units(2), U256::from(2_000_000_000u64));
    }
}
