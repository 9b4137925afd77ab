//! The common shape of lift, fold and join. Fold verifies the first two with one verifier, and compress all three, so they
//! must have the same rows, gates and constants; and fold verifies itself, so that shape is a fixed point.

use ashlar_statement::{Security, gates::gate_equations};
use plonky2::{
    gates::{gate::GateRef, noop::NoopGate},
    hash::hash_types::HashOut,
    plonk::{
        circuit_data::{CircuitData, CommonCircuitData},
        config::GenericConfig,
    },
};

use crate::{
    config::{Builder, C, Circuit, D, F},
    fold,
    join::{self, LinkKey},
    leaves::Leaves,
    lift,
    nested::NestedPublicInputs,
    proof::MAX_LIFTS,
};

/// Shape of a circuit.
pub type Common = CommonCircuitData<F, D>;

/// Rounds after which the search for the fixed point gives up; it takes three.
const MAX_ROUNDS: usize = 8;

/// Why the circuits cannot be built over a set of leaf circuits.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// There is no leaf circuit.
    #[error("no leaf circuit")]
    NoLeaf,
    /// Every shape needs a lift of its own.
    #[error("leaf circuits of {actual} shapes, at most {MAX_LIFTS} are possible")]
    TooManyShapes {
        /// Different shapes.
        actual: usize,
    },
    /// A leaf circuit does not expose a span.
    #[error("leaf circuit {kind} has {actual} public inputs, a span has {expected}")]
    LeafPublicInputs {
        /// Which leaf circuit.
        kind: usize,
        /// Elements of a span.
        expected: usize,
        /// Elements that the leaf circuit exposes.
        actual: usize,
    },
    /// The link circuit does not expose a link.
    #[error("the link circuit has {actual} public inputs, a link has {expected}")]
    LinkPublicInputs {
        /// Elements of a link.
        expected: usize,
        /// Elements that the circuit exposes.
        actual: usize,
    },
    /// A circuit has outgrown its degree: a bigger leaf gate set needs a bigger fold.
    #[error("{circuit} needs 2^{actual} rows, its shape has 2^{expected}")]
    TooManyRows {
        /// Which circuit.
        circuit: &'static str,
        /// log2 of the rows it may have.
        expected: usize,
        /// log2 of the rows it needs.
        actual: usize,
    },
    /// A circuit of the right size differs in another way from the common shape.
    #[error("{circuit} differs from the common shape of lift, fold and join")]
    Shape {
        /// Which circuit.
        circuit: &'static str,
    },
    /// The shape kept changing.
    #[error("no fixed point of fold's shape in {MAX_ROUNDS} rounds")]
    NoFixedPoint,
}

/// Finds the shape for the given leaf circuits and the link circuit.
pub(crate) fn find(
    security: Security,
    leaves: &[Leaves<'_>],
    link: LinkKey<'_>,
) -> Result<Common, BuildError> {
    let config = security.fold();
    let draft = |builder, gates: &[_]| draft(builder, gates, security.fold_degree_bits());
    let mut shape = draft(Builder::new(config.clone()), &[]).common;
    let mut gates = shape.gates.clone();
    for leaves in leaves {
        merge(
            &mut gates,
            &draft(lift::arithmetize(leaves, &config).0, &[]).common.gates,
        );
    }
    // The hashes are not known before the shape, and do not change it.
    let lifts = vec![HashOut::ZERO; leaves.len()];
    for _ in 0..MAX_ROUNDS {
        let mut verified = shape.clone();
        verified.num_public_inputs = NestedPublicInputs::<F>::LEN;
        merge(
            &mut gates,
            &draft(join::arithmetize(&verified, &lifts, link).0, &[])
                .common
                .gates,
        );
        let next = draft(fold::arithmetize(&verified, &lifts).0, &gates).common;
        if next == shape {
            return Ok(shape);
        }
        merge(&mut gates, &next.gates);
        shape = next;
    }
    Err(BuildError::NoFixedPoint)
}

/// Pads to the shape, builds with commitments and compares.
pub(crate) fn build(
    mut builder: Builder,
    shape: &Common,
    circuit: &'static str,
) -> Result<Circuit, BuildError> {
    complete(&mut builder, &shape.gates, shape.degree_bits());
    let equations = gate_equations(&shape.gates, &shape.config);
    builder.set_domain_separator(equations.elements.to_vec());
    let data = builder.build::<C>();
    check_degree(&data, shape.degree_bits(), circuit)?;
    if data.common != *shape {
        return Err(BuildError::Shape { circuit });
    }
    Ok(data)
}

/// Refuses a circuit that is not of the expected degree.
pub(crate) fn check_degree<O: GenericConfig<D, F = F>>(
    data: &CircuitData<F, O, D>,
    expected: usize,
    circuit: &'static str,
) -> Result<(), BuildError> {
    let actual = data.common.degree_bits();
    if actual == expected {
        Ok(())
    } else {
        Err(BuildError::TooManyRows {
            circuit,
            expected,
            actual,
        })
    }
}

/// Builds without commitments: only the shape is wanted.
fn draft(mut builder: Builder, gates: &[GateRef<F, D>], degree_bits: usize) -> Circuit {
    complete(&mut builder, gates, degree_bits);
    builder.build_with_options::<C>(false)
}

/// Adds the gate types and enough rows to pass half of the degree (building pads to the next power of two).
fn complete(builder: &mut Builder, gates: &[GateRef<F, D>], degree_bits: usize) {
    for gate in gates {
        builder.add_gate_to_gate_set(gate.clone());
    }
    while builder.num_gates() <= 1 << (degree_bits - 1) {
        builder.add_gate(NoopGate, vec![]);
    }
}

fn merge(gates: &mut Vec<GateRef<F, D>>, more: &[GateRef<F, D>]) {
    for gate in more {
        if !gates.contains(gate) {
            gates.push(gate.clone());
        }
    }
}
