//! Constants that are known only during a proof: polynomials in its challenges.

use std::collections::BTreeMap;

use halo2_proofs::halo2curves::{bn256::Fr, ff::Field};

/// What a constant may depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    /// Compresses the columns of a lookup.
    Theta,
    /// Of the permutation and lookup products.
    Beta,
    /// Of the permutation and lookup products.
    Gamma,
    /// Folds all constraints into one.
    Y,
    /// Shift of the coset on which constraints are evaluated; not a challenge.
    Shift,
}

const SYMBOLS: usize = 5;

/// Values of all symbols.
#[derive(Clone, Copy, Debug)]
pub(super) struct Symbols(pub(super) [Fr; SYMBOLS]);

impl Symbols {
    pub(super) fn none() -> Self {
        Self([Fr::ZERO; SYMBOLS])
    }

    pub(super) fn with(mut self, symbol: Symbol, value: Fr) -> Self {
        self.0[symbol as usize] = value;
        self
    }
}

/// Exponents, by symbol.
type Monomial = [u32; SYMBOLS];

/// A polynomial in the symbols, without zero coefficients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Constant(BTreeMap<Monomial, Fr>);

impl Constant {
    pub(super) fn zero() -> Self {
        Self::default()
    }

    pub(super) fn one() -> Self {
        Fr::ONE.into()
    }

    /// `coefficient · symbol^exponent`.
    pub(super) fn power(symbol: Symbol, exponent: u32, coefficient: Fr) -> Self {
        let mut monomial = [0; SYMBOLS];
        monomial[symbol as usize] = exponent;
        let mut constant = Self::default();
        constant.add_monomial(monomial, coefficient);
        constant
    }

    pub(super) fn symbol(symbol: Symbol) -> Self {
        Self::power(symbol, 1, Fr::ONE)
    }

    fn add_monomial(&mut self, monomial: Monomial, coefficient: Fr) {
        let sum = self.0.get(&monomial).copied().unwrap_or(Fr::ZERO) + coefficient;
        if sum == Fr::ZERO {
            self.0.remove(&monomial);
        } else {
            self.0.insert(monomial, sum);
        }
    }

    pub(super) fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// Its value, where it depends on no symbol.
    pub(super) fn as_number(&self) -> Option<Fr> {
        match self.0.iter().next() {
            None => Some(Fr::ZERO),
            Some((monomial, value)) if self.0.len() == 1 && *monomial == [0; SYMBOLS] => Some(*value),
            Some(_) => None,
        }
    }

    pub(super) fn is(&self, number: Fr) -> bool {
        self.as_number() == Some(number)
    }

    pub(super) fn negated(&self) -> Self {
        Self(
            self.0
                .iter()
                .map(|(monomial, value)| (*monomial, -value))
                .collect(),
        )
    }

    pub(super) fn add_assign(&mut self, other: &Self) {
        for (monomial, value) in &other.0 {
            self.add_monomial(*monomial, *value);
        }
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        let mut product = Self::default();
        for (a, x) in &self.0 {
            for (b, y) in &other.0 {
                product.add_monomial(std::array::from_fn(|i| a[i] + b[i]), x * y);
            }
        }
        product
    }

    pub(super) fn evaluate(&self, symbols: &Symbols) -> Fr {
        let term = |(monomial, value): (&Monomial, &Fr)| {
            monomial
                .iter()
                .zip(&symbols.0)
                .filter(|(exponent, _)| **exponent != 0)
                .fold(*value, |product, (exponent, symbol)| {
                    product * symbol.pow_vartime([u64::from(*exponent)])
                })
        };
        self.0.iter().map(term).sum()
    }
}

impl From<Fr> for Constant {
    fn from(value: Fr) -> Self {
        let mut constant = Self::default();
        constant.add_monomial([0; SYMBOLS], value);
        constant
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_agrees_with_values() {
        let symbols = Symbols([3, 5, 7, 11, 13].map(Fr::from));
        let beta = Constant::symbol(Symbol::Beta);
        let y3 = Constant::power(Symbol::Y, 3, Fr::from(2));
        let mut sum = beta.times(&y3);
        sum.add_assign(&Fr::from(4).into());
        assert_eq!(sum.evaluate(&symbols), Fr::from(5 * 2 * 11 * 11 * 11 + 4));
        assert_eq!(sum.as_number(), None);
        sum.add_assign(&sum.negated());
        assert!(sum.is_zero() && sum.is(Fr::ZERO));
        assert!(Constant::one().is(Fr::ONE));
        assert!(beta.times(&Constant::zero()).is_zero());
    }
}
