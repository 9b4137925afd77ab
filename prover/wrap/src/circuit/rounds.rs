//! Poseidon2 in 24 rows: the rounds as constraints between a row (a, b, c, d) and the next.
//!
//! A **full** row holds the four S-box inputs of a full round (state plus round constants). A **partial** row holds the
//! inputs y₀ … y₃ of lane 0's S-box in four consecutive partial rounds. That determines the state: with x = y^5 and v
//! the lanes 1 to 3, a partial round is the linear system
//!
//! ```text
//! y(next) = C·v + β₁·x,   v(next) = A·v + B·x,   A = diag(d₁, d₂, d₃) + J,  B = Cᵀ = (1, 1, 1),  β₁ = d₀ + 1
//! ```
//!
//! which is observable: O·v, with O = (C; CA; CA²), is what lane 0 would show in three rounds of x = 0. So
//! `(y₁ − β₁x₀, y₂ − β₂x₀ − β₁x₁, y₃ − β₃x₀ − β₂x₁ − β₁x₂) = O·v` with `βᵢ₊₁ = C·Aⁱ⁻¹·B` gives v back. Each constraint
//! compares the state after this row's rounds with the state before the next row's, both as (lane 0, O·v).

use std::sync::LazyLock;

use ashlar_bn254::poseidon2::{
    Constants, HALF_FULL_ROUNDS, PARTIAL_ROUNDS, WIDTH, constants, external_layer, internal_layer, sbox,
};
use halo2_proofs::{
    halo2curves::{bn256::Fr, ff::Field},
    plonk::Expression,
};

/// Rows of a permutation, the last one holding the outputs.
pub const ROWS: usize = 1 + 2 * HALF_FULL_ROUNDS + PARTIAL_ROUNDS / 4 + 1;

/// Fixed columns that choose a row's kind.
pub(super) struct Flags {
    pub(super) full: Expression<Fr>,
    pub(super) partial: Expression<Fr>,
    pub(super) next_partial: Expression<Fr>,
    pub(super) entrance: Expression<Fr>,
}

/// Kind of a row, as far as its constants depend on it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Entrance,
    Full,
    Partial,
}

/// Coefficients of the constraints.
#[derive(Debug)]
pub struct Rounds {
    poseidon: &'static Constants,
    /// O.
    observe: [[Fr; 3]; 3],
    /// β₁, β₂, β₃.
    feed: [Fr; 3],
    /// (lane 0, O·v) four rounds later, in terms of (y₁, y₂, y₃, x₀, x₁, x₂, x₃).
    carry: [[Fr; 7]; 4],
    /// The fixed part of a permutation's rows but the last: kind and additive constants.
    plan: Vec<(Kind, [Fr; 4])>,
}

impl Rounds {
    /// The coefficients for the instance of `ashlar-recursion`.
    pub fn get() -> &'static Self {
        static ROUNDS: LazyLock<Rounds> = LazyLock::new(|| Rounds::derive(constants()));
        &ROUNDS
    }

    fn derive(poseidon: &'static Constants) -> Self {
        let diagonal = poseidon.diagonal;
        let step = |v: [Fr; 3], x: Fr| -> [Fr; 3] {
            let sum = x + v[0] + v[1] + v[2];
            std::array::from_fn(|i| diagonal[i + 1] * v[i] + sum)
        };
        let lane0 = |v: [Fr; 3], x: Fr| (diagonal[0] + Fr::ONE) * x + v[0] + v[1] + v[2];
        // What lane 0 shows in three rounds without S-box outputs.
        let observed = |v: [Fr; 3]| -> [Fr; 3] {
            let (v1, zero) = (step(v, Fr::ZERO), Fr::ZERO);
            [lane0(v, zero), lane0(v1, zero), lane0(step(v1, zero), zero)]
        };
        let columns = [0, 1, 2].map(|i| observed(unit::<3>(i)));
        let observe = std::array::from_fn(|j| std::array::from_fn(|i| columns[i][j]));
        let after_x = observed(step([Fr::ZERO; 3], Fr::ONE));
        let feed = [lane0([Fr::ZERO; 3], Fr::ONE), after_x[0], after_x[1]];
        let unobserve = invert(&observe);
        let four_rounds = |window: [Fr; 7]| -> [Fr; 4] {
            let [y1, y2, y3, x0, x1, x2, x3] = window;
            let mut v = apply(
                &unobserve,
                [
                    y1 - feed[0] * x0,
                    y2 - feed[1] * x0 - feed[0] * x1,
                    y3 - feed[2] * x0 - feed[1] * x1 - feed[0] * x2,
                ],
            );
            for x in [x0, x1, x2] {
                v = step(v, x);
            }
            let [o1, o2, o3] = observed(step(v, x3));
            [lane0(v, x3), o1, o2, o3]
        };
        let columns: [[Fr; 4]; 7] = std::array::from_fn(|i| four_rounds(unit::<7>(i)));
        let mut rounds = Self {
            poseidon,
            observe,
            feed,
            carry: std::array::from_fn(|j| std::array::from_fn(|i| columns[i][j])),
            plan: Vec::new(),
        };
        rounds.plan = rounds.derive_plan();
        rounds
    }

    /// The four constraints between a row and the next.
    pub(super) fn constraints(
        &self,
        flags: &Flags,
        constants: &[Expression<Fr>; 4],
        row: &[Expression<Fr>; 4],
        next: &[Expression<Fr>; 4],
    ) -> [Expression<Fr>; 4] {
        let Flags {
            full,
            partial,
            next_partial,
            entrance,
        } = flags;
        let active = full.clone() + partial.clone() + entrance.clone();
        let next_full = active.clone() - next_partial.clone();
        let x = row.clone().map(fifth_power);
        let inputs = std::array::from_fn(|i| full.clone() * x[i].clone() + entrance.clone() * row[i].clone());
        let mixed = external(inputs);
        let difference: [Expression<Fr>; 4] =
            std::array::from_fn(|i| mixed[i].clone() - next_full.clone() * next[i].clone());
        let next_x: [_; 3] = std::array::from_fn(|i| fifth_power(next[i].clone()));
        std::array::from_fn(|j| {
            let plain = if j == 0 {
                difference[0].clone()
            } else {
                // the first row of O is all ones
                (0..3)
                    .map(|i| scaled(&difference[i + 1], self.observe[j - 1][i]))
                    .reduce(|sum, term| sum + term)
                    .expect("three terms")
            };
            let carried = row[1..]
                .iter()
                .chain(&x)
                .zip(&self.carry[j])
                .filter(|(_, k)| **k != Fr::ZERO)
                .map(|(term, k)| scaled(term, *k))
                .reduce(|sum, term| sum + term)
                .expect("not all zero");
            let shown = (0..j).fold(next[j].clone(), |shown, i| {
                shown - scaled(&next_x[i], self.feed[j - 1 - i])
            });
            plain + partial.clone() * carried - next_partial.clone() * shown
                + active.clone() * constants[j].clone()
        })
    }

    /// Additive constants of a row: `this` are the constants contained in this row's cells, `next` in the next row's.
    fn offsets(&self, kind: Kind, this: [Fr; 4], next: [Fr; 4], next_is_partial: bool) -> [Fr; 4] {
        let mut offsets = if next_is_partial {
            next
        } else {
            self.observe_state(next)
        };
        if kind == Kind::Partial {
            for (offset, carry) in offsets.iter_mut().zip(&self.carry) {
                *offset -= carry[0] * this[1] + carry[1] * this[2] + carry[2] * this[3];
            }
        }
        offsets
    }

    /// (lane 0, O·(lanes 1 to 3)).
    fn observe_state(&self, state: [Fr; 4]) -> [Fr; 4] {
        let [lane0, rest @ ..] = state;
        let [o1, o2, o3] = apply(&self.observe, rest);
        [lane0, o1, o2, o3]
    }

    /// The fixed part of a permutation's rows but the last: kind and additive constants.
    pub(super) fn plan(&self) -> &[(Kind, [Fr; 4])] {
        &self.plan
    }

    fn derive_plan(&self) -> Vec<(Kind, [Fr; 4])> {
        let mut contained = vec![(Kind::Entrance, [Fr::ZERO; WIDTH])];
        contained.extend(self.poseidon.initial.iter().map(|c| (Kind::Full, *c)));
        let partial = self.poseidon.partial.chunks_exact(4);
        contained.extend(partial.map(|c| (Kind::Partial, std::array::from_fn(|i| c[i]))));
        contained.extend(self.poseidon.last.iter().map(|c| (Kind::Full, *c)));
        contained.push((Kind::Full, [Fr::ZERO; WIDTH])); // outputs
        contained
            .windows(2)
            .map(|pair| {
                let [(kind, this), (next_kind, next)] = [pair[0], pair[1]];
                let offsets = self.offsets(kind, this, next, next_kind == Kind::Partial);
                (kind, offsets)
            })
            .collect()
    }

    /// The additive constants of a full row whose S-box inputs are zero and whose next row is to hold `values`.
    pub(super) fn constant_row(&self, values: [Fr; 4]) -> [Fr; 4] {
        self.observe_state(values)
    }

    /// The cells of all rows of a permutation.
    pub(super) fn witness(&self, inputs: [Fr; 4]) -> [[Fr; 4]; ROWS] {
        let mut rows = [[Fr::ZERO; 4]; ROWS];
        let mut cells = rows.iter_mut();
        let mut write = |row| *cells.next().expect("rows of a permutation") = row;
        let full = |state: &mut [Fr; 4], constants: &[Fr; 4]| {
            let keyed = std::array::from_fn(|i| state[i] + constants[i]);
            *state = keyed.map(sbox);
            external_layer(state);
            keyed
        };
        write(inputs);
        let mut state = inputs;
        external_layer(&mut state);
        for constants in &self.poseidon.initial {
            write(full(&mut state, constants));
        }
        for constants in self.poseidon.partial.chunks_exact(4) {
            let mut keyed = [Fr::ZERO; 4];
            for (y, constant) in keyed.iter_mut().zip(constants) {
                *y = state[0] + constant;
                state[0] = sbox(*y);
                internal_layer(&mut state, &self.poseidon.diagonal);
            }
            write(keyed);
        }
        for constants in &self.poseidon.last {
            write(full(&mut state, constants));
        }
        write(state);
        rows
    }
}

fn unit<const N: usize>(i: usize) -> [Fr; N] {
    std::array::from_fn(|j| if i == j { Fr::ONE } else { Fr::ZERO })
}

fn apply(matrix: &[[Fr; 3]; 3], v: [Fr; 3]) -> [Fr; 3] {
    matrix.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

/// Inverse of a 3 × 3 matrix by cofactors.
fn invert(m: &[[Fr; 3]; 3]) -> [[Fr; 3]; 3] {
    let cofactor = |i: usize, j: usize| {
        let (r0, r1, c0, c1) = ((i + 1) % 3, (i + 2) % 3, (j + 1) % 3, (j + 2) % 3);
        m[r0][c0] * m[r1][c1] - m[r0][c1] * m[r1][c0]
    };
    let determinant: Fr = (0..3).map(|j| m[0][j] * cofactor(0, j)).sum();
    let inverse = determinant.invert().expect("the internal layer is observable");
    std::array::from_fn(|i| std::array::from_fn(|j| cofactor(j, i) * inverse))
}

fn scaled(term: &Expression<Fr>, k: Fr) -> Expression<Fr> {
    if k == Fr::ONE {
        term.clone()
    } else {
        term.clone() * k
    }
}

fn fifth_power(x: Expression<Fr>) -> Expression<Fr> {
    let square = x.clone() * x.clone();
    square.clone() * square * x
}

/// The external matrix, in the few additions of eprint 2023/323, section 5.1.
fn external(x: [Expression<Fr>; 4]) -> [Expression<Fr>; 4] {
    let [a, b, c, d] = x;
    let double = |x: Expression<Fr>| x * Fr::from(2);
    let quadruple = |x: Expression<Fr>| x * Fr::from(4);
    let (ab, cd) = (a + b.clone(), c + d.clone());
    let row_c = double(b) + cd.clone();
    let row_d = double(d) + ab.clone();
    let out_3 = quadruple(cd) + row_d.clone();
    let out_1 = quadruple(ab) + row_c.clone();
    [row_d + out_1.clone(), out_1, row_c + out_3.clone(), out_3]
}

#[cfg(test)]
mod tests {
    use ashlar_bn254::permute;

    use super::*;

    #[test]
    fn witness_ends_in_the_permutation() {
        let mut state = [3, 5, 8, 13].map(Fr::from);
        let rows = Rounds::get().witness(state);
        permute(&mut state);
        assert_eq!(rows[ROWS - 1], state);
        assert_eq!(Rounds::get().plan().len(), ROWS - 1);
    }

    #[test]
    fn observation_of_a_state_is_invertible() {
        let rounds = Rounds::get();
        assert_eq!(rounds.observe[0], [Fr::ONE; 3]);
        let v = [2, 9, 31].map(Fr::from);
        assert_eq!(apply(&invert(&rounds.observe), apply(&rounds.observe, v)), v);
    }
}
