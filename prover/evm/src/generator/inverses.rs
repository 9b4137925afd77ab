//! Everything that must be inverted, by one modular exponentiation.

use std::collections::{BTreeMap, BTreeSet};

use halo2_proofs::{arithmetic::Field, halo2curves::bn256::Fr};

use super::{
    Writer,
    field::Id,
    layout::{Challenge, WORD},
    opening::OpeningPoints,
};

/// Inverses. None of the numbers is zero but with negligible probability; then the proof is refused.
pub(super) struct Inverses {
    pub(super) x: Id,
    /// Of `x^n - 1`.
    pub(super) vanishing: Id,
    /// Of [`OpeningPoints::outside_first`].
    pub(super) outside_first: Id,
    /// Of `x - ω^i` by i.
    pub(super) rows: BTreeMap<i64, Id>,
}

impl Writer<'_> {
    /// Rows whose Lagrange polynomials are needed: from the last usable one to the first of the next turn, and those
    /// that the instances are read in.
    fn lagrange_rows(&self) -> BTreeSet<i64> {
        let cs = self.vk.cs();
        let blinding = cs.blinding_factors() as i64;
        let mut rows: BTreeSet<i64> = (-(blinding + 1)..=0).collect();
        for (_, rotation) in cs.instance_queries() {
            rows.extend((0..self.layout.instances.len() as i64).map(|row| row - i64::from(rotation.0)));
        }
        rows
    }

    /// One modular exponentiation inverts the product of all that must be inverted.
    pub(super) fn inverses(&mut self, xn: Id, opening: &OpeningPoints) -> Inverses {
        self.program.section(
            "Inverses of x, of x^n - 1, of x - ω^i, and of a factor of the opening, by one exponentiation",
        );
        let x = self.challenge(Challenge::X);
        let one = self.program.graph.constant(Fr::ONE);
        let vanishing = self.program.graph.sub(xn, one);
        let rows: Vec<i64> = self.lagrange_rows().into_iter().collect();
        let mut inputs = vec![x, vanishing, opening.outside_first];
        for row in &rows {
            let omega = self.omega(*row);
            inputs.push(self.program.graph.sub(x, omega));
        }
        let mut prefixes = vec![one];
        for input in &inputs {
            let product = self.program.graph.mul(prefixes[prefixes.len() - 1], *input);
            prefixes.push(product);
        }
        let product = prefixes[inputs.len()];
        let address = self.program.allocate(WORD);
        for (at, word) in [
            (0x00, "0x20"),
            (0x20, "0x20"),
            (0x40, "0x20"),
            (0x80, "sub(r, 2)"),
            (0xa0, "r"),
        ] {
            self.program.line(&format!("mstore({at:#x}, {word})"));
        }
        self.program.line_with("mstore(0x60, ", product, ")");
        self.program.line(&format!(
            "ok := staticcall(20000, 0x05, 0x00, 0xc0, {address:#x}, 0x20)"
        ));
        self.program
            .line(&format!("if iszero(mul(ok, mload({address:#x}))) {{ refuse() }}"));
        let mut rest = self.program.graph.memory(address);
        let mut inverses = vec![];
        for (input, prefix) in inputs.iter().zip(&prefixes).rev() {
            inverses.push(self.program.graph.mul(rest, *prefix));
            rest = self.program.graph.mul(rest, *input);
        }
        inverses.reverse();
        Inverses {
            x: inverses[0],
            vanishing: inverses[1],
            outside_first: inverses[2],
            rows: rows.into_iter().zip(inverses[3..].iter().copied()).collect(),
        }
    }
}
