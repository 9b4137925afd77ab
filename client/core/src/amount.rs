//! Amounts as people write them, and as units.
//!
//! A token's unit is what the rollup counts in: 1 gwei for ETH (nine decimals), the base unit of a token with at most
//! nine decimals, and a billionth for all others.

/// Why a text is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Write digits, and a point where there are decimals: `12.25`.
    #[error("`{text}` is not an amount; write it like 12.25")]
    Malformed {
        /// As given.
        text: String,
    },
    /// More than an account can hold.
    #[error("`{text}` is 2^62 units or more; no account can hold that")]
    TooLarge {
        /// As given.
        text: String,
    },
}

/// Units, and whether the text said a little more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// In units.
    pub units: u64,
    /// Whether digits below one unit were cut off.
    pub rounded: bool,
}

/// Reads an amount of a token whose unit has so many decimals; what is below one unit is cut off.
///
/// ```
/// use ashlar_client_core::amount::{format, parse};
///
/// assert_eq!(parse("0.5", 9)?.units, 500_000_000);
/// assert_eq!(parse("12.25", 6)?.units, 12_250_000);
/// assert!(parse("0.0000000015", 9)?.rounded);
/// assert_eq!(format(12_250_000, 6), "12.25");
/// # Ok::<(), ashlar_client_core::amount::AmountError>(())
/// ```
pub fn parse(text: &str, decimals: u32) -> Result<Parsed, AmountError> {
    let malformed = || AmountError::Malformed {
        text: text.to_owned(),
    };
    let too_large = || AmountError::TooLarge {
        text: text.to_owned(),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return Err(malformed());
    }
    let kept = fraction.len().min(decimals as usize);
    let (kept, cut) = fraction.split_at(kept);
    let all = format!("{whole}{kept:0<width$}", width = decimals as usize);
    let units: u64 = all.parse().map_err(|_| too_large())?;
    if units >> 62 != 0 {
        return Err(too_large());
    }
    Ok(Parsed {
        units,
        rounded: cut.bytes().any(|byte| byte != b'0'),
    })
}

/// Inverse of [`parse`]: without zeros at the end.
pub fn format(units: u64, decimals: u32) -> String {
    let digits = format!("{units:0>width$}", width = decimals as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals as usize);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{fraction}")
    }
}

/// An amount and the token's name, which may follow it with or without a space; an empty name where there is none.
///
/// ```
/// use ashlar_client_core::amount::split_token;
///
/// assert_eq!(split_token("12.25 USDC"), ("12.25", "USDC"));
/// assert_eq!(split_token("0.5ETH"), ("0.5", "ETH"));
/// assert_eq!(split_token("7"), ("7", ""));
/// ```
pub fn split_token(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .unwrap_or(text.len());
    let (amount, token) = text.split_at(end);
    (amount, token.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_round_trip_through_their_text() {
        for decimals in [0, 6, 9] {
            for units in [0, 1, 10, 999_999_999, 1_000_000_000, (1 << 62) - 1] {
                let parsed = parse(&format(units, decimals), decimals).expect("own format");
                assert_eq!(
                    parsed,
                    Parsed {
                        units,
                        rounded: false
                    }
                );
            }
        }
    }

    #[test]
    fn digits_below_a_unit_are_cut_off_and_reported() {
        let parsed = |text| parse(text, 2).map(|parsed| (parsed.units, parsed.rounded));
        assert_eq!(parsed("1.239"), Ok((123, true)));
        assert_eq!(parsed("1.2300"), Ok((123, false)));
        assert_eq!(parsed(".5"), Ok((50, false)));
        assert_eq!(parsed("5."), Ok((500, false)));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", ".", "-1", "1e3", "1,5", "0x10", "1.2.3", " 1", "½"] {
            assert!(
                matches!(parse(text, 9), Err(AmountError::Malformed { .. })),
                "{text}"
            );
        }
        for text in ["4611686018427387904", "99999999999999999999999"] {
            assert!(
                matches!(parse(text, 0), Err(AmountError::TooLarge { .. })),
                "{text}"
            );
        }
    }
}
