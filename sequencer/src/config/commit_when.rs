//! When a sealed batch is committed.

use std::{fmt, str::FromStr};

/// When a sealed batch is committed. A proof that is there by then goes with the commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CommitWhen {
    /// At once: its data is on L1 before it is proven.
    #[default]
    AtOnce,
    /// Once it is proven: one transaction does both and costs less, and until then its data is here alone.
    WithProof,
}

/// No time at which batches are committed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` is neither `{}` nor `{}`",
    CommitWhen::AtOnce,
    CommitWhen::WithProof
)]
pub struct UnknownCommitWhen {
    /// As given.
    pub given: String,
}

impl FromStr for CommitWhen {
    type Err = UnknownCommitWhen;

    fn from_str(text: &str) -> Result<Self, UnknownCommitWhen> {
        match text {
            "at-once" => Ok(Self::AtOnce),
            "with-proof" => Ok(Self::WithProof),
            _ => Err(UnknownCommitWhen {
                given: text.to_owned(),
            }),
        }
    }
}

impl fmt::Display for CommitWhen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AtOnce => "at-once",
            Self::WithProof => "with-proof",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_times_are_read_back_and_another_is_refused_with_their_names() {
        for when in [CommitWhen::AtOnce, CommitWhen::WithProof] {
            assert_eq!(when.to_string().parse(), Ok(when));
        }
        let refused = "never".parse::<CommitWhen>().expect_err("no time");
        assert_eq!(
            refused.to_string(),
            "`never` is neither `at-once` nor `with-proof`"
        );
    }
}
