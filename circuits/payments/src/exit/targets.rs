//! The free wires of the exit circuit, for values and for targets; and setting them from an assignment.

use ashlar_statement::{
    SpanPublicInputs, elements,
    hash::{Builder, F},
    queue::{AMOUNT_BITS, head},
};
use plonky2::{
    field::types::Field,
    iop::{
        target::Target,
        witness::{PartialWitness, WitnessWrite},
    },
    plonk::circuit_data::CircuitConfig,
};

use super::witness::{ExitWitness, Opening};
use crate::{
    chunk::HeadWires,
    tree::{ACCOUNT_DEPTH, TOKEN_DEPTH},
};

elements! {
    /// One slot.
    #[derive(Debug, Clone, Copy)]
    pub struct OpeningWires<T> {
        /// Whether it publishes anything.
        pub enabled: T,
        /// Account, token, and what of the balance is above 2^56, as they stand in the first word below its tag.
        pub place: T,
        /// All of the account but its balances.
        pub head: (HeadWires<T>),
        /// Its balance of the token.
        pub balance: T,
        /// Path of that balance.
        pub balance_siblings: [[T; 4]; TOKEN_DEPTH],
        /// Path of the account's leaf.
        pub account_siblings: [[T; 4]; ACCOUNT_DEPTH],
    }
}

impl From<&Opening> for OpeningWires<F> {
    fn from(opening: &Opening) -> Self {
        let high = (opening.balance >> AMOUNT_BITS) as u8;
        let place = head(0, opening.account, opening.token, high);
        Self {
            enabled: F::ONE,
            place: F::from_canonical_u64(place),
            head: (&opening.head).into(),
            balance: F::from_noncanonical_u64(opening.balance),
            balance_siblings: opening.balance_path.siblings.map(|sibling| sibling.elements),
            account_siblings: opening.account_path.siblings.map(|sibling| sibling.elements),
        }
    }
}

/// Values of all free wires. Nothing here is derived again when it is set, so that what is wrong in it reaches the
/// constraints.
#[derive(Debug, Clone)]
pub struct ExitAssignment {
    /// What the proof is to claim; the circuit derives what is left open (but not old root, domain, point, fee account and
    /// time).
    pub public_inputs: SpanPublicInputs<Option<F>>,
    /// One per slot.
    pub slots: Vec<OpeningWires<F>>,
}

impl ExitAssignment {
    /// The wires that a witness stands for, unchecked.
    pub fn new(witness: &ExitWitness, claim: &SpanPublicInputs<F>) -> Self {
        let padding = || OpeningWires::from_fn(|| F::ZERO);
        let slots = witness.slots.iter();
        Self {
            public_inputs: claim.map(Some),
            slots: slots
                .map(|slot| slot.as_ref().map_or_else(padding, OpeningWires::from))
                .collect(),
        }
    }
}

/// The free targets. They are the first that the circuit allocates, so that a circuit read from bytes finds them again by
/// allocating anew.
#[derive(Debug)]
pub(super) struct ExitTargets {
    pub(super) public_inputs: SpanPublicInputs<Target>,
    pub(super) slots: Vec<OpeningWires<Target>>,
}

impl ExitTargets {
    /// Allocates in a fresh builder.
    pub(super) fn allocate(builder: &mut Builder, slots: usize) -> Self {
        let mut next = || builder.add_virtual_target();
        Self {
            public_inputs: SpanPublicInputs::from_fn(&mut next),
            slots: (0..slots).map(|_| OpeningWires::from_fn(&mut next)).collect(),
        }
    }

    /// The targets of a circuit with this many slots, without building it.
    pub(super) fn of_circuit(config: CircuitConfig, slots: usize) -> Self {
        Self::allocate(&mut Builder::new(config), slots)
    }

    /// Sets every free target; the assignment has as many slots as there are here.
    pub(super) fn set(
        &self,
        witness: &mut PartialWitness<F>,
        assignment: &ExitAssignment,
    ) -> anyhow::Result<()> {
        let claimed = self.public_inputs.to_vec().into_iter();
        for (target, value) in claimed.zip(assignment.public_inputs.to_vec()) {
            if let Some(value) = value {
                witness.set_target(target, value)?;
            }
        }
        for (targets, values) in self.slots.iter().zip(&assignment.slots) {
            witness.set_target_arr(&targets.to_vec(), &values.to_vec())?;
        }
        Ok(())
    }
}
