//! What a circuit's gates demand, in the circuit's digest. plonky2's digest commits to constants, wiring and degree; a gate
//! is only a name to it, so a gate that has lost a constraint would leave the digest as it is.

use plonky2::{
    field::{extension::quadratic::QuadraticExtension, types::Field},
    gates::gate::GateRef,
    hash::{hash_types::HashOut, poseidon::PoseidonHash},
    plonk::{circuit_data::CircuitConfig, config::Hasher, vars::EvaluationVars},
};

use crate::{
    hash::{Builder, C, D, F},
    stream::Ext,
};

/// The equations of gates, hashed: each gate's name and the values of its constraints at one point of GF(p²), the same for all.
/// Two polynomials that differ agree there with probability of their degree by p².
pub fn gate_equations(gates: &[GateRef<F, D>], config: &CircuitConfig) -> HashOut<F> {
    let point = |label: &str, length| coordinates(label, length);
    let wires = point("wires", config.num_wires);
    let public_inputs_hash = PoseidonHash::hash_no_pad(&bytes("ashlar/gates/public inputs"));
    let mut absorbed = Vec::new();
    for gate in gates {
        let constants = point("constants", gate.0.num_constants());
        let values = gate.0.eval_unfiltered(EvaluationVars {
            local_constants: &constants,
            local_wires: &wires,
            public_inputs_hash: &public_inputs_hash,
        });
        absorbed.extend(PoseidonHash::hash_pad(&bytes(&gate.0.id())).elements);
        let values: Vec<F> = values.iter().flat_map(|value| value.0).collect();
        absorbed.extend(PoseidonHash::hash_pad(&values).elements);
    }
    PoseidonHash::hash_pad(&absorbed)
}

/// Puts the equations of a circuit's gates into its digest. `lay_out` is called twice: plonky2 knows the gates of a circuit
/// when it is built, and wants what goes into the digest before.
pub fn with_equations<T>(config: &CircuitConfig, lay_out: impl Fn() -> (Builder, T)) -> (Builder, T) {
    let draft = lay_out().0.build_with_options::<C>(false);
    let (mut builder, rest) = lay_out();
    let equations = gate_equations(&draft.common.gates, config);
    builder.set_domain_separator(equations.elements.to_vec());
    (builder, rest)
}

fn bytes(text: &str) -> Vec<F> {
    text.bytes().map(F::from_canonical_u8).collect()
}

/// Coordinates that follow from their label alone.
fn coordinates(label: &str, length: usize) -> Vec<Ext> {
    let seed = bytes(&format!("ashlar/gates/{label}"));
    let coordinate = |index| {
        let index = F::from_canonical_usize(index);
        let [a, b, ..] = PoseidonHash::hash_pad(&[&seed[..], &[index]].concat()).elements;
        QuadraticExtension([a, b])
    };
    (0..length).map(coordinate).collect()
}

#[cfg(test)]
mod tests {
    use plonky2::{
        gates::{arithmetic_base::ArithmeticGate, gate::Gate, noop::NoopGate, poseidon::PoseidonGate},
        iop::{
            ext_target::ExtensionTarget,
            generator::WitnessGeneratorRef,
            witness::{PartialWitness, WitnessWrite},
        },
        plonk::{circuit_data::CommonCircuitData, vars::EvaluationTargets},
        util::serialization::{Buffer, IoResult},
    };

    use super::*;
    use crate::prove::prove_stock;

    fn config() -> CircuitConfig {
        CircuitConfig::standard_recursion_config()
    }

    /// A gate of one name, with or without its second constraint.
    #[derive(Clone, Debug)]
    struct Bits(bool);

    impl Gate<F, D> for Bits {
        fn id(&self) -> String {
            "Bits".to_owned()
        }

        fn serialize(&self, _: &mut Vec<u8>, _: &CommonCircuitData<F, D>) -> IoResult<()> {
            Ok(())
        }

        fn deserialize(_: &mut Buffer, _: &CommonCircuitData<F, D>) -> IoResult<Self> {
            Ok(Self(true))
        }

        fn eval_unfiltered(&self, vars: EvaluationVars<'_, F, D>) -> Vec<Ext> {
            let is_bit = |wire: Ext| wire * (wire - Ext::ONE);
            let second = if self.0 {
                is_bit(vars.local_wires[1])
            } else {
                Ext::ZERO
            };
            vec![is_bit(vars.local_wires[0]), second]
        }

        fn eval_unfiltered_circuit(
            &self,
            builder: &mut Builder,
            vars: EvaluationTargets<'_, D>,
        ) -> Vec<ExtensionTarget<D>> {
            let zero = builder.zero_extension();
            vec![vars.local_wires[0], zero]
        }

        fn generators(&self, _: usize, _: &[F]) -> Vec<WitnessGeneratorRef<F, D>> {
            Vec::new()
        }

        fn num_wires(&self) -> usize {
            2
        }

        fn num_constants(&self) -> usize {
            0
        }

        fn degree(&self) -> usize {
            2
        }

        fn num_constraints(&self) -> usize {
            2
        }
    }

    fn circuit(whole: bool, with: bool) -> HashOut<F> {
        let lay_out = || {
            let mut builder = Builder::new(config());
            builder.add_gate(Bits(whole), vec![]);
            (builder, ())
        };
        let builder = if with {
            with_equations(&config(), lay_out).0
        } else {
            lay_out().0
        };
        builder.build::<C>().verifier_only.circuit_digest
    }

    #[test]
    fn a_gate_that_loses_a_constraint_changes_the_digest() {
        assert_eq!(
            circuit(true, false),
            circuit(false, false),
            "plonky2 does not notice"
        );
        assert_ne!(circuit(true, true), circuit(false, true));
        assert_eq!(circuit(true, true), circuit(true, true));
    }

    #[test]
    fn other_gates_and_another_order_have_other_equations() {
        let gates: [GateRef<F, D>; 3] = [
            GateRef::new(NoopGate),
            GateRef::new(PoseidonGate::new()),
            GateRef::new(ArithmeticGate::new_from_config(&config())),
        ];
        let of = |picked: &[usize]| {
            let gates: Vec<_> = picked.iter().map(|index| gates[*index].clone()).collect();
            gate_equations(&gates, &config())
        };
        let all = [of(&[0, 1, 2]), of(&[1, 0, 2]), of(&[0, 1]), of(&[2])];
        for (index, hash) in all.iter().enumerate() {
            assert!(!all[..index].contains(hash), "{index}");
        }
    }

    #[test]
    fn a_circuit_with_its_equations_proves() {
        let lay_out = || {
            let mut builder = Builder::new(config());
            let root = builder.add_virtual_target();
            let square = builder.square(root);
            builder.register_public_input(square);
            (builder, root)
        };
        let (builder, root) = with_equations(&config(), lay_out);
        let circuit = builder.build::<C>();
        let proof = prove_stock("square", &circuit, || {
            let mut witness = PartialWitness::new();
            witness.set_target(root, F::from_canonical_u64(7))?;
            Ok(witness)
        });
        assert_eq!(
            proof.expect("satisfied").public_inputs,
            [F::from_canonical_u64(49)]
        );
    }
}
