//! The wrap circuit: plonky2's verifier on the recorder, with the public inputs packed into the instance column.

use std::sync::Arc;

use ashlar_bn254::Bn254Config;
use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner},
    halo2curves::bn256::Fr,
    plonk::{Circuit, ConstraintSystem, Error},
};
use plonky2::{
    field::types::PrimeField64,
    plonk::{
        circuit_data::{CommonCircuitData, VerifierOnlyCircuitData},
        proof::ProofWithPublicInputs,
    },
};

use super::{
    config::{ADVICE_COLUMNS, FIXED_COLUMNS, WrapConfig},
    integer::from_limbs,
    layout::{Layout, LayoutCircuit, Usage},
    recorder::{LIMB_BITS, Recorder},
    wide::Fe,
};
use crate::{
    chip::{Chip, F},
    verifier::{VerifierError, verify_plonky2, zero_proof},
};

/// Rows of the circuit over the parameters that circuits have unless others are asked for: two to this.
pub const WRAP_K: u32 = 18;
/// Rows at the end that halo2 keeps for blinding, and a few.
const BLINDING_ROWS: usize = 8;
/// Goldilocks public inputs in one instance: `e₀ + e₁·2^64 + e₂·2^128`, canonical.
pub const INPUTS_PER_INSTANCE: usize = 3;

/// The public inputs as the instance column holds them; 27 inputs make 9 instances.
pub fn pack_public_inputs(public_inputs: &[F]) -> Vec<Fr> {
    public_inputs
        .chunks(INPUTS_PER_INSTANCE)
        .map(|chunk| {
            let mut limbs = [0; 4];
            for (limb, input) in limbs.iter_mut().zip(chunk) {
                *limb = input.to_canonical_u64();
            }
            from_limbs(limbs)
        })
        .collect()
}

/// Verifies one compressed proof of a fixed plonky2 circuit.
///
/// A proof that plonky2 refuses makes a circuit without a satisfying witness.
#[derive(Clone, Debug)]
pub struct WrapCircuit(LayoutCircuit);

impl WrapCircuit {
    /// Lays out the verifier of the circuit (common, verifier_only) with `proof` as witness.
    pub fn new(
        common: &CommonCircuitData<F, 2>,
        verifier_only: &VerifierOnlyCircuitData<Bn254Config, 2>,
        proof: &ProofWithPublicInputs<F, Bn254Config, 2>,
    ) -> Result<Self, VerifierError> {
        Self::recorded(Recorder::new(), common, verifier_only, proof)
    }

    /// The same on a recorder of one's own: how tests shrink the range table and play a dishonest prover.
    pub fn recorded(
        mut recorder: Recorder,
        common: &CommonCircuitData<F, 2>,
        verifier_only: &VerifierOnlyCircuitData<Bn254Config, 2>,
        proof: &ProofWithPublicInputs<F, Bn254Config, 2>,
    ) -> Result<Self, VerifierError> {
        let inputs = verify_plonky2(&mut recorder, common, verifier_only, proof)?;
        expose(&mut recorder, &inputs);
        Ok(Self(LayoutCircuit(Arc::new(recorder.finish()))))
    }

    /// The same constraints with a meaningless witness, for key generation.
    pub fn without_proof(
        common: &CommonCircuitData<F, 2>,
        verifier_only: &VerifierOnlyCircuitData<Bn254Config, 2>,
    ) -> Result<Self, VerifierError> {
        Self::new(common, verifier_only, &zero_proof(common))
    }

    /// The values of the instance column.
    pub fn instances(&self) -> Vec<Fr> {
        self.0.0.instances()
    }

    /// Rows, witness and constraints.
    pub fn layout(&self) -> &Layout {
        &self.0.0
    }

    /// log2 of the rows that it needs, those of halo2's blinding among them.
    pub fn k(&self) -> u32 {
        (self.layout().usage().rows + BLINDING_ROWS)
            .next_power_of_two()
            .ilog2()
    }

    /// Size of the circuit.
    pub fn stats(&self) -> WrapStats {
        let layout = self.layout();
        WrapStats {
            k: self.k(),
            advice_columns: ADVICE_COLUMNS,
            lookup_columns: 1,
            fixed_columns: FIXED_COLUMNS,
            instances: layout.instances().len(),
            limb_bits: LIMB_BITS,
            copies: layout.copies().len(),
            used: layout.usage(),
            steps: layout
                .steps()
                .iter()
                .map(|(step, usage)| (*step, *usage))
                .collect(),
        }
    }
}

/// Makes the public inputs the instances.
pub(super) fn expose(recorder: &mut Recorder, inputs: &[Fe]) {
    recorder.enter("instances");
    for chunk in inputs.chunks(INPUTS_PER_INSTANCE) {
        let word = recorder.pack(chunk); // the verifier made them canonical
        recorder.expose(word);
    }
}

/// Size of the wrap circuit.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize)]
pub struct WrapStats {
    /// Rows are two to this.
    pub k: u32,
    /// All advice columns.
    pub advice_columns: usize,
    /// Advice columns with a lookup argument.
    pub lookup_columns: usize,
    /// Fixed columns.
    pub fixed_columns: usize,
    /// Public instances.
    pub instances: usize,
    /// Width of the range table's entries.
    pub limb_bits: u32,
    /// Copy constraints.
    pub copies: usize,
    /// Rows and limbs.
    pub used: Usage,
    /// The same by step of the verifier.
    pub steps: Vec<(&'static str, Usage)>,
}

impl Circuit<Fr> for WrapCircuit {
    type Config = WrapConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> WrapConfig {
        WrapConfig::configure(meta)
    }

    fn synthesize(&self, config: WrapConfig, layouter: impl Layouter<Fr>) -> Result<(), Error> {
        self.0.synthesize(config, layouter)
    }
}
