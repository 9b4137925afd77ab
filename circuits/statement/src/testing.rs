//! The smallest application: operations add to a counter, which is the whole state. It exercises what is written over
//! [`Application`] and [`LeafCircuits`], and shows how a leaf circuit is made of the parts in [`crate::circuit`].

use plonky2::{
    field::{extension::quadratic::QuadraticExtension, types::Field},
    gates::noop::NoopGate,
    iop::{
        target::{BoolTarget, Target},
        witness::{PartialWitness, WitnessWrite},
    },
    plonk::circuit_data::CircuitData,
    util::serialization::{DefaultGateSerializer, DefaultGeneratorSerializer},
};
use serde::{Deserialize, Serialize};

use crate::{
    Application, ClosedBatch, Domain, LeafCircuits, LeafWitness, Published, Security, SpanPublicInputs,
    Stream, TIME_BITS,
    application::{BatchSize, Both, CloseError, Closed, Effects, ExecuteBothError, ExecuteError, Next},
    circuit::{DataHash, EvaluationTarget, Part},
    hash::{Builder, C, D, F, Hash},
    queue::L1Operation,
    state::{StateChanges, StateError, StateStore},
    stream::{BLOCK_LEN, Evaluation, data_hash, words_to_bytes},
};

/// Additions in a chunk.
pub const SLOTS: usize = 4;
/// An addition is one word of public data.
const ADDITION_BYTES: usize = 7;
/// Additions are below this.
pub const LIMIT: u64 = 1 << 32;
/// The state is one node: level and index 0 of tree 0.
const PLACE: (u8, u8, u64) = (0, 0, 0);

/// The application.
#[derive(Clone, Copy, Debug)]
pub struct Counter(pub Domain);

/// Bytes that are no addition.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an addition has eight bytes, and these are {0}")]
pub struct NoAddition(pub usize);

/// An addition that cannot be executed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not in 1..2^32")]
pub struct OutOfRange(pub u64);

/// Additions on their way into a batch.
#[derive(Debug)]
pub struct Open<S> {
    store: S,
    domain: Domain,
    additions: Vec<u64>,
}

fn in_range(addition: u64) -> Result<(), OutOfRange> {
    let is_in = (1..LIMIT).contains(&addition);
    is_in.then_some(()).ok_or(OutOfRange(addition))
}

fn root(count: u64) -> Hash {
    Hash {
        elements: [F::from_canonical_u64(count), F::ZERO, F::ZERO, F::ZERO],
    }
}

impl<S: StateStore> Open<S> {
    fn start(&self) -> Result<u64, StateError<S::Error>> {
        let (tree, level, index) = PLACE;
        let node = self.store.node(tree, level, index).map_err(StateError::Store)?;
        Ok(node.map_or(0, |node| node.elements[0].0))
    }
}

impl Application for Counter {
    type Leaf = Adder;
    type Signed = u64;
    type DecodeError = NoAddition;
    type Refusal = OutOfRange;
    type Open<S: StateStore> = Open<S>;

    fn decode(bytes: &[u8]) -> Result<u64, NoAddition> {
        let bytes = bytes.try_into().map_err(|_| NoAddition(bytes.len()))?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn id(addition: &u64) -> [u8; 32] {
        let mut id = [0; 32];
        id[24..].copy_from_slice(&addition.to_be_bytes());
        id
    }

    fn open<S: StateStore>(&self, store: S) -> Result<Open<S>, StateError<S::Error>> {
        Ok(Open {
            store,
            domain: self.0,
            additions: Vec::new(),
        })
    }

    fn verify(&self, _: &u64) -> Result<(), OutOfRange> {
        Ok(()) // nobody signs
    }

    fn execute<S: StateStore>(
        open: &mut Open<S>,
        addition: &u64,
    ) -> Result<Effects, ExecuteError<OutOfRange, StateError<S::Error>>> {
        in_range(*addition).map_err(ExecuteError::Refused)?;
        open.additions.push(*addition);
        Ok(Effects::default())
    }

    fn execute_both<S: StateStore>(
        open: &mut Open<S>,
        [first, second]: [&u64; 2],
    ) -> Both<OutOfRange, StateError<S::Error>> {
        in_range(*first).map_err(ExecuteBothError::First)?;
        in_range(*second).map_err(ExecuteBothError::Second)?;
        open.additions.extend([*first, *second]);
        Ok([Effects::default(); 2])
    }

    fn execute_l1<S: StateStore>(
        open: &mut Open<S>,
        operation: &L1Operation,
    ) -> Result<Effects, ExecuteError<OutOfRange, StateError<S::Error>>> {
        match operation {
            L1Operation::Deposit(deposit) => Self::execute(open, &deposit.amount),
            _ => Ok(Effects::default()), // nobody owns a counter
        }
    }

    fn root<S: StateStore>(open: &mut Open<S>) -> Result<Hash, StateError<S::Error>> {
        Ok(root(open.start()? + open.additions.iter().sum::<u64>()))
    }

    fn size<S: StateStore>(open: &Open<S>, next: Option<Next<'_, u64>>) -> BatchSize {
        let more = match next {
            None => 0,
            Some(Next::L1(_) | Next::Signed(_)) => 1,
            Some(Next::Both(_)) => 2,
        };
        let operations = open.additions.len() + more;
        BatchSize {
            operations: operations as u32,
            chunks: operations.div_ceil(SLOTS) as u32,
            rollup_bytes: (operations * ADDITION_BYTES) as u64,
            ..BatchSize::default()
        }
    }

    fn close<S: StateStore>(open: Open<S>) -> Closed<Self, S::Error> {
        let mut count = open.start().map_err(CloseError::State)?;
        let chunks = open.additions.chunks(SLOTS).map(|additions| {
            let start = count;
            count += additions.iter().sum::<u64>();
            AdderWitness {
                domain: open.domain,
                z: [F::ZERO; 2],
                time: 0,
                start,
                additions: additions.to_vec(),
            }
        });
        let chunks: Vec<_> = chunks.collect();
        let batch = ClosedBatch {
            domain: open.domain,
            chunks,
            new_root: root(count),
        };
        let changes = StateChanges {
            nodes: [(PLACE, root(count))].into(),
            ..StateChanges::default()
        };
        Ok((batch, changes))
    }
}

/// What a proof of a chunk needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdderWitness {
    /// Chain and rollup.
    pub domain: Domain,
    /// Evaluation point.
    pub z: [F; 2],
    /// Minutes since 1970.
    pub time: u32,
    /// The counter before.
    pub start: u64,
    /// At most [`SLOTS`].
    pub additions: Vec<u64>,
}

/// Why a witness breaks the circuit.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdderFault {
    /// More than [`SLOTS`].
    #[error("{0} additions")]
    Count(usize),
    /// Zero, or too large.
    #[error("addition {0}")]
    Range(#[source] OutOfRange),
}

impl LeafWitness for AdderWitness {
    type Fault = AdderFault;

    fn publish(&self) -> Published {
        let blocks = (0..SLOTS).map(|slot| {
            let addition = self.additions.get(slot).copied();
            let mut block = [F::ZERO; BLOCK_LEN];
            block[0] = F::from_bool(addition.is_some());
            block[1] = F::from_canonical_u64(addition.unwrap_or(0));
            block
        });
        Published {
            data_hash: data_hash(blocks),
            bridge: Vec::new(),
            rollup: words_to_bytes(&self.additions),
        }
    }

    fn set_point(&mut self, z: [F; 2], time: u32) {
        (self.z, self.time) = (z, time);
    }

    fn replay(&self) -> Result<SpanPublicInputs<F>, AdderFault> {
        if self.additions.len() > SLOTS {
            return Err(AdderFault::Count(self.additions.len()));
        }
        let bad = self
            .additions
            .iter()
            .find(|addition| !(1..LIMIT).contains(*addition));
        if let Some(addition) = bad {
            return Err(AdderFault::Range(OutOfRange(*addition)));
        }
        let mut evaluation = Evaluation::EMPTY;
        evaluation.push(QuadraticExtension(self.z), Stream::Rollup, &self.additions);
        Ok(SpanPublicInputs {
            old_root: root(self.start).elements,
            new_root: root(self.start + self.additions.iter().sum::<u64>()).elements,
            domain: self.domain.words(),
            data_hash: self.publish().data_hash.elements,
            z: self.z,
            bridge_eval: evaluation.bridge_eval.0,
            rollup_eval: evaluation.rollup_eval.0,
            bridge_power: evaluation.bridge_power.0,
            rollup_power: evaluation.rollup_power.0,
            fee_account: F::ZERO,
            time: F::from_canonical_u32(self.time),
            bridge_words: F::ZERO,
            rollup_words: F::from_canonical_usize(self.additions.len()),
        })
    }
}

/// The circuit: [`SLOTS`] additions, unused ones zero.
#[derive(Debug)]
pub struct Adder {
    data: CircuitData<F, C, D>,
    targets: Targets,
}

#[derive(Debug)]
struct Targets {
    inputs: SpanPublicInputs<Target>,
    used: [Target; SLOTS],
    additions: [Target; SLOTS],
}

impl Targets {
    fn allocate(builder: &mut Builder) -> Self {
        let mut next = || builder.add_virtual_target();
        Self {
            inputs: SpanPublicInputs::from_fn(&mut next),
            used: core::array::from_fn(|_| next()),
            additions: core::array::from_fn(|_| next()),
        }
    }

    fn constrain(&self, builder: &mut Builder) {
        let Self {
            inputs,
            used,
            additions,
        } = self;
        let zero = builder.zero();
        // Nothing here depends on the time, but what the batch shows of it must be its only form.
        builder.range_check(inputs.time, TIME_BITS as usize);
        let mut count = inputs.old_root[0];
        let mut hash = DataHash::new(builder);
        let mut evaluation = EvaluationTarget::<1>::new(builder, inputs.z);
        for (&used, &addition) in used.iter().zip(additions) {
            builder.assert_bool(BoolTarget::new_unsafe(used));
            builder.range_check(addition, LIMIT.ilog2() as usize);
            // An addition is zero exactly where its slot is unused.
            let is_zero = builder.is_equal(addition, zero);
            let is_used = builder.not(is_zero);
            builder.connect(used, is_used.target);
            count = builder.add(count, addition);
            let mut block = [zero; BLOCK_LEN];
            (block[0], block[1]) = (used, addition);
            hash.push(builder, block);
            let part = |member, lengths| Part { member, lengths };
            evaluation.push(builder, &[addition], part(zero, &[]), part(used, &[(used, 1)]));
        }
        let derived = SpanPublicInputs {
            new_root: [count, zero, zero, zero],
            old_root: [inputs.old_root[0], zero, zero, zero],
            data_hash: hash.digest(),
            bridge_eval: evaluation.bridge_eval.0,
            rollup_eval: evaluation.rollup_eval.0,
            bridge_power: evaluation.bridge_power.0,
            rollup_power: evaluation.rollup_power.0,
            fee_account: zero,
            bridge_words: evaluation.bridge_words,
            rollup_words: evaluation.rollup_words,
            ..*inputs
        };
        for (derived, claimed) in derived.to_vec().into_iter().zip(inputs.to_vec()) {
            builder.connect(derived, claimed);
        }
        builder.register_public_inputs(&inputs.to_vec());
    }
}

impl Adder {
    /// The circuit padded to more than so many rows: circuits of different degree are leaves of different shapes.
    pub fn of_rows(security: Security, rows: usize) -> Self {
        let mut builder = Builder::new(security.leaf());
        let targets = Targets::allocate(&mut builder);
        targets.constrain(&mut builder);
        while builder.num_gates() < rows {
            builder.add_gate(NoopGate, vec![]);
        }
        let data = builder.build();
        Self { data, targets }
    }

    /// Prover and verifier data.
    pub fn data(&self) -> &CircuitData<F, C, D> {
        &self.data
    }
}

/// Bytes that are no adder.
#[derive(Debug, thiserror::Error)]
#[error("no adder")]
pub struct NoAdder;

impl LeafCircuits for Adder {
    type Witness = AdderWitness;
    type BytesError = NoAdder;

    const SOURCE_FINGERPRINT: &'static str = "adder";

    fn build(security: Security) -> Self {
        Self::of_rows(security, 1 << 11) // the recursion's parameters are for circuits that are not tiny
    }

    fn circuits(&self) -> Vec<&CircuitData<F, C, D>> {
        vec![&self.data]
    }

    fn kind(_: &AdderWitness) -> usize {
        0
    }

    fn check(witness: &AdderWitness) -> Result<SpanPublicInputs<F>, AdderFault> {
        witness.replay()
    }

    fn assign(
        &self,
        witness: &AdderWitness,
        claim: &SpanPublicInputs<F>,
    ) -> anyhow::Result<PartialWitness<F>> {
        let mut wires = PartialWitness::new();
        wires.set_target_arr(&self.targets.inputs.to_vec(), &claim.to_vec())?;
        for slot in 0..SLOTS {
            let addition = witness.additions.get(slot).copied();
            wires.set_target(self.targets.used[slot], F::from_bool(addition.is_some()))?;
            let addition = F::from_noncanonical_u64(addition.unwrap_or(0));
            wires.set_target(self.targets.additions[slot], addition)?;
        }
        Ok(wires)
    }

    fn to_bytes(&self) -> Result<Vec<u8>, NoAdder> {
        let generators = DefaultGeneratorSerializer::<C, D>::default();
        self.data
            .to_bytes(&DefaultGateSerializer, &generators)
            .map_err(|_| NoAdder)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, NoAdder> {
        let generators = DefaultGeneratorSerializer::<C, D>::default();
        let data =
            CircuitData::from_bytes(bytes, &DefaultGateSerializer, &generators).map_err(|_| NoAdder)?;
        let targets = Targets::allocate(&mut Builder::new(data.common.config.clone()));
        Ok(Self { data, targets })
    }
}
