//! Powers of the shift of a coset, where the passes need them.

use super::{
    arithmetic::Arithmetic,
    plan::{Between, Plan, Shape},
    powers::Powers,
};
use crate::{
    Direction,
    field::{NttField, progression},
};

/// Everything known of a shift `g`.
pub struct Shift<A: Arithmetic> {
    log_size: u32,
    pub shift: A::Field,
    pub inverse: A::Field,
    /// `None` for sizes that are too small for two passes.
    directions: Option<[Parts<A>; 2]>,
}

/// The powers that one direction multiplies by.
pub struct Parts<A: Arithmetic> {
    /// Alike for all lines: of the first pass going forward, of the second going back.
    pub constants: Vec<A::Constant>,
    /// The rest, with the roots of unity.
    pub between: Between<A>,
}

impl<A: Arithmetic> Shift<A> {
    /// `inverse` is `1 / shift`.
    pub fn new(plan: &Plan<A>, shift: A::Field, inverse: A::Field) -> Self {
        Self {
            log_size: plan.log_size,
            shift,
            inverse,
            directions: plan.shape.map(|shape| {
                [
                    Parts::forward(plan, shape, shift),
                    Parts::inverse(plan, shape, inverse),
                ]
            }),
        }
    }

    /// Whether it was made for the plan's size.
    pub fn belongs_to(&self, plan: &Plan<A>) -> bool {
        self.log_size == plan.log_size
    }

    pub fn parts(&self, direction: Direction) -> Option<&Parts<A>> {
        let [forward, inverse] = self.directions.as_ref()?;
        Some(match direction {
            Direction::Forward => forward,
            Direction::Inverse => inverse,
        })
    }
}

impl<A: Arithmetic> Parts<A> {
    /// With `i = i1·n2 + i2`: `g^(i1·n2)` before the first pass, `g^i2` between the passes.
    fn forward(plan: &Plan<A>, shape: Shape, g: A::Field) -> Self {
        let (rows, columns, one) = (shape.rows(), shape.columns(), A::Field::NTT_ONE);
        Self {
            constants: constants::<A>(g.power(columns as u64), rows),
            between: Between {
                after_first: Powers::new(columns, rows, (one, g), (one, plan.root)),
                before_second: Powers::new(rows, columns, (one, one), (g, plan.root)),
            },
        }
    }

    /// With `k = k1 + n1·k2`: `g^-k1 / n` between the passes, `g^(-n1·k2)` after the second.
    fn inverse(plan: &Plan<A>, shape: Shape, inverse: A::Field) -> Self {
        let (rows, columns, one) = (shape.rows(), shape.columns(), A::Field::NTT_ONE);
        let (root, scale) = (plan.root_inverse, plan.size_inverse);
        Self {
            constants: constants::<A>(inverse.power(rows as u64), columns),
            between: Between {
                after_first: Powers::new(columns, rows, (scale, one), (inverse, root)),
                before_second: Powers::new(rows, columns, (scale, inverse), (one, root)),
            },
        }
    }
}

fn constants<A: Arithmetic>(ratio: A::Field, count: usize) -> Vec<A::Constant> {
    progression(A::Field::NTT_ONE, ratio, count)
        .into_iter()
        .map(A::constant)
        .collect()
}
