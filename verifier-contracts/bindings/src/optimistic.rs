//! Optimistic rollups: what their contract has besides `Rollup`.

use alloy::{primitives::Address, sol_types::SolValue};

use crate::BatchHeader;
pub use crate::generated::optimistic::{
    IOptimistic::{Pending, Terms},
    IRollup::BatchHeader as OptimisticHeader,
    OptimisticRollup,
};

/// Windows that the contract takes are not shorter, in seconds.
pub const LEAST_WINDOW_SECS: u64 = 3600;
/// Windows that the contract takes are not longer, in seconds.
pub const MOST_WINDOW_SECS: u64 = 7 * 24 * 3600;
/// Times to answer that the contract takes are not shorter, in seconds.
pub const LEAST_ANSWER_SECS: u64 = 600;
/// Bonds of challenges that the contract takes are not higher, in wei.
pub const MOST_CHALLENGE_BOND_WEI: u128 = 10_000_000_000_000_000_000;

/// What an optimistic rollup fixes for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptimisticTerms {
    /// Seconds from the commit of a batch in which it can be challenged; then it is final without a proof.
    pub window_secs: u64,
    /// Seconds of proving that one challenge gives the operator.
    pub answer_secs: u64,
    /// What the operator stands to lose, in wei.
    pub operator_bond_wei: u128,
    /// What a challenge costs if it is answered, in wei.
    pub challenge_bond_wei: u128,
}

/// Terms that the contract would refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// Too short for a watcher, or too long for a user.
    #[error("a window of {secs} s is not between {LEAST_WINDOW_SECS} and {MOST_WINDOW_SECS} s")]
    Window {
        /// Asked for, in seconds.
        secs: u64,
    },
    /// An operation of the queue could expire although its batch is true.
    #[error(
        "twice the window of {window_secs} s is not less than the exit deadline of {exit_deadline_secs} s: give a shorter window or a longer deadline"
    )]
    ExitDeadline {
        /// Asked for, in seconds.
        window_secs: u64,
        /// Asked for, in seconds.
        exit_deadline_secs: u64,
    },
    /// Too short to prove in, or longer than the window.
    #[error(
        "a time to answer of {secs} s is not between {LEAST_ANSWER_SECS} s and the window of {window_secs} s"
    )]
    Answer {
        /// Asked for, in seconds.
        secs: u64,
        /// Asked for, in seconds.
        window_secs: u64,
    },
    /// A challenge must cost something, and the operator must not lose less than a challenger.
    #[error(
        "bonds of {challenge_wei} wei for a challenge and {operator_wei} wei for the operator: the first is from 1 to {MOST_CHALLENGE_BOND_WEI} wei, the second not less and below 2^96 wei"
    )]
    Bonds {
        /// Asked for, in wei.
        challenge_wei: u128,
        /// Asked for, in wei.
        operator_wei: u128,
    },
    /// Data must be where anybody can read them in time.
    #[error("an optimistic rollup has its public data in calldata")]
    Data,
}

impl OptimisticTerms {
    /// Checks what the contract would refuse.
    ///
    /// # Errors
    /// The term that it would refuse.
    pub fn check(&self, exit_deadline_secs: u64) -> Result<(), TermsError> {
        let (window_secs, secs) = (self.window_secs, self.answer_secs);
        if !(LEAST_WINDOW_SECS..=MOST_WINDOW_SECS).contains(&window_secs) {
            return Err(TermsError::Window { secs: window_secs });
        }
        if 2 * window_secs >= exit_deadline_secs {
            return Err(TermsError::ExitDeadline {
                window_secs,
                exit_deadline_secs,
            });
        }
        if !(LEAST_ANSWER_SECS..=window_secs).contains(&secs) {
            return Err(TermsError::Answer { secs, window_secs });
        }
        let (challenge_wei, operator_wei) = (self.challenge_bond_wei, self.operator_bond_wei);
        let is_paid = (1..=MOST_CHALLENGE_BOND_WEI).contains(&challenge_wei);
        if !is_paid || !(challenge_wei..1 << 96).contains(&operator_wei) {
            return Err(TermsError::Bonds {
                challenge_wei,
                operator_wei,
            });
        }
        Ok(())
    }

    /// As the constructor takes them, with a deployed `ChallengeModule`; they must have been checked.
    pub(crate) fn encode(&self, exit_deadline_secs: u64, module: Address) -> Terms {
        let bond = |wei: u128| wei.try_into().expect("below 2^96, as was checked");
        Terms {
            exitDeadline: exit_deadline_secs,
            window: self.window_secs,
            answerTime: self.answer_secs,
            operatorBond: bond(self.operator_bond_wei),
            challengeBond: bond(self.challenge_bond_wei),
            challengeModule: module,
        }
    }
}

/// The same header, as the bindings of `OptimisticRollup` name it.
pub fn header(of: &BatchHeader) -> OptimisticHeader {
    OptimisticHeader::abi_decode(&of.abi_encode()).expect("one type under two names")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: OptimisticTerms = OptimisticTerms {
        window_secs: 3600,
        answer_secs: 600,
        operator_bond_wei: 10,
        challenge_bond_wei: 10,
    };

    #[test]
    fn terms_at_the_contract_s_bounds_pass_and_those_beyond_are_refused() {
        TERMS.check(7201).expect("at the bounds");
        let refused = |change: fn(&mut OptimisticTerms)| {
            let mut terms = TERMS;
            change(&mut terms);
            terms.check(7201).expect_err("beyond")
        };
        let (window_secs, exit_deadline_secs) = (3600, 7200);
        let error = TERMS.check(exit_deadline_secs).expect_err("twice the window");
        assert_eq!(
            error,
            TermsError::ExitDeadline {
                window_secs,
                exit_deadline_secs
            }
        );
        for error in [
            refused(|terms| terms.window_secs = 3599),
            refused(|terms| terms.window_secs = MOST_WINDOW_SECS + 1),
        ] {
            assert!(matches!(error, TermsError::Window { .. }), "{error}");
        }
        for error in [
            refused(|terms| terms.answer_secs = 599),
            refused(|terms| terms.answer_secs = 3601),
        ] {
            assert!(matches!(error, TermsError::Answer { .. }), "{error}");
        }
        for error in [
            refused(|terms| terms.challenge_bond_wei = 0),
            refused(|terms| terms.operator_bond_wei = 9),
            refused(|terms| terms.operator_bond_wei = 1 << 96),
            refused(|terms| terms.challenge_bond_wei = MOST_CHALLENGE_BOND_WEI + 1),
        ] {
            assert!(matches!(error, TermsError::Bonds { .. }), "{error}");
        }
    }
}
