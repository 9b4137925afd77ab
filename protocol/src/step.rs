//! The steps of a batch.

use std::fmt;

/// A step on the way from signed transactions to a settled batch, in the order that they happen in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// A transaction is decoded and checked.
    Admit,
    /// It is given its place in the log.
    Order,
    /// It changes the state.
    Execute,
    /// The batch is closed, with witnesses and public data.
    Seal,
    /// Its public data go to L1.
    Commit,
    /// A chunk's transactions are proved.
    ProveChunk,
    /// A chunk's proof gets the shape that folds; reports count it as [`Self::Fold`].
    Lift,
    /// Two neighbouring proofs become one.
    Fold,
    /// The blob that has the batch's public data is proved to have them; reports count it as [`Self::Compress`].
    Link,
    /// The last one is joined with that; reports count it as [`Self::Compress`].
    Join,
    /// The last one becomes small.
    Compress,
    /// It is verified inside a SNARK.
    Wrap,
    /// The SNARK goes to L1.
    Settle,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 13] = [
        Self::Admit,
        Self::Order,
        Self::Execute,
        Self::Seal,
        Self::Commit,
        Self::ProveChunk,
        Self::Lift,
        Self::Fold,
        Self::Link,
        Self::Join,
        Self::Compress,
        Self::Wrap,
        Self::Settle,
    ];

    /// Its name in the protocols, in records and in logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admit => "admit",
            Self::Order => "order",
            Self::Execute => "execute",
            Self::Seal => "seal",
            Self::Commit => "commit",
            Self::ProveChunk => "prove_chunk",
            Self::Lift => "lift",
            Self::Fold => "fold",
            Self::Link => "link",
            Self::Join => "join",
            Self::Compress => "compress",
            Self::Wrap => "wrap",
            Self::Settle => "settle",
        }
    }

    /// The step with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }

    /// The step under which reports count it.
    pub const fn reported(self) -> Self {
        match self {
            Self::Lift => Self::Fold,
            Self::Link | Self::Join => Self::Compress,
            step => step,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_again_and_the_order_is_that_of_the_list() {
        for step in Step::ALL {
            assert_eq!(Step::from_name(step.name()), Some(step));
        }
        assert_eq!(Step::from_name("prove"), None);
        assert!(Step::ALL.is_sorted());
        let reported: Vec<_> = Step::ALL
            .into_iter()
            .filter(|step| step.reported() == *step)
            .collect();
        assert_eq!(reported.len(), 10);
    }
}
