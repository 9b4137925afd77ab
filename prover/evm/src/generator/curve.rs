//! The group part: the linear combination of commitments, and the pairing.
//!
//! Fixed addresses: `[0x00, 0x40)` the point to add, `[0x40, 0x80)` the running point, `[0x80, 0xa0)` its next factor, so
//! that both precompiles find their operands in place. The precompiles check every point: on the curve, coordinates
//! below the base order.

use halo2_proofs::halo2curves::{
    bn256::{Fq2, G1Affine, G2Affine},
    ff::PrimeField,
    group::prime::PrimeCurveAffine,
};

use super::{
    field::Id,
    layout::{Layout, POINT},
    program::Program,
    queries::{Commitment, RotationSet},
};

/// `[P, s] -> s·P` at 0x40. Gas caps are four times the price: a failing precompile burns what it was given.
const MULTIPLY: &str = "ok := and(ok, staticcall(24000, 0x07, 0x40, 0x60, 0x40, 0x40))";
/// The point at 0x00 added to the running point.
const ADD: &str = "ok := and(ok, staticcall(600, 0x06, 0x00, 0x80, 0x40, 0x40))";
/// The running point added to the one at 0x00.
const ACCUMULATE: &str = "ok := and(ok, staticcall(600, 0x06, 0x00, 0x80, 0x00, 0x40))";
/// A point that is none stays in place after its first product fails: the next one would fail and burn as much.
const STOP: &str = "if iszero(ok) { refuse() }";
const PAIRING: &str = "ok := and(ok, staticcall(452000, 0x08, 0x00, 0x180, 0x00, 0x20))";
/// Where nothing is deployed, a call succeeds and answers nothing: the combination would stand where the answer should,
/// and the lowest bit of a coordinate would decide.
const ANSWER: &str = "ok := and(ok, and(eq(returndatasize(), 0x20), mload(0x00)))";
const ADDEND: u32 = 0x00;
const RUNNING: u32 = 0x40;
const FACTOR: u32 = 0x80;
/// Memory that the pairing's input takes.
pub(super) const SCRATCH: u32 = 0x180;

/// Scalars of the final combination.
pub(super) struct Scalars {
    pub(super) xn: Id,
    pub(super) batch_y: Id,
    /// Of each rotation set; the first one's is 1.
    pub(super) sets: Vec<Id>,
    /// Of the generator: minus the combined evaluation.
    pub(super) generator: Id,
    /// Of SHPLONK's commitments.
    pub(super) opening: [Id; 2],
}

/// Points of the reference string.
pub(super) struct Reference {
    pub(super) g: G1Affine,
    pub(super) g2: G2Affine,
    pub(super) s_g2: G2Affine,
}

/// Writes the group part; `ok` tells whether it held.
pub(super) fn write(
    program: &mut Program,
    layout: &Layout,
    sets: &[RotationSet],
    scalars: &Scalars,
    reference: &Reference,
) {
    let mut writer = Writer {
        quotient: program.allocate(POINT),
        total: program.allocate(POINT),
        program,
    };
    writer.quotient(layout, scalars.xn);
    let mut has_total = false;
    // The first set comes last: it has no factor.
    for (index, (set, factor)) in sets.iter().zip(&scalars.sets).enumerate().rev() {
        let rotations: Vec<String> = set.rotations.iter().map(u32::to_string).collect();
        let title = format!(
            "Commitments opened at x·ω^i, i = {}: folded by the batch challenge",
            rotations.join(", ")
        );
        writer.program.section(&title);
        let commitments: Vec<Commitment> = set.opened.iter().map(|opened| opened.commitment).collect();
        if !writer.fold(&commitments, scalars.batch_y) {
            continue; // all are the point at infinity
        }
        if index > 0 {
            writer.multiply(*factor);
        }
        if has_total {
            let total = writer.total;
            writer.copy(ADDEND, total);
            writer.program.line(ADD);
        }
        let total = writer.total;
        writer.copy(total, RUNNING);
        has_total = true;
    }
    writer
        .program
        .section("Less the combined evaluation, less the vanishing part, plus u times the opening");
    let total = writer.total;
    writer.copy(ADDEND, total);
    let [first, second] = layout.opening.map(Commitment::Proof);
    let terms = [
        (Commitment::Key(reference.g), scalars.generator),
        (first, scalars.opening[0]),
        (second, scalars.opening[1]),
    ];
    for (point, factor) in terms {
        writer.load(RUNNING, point);
        writer.multiply(factor);
        writer.program.line(STOP);
        writer.program.line(ACCUMULATE);
    }
    writer.pairing(second, reference);
}

struct Writer<'a> {
    program: &'a mut Program,
    /// Where the quotient's commitment is.
    quotient: u32,
    /// Sum of the sets so far.
    total: u32,
}

impl Writer<'_> {
    /// The running point becomes `Σ commitments[i]·factor^i`; false if that is infinity whatever the factor.
    fn fold(&mut self, commitments: &[Commitment], factor: Id) -> bool {
        let mut running = false;
        let mut unchecked = false;
        for commitment in commitments.iter().rev() {
            if running {
                self.program.line(MULTIPLY);
                if unchecked {
                    self.program.line(STOP);
                    unchecked = false;
                }
            }
            if is_infinity(commitment) {
                continue;
            }
            if running {
                self.load(ADDEND, *commitment);
                self.program.line(ADD);
            } else {
                self.load(RUNNING, *commitment);
                self.factor(factor);
                running = true;
                unchecked = matches!(commitment, Commitment::Proof(_));
            }
        }
        running
    }

    fn quotient(&mut self, layout: &Layout, xn: Id) {
        self.program
            .section("Commitment to the quotient, from its pieces");
        let pieces: Vec<Commitment> = layout.quotient.iter().map(|at| Commitment::Proof(*at)).collect();
        self.fold(&pieces, xn);
        self.copy(self.quotient, RUNNING);
    }

    fn multiply(&mut self, factor: Id) {
        self.factor(factor);
        self.program.line(MULTIPLY);
    }

    fn factor(&mut self, factor: Id) {
        self.program
            .line_with(&format!("mstore({FACTOR:#x}, "), factor, ")");
    }

    fn copy(&mut self, to: u32, from: u32) {
        self.program
            .line(&format!("mcopy({to:#x}, {from:#x}, {POINT:#x})"));
    }

    fn load(&mut self, to: u32, commitment: Commitment) {
        match commitment {
            Commitment::Proof(at) => self
                .program
                .line(&format!("calldatacopy({to:#x}, {at:#x}, {POINT:#x})")),
            Commitment::Key(point) => self.words(to, &[hex(&point.x), hex(&point.y)]),
            Commitment::Quotient => self.copy(to, self.quotient),
        }
    }

    fn words(&mut self, to: u32, words: &[String]) {
        for (address, word) in (to..).step_by(0x20).zip(words) {
            self.program.line(&format!("mstore({address:#x}, {word})"));
        }
    }

    /// The combination is at 0x00.
    fn pairing(&mut self, opening: Commitment, reference: &Reference) {
        self.program.section("e(combination, g2) · e(opening, -s·g2) = 1");
        self.words(0x40, &g2_words(&reference.g2));
        self.load(0xc0, opening);
        self.words(0x100, &g2_words(&-reference.s_g2));
        self.program.line(PAIRING);
        self.program.line(ANSWER);
    }
}

fn is_infinity(commitment: &Commitment) -> bool {
    matches!(commitment, Commitment::Key(point) if bool::from(point.is_identity()))
}

/// The precompile wants the imaginary part of a coordinate first.
fn g2_words(point: &G2Affine) -> [String; 4] {
    let [x, y]: [&Fq2; 2] = [&point.x, &point.y];
    [hex(&x.c1), hex(&x.c0), hex(&y.c1), hex(&y.c0)]
}

fn hex<F: PrimeField<Repr = [u8; 32]>>(value: &F) -> String {
    let bytes = value.to_repr();
    let digits: String = bytes.iter().rev().map(|byte| format!("{byte:02x}")).collect();
    format!("0x{digits}")
}
