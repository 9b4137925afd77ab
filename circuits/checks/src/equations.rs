//! The constraints of all rows, linearised around a witness.

use plonky2::{
    field::types::{Field, PrimeField64},
    gates::gate::GateRef,
    hash::hash_types::HashOut,
    iop::{
        target::Target,
        witness::{PartitionWitness, Witness},
    },
    plonk::{
        circuit_data::CircuitData,
        config::{GenericConfig, Hasher},
        vars::EvaluationVarsBaseBatch,
    },
};
use rayon::prelude::*;

use crate::{D, F, Place};

/// Selector of a gate that is not in this group of gates.
const UNUSED_SELECTOR: u64 = u32::MAX as u64;
/// Characters of a gate's name that tell it from others.
const NAME_LEN: usize = 24;
const NO_VARIABLE: u32 = u32::MAX;

/// `Σ coefficient · (change of variable) = 0`, with no coefficient zero.
pub(crate) type Equation = Vec<(u32, F)>;

/// One variable: wires that are tied to each other.
pub(crate) struct Variable {
    pub(crate) place: Place,
    /// Index of its representative target.
    pub(crate) class: usize,
    used: bool,
}

/// A row that the witness breaks.
pub(crate) struct Broken {
    pub(crate) row: usize,
    pub(crate) gate: String,
}

pub(crate) struct Equations {
    /// By row; rows without constraints are left out.
    pub(crate) rows: Vec<Vec<Equation>>,
    variables: Vec<Variable>,
    of_class: Vec<u32>,
}

impl Equations {
    /// Evaluates every gate at the witness and along each of its wires.
    pub(crate) fn around<C: GenericConfig<D, F = F>>(
        circuit: &CircuitData<F, C, D>,
        witness: &PartitionWitness<'_, F>,
    ) -> Result<Self, Broken> {
        let (prover, common) = (&circuit.prover_only, &circuit.common);
        let (wires, degree) = (common.config.num_wires, common.degree());
        let class = |row, column| prover.representative_map[Target::wire(row, column).index(wires, degree)];
        let public_inputs = witness.get_targets(&prover.public_inputs);
        let public_inputs_hash = C::InnerHasher::hash_no_pad(&public_inputs);
        let constants: Vec<Vec<F>> = prover.constants_sigmas_commitment.polynomials[..common.num_constants]
            .par_iter()
            .map(|polynomial| polynomial.clone().fft().values)
            .collect();
        let selectors = common.selectors_info.num_selectors();
        let gate_of = |row: usize| {
            let index = (0..selectors)
                .map(|selector| constants[selector][row].to_canonical_u64())
                .find(|index| *index != UNUSED_SELECTOR)
                .expect("every row has a gate");
            &common.gates[index as usize]
        };
        // The hash of the public inputs is a value to its gate: taken as an equation, it would bind a public input that
        // nothing else does.
        let binds = |gate: &GateRef<F, D>| gate.0.num_constraints() > 0 && gate.0.id() != "PublicInputGate";

        let jacobians: Result<Vec<_>, Broken> = (0..degree)
            .into_par_iter()
            .filter(|row| binds(gate_of(*row)))
            .map(|row| {
                let gate = gate_of(row);
                let values = |column| {
                    witness
                        .try_get_target(Target::wire(row, column))
                        .unwrap_or_default()
                };
                let values: Vec<F> = (0..gate.0.num_wires()).map(values).collect();
                let local: Vec<F> = constants[selectors..].iter().map(|c| c[row]).collect();
                let jacobian = jacobian(gate, &local, &values, &public_inputs_hash);
                Ok((row, jacobian.ok_or_else(|| broken(row, gate))?))
            })
            .collect();

        let mut equations = Self {
            rows: Vec::new(),
            variables: Vec::new(),
            of_class: vec![NO_VARIABLE; prover.representative_map.len()],
        };
        for (row, jacobian) in jacobians? {
            let gate = gate_of(row);
            let variables: Vec<u32> = (0..gate.0.num_wires())
                .map(|column| equations.variable(class(row, column), || place(row, column, gate)))
                .collect();
            equations.push(&variables, &jacobian);
        }
        Ok(equations)
    }

    fn variable(&mut self, class: usize, place: impl FnOnce() -> Place) -> u32 {
        if self.of_class[class] == NO_VARIABLE {
            self.of_class[class] = self.variables.len() as u32;
            self.variables.push(Variable {
                place: place(),
                class,
                used: false,
            });
        }
        self.of_class[class]
    }

    /// Adds a row's equations, summing the derivatives of wires that are tied to each other.
    fn push(&mut self, variables: &[u32], jacobian: &[Vec<(u32, F)>]) {
        let row = jacobian.iter().map(|terms| {
            let mut terms: Equation = terms
                .iter()
                .map(|&(column, derivative)| (variables[column as usize], derivative))
                .collect();
            terms.sort_by_key(|(variable, _)| *variable);
            terms.dedup_by(|next, sum| {
                let tied = next.0 == sum.0;
                if tied {
                    sum.1 += next.1;
                }
                tied
            });
            terms.retain(|(_, coefficient)| !coefficient.is_zero());
            terms
        });
        let row: Vec<Equation> = row.filter(|terms| !terms.is_empty()).collect();
        for (variable, _) in row.iter().flatten() {
            self.variables[*variable as usize].used = true;
        }
        self.rows.push(row);
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = (u32, &Variable)> {
        (0..).zip(&self.variables)
    }

    /// Whether any constraint changes when the variable does.
    pub(crate) fn depends_on(&self, variable: u32) -> bool {
        self.variables[variable as usize].used
    }

    /// The variable that stands for a target's class, if a row that has constraints holds it.
    pub(crate) fn of_class(&self, class: usize) -> Option<u32> {
        Some(self.of_class[class]).filter(|variable| *variable != NO_VARIABLE)
    }

    pub(crate) fn len(&self) -> usize {
        self.variables.len()
    }
}

fn name(gate: &GateRef<F, D>) -> String {
    gate.0.id().chars().take(NAME_LEN).collect()
}

fn place(row: usize, column: usize, gate: &GateRef<F, D>) -> Place {
    Place {
        row,
        column,
        gate: name(gate),
    }
}

fn broken(row: usize, gate: &GateRef<F, D>) -> Broken {
    Broken {
        row,
        gate: name(gate),
    }
}

/// For each constraint of a row the columns that it depends on, with the derivatives; `None` if the values break it.
///
/// A constraint is a polynomial of known degree in each wire, so its values at that many more points give its derivative.
fn jacobian(
    gate: &GateRef<F, D>,
    constants: &[F],
    values: &[F],
    public_inputs_hash: &HashOut<F>,
) -> Option<Vec<Vec<(u32, F)>>> {
    let (columns, degree) = (values.len(), gate.0.degree());
    let weights = derivative_weights(degree);
    // Point 0 is the witness; point 1 + column · degree + t - 1 has t added to one column.
    let points = 1 + columns * degree;
    let mut wires: Vec<F> = values
        .iter()
        .flat_map(|value| std::iter::repeat_n(*value, points))
        .collect();
    for column in 0..columns {
        for t in 1..=degree {
            wires[column * points + column * degree + t] += F::from_canonical_usize(t);
        }
    }
    let constants: Vec<F> = constants
        .iter()
        .flat_map(|value| std::iter::repeat_n(*value, points))
        .collect();
    let vars = EvaluationVarsBaseBatch::new(points, &constants, &wires, public_inputs_hash);
    let evaluations = gate.0.eval_unfiltered_base_batch(vars);
    evaluations
        .chunks(points)
        .map(|constraint| {
            let (at_witness, moved) = constraint.split_first()?;
            if !at_witness.is_zero() {
                return None;
            }
            let derivative = |moved: &[F]| {
                let terms = moved.iter().zip(&weights).map(|(value, weight)| *value * *weight);
                terms.fold(F::ZERO, |sum, term| sum + term)
            };
            let derivatives = (0..).zip(moved.chunks(degree).map(derivative));
            Some(
                derivatives
                    .filter(|(_, derivative)| !derivative.is_zero())
                    .collect(),
            )
        })
        .collect()
}

/// Weights `w` with `f'(0) = Σ w[t - 1] · f(t)` for `t` from 1 to `degree`, for polynomials of at most that degree with
/// `f(0) = 0`: the derivatives at zero of the Lagrange polynomials over 0, …, degree.
fn derivative_weights(degree: usize) -> Vec<F> {
    let field = |n: usize| F::from_canonical_usize(n);
    (1..=degree)
        .map(|t| {
            // l_t(x) = x · Π (x - s) / (t · Π (t - s)) over the other points s, so its derivative at 0 is the rest there.
            let others = (1..=degree).filter(|s| *s != t);
            others.fold(field(t).inverse(), |product, s| {
                product * -field(s) / (field(t) - field(s))
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_differentiate_polynomials() {
        for degree in 1..9 {
            let weights = derivative_weights(degree);
            for power in 1..=degree as u64 {
                let derivative = (1..).zip(&weights).fold(F::ZERO, |sum, (t, weight)| {
                    sum + F::from_canonical_u64(t).exp_u64(power) * *weight
                });
                assert_eq!(
                    derivative,
                    F::from_bool(power == 1),
                    "x^{power} with {degree} points"
                );
            }
        }
    }
}
