//! Which batches are to be proven: all, or in an optimistic rollup those that are challenged.

use std::{
    collections::BTreeSet,
    fmt,
    str::FromStr,
    sync::{Arc, PoisonError, RwLock},
};

/// When the batches of an optimistic rollup are proven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProveWhen {
    /// All of them: a proof makes them final before their window ends.
    Always,
    /// Those that are challenged: the others are final by time, and cost neither proof nor its gas.
    #[default]
    Challenged,
}

/// No such choice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` is neither `{}` nor `{}`",
    ProveWhen::Always,
    ProveWhen::Challenged
)]
pub struct UnknownProveWhen {
    /// As given.
    pub given: String,
}

impl FromStr for ProveWhen {
    type Err = UnknownProveWhen;

    fn from_str(text: &str) -> Result<Self, UnknownProveWhen> {
        match text {
            "always" => Ok(Self::Always),
            "challenged" => Ok(Self::Challenged),
            _ => Err(UnknownProveWhen {
                given: text.to_owned(),
            }),
        }
    }
}

impl fmt::Display for ProveWhen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Always => "always",
            Self::Challenged => "challenged",
        })
    }
}

/// What settlement asks of proving; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Demand(Arc<RwLock<Wanted>>);

#[derive(Debug, Default)]
enum Wanted {
    #[default]
    All,
    Only(BTreeSet<u64>),
}

impl Demand {
    /// No batch, until one is asked for.
    pub fn nothing() -> Self {
        let demand = Self::default();
        demand.only(BTreeSet::new());
        demand
    }

    /// Asks for these batches in place of those before, unless all are wanted anyway.
    pub(crate) fn only(&self, numbers: BTreeSet<u64>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Wanted::Only(numbers);
    }

    /// Whether a proof of this batch is asked for.
    pub fn wants(&self, number: u64) -> bool {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            Wanted::All => true,
            Wanted::Only(numbers) => numbers.contains(&number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_choices_are_read_back_and_another_is_refused_with_their_names() {
        for when in [ProveWhen::Always, ProveWhen::Challenged] {
            assert_eq!(when.to_string().parse(), Ok(when));
        }
        let refused = "never".parse::<ProveWhen>().expect_err("no choice");
        assert_eq!(
            refused.to_string(),
            "`never` is neither `always` nor `challenged`"
        );
    }

    #[test]
    fn what_is_wanted_is_the_same_for_all_clones() {
        let all = Demand::default();
        assert!(all.wants(1) && all.wants(u64::MAX));
        let demand = Demand::nothing();
        let clone = demand.clone();
        assert!(!clone.wants(1));
        demand.only([2, 3].into());
        assert!(!clone.wants(1) && clone.wants(2) && clone.wants(3));
        demand.only([].into());
        assert!(!clone.wants(2));
    }
}
