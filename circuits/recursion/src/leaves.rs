//! Leaf circuits by their shape: those that are verified alike share a lift.

use crate::{
    nested::VerifierOnly,
    proof::MAX_LIFTS,
    shape::{BuildError, Common},
    span::Span,
};

/// Leaf circuits of one shape: they differ in their constants and wiring only, which their keys commit to.
#[derive(Debug)]
pub(crate) struct Leaves<'a> {
    /// The shape: degree, gates, configuration.
    pub(crate) common: &'a Common,
    /// The circuits, by their place among all.
    pub(crate) kinds: Vec<usize>,
    /// Their verifier data.
    pub(crate) keys: Vec<VerifierOnly>,
}

impl<'a> Leaves<'a> {
    /// Groups all leaf circuits of a set by their shape. Their public inputs must be spans.
    pub(crate) fn by_shape(leaves: &[(&'a Common, &VerifierOnly)]) -> Result<Vec<Self>, BuildError> {
        let mut shapes: Vec<Self> = Vec::new();
        for (kind, (common, key)) in leaves.iter().enumerate() {
            if common.num_public_inputs != Span::LEN {
                return Err(BuildError::LeafPublicInputs {
                    kind,
                    expected: Span::LEN,
                    actual: common.num_public_inputs,
                });
            }
            match shapes.iter_mut().find(|shape| shape.common == *common) {
                Some(shape) => {
                    shape.kinds.push(kind);
                    shape.keys.push((*key).clone());
                }
                None => shapes.push(Self {
                    common,
                    kinds: vec![kind],
                    keys: vec![(*key).clone()],
                }),
            }
        }
        match shapes.len() {
            0 => Err(BuildError::NoLeaf),
            1..=MAX_LIFTS => Ok(shapes),
            actual => Err(BuildError::TooManyShapes { actual }),
        }
    }
}
