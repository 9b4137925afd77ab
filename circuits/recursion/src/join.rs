//! `join`: the root of a tree meets the link of a blob. What comes out has the shape of a span's proof, so that compress
//! verifies it as another root, but it is no span: fold has no key for it.

use ashlar_blob_link::{LinkPublicInputs, POINT_BITS};
use ashlar_statement::{SpanPublicInputs, circuit::hash, hash::Role};
use plonky2::{
    hash::hash_types::{HashOut, HashOutTarget},
    iop::{
        target::{BoolTarget, Target},
        witness::{PartialWitness, WitnessWrite},
    },
    plonk::proof::ProofWithPublicInputsTarget,
    util::serialization::{Buffer, IoResult, Read, Write},
};

use crate::{
    child::ChildTarget,
    codec,
    config::{Builder, C, Circuit, D, F, Proof},
    nested::{NestedPublicInputs, VerifierOnly, key_hash},
    proof::SpanProof,
    shape::{self, BuildError, Common},
    span::connect,
};

/// Bits of a word of the blob's point.
const WORD_BITS: usize = 56;

/// Verifies the root of a tree, as fold verifies its children, and the link of the blob that has the root's rollup stream.
///
/// Its public inputs are the root's, but for: the data hash, which is [`ashlar_statement::linked_data_hash`]; the blob's
/// value, whose five words stand where the rollup stream's evaluation and the two powers of `z` did, a zero behind them.
#[derive(Debug)]
pub struct JoinCircuit {
    /// The circuit.
    pub data: Circuit,
    /// Rows in use before padding (public-input hash and constants not counted).
    pub rows: usize,
    targets: JoinTargets,
    /// Verifier data of the lifts.
    lifts: Vec<VerifierOnly>,
}

#[derive(Debug)]
pub(crate) struct JoinTargets {
    root: ChildTarget,
    link: ProofWithPublicInputsTarget<D>,
    fold_key: HashOutTarget,
}

/// A root joined with a link. It never leaves the process: compress is all that takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinedProof(pub Proof);

/// Shape and key of the link circuit.
pub(crate) type LinkKey<'a> = (&'a Common, &'a VerifierOnly);

/// Lays out the circuit, unpadded, for lifts whose keys have these hashes.
pub(crate) fn arithmetize(
    shape: &Common,
    lifts: &[HashOut<F>],
    (link_shape, link_key): LinkKey<'_>,
) -> (Builder, JoinTargets) {
    let mut builder = Builder::new(shape.config.clone());
    let fold_key = builder.add_virtual_hash();
    let (root, root_inputs) = ChildTarget::verified(&mut builder, shape, lifts, fold_key);
    let link = builder.add_virtual_proof_with_pis(link_shape);
    let key = builder.constant_verifier_data(link_key);
    builder.verify_proof::<C>(&link, &key, link_shape);
    let stated = LinkPublicInputs::from_slice(&link.public_inputs).expect("checked with the shape");
    let inputs = NestedPublicInputs {
        span: linked(&mut builder, &root_inputs.span, &stated),
        fold_key: fold_key.elements,
    };
    builder.register_public_inputs(&inputs.to_vec());
    let targets = JoinTargets { root, link, fold_key };
    (builder, targets)
}

/// The two statements as one, where they speak of one stream at one point.
fn linked(
    builder: &mut Builder,
    root: &SpanPublicInputs<Target>,
    link: &LinkPublicInputs<Target>,
) -> SpanPublicInputs<Target> {
    connect(builder, &root.domain, &link.domain);
    connect(builder, &root.z, &link.z);
    connect(builder, &root.rollup_eval, &link.rollup_eval);
    connect(builder, &[root.rollup_words], &[link.words]);
    let point = blob_point(builder, root.z);
    connect(builder, &point, &link.zeta);
    let data_hash = hash(
        builder,
        Role::LinkedData,
        &[root.data_hash, link.words_hash].concat(),
    );
    let [y0, y1, y2, y3, y4] = link.value;
    SpanPublicInputs {
        data_hash: data_hash.elements,
        rollup_eval: [y0, y1],
        bridge_power: [y2, y3],
        rollup_power: [y4, builder.zero()],
        ..*root
    }
}

/// The words of `z0 + 2^63·z1`, and both coordinates below 2^63: the twin of [`ashlar_blob_link::blob_point`].
fn blob_point(builder: &mut Builder, z: [Target; D]) -> [Target; 5] {
    let bits: Vec<BoolTarget> = z
        .into_iter()
        .flat_map(|coordinate| builder.split_le(coordinate, POINT_BITS))
        .collect();
    let mut words = bits.chunks(WORD_BITS);
    std::array::from_fn(|_| match words.next() {
        Some(bits) => builder.le_sum(bits.iter()),
        None => builder.zero(),
    })
}

impl JoinCircuit {
    pub(crate) fn build(
        shape: &Common,
        lifts: Vec<VerifierOnly>,
        link: LinkKey<'_>,
    ) -> Result<Self, BuildError> {
        let hashes: Vec<_> = lifts.iter().map(key_hash).collect();
        let (builder, targets) = arithmetize(shape, &hashes, link);
        let rows = builder.num_gates();
        Ok(Self {
            data: shape::build(builder, shape, "join")?,
            rows,
            targets,
            lifts,
        })
    }

    /// The witness that joins the proof of a whole batch with the link of its blob.
    ///
    /// # Errors
    /// If a proof is of another shape, or of a lift that is not there.
    pub fn assign(
        &self,
        root: &SpanProof,
        link: &Proof,
        fold: &VerifierOnly,
    ) -> anyhow::Result<PartialWitness<F>> {
        let (targets, mut witness) = (&self.targets, PartialWitness::new());
        targets.root.set(&mut witness, root, &self.lifts, fold)?;
        witness.set_proof_with_pis_target(&targets.link, link)?;
        witness.set_hash_target(targets.fold_key, key_hash(fold))?;
        Ok(witness)
    }

    pub(crate) fn write(&self, buffer: &mut Vec<u8>) -> IoResult<()> {
        codec::write_circuit(buffer, &self.data)?;
        buffer.write_usize(self.rows)?;
        self.targets.root.write(buffer)?;
        buffer.write_target_proof_with_public_inputs(&self.targets.link)?;
        buffer.write_target_hash(&self.targets.fold_key)?;
        codec::write_keys(buffer, &self.lifts)
    }

    pub(crate) fn read(buffer: &mut Buffer) -> IoResult<Self> {
        Ok(Self {
            data: codec::read_circuit(buffer)?,
            rows: buffer.read_usize()?,
            targets: JoinTargets {
                root: ChildTarget::read(buffer)?,
                link: buffer.read_target_proof_with_public_inputs()?,
                fold_key: buffer.read_target_hash()?,
            },
            lifts: codec::read_keys(buffer)?,
        })
    }
}
