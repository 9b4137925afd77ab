//! Rows of a leaf circuit by component, as they were counted while it was built.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use ashlar_statement::hash::Builder;

/// What the rows are spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Component {
    /// Schnorr verification.
    Signature,
    /// Hash of the signed message.
    Message,
    /// Paths in the account tree, of source and destination, or of what exits.
    AccountPaths,
    /// Paths in the balance trees, likewise.
    BalancePaths,
    /// Hashes of account leaves.
    AccountLeaves,
    /// Range checks, bit decompositions, flags and amounts.
    RangeChecks,
    /// The clause of a policy that permits what is signed.
    Policy,
    /// What an operation of the L1 queue does to its account.
    Queue,
    /// Public data words and their Poseidon chain.
    PublicData,
    /// Evaluation of the public data.
    Evaluation,
    /// Credit of the fees, once per chunk.
    FeeCredit,
}

impl Component {
    /// Name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Message => "message",
            Self::AccountPaths => "account_paths",
            Self::BalancePaths => "balance_paths",
            Self::AccountLeaves => "account_leaves",
            Self::RangeChecks => "range_checks",
            Self::Policy => "policy",
            Self::Queue => "queue",
            Self::PublicData => "public_data",
            Self::Evaluation => "evaluation",
            Self::FeeCredit => "fee_credit",
        }
    }
}

/// Rows by component. A row that packs operations of several components counts for the one that opened it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// Slots that the counts cover.
    pub slots: usize,
    /// Rows of each component, in all slots together.
    pub by_component: BTreeMap<Component, usize>,
    /// Rows in use before padding, with constants and public inputs.
    pub total: usize,
    /// Rows after padding: a power of two.
    pub padded: usize,
}

impl Rows {
    /// Counts the rows that a part of the circuit opens.
    pub(crate) fn count<R>(
        &mut self,
        builder: &mut Builder,
        component: Component,
        part: impl FnOnce(&mut Builder) -> R,
    ) -> R {
        let before = builder.num_gates();
        let result = part(builder);
        *self.by_component.entry(component).or_default() += builder.num_gates() - before;
        result
    }

    /// Rows per slot of the components that every slot has.
    pub fn per_slot(&self, component: Component) -> f64 {
        self.by_component.get(&component).copied().unwrap_or(0) as f64 / self.slots as f64
    }

    /// Rows per slot, all in: everything but the padding, divided by the slots.
    pub fn rows_per_slot(&self) -> f64 {
        self.total as f64 / self.slots as f64
    }
}
