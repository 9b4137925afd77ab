//! The row model: operations counted by the native chip, priced as the halo2 layout would.

use std::{collections::BTreeMap, fmt, ops::AddAssign};

/// Lookups of one canonical decomposition into three reduced limbs: sixteen 16-bit limbs, the comparison with r, and
/// three comparisons with p.
const LOOKUPS_PER_UNPACK: u64 = 28;
/// Lookups of one canonical decomposition into 7-byte pieces.
const LOOKUPS_PER_SPLIT: u64 = 22;
/// Lookups of one comparison with p.
const LOOKUPS_PER_CANONICAL_CHECK: u64 = 4;

/// Operations of one step of the verifier.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Costs {
    /// 16-bit range checks of free elements, remainders and quotients.
    pub lookups: u64,
    /// Free Goldilocks elements.
    pub witnesses: u64,
    /// Coordinates divided by p.
    pub reductions: u64,
    /// Products of two native cells added to an accumulator.
    pub products: u64,
    /// Native cells multiplied by a constant and added to an accumulator.
    pub scaled_terms: u64,
    /// Comparisons with p.
    pub canonical_checks: u64,
    /// Bits of decompositions.
    pub bits: u64,
    /// Native `a + bit · (b − a)`.
    pub selects: u64,
    /// BN254 Poseidon2 permutations.
    pub permutations: u64,
    /// Words made of three elements.
    pub packs: u64,
    /// Words cut into three reduced elements.
    pub unpacks: u64,
    /// Words cut into 7-byte pieces.
    pub splits: u64,
}

impl Costs {
    /// Limbs, all range checks included.
    pub fn total_lookups(&self) -> u64 {
        self.lookups
            + LOOKUPS_PER_UNPACK * self.unpacks
            + LOOKUPS_PER_SPLIT * self.splits
            + LOOKUPS_PER_CANONICAL_CHECK * self.canonical_checks
    }
}

impl AddAssign for Costs {
    fn add_assign(&mut self, other: Self) {
        self.lookups += other.lookups;
        self.witnesses += other.witnesses;
        self.reductions += other.reductions;
        self.products += other.products;
        self.scaled_terms += other.scaled_terms;
        self.canonical_checks += other.canonical_checks;
        self.bits += other.bits;
        self.selects += other.selects;
        self.permutations += other.permutations;
        self.packs += other.packs;
        self.unpacks += other.unpacks;
        self.splits += other.splits;
    }
}

/// Costs by step of the verifier.
#[derive(Clone, Debug, Default)]
pub struct CostTable(BTreeMap<&'static str, Costs>);

impl CostTable {
    pub(super) fn step(&mut self, step: &'static str) -> &mut Costs {
        self.0.entry(step).or_default()
    }

    /// The steps with their costs, in alphabetical order.
    pub fn steps(&self) -> impl Iterator<Item = (&'static str, &Costs)> {
        self.0.iter().map(|(step, costs)| (*step, costs))
    }

    /// All steps together.
    pub fn total(&self) -> Costs {
        let mut total = Costs::default();
        for costs in self.0.values() {
            total += *costs;
        }
        total
    }
}

impl fmt::Display for CostTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<22} {:>8} {:>8} {:>7} {:>8} {:>8} {:>6} {:>7} {:>6} {:>6} {:>6} {:>6}",
            "step",
            "lookups",
            "witness",
            "reduce",
            "products",
            "scaled",
            "bits",
            "selects",
            "perms",
            "packs",
            "unpack",
            "split7"
        )?;
        let total = self.total();
        for (step, c) in self.steps().chain([("total", &total)]) {
            writeln!(
                f,
                "{:<22} {:>8} {:>8} {:>7} {:>8} {:>8} {:>6} {:>7} {:>6} {:>6} {:>6} {:>6}",
                step,
                c.total_lookups(),
                c.witnesses,
                c.reductions,
                c.products,
                c.scaled_terms,
                c.bits,
                c.selects,
                c.permutations,
                c.packs,
                c.unpacks,
                c.splits
            )?;
        }
        Ok(())
    }
}
