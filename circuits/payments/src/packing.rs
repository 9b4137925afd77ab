//! Decimal floating point for transfer amounts and fees: `mantissa · 10^exponent`, in 32 and 8 bits.
//!
//! Public data holds the packed form, so an amount that is not exactly representable cannot be transferred:
//! wallets round ([`PackedAmount::floor`], [`PackedFee::ceil`]) before they sign.

/// Bits of an amount's exponent (the low bits of the packed form).
pub const AMOUNT_EXPONENT_BITS: u32 = 5;
/// Bits of an amount's mantissa.
pub const AMOUNT_MANTISSA_BITS: u32 = 27;
/// Largest exponent of an amount: keeps every value below 2^61.
pub const AMOUNT_MAX_EXPONENT: u32 = 10;
/// Bits of a fee's exponent (the low bits of the packed form).
pub const FEE_EXPONENT_BITS: u32 = 3;
/// Bits of a fee's mantissa.
pub const FEE_MANTISSA_BITS: u32 = 5;
/// Largest exponent of a fee.
pub const FEE_MAX_EXPONENT: u32 = 7;

/// A number has no exact packed form, or packed bits are malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PackingError {
    /// The exponent bits exceed the limit.
    #[error("{field}: exponent {exponent} above the limit {limit}")]
    Exponent {
        /// `amount` or `fee`.
        field: &'static str,
        /// The exponent given.
        exponent: u32,
        /// The largest allowed.
        limit: u32,
    },
    /// More significant digits than the mantissa holds: round first.
    #[error(
        "{field}: {value} is not mantissa ({mantissa_bits} bits) times a power of ten; nearest below is {floor}"
    )]
    Inexact {
        /// `amount` or `fee`.
        field: &'static str,
        /// The value given, in token units.
        value: u64,
        /// Mantissa width.
        mantissa_bits: u32,
        /// Largest representable value not above `value`.
        floor: u64,
    },
    /// Above the largest representable value.
    #[error("{field}: {value} above the limit {limit}")]
    TooLarge {
        /// `amount` or `fee`.
        field: &'static str,
        /// The value given, in token units.
        value: u64,
        /// Largest representable value.
        limit: u64,
    },
}

/// Shape of one packed format.
struct Format {
    field: &'static str,
    mantissa_bits: u32,
    exponent_bits: u32,
    max_exponent: u32,
}

const AMOUNT: Format = Format {
    field: "amount",
    mantissa_bits: AMOUNT_MANTISSA_BITS,
    exponent_bits: AMOUNT_EXPONENT_BITS,
    max_exponent: AMOUNT_MAX_EXPONENT,
};
const FEE: Format = Format {
    field: "fee",
    mantissa_bits: FEE_MANTISSA_BITS,
    exponent_bits: FEE_EXPONENT_BITS,
    max_exponent: FEE_MAX_EXPONENT,
};

impl Format {
    const fn max_mantissa(&self) -> u64 {
        (1 << self.mantissa_bits) - 1
    }

    const fn max_value(&self) -> u64 {
        self.max_mantissa() * 10u64.pow(self.max_exponent)
    }

    fn check(&self, bits: u32) -> Result<u32, PackingError> {
        let exponent = bits & ((1 << self.exponent_bits) - 1);
        if exponent > self.max_exponent {
            return Err(PackingError::Exponent {
                field: self.field,
                exponent,
                limit: self.max_exponent,
            });
        }
        Ok(bits)
    }

    fn value(&self, bits: u32) -> u64 {
        let exponent = bits & ((1 << self.exponent_bits) - 1);
        u64::from(bits >> self.exponent_bits) * 10u64.pow(exponent)
    }

    fn floor(&self, value: u64) -> u32 {
        // At an exponent too small for the value, the largest mantissa may still come nearest from below.
        let candidates = (0..=self.max_exponent).map(|exponent| {
            let mantissa = (value / 10u64.pow(exponent)).min(self.max_mantissa());
            (mantissa as u32) << self.exponent_bits | exponent
        });
        // The first of equals: the smallest exponent.
        candidates.rev().max_by_key(|bits| self.value(*bits)).unwrap_or(0)
    }

    fn ceil(&self, value: u64) -> Result<u32, PackingError> {
        let packed = (0..=self.max_exponent).find_map(|exponent| {
            let mantissa = value.div_ceil(10u64.pow(exponent));
            (mantissa <= self.max_mantissa()).then(|| (mantissa as u32) << self.exponent_bits | exponent)
        });
        packed.ok_or(self.too_large(value))
    }

    fn exact(&self, value: u64) -> Result<u32, PackingError> {
        if value > self.max_value() {
            return Err(self.too_large(value));
        }
        let bits = self.floor(value);
        let floor = self.value(bits);
        if floor != value {
            let (field, mantissa_bits) = (self.field, self.mantissa_bits);
            return Err(PackingError::Inexact {
                field,
                value,
                mantissa_bits,
                floor,
            });
        }
        Ok(bits)
    }

    fn too_large(&self, value: u64) -> PackingError {
        PackingError::TooLarge {
            field: self.field,
            value,
            limit: self.max_value(),
        }
    }
}

/// Amount of a transfer: 27-bit mantissa, 5-bit decimal exponent of at most 10; always below 2^61.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct PackedAmount(u32);

impl PackedAmount {
    /// Largest representable value, in token units.
    pub const MAX: u64 = AMOUNT.max_value();

    /// From the packed bits; refuses an exponent above 10.
    pub fn from_bits(bits: u32) -> Result<Self, PackingError> {
        AMOUNT.check(bits).map(Self)
    }

    /// The value must be exactly representable.
    pub fn exact(value: u64) -> Result<Self, PackingError> {
        AMOUNT.exact(value).map(Self)
    }

    /// The largest representable value not above `value`.
    pub fn floor(value: u64) -> Self {
        Self(AMOUNT.floor(value))
    }

    /// `mantissa << 5 | exponent`.
    pub fn bits(self) -> u32 {
        self.0
    }

    /// In token units.
    pub fn value(self) -> u64 {
        AMOUNT.value(self.0)
    }
}

impl TryFrom<u32> for PackedAmount {
    type Error = PackingError;

    fn try_from(bits: u32) -> Result<Self, PackingError> {
        Self::from_bits(bits)
    }
}

impl From<PackedAmount> for u32 {
    fn from(amount: PackedAmount) -> u32 {
        amount.bits()
    }
}

/// Fee of a signed transaction: 5-bit mantissa, 3-bit decimal exponent; every byte is a valid fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct PackedFee(u8);

impl PackedFee {
    /// Largest representable value, in token units.
    pub const MAX: u64 = FEE.max_value();
    /// No fee.
    pub const ZERO: Self = Self(0);

    /// From the packed byte.
    pub fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// The value must be exactly representable.
    pub fn exact(value: u64) -> Result<Self, PackingError> {
        FEE.exact(value).map(|bits| Self(bits as u8))
    }

    /// The smallest representable value not below `value`: what a wallet offers to meet a quote.
    pub fn ceil(value: u64) -> Result<Self, PackingError> {
        FEE.ceil(value).map(|bits| Self(bits as u8))
    }

    /// `mantissa << 3 | exponent`.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// In token units.
    pub fn value(self) -> u64 {
        FEE.value(self.0.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn limits() {
        assert_eq!(PackedAmount::MAX, ((1 << 27) - 1) * 10u64.pow(10));
        const { assert!(PackedAmount::MAX < 1 << 61) };
        assert_eq!(PackedFee::MAX, 31 * 10u64.pow(7));
        assert_eq!(PackedFee::from_bits(0xff).value(), PackedFee::MAX);
        assert_eq!(PackedAmount::floor(u64::MAX).value(), PackedAmount::MAX);
        assert!(matches!(
            PackedAmount::exact(1 << 62),
            Err(PackingError::TooLarge { field: "amount", .. })
        ));
        assert!(matches!(
            PackedFee::ceil(PackedFee::MAX + 1),
            Err(PackingError::TooLarge { field: "fee", .. })
        ));
        let error = PackedAmount::from_bits(1 << 5 | 11).expect_err("exponent 11");
        assert_eq!(
            error,
            PackingError::Exponent {
                field: "amount",
                exponent: 11,
                limit: 10
            }
        );
        let error = PackedFee::exact(321).expect_err("three digits");
        assert_eq!(
            error,
            PackingError::Inexact {
                field: "fee",
                value: 321,
                mantissa_bits: 5,
                floor: 310
            }
        );
    }

    proptest! {
        #[test]
        fn amount_rounds_to_nearest_below(value in 0..=PackedAmount::MAX) {
            let floor = PackedAmount::floor(value);
            prop_assert!(floor.value() <= value);
            prop_assert_eq!(PackedAmount::exact(value).is_ok(), floor.value() == value);
            prop_assert_eq!(PackedAmount::exact(floor.value()).expect("representable").value(), floor.value());
            // Relative error below 2^-23: the mantissa keeps at least 24 of its 27 bits.
            prop_assert!((value - floor.value()) << 23 <= value);
        }

        #[test]
        fn amount_bits_keep_their_value(mantissa in 0u32..1 << 27, exponent in 0u32..=10) {
            let amount = PackedAmount::from_bits(mantissa << 5 | exponent).expect("exponent in range");
            prop_assert_eq!(amount.value(), u64::from(mantissa) * 10u64.pow(exponent));
            prop_assert_eq!(PackedAmount::exact(amount.value()).expect("representable").value(), amount.value());
        }

        #[test]
        fn fee_rounds_to_nearest_above(value in 0..=PackedFee::MAX) {
            let ceil = PackedFee::ceil(value).expect("in range").value();
            prop_assert!(ceil >= value);
            let next_below = (0..=255).map(|bits| PackedFee::from_bits(bits).value()).filter(|v| *v >= value).min();
            prop_assert_eq!(next_below, Some(ceil));
        }
    }
}
