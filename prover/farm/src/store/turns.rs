//! Whose turn it is among tenants that have the same share of the workers at this moment, as all have whose jobs one worker
//! does one by one. Without it the same tenant would go first for ever.

use std::collections::HashMap;

/// A lease is worth so much for a weight of one; every weight up to 16 divides it.
const LEASE: u64 = 720_720;

/// How much each tenant was served for its weight. Kept in memory: a coordinator that starts begins with nobody ahead.
#[derive(Debug, Clone, Default)]
pub struct Turns {
    /// By priority and tenant; of those only that are ahead of [`Self::reached`].
    served: HashMap<(i64, i64), u64>,
    /// By priority: where the tenant stood that was served last. Who was away gains nothing by it, and begins here.
    reached: HashMap<i64, u64>,
}

impl Turns {
    /// Where a tenant stands: the least goes first.
    pub fn standing(&self, priority: i64, tenant: i64) -> u64 {
        let reached = self.reached.get(&priority).copied().unwrap_or(0);
        let served = self.served.get(&(priority, tenant)).copied().unwrap_or(0);
        reached.max(served)
    }

    /// A job of the tenant is leased.
    pub fn serve(&mut self, priority: i64, tenant: i64, weight: i64) {
        let stood = self.standing(priority, tenant);
        let ahead = stood.saturating_add((LEASE / weight.max(1).unsigned_abs()).max(1));
        let reached = self.reached.entry(priority).or_default();
        *reached = stood.max(*reached);
        let reached = *reached;
        self.served.insert((priority, tenant), ahead);
        self.served
            .retain(|(of, _), served| *of != priority || *served > reached);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serve_next(turns: &mut Turns, weights: &[(i64, i64)]) -> i64 {
        let next = weights.iter().min_by_key(|(id, _)| (turns.standing(0, *id), *id));
        let &(id, weight) = next.expect("somebody waits");
        turns.serve(0, id, weight);
        id
    }

    #[test]
    fn turns_are_taken_by_weight_and_absence_gains_nothing() {
        let mut turns = Turns::default();
        let both = [(1, 1), (2, 3)];
        let served: Vec<i64> = (0..8).map(|_| serve_next(&mut turns, &both)).collect();
        assert_eq!(served.iter().filter(|id| **id == 2).count(), 6, "{served:?}");
        for _ in 0..100 {
            serve_next(&mut turns, &both[..1]); // the other has no jobs
        }
        let served: Vec<i64> = (0..8).map(|_| serve_next(&mut turns, &both)).collect();
        assert_eq!(served.iter().filter(|id| **id == 2).count(), 6, "{served:?}");
    }

    #[test]
    fn those_of_another_priority_do_not_disturb_the_turns() {
        let mut turns = Turns::default();
        let both = [(1, 1), (2, 1)];
        let served: Vec<i64> = (0..6)
            .map(|_| {
                turns.serve(7, 3, 1);
                serve_next(&mut turns, &both)
            })
            .collect();
        assert_eq!(served, [1, 2, 1, 2, 1, 2]);
    }
}
