//! Constraints of plonky2's gates over the chip, one file per family.

mod arithmetic;
mod base_sum;
mod coset_interpolation;
mod exponentiation;
mod poseidon;
mod random_access;
mod reducing;
mod wiring;

use plonky2::{
    field::types::Field,
    gates::{
        arithmetic_base::ArithmeticGate, arithmetic_extension::ArithmeticExtensionGate,
        constant::ConstantGate, coset_interpolation::CosetInterpolationGate,
        exponentiation::ExponentiationGate, gate::GateRef, multiplication_extension::MulExtensionGate,
        noop::NoopGate, poseidon::PoseidonGate, poseidon_mds::PoseidonMdsGate, public_input::PublicInputGate,
        random_access::RandomAccessGate, reducing::ReducingGate, reducing_extension::ReducingExtensionGate,
    },
};

use super::VerifierError;
use crate::chip::{Chip, F, F2};

/// An element of plonky2's extension algebra: a pair of wires, `w₀ + w₁·X` with `X² = 7`.
type Algebra<Ch> = [<Ch as Chip>::Wide; 2];

/// The openings that a gate's constraints read.
pub struct GateVars<'a, Ch: Chip> {
    /// Constants, selectors removed.
    pub constants: &'a [Ch::Wide],
    /// Wires.
    pub wires: &'a [Ch::Wide],
    /// Hash of the public inputs.
    pub public_inputs_hash: &'a [Ch::Wide; 4],
}

impl<Ch: Chip> GateVars<'_, Ch> {
    fn wire(&self, index: usize) -> &Ch::Wide {
        &self.wires[index]
    }

    fn algebra(&self, start: usize) -> Algebra<Ch> {
        [self.wires[start].clone(), self.wires[start + 1].clone()]
    }
}

/// The constraints of a gate: the `i`-th is `plain[i] + Σ factor · values[i]` over `scaled`, none reduced. A factor that
/// all constraints share is kept apart so that it multiplies their random combination once.
pub struct Constraints<Ch: Chip> {
    /// Terms without a common factor.
    pub plain: Vec<Ch::Wide>,
    /// Common factors with what they multiply.
    pub scaled: Vec<(Ch::Wide, Vec<Ch::Wide>)>,
}

impl<Ch: Chip> Constraints<Ch> {
    fn plain(plain: Vec<Ch::Wide>) -> Self {
        Self {
            plain,
            scaled: Vec::new(),
        }
    }

    /// `Σ powersᵢ · constraintᵢ`, reduced.
    pub fn combine(&self, chip: &mut Ch, powers: &[Ch::Wide]) -> Option<Ch::Wide> {
        if self.plain.is_empty() {
            return None;
        }
        let weigh = |chip: &mut Ch, values: &[Ch::Wide]| {
            assert!(values.len() <= powers.len(), "a power for every constraint");
            let terms: Vec<_> = powers.iter().cloned().zip(values.iter().cloned()).collect();
            chip.inner_product(&terms, None)
        };
        let plain = weigh(chip, &self.plain);
        let mut scaled = Vec::with_capacity(self.scaled.len());
        for (factor, values) in &self.scaled {
            let combination = weigh(chip, values);
            scaled.push((factor.clone(), chip.reduced(&combination)));
        }
        let total = chip.inner_product(&scaled, Some(&plain));
        Some(chip.reduced(&total))
    }
}

/// A gate that this verifier can evaluate, with its parameters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum GateKind {
    /// No constraint.
    Noop,
    /// Wires equal to constants.
    Constant {
        /// Wires.
        count: usize,
    },
    /// Wires equal to the hash of the public inputs.
    PublicInput,
    /// Little-endian decomposition of a wire.
    BaseSum {
        /// Radix.
        base: usize,
        /// Digits.
        num_limbs: usize,
    },
    /// `c₀·x·y + c₁·z` over GF(p).
    Arithmetic {
        /// Operations.
        num_ops: usize,
    },
    /// `c₀·x·y + c₁·z` over GF(p²).
    ArithmeticExtension {
        /// Operations.
        num_ops: usize,
    },
    /// `c₀·x·y` over GF(p²).
    MulExtension {
        /// Operations.
        num_ops: usize,
    },
    /// Horner's rule with coefficients in GF(p).
    Reducing {
        /// Coefficients.
        num_coeffs: usize,
    },
    /// Horner's rule with coefficients in GF(p²).
    ReducingExtension {
        /// Coefficients.
        num_coeffs: usize,
    },
    /// Square and multiply.
    Exponentiation {
        /// Bits of the exponent.
        num_power_bits: usize,
    },
    /// List elements chosen by index.
    RandomAccess {
        /// Bits of the index.
        bits: usize,
        /// Lists.
        num_copies: usize,
        /// Constants in the spare wires.
        num_extra_constants: usize,
    },
    /// Interpolation on a coset, evaluated at a point.
    CosetInterpolation {
        /// log2 of the points.
        subgroup_bits: usize,
        /// Points per intermediate value, plus one.
        degree: usize,
        /// Barycentric weights of the subgroup.
        weights: Vec<F>,
    },
    /// A Poseidon permutation with an optional swap of the inputs.
    Poseidon,
    /// Poseidon's MDS layer over GF(p²).
    PoseidonMds,
}

impl GateKind {
    /// Recognises a gate.
    pub fn of(gate: &GateRef<F, 2>) -> Result<Self, VerifierError> {
        let any = gate.0.as_any();
        let kind = if any.is::<NoopGate>() {
            Self::Noop
        } else if any.is::<ConstantGate>() {
            Self::Constant {
                count: gate.0.num_constants(),
            }
        } else if any.is::<PublicInputGate>() {
            Self::PublicInput
        } else if let Some(gate) = any.downcast_ref::<ArithmeticGate>() {
            Self::Arithmetic {
                num_ops: gate.num_ops,
            }
        } else if let Some(gate) = any.downcast_ref::<ArithmeticExtensionGate<2>>() {
            Self::ArithmeticExtension {
                num_ops: gate.num_ops,
            }
        } else if let Some(gate) = any.downcast_ref::<MulExtensionGate<2>>() {
            Self::MulExtension {
                num_ops: gate.num_ops,
            }
        } else if let Some(gate) = any.downcast_ref::<ReducingGate<2>>() {
            Self::Reducing {
                num_coeffs: gate.num_coeffs,
            }
        } else if let Some(gate) = any.downcast_ref::<ReducingExtensionGate<2>>() {
            Self::ReducingExtension {
                num_coeffs: gate.num_coeffs,
            }
        } else if let Some(gate) = any.downcast_ref::<ExponentiationGate<F, 2>>() {
            Self::Exponentiation {
                num_power_bits: gate.num_power_bits,
            }
        } else if let Some(gate) = any.downcast_ref::<RandomAccessGate<F, 2>>() {
            Self::RandomAccess {
                bits: gate.bits,
                num_copies: gate.num_copies,
                num_extra_constants: gate.num_extra_constants,
            }
        } else if let Some(gate) = any.downcast_ref::<CosetInterpolationGate<F, 2>>() {
            Self::CosetInterpolation {
                subgroup_bits: gate.subgroup_bits,
                degree: gate.degree,
                weights: gate.barycentric_weights.clone(),
            }
        } else if any.is::<PoseidonGate<F, 2>>() {
            Self::Poseidon
        } else if any.is::<PoseidonMdsGate<F, 2>>() {
            Self::PoseidonMds
        } else {
            return base_sum::recognise(gate)
                .ok_or_else(|| VerifierError::UnsupportedGate { id: gate.0.id() });
        };
        Ok(kind)
    }

    /// A name for failure labels and rows by step.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Noop => "no-op gate",
            Self::Constant { .. } => "constant gate",
            Self::PublicInput => "public input gate",
            Self::BaseSum { .. } => "base sum gate",
            Self::Arithmetic { .. } => "arithmetic gate",
            Self::ArithmeticExtension { .. } => "arithmetic ext gate",
            Self::MulExtension { .. } => "mul ext gate",
            Self::Reducing { .. } => "reducing gate",
            Self::ReducingExtension { .. } => "reducing ext gate",
            Self::Exponentiation { .. } => "exponentiation gate",
            Self::RandomAccess { .. } => "random access gate",
            Self::CosetInterpolation { .. } => "coset interpolation gate",
            Self::Poseidon => "Poseidon gate",
            Self::PoseidonMds => "Poseidon MDS gate",
        }
    }

    /// The constraints, without the gate's selector.
    pub fn evaluate<Ch: Chip>(&self, chip: &mut Ch, vars: &GateVars<Ch>) -> Constraints<Ch> {
        match *self {
            Self::Noop => Constraints::plain(Vec::new()),
            Self::Constant { count } => wiring::constants(chip, vars, count),
            Self::PublicInput => wiring::public_inputs(chip, vars),
            Self::BaseSum { base, num_limbs } => base_sum::evaluate(chip, vars, base, num_limbs),
            Self::Arithmetic { num_ops } => arithmetic::base(chip, vars, num_ops),
            Self::ArithmeticExtension { num_ops } => arithmetic::extension(chip, vars, num_ops),
            Self::MulExtension { num_ops } => arithmetic::mul_extension(chip, vars, num_ops),
            Self::Reducing { num_coeffs } => reducing::base(chip, vars, num_coeffs),
            Self::ReducingExtension { num_coeffs } => reducing::extension(chip, vars, num_coeffs),
            Self::Exponentiation { num_power_bits } => exponentiation::evaluate(chip, vars, num_power_bits),
            Self::RandomAccess {
                bits,
                num_copies,
                num_extra_constants,
            } => random_access::evaluate(chip, vars, bits, num_copies, num_extra_constants),
            Self::CosetInterpolation {
                subgroup_bits,
                degree,
                ref weights,
            } => coset_interpolation::evaluate(chip, vars, subgroup_bits, degree, weights),
            Self::Poseidon => poseidon::permutation(chip, vars),
            Self::PoseidonMds => poseidon::mds(chip, vars),
        }
    }
}

/// `a · b + addend` in the extension algebra, not reduced.
fn algebra_mul_add<Ch: Chip>(
    chip: &mut Ch,
    a: &Algebra<Ch>,
    b: &Algebra<Ch>,
    addend: Option<&Algebra<Ch>>,
) -> Algebra<Ch> {
    let [a0, a1] = a.clone();
    let [b0, b1] = b.clone();
    let seven_a1 = chip.sum(&[(F::from_canonical_u64(7), a1.clone())], F2::ZERO);
    let c0 = chip.inner_product(
        &[(a0.clone(), b0.clone()), (seven_a1, b1.clone())],
        addend.map(|c| &c[0]),
    );
    let c1 = chip.inner_product(&[(a0, b1), (a1, b0)], addend.map(|c| &c[1]));
    [c0, c1]
}

/// `a − b`, coordinate by coordinate.
fn algebra_difference<Ch: Chip>(chip: &mut Ch, a: &Algebra<Ch>, b: &Algebra<Ch>) -> Algebra<Ch> {
    std::array::from_fn(|i| chip.difference(&a[i], &b[i]))
}

fn algebra_reduced<Ch: Chip>(chip: &mut Ch, a: &Algebra<Ch>) -> Algebra<Ch> {
    std::array::from_fn(|i| chip.reduced(&a[i]))
}

fn negated<Ch: Chip>(chip: &mut Ch, a: &Ch::Wide) -> Ch::Wide {
    chip.sum(&[(F::NEG_ONE, a.clone())], F2::ZERO)
}
