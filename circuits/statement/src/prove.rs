//! Proving a circuit: circuits assign their wires, a prover makes the proof, and no proof leaves unverified.

use ashlar_report::caught;
use plonky2::{
    iop::{
        generator::generate_partial_witness,
        witness::{PartialWitness, PartitionWitness},
    },
    plonk::{
        circuit_data::CircuitData, config::GenericConfig, proof::ProofWithPublicInputs,
        prover::prove_with_partition_witness,
    },
    util::timing::TimingTree,
};

use crate::hash::{D, F};

/// Makes plonky2 proofs. What depends on the circuit alone is computed once.
pub trait ProveCircuit: Send + Sync + 'static {
    /// What is computed once for a circuit.
    type Prepared<O: GenericConfig<D, F = F> + 'static>: Send + Sync;

    /// Prepares a circuit.
    fn prepare<O: GenericConfig<D, F = F> + 'static>(
        &self,
        circuit: &CircuitData<F, O, D>,
    ) -> Self::Prepared<O>;

    /// The full witness that inputs of the circuit lead to, which takes one core.
    ///
    /// # Errors
    /// If two values contradict each other, or one is missing.
    fn witness<'a, O: GenericConfig<D, F = F> + 'static>(
        &self,
        circuit: &'a CircuitData<F, O, D>,
        _prepared: &Self::Prepared<O>,
        inputs: PartialWitness<F>,
    ) -> anyhow::Result<PartitionWitness<'a, F>> {
        generate_partial_witness(inputs, &circuit.prover_only, &circuit.common)
    }

    /// Proves a full witness of the circuit, which takes all cores. Need not notice that it breaks a gate, and may panic where
    /// it contradicts itself: [`Provable::prove`] does the one and catches the other.
    ///
    /// # Errors
    /// If there is no proof of it.
    fn prove<O: GenericConfig<D, F = F> + 'static>(
        &self,
        circuit: &CircuitData<F, O, D>,
        prepared: &Self::Prepared<O>,
        witness: PartitionWitness<'_, F>,
    ) -> anyhow::Result<ProofWithPublicInputs<F, O, D>>;
}

/// plonky2's own prover.
#[derive(Clone, Copy, Debug, Default)]
pub struct StockProver;

impl ProveCircuit for StockProver {
    type Prepared<O: GenericConfig<D, F = F> + 'static> = ();

    fn prepare<O: GenericConfig<D, F = F> + 'static>(&self, _: &CircuitData<F, O, D>) {}

    fn prove<O: GenericConfig<D, F = F> + 'static>(
        &self,
        circuit: &CircuitData<F, O, D>,
        (): &(),
        witness: PartitionWitness<'_, F>,
    ) -> anyhow::Result<ProofWithPublicInputs<F, O, D>> {
        let (prover, common) = (&circuit.prover_only, &circuit.common);
        prove_with_partition_witness(prover, common, witness, &mut TimingTree::default())
    }
}

/// Why a circuit gave no proof. None of these is cured by trying again.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The witness breaks a constraint that witness generation sees (a copy constraint).
    #[error("{circuit}: witness breaks a copy constraint")]
    Unsatisfied {
        /// Which circuit.
        circuit: &'static str,
        /// plonky2's account of the two values.
        #[source]
        source: anyhow::Error,
    },
    /// The witness breaks a gate: the prover made a proof that the verifier refuses.
    #[error("{circuit}: witness breaks a gate, the proof does not verify")]
    Invalid {
        /// Which circuit.
        circuit: &'static str,
        /// The verifier's reason.
        #[source]
        source: anyhow::Error,
    },
    /// The prover panicked: what it proves is false, an input of the wrong shape, or a bug.
    #[error("{circuit}: prover panicked: {message}")]
    Panicked {
        /// Which circuit.
        circuit: &'static str,
        /// Text of the panic.
        message: String,
    },
}

/// A circuit made ready for a prover.
pub struct Provable<P: ProveCircuit, O: GenericConfig<D, F = F> + 'static> {
    circuit: &'static str,
    prepared: P::Prepared<O>,
}

impl<P: ProveCircuit, O: GenericConfig<D, F = F> + 'static> std::fmt::Debug for Provable<P, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provable")
            .field("circuit", &self.circuit)
            .finish_non_exhaustive()
    }
}

impl<P: ProveCircuit, O: GenericConfig<D, F = F> + 'static> Provable<P, O> {
    /// Prepares `data`, which errors call `circuit`.
    pub fn new(prover: &P, circuit: &'static str, data: &CircuitData<F, O, D>) -> Self {
        Self {
            circuit,
            prepared: prover.prepare(data),
        }
    }

    /// Assigns the inputs of the circuit `data` that this was made of, proves, and verifies the proof before it leaves.
    pub fn prove(
        &self,
        prover: &P,
        data: &CircuitData<F, O, D>,
        assign: impl FnOnce() -> anyhow::Result<PartialWitness<F>>,
    ) -> Result<ProofWithPublicInputs<F, O, D>, ProveError> {
        self.witness(prover, data, assign)?.prove()?.verify()
    }

    /// The first of three parts of [`Self::prove`]: assigns the inputs, and finds the full witness. One core works.
    pub fn witness<'a>(
        &'a self,
        prover: &'a P,
        data: &'a CircuitData<F, O, D>,
        assign: impl FnOnce() -> anyhow::Result<PartialWitness<F>>,
    ) -> Result<Witnessed<'a, P, O>, ProveError> {
        let witness = part(self.circuit, || {
            assign()
                .and_then(|inputs| prover.witness(data, &self.prepared, inputs))
                .map_err(|source| self.unsatisfied(source))
        })?;
        Ok(Witnessed {
            provable: self,
            prover,
            data,
            witness,
        })
    }

    fn unsatisfied(&self, source: anyhow::Error) -> ProveError {
        ProveError::Unsatisfied {
            circuit: self.circuit,
            source,
        }
    }
}

/// A circuit with a full witness.
pub struct Witnessed<'a, P: ProveCircuit, O: GenericConfig<D, F = F> + 'static> {
    provable: &'a Provable<P, O>,
    prover: &'a P,
    data: &'a CircuitData<F, O, D>,
    witness: PartitionWitness<'a, F>,
}

impl<'a, P: ProveCircuit, O: GenericConfig<D, F = F> + 'static> Witnessed<'a, P, O> {
    /// The second part of [`Provable::prove`]. All cores work.
    pub fn prove(self) -> Result<Unverified<'a, O>, ProveError> {
        let Self {
            provable,
            prover,
            data,
            witness,
        } = self;
        let circuit = provable.circuit;
        let proof = part(circuit, || {
            let proof = prover.prove(data, &provable.prepared, witness);
            proof.map_err(|source| provable.unsatisfied(source))
        })?;
        Ok(Unverified { circuit, data, proof })
    }
}

/// What a prover says is a proof.
pub struct Unverified<'a, O: GenericConfig<D, F = F> + 'static> {
    circuit: &'static str,
    data: &'a CircuitData<F, O, D>,
    proof: ProofWithPublicInputs<F, O, D>,
}

impl<O: GenericConfig<D, F = F> + 'static> Unverified<'_, O> {
    /// The last part of [`Provable::prove`]: the proof, if it is one. One core works.
    pub fn verify(self) -> Result<ProofWithPublicInputs<F, O, D>, ProveError> {
        let Self { circuit, data, proof } = self;
        part(circuit, || {
            data.verify(proof.clone())
                .map_err(|source| ProveError::Invalid { circuit, source })?;
            Ok(proof)
        })
    }
}

/// Turns a panic into an error. The circuit data is only read, so a panic leaves nothing half-changed.
fn part<T>(circuit: &'static str, run: impl FnOnce() -> Result<T, ProveError>) -> Result<T, ProveError> {
    caught(run).unwrap_or_else(|message| Err(ProveError::Panicked { circuit, message }))
}

/// Proves once with [`StockProver`]: for tests, and for who proves a circuit once.
pub fn prove_stock<O: GenericConfig<D, F = F> + 'static>(
    circuit: &'static str,
    data: &CircuitData<F, O, D>,
    assign: impl FnOnce() -> anyhow::Result<PartialWitness<F>>,
) -> Result<ProofWithPublicInputs<F, O, D>, ProveError> {
    Provable::new(&StockProver, circuit, data).prove(&StockProver, data, assign)
}

#[cfg(test)]
mod tests {
    use plonky2::{
        field::types::Field,
        iop::{target::Target, witness::WitnessWrite},
        plonk::circuit_data::CircuitConfig,
    };

    use super::*;
    use crate::hash::{Builder, C};

    /// States the square of a secret.
    fn square() -> (CircuitData<F, C, D>, Target) {
        let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
        let root = builder.add_virtual_target();
        let square = builder.square(root);
        builder.register_public_input(square);
        (builder.build(), root)
    }

    fn witness(root: Target, value: u64) -> anyhow::Result<PartialWitness<F>> {
        let mut witness = PartialWitness::new();
        witness.set_target(root, F::from_canonical_u64(value))?;
        Ok(witness)
    }

    /// Proves, but states something else.
    struct Liar;

    impl ProveCircuit for Liar {
        type Prepared<O: GenericConfig<D, F = F> + 'static> = ();

        fn prepare<O: GenericConfig<D, F = F> + 'static>(&self, _: &CircuitData<F, O, D>) {}

        fn prove<O: GenericConfig<D, F = F> + 'static>(
            &self,
            circuit: &CircuitData<F, O, D>,
            (): &(),
            witness: PartitionWitness<'_, F>,
        ) -> anyhow::Result<ProofWithPublicInputs<F, O, D>> {
            let mut proof = StockProver.prove(circuit, &(), witness)?;
            proof.public_inputs[0] += F::ONE;
            Ok(proof)
        }
    }

    #[test]
    fn a_prover_is_not_believed() {
        let (data, root) = square();
        let proof = prove_stock("square", &data, || witness(root, 3)).expect("satisfiable");
        assert_eq!(proof.public_inputs, [F::from_canonical_u64(9)]);
        let lie = Provable::new(&Liar, "square", &data).prove(&Liar, &data, || witness(root, 3));
        assert!(matches!(
            lie,
            Err(ProveError::Invalid {
                circuit: "square",
                ..
            })
        ));
    }

    #[test]
    fn contradictions_and_panics_are_errors() {
        let (data, root) = square();
        let contradiction = prove_stock("square", &data, || {
            let mut witness = witness(root, 3)?;
            witness.set_target(root, F::ONE)?;
            Ok(witness)
        });
        assert!(matches!(contradiction, Err(ProveError::Unsatisfied { .. })));
        let panic = prove_stock("square", &data, || panic!("a generator's bug"));
        match panic {
            Err(ProveError::Panicked { message, .. }) => assert_eq!(message, "a generator's bug"),
            other => panic!("{other:?}"),
        }
    }
}
