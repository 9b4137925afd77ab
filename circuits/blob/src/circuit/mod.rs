//! The link circuit.

mod arithmetic;

use ashlar_blob::COEFFICIENT_WORDS;
use ashlar_gates::RowGate;
use ashlar_statement::{
    Security,
    circuit::hash,
    gates::with_equations,
    hash::{Builder, C, D, F, Hash, Role},
};
use plonky2::{
    field::types::Field,
    iop::{
        target::Target,
        witness::{PartialWitness, WitnessWrite},
    },
    plonk::circuit_data::CircuitData,
    util::serialization::{Buffer, IoError, IoResult, Read, Write},
};

pub(crate) use arithmetic::ComplementGenerator;
use arithmetic::{Number, Sum};

use crate::{
    LinkPublicInputs, LinkWitness,
    coefficient::Coefficient,
    count::Count,
    limbs::{BLOCK, LIMBS, NUMBER_WORDS, integer, limbs},
    serialization::{LinkGateSerializer, LinkGeneratorSerializer},
};

/// Rows of the circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rows {
    /// Before padding, without constants and public inputs.
    pub used: usize,
    /// After padding: a power of two.
    pub padded: usize,
}

/// The circuit with its keys.
#[derive(Debug)]
pub struct LinkCircuit {
    /// Prover and verifier data.
    pub data: CircuitData<F, C, D>,
    targets: Targets,
    rows: Rows,
}

/// Values of the free wires. Nothing here is derived again when it is set, so that what is wrong in it reaches the
/// constraints.
#[derive(Debug, Clone)]
pub struct LinkAssignment {
    /// What the proof is to claim; the circuit derives what is left open (but not domain, z and the count of words).
    pub public_inputs: LinkPublicInputs<Option<F>>,
    /// Limbs of ζ.
    pub zeta: [F; LIMBS],
    /// All words that the circuit has room for.
    pub words: Vec<F>,
}

impl LinkAssignment {
    /// The wires that a witness stands for in a circuit of so many coefficients, unchecked.
    pub fn new(witness: &LinkWitness, claim: &LinkPublicInputs<F>, coefficients: usize) -> Self {
        let mut words: Vec<_> = witness
            .words
            .iter()
            .map(|word| F::from_noncanonical_u64(*word))
            .collect();
        words.resize(COEFFICIENT_WORDS * coefficients, F::ZERO);
        Self {
            public_inputs: claim.map(Some),
            zeta: limbs(&integer(witness.zeta)),
            words,
        }
    }
}

#[derive(Debug)]
struct Targets {
    public_inputs: LinkPublicInputs<Target>,
    zeta: Number,
    words: Vec<Target>,
}

impl LinkCircuit {
    /// Builds the circuit for a number of coefficients: 4,096 in production, fewer in tests.
    ///
    /// # Panics
    /// Unless the number is a multiple of sixteen, and not zero.
    pub fn of_coefficients(security: Security, coefficients: usize) -> Self {
        assert!(
            coefficients > 0 && coefficients.is_multiple_of(BLOCK),
            "{coefficients} coefficients are no blocks of {BLOCK}"
        );
        let config = security.fold(); // its proof is verified beside one of the tree, in 2^13 rows: that of a leaf is too long
        let (builder, targets) = with_equations(&config, || {
            let mut builder = Builder::new(config.clone());
            let targets = Targets::allocate(&mut builder, coefficients);
            targets.constrain(&mut builder);
            builder.register_public_inputs(&targets.public_inputs.to_vec());
            (builder, targets)
        });
        let used = builder.num_gates();
        let data = builder.build::<C>();
        let rows = Rows {
            used,
            padded: data.common.degree(),
        };
        Self { data, targets, rows }
    }

    /// The witness of a link's proof.
    ///
    /// # Errors
    /// If the statement is not the witness's, or of a circuit of another size.
    pub fn assign(
        &self,
        witness: &LinkWitness,
        claim: &LinkPublicInputs<F>,
    ) -> anyhow::Result<PartialWitness<F>> {
        self.set(&LinkAssignment::new(witness, claim, self.coefficients()))
    }

    /// Coefficients of the polynomial.
    pub fn coefficients(&self) -> usize {
        self.targets.words.len() / COEFFICIENT_WORDS
    }

    /// Its rows.
    pub fn rows(&self) -> Rows {
        self.rows
    }

    /// Identifies the circuit: changes with any of its constraints, those inside its gates too.
    pub fn digest(&self) -> Hash {
        self.data.verifier_only.circuit_digest
    }

    /// Sets the wires of an assignment. Wires that contradict each other may be noticed when the proof is made only.
    ///
    /// # Errors
    /// If there are not as many words as the circuit has room for, or two values for one wire.
    pub fn set(&self, assignment: &LinkAssignment) -> anyhow::Result<PartialWitness<F>> {
        let targets = &self.targets;
        let (expected, actual) = (targets.words.len(), assignment.words.len());
        anyhow::ensure!(actual == expected, "{actual} words, the circuit has {expected}");
        let mut witness = PartialWitness::new();
        let claimed = targets.public_inputs.to_vec().into_iter();
        for (target, value) in claimed.zip(assignment.public_inputs.to_vec()) {
            if let Some(value) = value {
                witness.set_target(target, value)?;
            }
        }
        witness.set_target_arr(&targets.zeta, &assignment.zeta)?;
        witness.set_target_arr(&targets.words, &assignment.words)?;
        Ok(witness)
    }
}

impl LinkCircuit {
    /// Writes the circuit for [`Self::read`].
    ///
    /// # Errors
    /// None that a circuit of this crate gives.
    pub fn write(&self, buffer: &mut Vec<u8>) -> IoResult<()> {
        buffer.write_circuit_data(&self.data, &LinkGateSerializer, &LinkGeneratorSerializer)?;
        buffer.write_target_vec(&self.targets.public_inputs.to_vec())?;
        buffer.write_target_array(&self.targets.zeta)?;
        buffer.write_target_vec(&self.targets.words)?;
        buffer.write_usize(self.rows.used)?;
        buffer.write_usize(self.rows.padded)
    }

    /// Inverse of [`Self::write`]. Only for files of one's own: plonky2's reader trusts lengths.
    ///
    /// # Errors
    /// If the bytes are cut short, or have another number of public inputs.
    pub fn read(buffer: &mut Buffer) -> IoResult<Self> {
        let data = buffer.read_circuit_data(&LinkGateSerializer, &LinkGeneratorSerializer)?;
        let public_inputs = LinkPublicInputs::from_slice(&buffer.read_target_vec()?).map_err(|_| IoError)?;
        Ok(Self {
            data,
            targets: Targets {
                public_inputs,
                zeta: buffer.read_target_array()?,
                words: buffer.read_target_vec()?,
            },
            rows: Rows {
                used: buffer.read_usize()?,
                padded: buffer.read_usize()?,
            },
        })
    }
}

impl Targets {
    fn allocate(builder: &mut Builder, coefficients: usize) -> Self {
        let mut next = || builder.add_virtual_target();
        Self {
            public_inputs: LinkPublicInputs::from_fn(&mut next),
            zeta: core::array::from_fn(|_| next()),
            words: (0..COEFFICIENT_WORDS * coefficients).map(|_| next()).collect(),
        }
    }

    fn constrain(&self, builder: &mut Builder) {
        let claimed = &self.public_inputs;
        arithmetic::check_number(builder, &self.zeta);
        let (value, rollup_eval) = evaluate(builder, &self.words, &self.zeta, claimed.z);
        arithmetic::assert_reduced(builder, &value);
        assert_count(builder, &self.words, claimed.words);
        let derived = LinkPublicInputs {
            words_hash: hash(builder, Role::BlobWords, &self.words).elements,
            rollup_eval,
            zeta: words_of(builder, &self.zeta),
            value: words_of(builder, &value),
            ..*claimed
        };
        for (derived, claimed) in derived.to_vec().into_iter().zip(claimed.to_vec()) {
            builder.connect(derived, claimed);
        }
    }
}

fn words_of(builder: &mut Builder, number: &Number) -> [Target; NUMBER_WORDS] {
    arithmetic::number_words(builder, number)
}

/// Both polynomials, by Horner's rule from the highest coefficient on: modulo r by blocks, over GF(p²) by words.
fn evaluate(builder: &mut Builder, words: &[Target], zeta: &Number, z: [Target; 2]) -> (Number, [Target; 2]) {
    let powers = powers(builder, zeta);
    let zero = builder.zero();
    let (mut value, mut eval) = ([zero; LIMBS], [zero; 2]);
    for block in words.chunks(COEFFICIENT_WORDS * BLOCK).rev() {
        let mut sum = arithmetic::empty_sum(builder);
        let coefficients = block.chunks_exact(COEFFICIENT_WORDS).zip(&powers).rev();
        for (words, power) in coefficients {
            (sum, eval) = add_coefficient(builder, words, power, &sum, z, eval);
        }
        value = arithmetic::mul_add(builder, &sum, &value, &powers[BLOCK]);
    }
    (value, eval)
}

/// ζ^0 to ζ^16.
fn powers(builder: &mut Builder, zeta: &Number) -> Vec<Number> {
    let sum = arithmetic::empty_sum(builder);
    let mut powers = vec![arithmetic::one(builder), *zeta];
    while powers.len() <= BLOCK {
        let last = powers[powers.len() - 1];
        powers.push(arithmetic::mul_add(builder, &sum, &last, zeta));
    }
    powers
}

/// A row of [`Coefficient`]: the sum and the evaluation after it.
fn add_coefficient(
    builder: &mut Builder,
    words: &[Target],
    power: &Number,
    sum: &Sum,
    z: [Target; 2],
    eval: [Target; 2],
) -> (Sum, [Target; 2]) {
    let row = builder.add_gate(RowGate::<Coefficient>::new(), vec![]);
    let mut connect = |first: usize, targets: &[Target]| {
        for (index, target) in targets.iter().enumerate() {
            builder.connect(*target, Target::wire(row, first + index));
        }
    };
    connect(Coefficient::WORDS, words);
    connect(Coefficient::POWER, power);
    connect(Coefficient::BEFORE, sum);
    connect(Coefficient::Z, &z);
    connect(Coefficient::EVAL_BEFORE, &eval);
    let wire = |first| move |index| Target::wire(row, first + index);
    (
        core::array::from_fn(wire(Coefficient::AFTER)),
        core::array::from_fn(wire(Coefficient::EVAL_AFTER)),
    )
}

/// Constrains the words behind the first `count` to be zero, and `count` not to be more than there are.
fn assert_count(builder: &mut Builder, words: &[Target], count: Target) {
    let zero = builder.zero();
    let (mut left, mut open) = (count, builder.one());
    for words in words.chunks(Count::ROW) {
        let row = builder.add_gate(RowGate::<Count>::new(), vec![]);
        let wire = |column| Target::wire(row, column);
        for (index, word) in words.iter().enumerate() {
            builder.connect(*word, wire(Count::word(index)));
        }
        builder.connect(left, wire(Count::LEFT[0]));
        builder.connect(open, wire(Count::OPEN[0]));
        (left, open) = (wire(Count::LEFT[1]), wire(Count::OPEN[1]));
    }
    builder.connect(left, zero);
}

#[cfg(test)]
mod tests;
