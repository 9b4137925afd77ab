//! The exit circuit: a fixed number of openings under one root.

use ashlar_gates::range_check;
use ashlar_statement::{
    ACCOUNT_BITS, Security, SpanPublicInputs, TIME_BITS,
    circuit::{DataHash, EvaluationTarget, Part, assert_equal_if, root},
    gates::with_equations,
    hash::{Builder, C, D, F, Hash, Role},
    queue::AMOUNT_BITS,
    stream::BLOCK_LEN,
};
use plonky2::{
    field::types::Field,
    gates::gate::GateRef,
    hash::hash_types::HashOutTarget,
    iop::{
        target::{BoolTarget, Target},
        witness::PartialWitness,
    },
    plonk::circuit_data::CircuitData,
};

use super::{
    record::{EXIT_KIND, EXIT_TAG, EXIT_WORDS},
    targets::{ExitAssignment, ExitTargets, OpeningWires},
    witness::ExitFault,
};
use crate::{
    account::BALANCE_BITS,
    chunk::{Component, Rows, head_hash, leaf_hash},
    tree::{ACCOUNT_DEPTH, TOKEN_DEPTH},
};

/// Bits of the first word below its tag: the last byte, the token, the account.
const LAST_BITS: usize = 8;
const ACCOUNT_AT: usize = LAST_BITS + TOKEN_DEPTH;
const PLACE_BITS: usize = ACCOUNT_AT + ACCOUNT_DEPTH;
/// Bits of a balance that are in the last byte.
const HIGH_BITS: usize = (BALANCE_BITS - AMOUNT_BITS) as usize;
/// Bits of the first word before its tag.
const TAG_AT: usize = 48;

/// The circuit with its keys.
#[derive(Debug)]
pub struct ExitCircuit {
    /// Prover and verifier data.
    pub data: CircuitData<F, C, D>,
    targets: ExitTargets,
    rows: Rows,
}

/// What runs through the slots.
struct Running {
    data_hash: DataHash,
    evaluation: EvaluationTarget<EXIT_WORDS>,
}

/// What a slot publishes, before it is known whether it does.
struct Record {
    head: Target,
    amount: Target,
    owner: [Target; 3],
}

impl ExitCircuit {
    /// Builds the circuit for a number of slots: `EXIT_SLOTS` in production, fewer in tests. With the gates of another
    /// leaf circuit of its degree it has that one's shape, and so shares its lift; they are in its set whether it uses
    /// them or not.
    pub fn of_slots(security: Security, slots: usize, gates: &[GateRef<F, D>]) -> Self {
        let config = security.leaf();
        let (builder, (targets, mut rows)) = with_equations(&config, || {
            let mut builder = Builder::new(config.clone());
            let targets = ExitTargets::allocate(&mut builder, slots);
            let mut rows = Rows {
                slots,
                ..Rows::default()
            };
            constrain(&mut builder, &mut rows, &targets);
            builder.register_public_inputs(&targets.public_inputs.to_vec());
            for gate in gates {
                builder.add_gate_to_gate_set(gate.clone());
            }
            (builder, (targets, rows))
        });
        rows.total = builder.num_gates();
        let data = builder.build::<C>();
        rows.padded = data.common.degree();
        Self { data, targets, rows }
    }

    /// The circuit that has this data and these rows.
    pub(crate) fn read(rows: Rows, data: CircuitData<F, C, D>) -> Self {
        let targets = ExitTargets::of_circuit(data.common.config.clone(), rows.slots);
        Self { data, targets, rows }
    }

    /// Openings in a proof.
    pub fn slots(&self) -> usize {
        self.rows.slots
    }

    /// Rows by component.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// Identifies the circuit: changes with any of its constraints, those inside its gates too.
    pub fn digest(&self) -> Hash {
        self.data.verifier_only.circuit_digest
    }

    /// Sets the wires of an assignment. Wires that contradict each other may be noticed when the proof is made only.
    ///
    /// # Errors
    /// If two values are given for one wire, or there are not as many slots as here.
    pub fn set(&self, assignment: &ExitAssignment) -> anyhow::Result<PartialWitness<F>> {
        let (expected, actual) = (self.slots(), assignment.slots.len());
        if actual != expected {
            return Err(ExitFault::SlotCount { expected, actual }.into());
        }
        let mut witness = PartialWitness::new();
        self.targets.set(&mut witness, assignment)?;
        Ok(witness)
    }
}

fn constrain(builder: &mut Builder, rows: &mut Rows, targets: &ExitTargets) {
    let claimed = &targets.public_inputs;
    let mut running = Running {
        data_hash: DataHash::new(builder),
        evaluation: rows.count(builder, Component::Evaluation, |b| {
            EvaluationTarget::new(b, claimed.z)
        }),
    };
    // Nothing here depends on either, but what the batch shows of them must be their only form.
    rows.count(builder, Component::RangeChecks, |builder| {
        builder.range_check(claimed.time, TIME_BITS as usize);
        builder.range_check(claimed.fee_account, ACCOUNT_BITS as usize);
    });
    let root = HashOutTarget {
        elements: claimed.old_root,
    };
    for wires in &targets.slots {
        let enabled = BoolTarget::new_unsafe(wires.enabled);
        builder.assert_bool(enabled);
        let record = open(builder, rows, root, enabled, wires);
        publish(builder, rows, &mut running, enabled, &record);
    }
    let Running {
        data_hash,
        evaluation,
    } = running;
    let derived = SpanPublicInputs {
        new_root: claimed.old_root,
        data_hash: data_hash.digest(),
        bridge_eval: evaluation.bridge_eval.0,
        rollup_eval: evaluation.rollup_eval.0,
        bridge_power: evaluation.bridge_power.0,
        rollup_power: evaluation.rollup_power.0,
        bridge_words: evaluation.bridge_words,
        rollup_words: evaluation.rollup_words,
        ..*claimed
    };
    for (derived, claimed) in derived.to_vec().into_iter().zip(claimed.to_vec()) {
        builder.connect(derived, claimed);
    }
}

/// Opens a balance under the root, if `enabled`. Its account exists: the leaf of one that does not is zero, and no
/// account is known to hash to that. What is read but the balance is in range, as every write was checked.
fn open(
    builder: &mut Builder,
    rows: &mut Rows,
    old_root: HashOutTarget,
    enabled: BoolTarget,
    wires: &OpeningWires<Target>,
) -> Record {
    let (bits, amount) = rows.count(builder, Component::RangeChecks, |builder| {
        let bits = builder.split_le(wires.place, PLACE_BITS);
        let amount = low_amount(builder, wires.balance, &bits[..LAST_BITS]);
        (bits, amount)
    });
    let zero = builder.zero();
    let balances = rows.count(builder, Component::BalancePaths, |builder| {
        let leaf = HashOutTarget {
            elements: [wires.balance, zero, zero, zero],
        };
        let token_bits = &bits[LAST_BITS..ACCOUNT_AT];
        root(
            builder,
            Role::BalanceNode,
            leaf,
            token_bits,
            &wires.balance_siblings,
        )
    });
    let leaf = rows.count(builder, Component::AccountLeaves, |builder| {
        let head = head_hash(builder, &wires.head);
        leaf_hash(builder, head, balances)
    });
    rows.count(builder, Component::AccountPaths, |builder| {
        let index_bits = &bits[ACCOUNT_AT..];
        let led_to = root(
            builder,
            Role::AccountNode,
            leaf,
            index_bits,
            &wires.account_siblings,
        );
        assert_equal_if(builder, enabled, led_to, old_root);
    });
    Record {
        head: wires.place,
        amount,
        owner: wires.head.l1_owner,
    }
}

/// What of a balance is below 2^56, the rest being in the first word's last byte. Both are in range, and so their sum is
/// below 2^62 and has one form.
fn low_amount(builder: &mut Builder, balance: Target, last_byte: &[BoolTarget]) -> Target {
    let (high, unused) = last_byte.split_at(HIGH_BITS);
    for bit in unused {
        builder.assert_zero(bit.target);
    }
    let high = builder.le_sum(high.iter());
    let low = builder.mul_const_add(-F::from_canonical_u64(1 << AMOUNT_BITS), high, balance);
    range_check(builder, low, AMOUNT_BITS as usize);
    low
}

/// Hashes and evaluates a record: zeros and no words, unless it is `enabled`.
fn publish(
    builder: &mut Builder,
    rows: &mut Rows,
    running: &mut Running,
    enabled: BoolTarget,
    record: &Record,
) {
    let words = rows.count(builder, Component::PublicData, |builder| {
        let tag = F::from_canonical_u64(u64::from(EXIT_TAG) << TAG_AT);
        let enabled = enabled.target;
        let head = builder.arithmetic(F::ONE, tag, enabled, record.head, enabled);
        let [a0, a1, a2] = record.owner.map(|word| builder.mul(enabled, word));
        let words = [head, builder.mul(enabled, record.amount), a0, a1, a2];
        let mut block = [builder.zero(); BLOCK_LEN];
        block[0] = builder.mul_const(F::from_canonical_u8(EXIT_KIND), enabled);
        block[1..=EXIT_WORDS].copy_from_slice(&words);
        running.data_hash.push(builder, block);
        words
    });
    rows.count(builder, Component::Evaluation, |builder| {
        let bridge = Part {
            member: builder.one(), // words of a slot that is not in use are zero
            lengths: &[(enabled.target, EXIT_WORDS)],
        };
        let nothing = Part {
            member: builder.zero(),
            lengths: &[],
        };
        running.evaluation.push(builder, &words, bridge, nothing);
    });
}
