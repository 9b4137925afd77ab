//! Rollups whose operator is a seat: a contract that lets keys follow one another (`OperatorSeat.sol`).

use alloy::primitives::Address;

pub use crate::generated::OperatorSeat;

/// Notices that the contract takes are not shorter, in seconds.
pub const LEAST_NOTICE_SECS: u64 = 3_600;
/// Notices that the contract takes are not longer, in seconds.
pub const MOST_NOTICE_SECS: u64 = 30 * 24 * 3_600;

/// Who may do what with the seat; who holds it first is the deployment's operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatTerms {
    /// Nominates holders, and replaces the guardian; owns the router, too.
    pub owner: Address,
    /// Suspends the holder.
    pub guardian: Address,
    /// Seconds between a nomination and its effect.
    pub notice_secs: u64,
}

/// Terms that the contract would refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeatTermsError {
    /// Too short for anybody to leave, or too long for any use.
    #[error("a seat's notice of {secs} s is not between {LEAST_NOTICE_SECS} and {MOST_NOTICE_SECS} s")]
    Notice {
        /// Asked for, in seconds.
        secs: u64,
    },
    /// Nobody could act.
    #[error("a seat's owner or guardian is the zero address")]
    Nobody,
    /// The bond is the operator's, and would go with the seat.
    #[error("an optimistic rollup's operator is a key, no seat: the bond is his")]
    Optimistic,
}

impl SeatTerms {
    pub(crate) fn check(&self, is_optimistic: bool) -> Result<(), SeatTermsError> {
        let secs = self.notice_secs;
        if !(LEAST_NOTICE_SECS..=MOST_NOTICE_SECS).contains(&secs) {
            return Err(SeatTermsError::Notice { secs });
        }
        if self.owner.is_zero() || self.guardian.is_zero() {
            return Err(SeatTermsError::Nobody);
        }
        match is_optimistic {
            true => Err(SeatTermsError::Optimistic),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_that_the_contract_would_refuse_are_refused_before_anything_is_deployed() {
        let terms = SeatTerms {
            owner: Address::repeat_byte(1),
            guardian: Address::repeat_byte(2),
            notice_secs: LEAST_NOTICE_SECS,
        };
        assert_eq!(terms.check(false), Ok(()));
        assert_eq!(terms.check(true), Err(SeatTermsError::Optimistic));
        for secs in [LEAST_NOTICE_SECS - 1, MOST_NOTICE_SECS + 1] {
            let wrong = SeatTerms {
                notice_secs: secs,
                ..terms
            };
            assert_eq!(wrong.check(false), Err(SeatTermsError::Notice { secs }));
        }
        let nobody = [
            SeatTerms {
                owner: Address::ZERO,
                ..terms
            },
            SeatTerms {
                guardian: Address::ZERO,
                ..terms
            },
        ];
        for terms in nobody {
            assert_eq!(terms.check(false), Err(SeatTermsError::Nobody));
        }
    }
}
