//! Both streams in the circuit: the Poseidon chain over the records, and the evaluation.

use ashlar_poseidon::circuit::initial_state;
use plonky2::{
    field::types::Field,
    hash::{
        hashing::PlonkyPermutation,
        poseidon::{PoseidonHash, PoseidonPermutation},
    },
    iop::{ext_target::ExtensionTarget, target::Target},
};

use crate::{
    hash::{Builder, D, F, Role},
    stream::BLOCK_LEN,
};

/// The running Poseidon chain: twin of [`crate::stream::data_hash`].
#[derive(Debug, Clone, Copy)]
pub struct DataHash([Target; 12]);

impl DataHash {
    /// Of nothing.
    pub fn new(builder: &mut Builder) -> Self {
        Self(initial_state(builder, Role::ChunkData))
    }

    /// Absorbs one record.
    pub fn push(&mut self, builder: &mut Builder, block: [Target; BLOCK_LEN]) {
        self.0[..BLOCK_LEN].copy_from_slice(&block);
        let state = builder.permute::<PoseidonHash>(PoseidonPermutation::new(self.0));
        self.0.copy_from_slice(state.as_ref());
    }

    /// The digest of what was absorbed.
    pub fn digest(&self) -> [Target; 4] {
        core::array::from_fn(|i| self.0[i])
    }
}

/// What a record adds to one stream.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Boolean: whether the record belongs to the stream.
    pub member: Target,
    /// Number of words by flag; at most one flag is set, and only if `member` is.
    pub lengths: &'a [(Target, usize)],
}

/// The running evaluation of records of at most `WORDS` words: twin of [`crate::stream::Evaluation`].
#[derive(Debug)]
pub struct EvaluationTarget<const WORDS: usize> {
    /// `z^0` to `z^WORDS`.
    powers: Vec<ExtensionTarget<D>>,
    /// Bridge stream at `z`.
    pub bridge_eval: ExtensionTarget<D>,
    /// Rollup stream at `z`.
    pub rollup_eval: ExtensionTarget<D>,
    /// `z` to the number of bridge words.
    pub bridge_power: ExtensionTarget<D>,
    /// `z` to the number of rollup words.
    pub rollup_power: ExtensionTarget<D>,
    /// The number of bridge words.
    pub bridge_words: Target,
    /// The number of rollup words.
    pub rollup_words: Target,
}

impl<const WORDS: usize> EvaluationTarget<WORDS> {
    /// Of nothing, at `z`.
    pub fn new(builder: &mut Builder, z: [Target; 2]) -> Self {
        let (zero, one) = (builder.zero_extension(), builder.one_extension());
        let z = ExtensionTarget(z);
        let mut powers = vec![one];
        for index in 0..WORDS {
            powers.push(builder.mul_extension(powers[index], z));
        }
        Self {
            powers,
            bridge_eval: zero,
            rollup_eval: zero,
            bridge_power: one,
            rollup_power: one,
            bridge_words: builder.zero(),
            rollup_words: builder.zero(),
        }
    }

    /// Appends a record's words, zero beyond its length, to the streams that it is a member of.
    pub fn push(
        &mut self,
        builder: &mut Builder,
        words: &[Target; WORDS],
        bridge: Part<'_>,
        rollup: Part<'_>,
    ) {
        let zero = builder.zero_extension();
        let record = words.iter().zip(&self.powers).fold(zero, |sum, (word, power)| {
            builder.scalar_mul_add_extension(*word, *power, sum)
        });
        let bridged = builder.scalar_mul_ext(bridge.member, record);
        self.bridge_eval = builder.mul_add_extension(self.bridge_power, bridged, self.bridge_eval);
        let rolled = builder.scalar_mul_ext(rollup.member, record);
        self.rollup_eval = builder.mul_add_extension(self.rollup_power, rolled, self.rollup_eval);
        self.bridge_power = self.advance(builder, self.bridge_power, bridge.lengths);
        self.rollup_power = self.advance(builder, self.rollup_power, rollup.lengths);
        self.bridge_words = count(builder, self.bridge_words, bridge.lengths);
        self.rollup_words = count(builder, self.rollup_words, rollup.lengths);
    }

    /// `power · z^length` for the length whose flag is set, `power` when none is.
    fn advance(
        &self,
        builder: &mut Builder,
        power: ExtensionTarget<D>,
        lengths: &[(Target, usize)],
    ) -> ExtensionTarget<D> {
        let one = builder.one_extension();
        let factor = lengths.iter().fold(one, |factor, (flag, length)| {
            let step = builder.add_const_extension(self.powers[*length], -F::ONE);
            builder.scalar_mul_add_extension(*flag, step, factor)
        });
        builder.arithmetic_extension(F::ONE, F::ZERO, power, factor, one)
    }
}

/// `words` and the length whose flag is set.
fn count(builder: &mut Builder, words: Target, lengths: &[(Target, usize)]) -> Target {
    lengths.iter().fold(words, |words, (flag, length)| {
        builder.mul_const_add(F::from_canonical_usize(*length), *flag, words)
    })
}
