//! What a clause permits.

use ashlar_statement::{
    TIME_BITS,
    hash::{F, Hash},
};
use plonky2::field::types::Field;

use super::PolicyError;
use crate::{account::BALANCE_BITS, transaction::Kind};

/// Bits of the mask of kinds.
pub const KIND_BITS: usize = 8;
/// Stands for any token where else a token number stands.
pub const ANY_TOKEN: u16 = 1 << 8;
/// Caps have the range of balances.
pub const CAP_BITS: u32 = BALANCE_BITS;

/// What a clause permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rules {
    /// Mask of kinds that may be signed: bit k is for the slot kind of number k.
    pub kinds: u8,
    /// The only token, or any.
    pub token: Option<u8>,
    /// Most that amount and fee may be together, in token units, below 2^62.
    pub cap: u64,
    /// First minute since 1970 in which it holds, below 2^28.
    pub from: u32,
    /// Last minute since 1970 in which it holds, below 2^28.
    pub until: u32,
}

impl Rules {
    /// Everything, always.
    pub const PLAIN: Self = Self {
        kinds: u8::MAX,
        token: None,
        cap: (1 << CAP_BITS) - 1,
        from: 0,
        until: (1 << TIME_BITS) - 1,
    };

    /// Whether every field is in its range and there is something that is permitted.
    pub fn check(&self) -> Result<(), PolicyError> {
        if self.kinds == 0 {
            return Err(PolicyError::NoKind);
        }
        if self.cap >> CAP_BITS != 0 {
            return Err(PolicyError::Cap { given: self.cap });
        }
        for (field, given) in [("from", self.from), ("until", self.until)] {
            if given >> TIME_BITS != 0 {
                return Err(PolicyError::Time { field, given });
            }
        }
        if self.from > self.until {
            let (from, until) = (self.from, self.until);
            return Err(PolicyError::EmptyWindow { from, until });
        }
        Ok(())
    }

    /// Whether this may be signed: `spent` is amount and fee in token units, `time` the batch's in minutes since 1970.
    pub fn permits(&self, kind: Kind, token: u8, spent: u64, time: u32) -> Result<(), PolicyError> {
        let Self {
            kinds,
            cap,
            from,
            until,
            ..
        } = *self;
        if kinds >> kind as u8 & 1 == 0 {
            return Err(PolicyError::Kind { kind, kinds });
        }
        if let Some(permitted) = self.token.filter(|permitted| *permitted != token) {
            return Err(PolicyError::Token {
                given: token,
                permitted,
            });
        }
        if spent > cap {
            return Err(PolicyError::AboveCap { spent, cap });
        }
        if time < from {
            return Err(PolicyError::TooEarly { time, from });
        }
        if time > until {
            return Err(PolicyError::TooLate { time, until });
        }
        Ok(())
    }

    /// The token number, or [`ANY_TOKEN`].
    pub(super) fn token_code(&self) -> u16 {
        self.token.map_or(ANY_TOKEN, u16::from)
    }

    /// The elements that a clause hashes, as one half of its input.
    pub fn elements(&self) -> Hash {
        let scope = u32::from(self.kinds) + (u32::from(self.token_code()) << KIND_BITS);
        let [scope, from, until] = [scope, self.from, self.until].map(F::from_canonical_u32);
        let elements = [scope, F::from_noncanonical_u64(self.cap), from, until];
        Hash { elements }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u32 = 29_700_000;

    fn narrow() -> Rules {
        Rules {
            kinds: 1 << Kind::Transfer as u8,
            token: Some(7),
            cap: 500,
            from: NOW,
            until: NOW + 60,
        }
    }

    #[test]
    fn both_ends_of_every_range_are_permitted() {
        for (spent, time) in [(0, NOW), (500, NOW + 60)] {
            assert_eq!(narrow().permits(Kind::Transfer, 7, spent, time), Ok(()));
        }
        for (kind, token) in [(Kind::Transfer, 0), (Kind::Withdraw, 255)] {
            for (spent, time) in [(0, 0), ((1 << 62) - 1, (1 << 28) - 1)] {
                assert_eq!(Rules::PLAIN.permits(kind, token, spent, time), Ok(()));
            }
        }
    }

    #[test]
    fn what_is_not_permitted_is_refused_for_its_own_reason() {
        let refused = |kind, token, spent, time| {
            let result = narrow().permits(kind, token, spent, time);
            result.expect_err("not permitted")
        };
        let (kind, kinds) = (Kind::Withdraw, 0b100);
        assert_eq!(refused(kind, 7, 1, NOW), PolicyError::Kind { kind, kinds });
        let other_token = PolicyError::Token {
            given: 8,
            permitted: 7,
        };
        assert_eq!(refused(Kind::Transfer, 8, 1, NOW), other_token);
        let above = PolicyError::AboveCap { spent: 501, cap: 500 };
        assert_eq!(refused(Kind::Transfer, 7, 501, NOW), above);
        let early = PolicyError::TooEarly {
            time: NOW - 1,
            from: NOW,
        };
        assert_eq!(refused(Kind::Transfer, 7, 1, NOW - 1), early);
        let late = PolicyError::TooLate {
            time: NOW + 61,
            until: NOW + 60,
        };
        assert_eq!(refused(Kind::Transfer, 7, 1, NOW + 61), late);
    }

    #[test]
    fn rules_out_of_range_are_refused() {
        assert_eq!(Rules::PLAIN.check(), Ok(()));
        assert_eq!(narrow().check(), Ok(()));
        let moment = Rules {
            until: NOW,
            ..narrow()
        };
        assert_eq!(moment.check(), Ok(()), "a window of one minute");
        let (from, until) = (NOW + 61, NOW + 60);
        let refused = [
            (Rules { kinds: 0, ..narrow() }, PolicyError::NoKind),
            (
                Rules {
                    cap: 1 << 62,
                    ..narrow()
                },
                PolicyError::Cap { given: 1 << 62 },
            ),
            (
                Rules {
                    from: 1 << 28,
                    ..narrow()
                },
                PolicyError::Time {
                    field: "from",
                    given: 1 << 28,
                },
            ),
            (
                Rules {
                    until: 1 << 28,
                    ..narrow()
                },
                PolicyError::Time {
                    field: "until",
                    given: 1 << 28,
                },
            ),
            (
                Rules { from, ..narrow() },
                PolicyError::EmptyWindow { from, until },
            ),
        ];
        for (rules, error) in refused {
            assert_eq!(rules.check(), Err(error));
        }
    }

    #[test]
    fn elements_tell_any_two_rules_apart() {
        let others = [
            Rules {
                kinds: 0b1000,
                ..narrow()
            },
            Rules {
                token: Some(8),
                ..narrow()
            },
            Rules {
                token: None,
                ..narrow()
            },
            Rules { cap: 501, ..narrow() },
            Rules {
                from: NOW - 1,
                ..narrow()
            },
            Rules {
                until: NOW + 61,
                ..narrow()
            },
        ];
        for other in others {
            assert_ne!(other.elements(), narrow().elements());
        }
        let plain = [0xff + (256 << 8), (1 << 62) - 1, 0, (1 << 28) - 1];
        assert_eq!(Rules::PLAIN.elements().elements, plain.map(F::from_canonical_u64));
    }
}
