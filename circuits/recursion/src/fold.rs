//! `fold`: two neighbouring spans become one. Children are lift or fold proofs, in any mix, so a tree of any shape and
//! any number of leaves needs only this circuit.

use plonky2::{
    iop::witness::{PartialWitness, WitnessWrite},
    plonk::circuit_data::VerifierCircuitTarget,
    util::serialization::{Buffer, IoResult, Read, Write},
};

use crate::{
    child::ChildTarget,
    codec,
    config::{Builder, Circuit, F, fold_config},
    nested::{NestedPublicInputs, VerifierOnly, key_hash_circuit},
    proof::SpanProof,
    shape::{self, BuildError, Common},
    span::join,
};

/// Verifies two children, joins their spans and hands on the hash of fold's key that both carry.
///
/// A circuit cannot hold its own key as a constant, so the prover supplies it. A fold child is verified under the key
/// whose hash this proof carries, and must carry the same hash. Compress compares the root's with the true one, so by
/// induction every fold below was accepted under the true key; every lift was, under the constant one.
#[derive(Debug)]
pub struct FoldCircuit {
    /// The circuit.
    pub data: Circuit,
    /// Rows in use before padding (public-input hash and constants not counted).
    pub rows: usize,
    targets: FoldTargets,
}

#[derive(Debug)]
pub(crate) struct FoldTargets {
    left: ChildTarget,
    right: ChildTarget,
    own: VerifierCircuitTarget,
}

/// Lays out the circuit, unpadded.
pub(crate) fn arithmetize(shape: &Common, lift: &VerifierOnly) -> (Builder, FoldTargets) {
    let mut builder = Builder::new(fold_config());
    let lift = builder.constant_verifier_data(lift);
    let own = builder.add_virtual_verifier_data(shape.config.fri_config.cap_height);
    let own_hash = key_hash_circuit(&mut builder, &own);
    let mut child = || {
        let child = ChildTarget::new(&mut builder, shape);
        let key = builder.select_verifier_data(child.is_lift(), &lift, &own);
        let inputs = child.verify(&mut builder, shape, &key, own_hash);
        (child, inputs.span)
    };
    let (left, left_span) = child();
    let (right, right_span) = child();
    let span = join(&mut builder, &left_span, &right_span);
    builder.register_public_inputs(
        &NestedPublicInputs {
            span,
            fold_key: own_hash.elements,
        }
        .to_vec(),
    );
    (builder, FoldTargets { left, right, own })
}

impl FoldCircuit {
    pub(crate) fn build(shape: &Common, lift: &VerifierOnly) -> Result<Self, BuildError> {
        let (builder, targets) = arithmetize(shape, lift);
        let rows = builder.num_gates();
        Ok(Self {
            data: shape::build(builder, shape, "fold")?,
            rows,
            targets,
        })
    }

    /// The witness that joins two proofs of neighbouring spans.
    ///
    /// # Errors
    /// If a proof is of another shape.
    pub fn assign(&self, left: &SpanProof, right: &SpanProof) -> anyhow::Result<PartialWitness<F>> {
        self.assign_under(left, right, &self.data.verifier_only)
    }

    /// Assigns a chosen key in the public inputs: tests play the cheat who names another circuit.
    pub(crate) fn assign_under(
        &self,
        left: &SpanProof,
        right: &SpanProof,
        verifier: &VerifierOnly,
    ) -> anyhow::Result<PartialWitness<F>> {
        let mut witness = PartialWitness::new();
        self.targets.left.set(&mut witness, left)?;
        self.targets.right.set(&mut witness, right)?;
        witness.set_verifier_data_target(&self.targets.own, verifier)?;
        Ok(witness)
    }

    pub(crate) fn write(&self, buffer: &mut Vec<u8>) -> IoResult<()> {
        codec::write_circuit(buffer, &self.data)?;
        buffer.write_usize(self.rows)?;
        self.targets.left.write(buffer)?;
        self.targets.right.write(buffer)?;
        buffer.write_target_verifier_circuit(&self.targets.own)
    }

    pub(crate) fn read(buffer: &mut Buffer) -> IoResult<Self> {
        Ok(Self {
            data: codec::read_circuit(buffer)?,
            rows: buffer.read_usize()?,
            targets: FoldTargets {
                left: ChildTarget::read(buffer)?,
                right: ChildTarget::read(buffer)?,
                own: buffer.read_target_verifier_circuit()?,
            },
        })
    }
}
