//! What a layout leaves to the prover, read off its fixed cells and copies alone.
//!
//! A constant that became a witness holds the right value in every honest run, so no test of values sees that it is
//! free. Counted, it is one free cell too many.

use std::{collections::HashSet, ops::Range};

use ashlar_bn254::Bn254Config;
use halo2_proofs::halo2curves::{bn256::Fr, ff::Field};
use plonky2::plonk::proof::ProofWithPublicInputs;

use super::{
    config::{A, ADVICE_COLUMNS, B, C, CHAIN, CLOSE, D, DRAIN, ENTRANCE, FEED, FixedColumn, TABLE_TAG, TAG},
    integer::limbs,
    layout::{Cell, FixedRow, Layout},
    recorder::Recorder,
    wrap::expose,
};
use crate::{
    chip::{Chip, F},
    verifier::{tally::Tally, tests::sample, verify_plonky2, zero_proof},
};

/// Cells that a prover can choose. All others follow from them: as copies, by the row before, or by the one equation
/// that a sum is.
#[derive(Debug, Default, PartialEq, Eq)]
struct Census {
    /// Any scalar.
    words: usize,
    /// Sums of limbs and of nothing else.
    numbers: usize,
    /// b with `b − b·b = 0`.
    bits: usize,
}

impl Census {
    fn of(layout: &Layout) -> Self {
        let rows = Rows::of(layout);
        let mut census = Self::default();
        let mut row = 0;
        while row < rows.fixed.len() {
            let run = rows.run(row);
            if run.is_empty() {
                census.words += rows.open(row).count();
                row += 1;
            } else {
                rows.count_sum(run.clone(), &mut census);
                row = run.end;
            }
        }
        census
    }
}

struct Rows {
    fixed: Vec<FixedRow>,
    /// Cells that something reads.
    used: Vec<[bool; ADVICE_COLUMNS]>,
    /// Cells made equal to an earlier one.
    copied: Vec<[bool; ADVICE_COLUMNS]>,
    copies: HashSet<(Cell, Cell)>,
}

impl Rows {
    fn of(layout: &Layout) -> Self {
        let length = layout.advice[A].len();
        let mut fixed = vec![FixedRow::EMPTY; length];
        for (column, row, value) in &layout.fixed {
            let row = &mut fixed[*row as usize];
            match column {
                FixedColumn::Coefficient(i) => row.coefficients[usize::from(*i)] = *value,
                FixedColumn::Tail => row.tail = limbs(*value)[0],
                FixedColumn::Full => row.full = true,
                FixedColumn::Partial => row.partial = true,
            }
        }
        let mut used = vec![[false; ADVICE_COLUMNS]; length];
        let mut copied = used.clone();
        let sources = layout.copies.iter().map(|(source, _)| *source);
        for cell in layout.cells().chain(sources) {
            used[cell.row as usize][usize::from(cell.column)] = true;
        }
        // What the recorder holds to be unused is believed only where no coefficient reads it.
        for (row, used) in fixed.iter().zip(&mut used).filter(|(row, _)| row.is_sum()) {
            let [a, b, c, bc] = row.coefficients.map(|k| k != Fr::ZERO);
            let product = bc && !is_entry(row);
            let read = [a, b || product, c || bc, true];
            used.iter_mut().zip(read).for_each(|(used, read)| *used |= read);
        }
        for (_, copy) in &layout.copies {
            copied[copy.row as usize][usize::from(copy.column)] = true;
        }
        Self {
            fixed,
            used,
            copied,
            copies: layout.copies.iter().copied().collect(),
        }
    }

    /// The rows of the sum that starts here; none if none does.
    fn run(&self, start: usize) -> Range<usize> {
        if !self.fixed[start].is_sum() {
            return start..start;
        }
        let length = self.fixed[start..].iter().position(|row| row.tail == CLOSE);
        start..start + 1 + length.expect("a sum is closed")
    }

    /// Used columns of a row whose cells are no copies and do not follow from the row before.
    fn open(&self, row: usize) -> impl Iterator<Item = usize> + '_ {
        let before = row.checked_sub(1).map(|before| &self.fixed[before]);
        let follows = move |column| {
            before.is_some_and(|before| match column {
                _ if before.full || before.partial || before.tail == ENTRANCE => true,
                A => before.is_inert() && before.coefficients[usize::from(FEED)] != Fr::ZERO,
                D if before.is_inert() => before.coefficients[usize::from(DRAIN)] != Fr::ZERO,
                D => before.tail == CHAIN,
                _ => false,
            })
        };
        let limb = move |column| column == A && self.fixed[row].is_sum();
        (0..ADVICE_COLUMNS).filter(move |&column| {
            self.used[row][column] && !self.copied[row][column] && !follows(column) && !limb(column)
        })
    }

    fn count_sum(&self, run: Range<usize>, census: &mut Census) {
        let open: Vec<(usize, usize)> = run
            .clone()
            .flat_map(|row| self.open(row).map(move |column| (row, column)))
            .collect();
        match open[..] {
            [] => {}
            [(row, D)] if row == run.start => {
                let has_limbs = run.clone().any(|row| self.used[row][A]);
                let has_operands = run.clone().any(|row| self.has_operands(row));
                // With operands the equation gives it, with neither it is zero.
                census.numbers += usize::from(has_limbs && !has_operands);
            }
            [(row, B)] if self.is_bit(row) && run.len() == 1 => census.bits += 1,
            _ => census.words += open.len(),
        }
    }

    /// But for the copy of zero that makes room for an entry of the range table.
    fn has_operands(&self, row: usize) -> bool {
        self.used[row][B] || self.used[row][C] && !is_entry(&self.fixed[row])
    }

    fn is_bit(&self, row: usize) -> bool {
        let cell = |column: usize| Cell {
            column: column as u8,
            row: row as u32,
        };
        let is_copy = |column| self.copies.contains(&(cell(B), cell(column)));
        self.fixed[row].coefficients == [Fr::ZERO, Fr::ZERO, Fr::ZERO, -Fr::ONE] && is_copy(C) && is_copy(D)
    }
}

/// Whether the row holds an entry of the range table, which b and c have nothing to do with.
fn is_entry(row: &FixedRow) -> bool {
    row.coefficients[usize::from(TAG)] == Fr::from(TABLE_TAG)
}

type Proof = ProofWithPublicInputs<F, Bn254Config, 2>;

fn digests(proof: &Proof) -> usize {
    let fri = &proof.proof.opening_proof;
    let caps = [
        &proof.proof.wires_cap,
        &proof.proof.plonk_zs_partial_products_cap,
        &proof.proof.quotient_polys_cap,
    ];
    let caps = caps.into_iter().chain(&fri.commit_phase_merkle_caps);
    let queries = fri.query_round_proofs.iter().map(|query| {
        let leaves = query.initial_trees_proof.evals_proofs.iter();
        let steps = query.steps.iter().map(|step| step.merkle_proof.siblings.len());
        leaves
            .map(|(_, path)| path.siblings.len())
            .chain(steps)
            .sum::<usize>()
    });
    caps.map(|cap| cap.0.len()).chain(queries).sum()
}

fn elements(proof: &Proof) -> usize {
    let (openings, fri) = (&proof.proof.openings, &proof.proof.opening_proof);
    let openings = [
        &openings.constants,
        &openings.plonk_sigmas,
        &openings.wires,
        &openings.plonk_zs,
        &openings.plonk_zs_next,
        &openings.partial_products,
        &openings.quotient_polys,
        &fri.final_poly.coeffs,
    ];
    let queries = fri.query_round_proofs.iter().map(|query| {
        let leaves = query.initial_trees_proof.evals_proofs.iter();
        let steps = query.steps.iter().map(|step| 2 * step.evals.len());
        leaves.map(|(leaf, _)| leaf.len()).chain(steps).sum::<usize>()
    });
    let openings = openings.map(|extensions| 2 * extensions.len());
    let nonce = 1;
    proof.public_inputs.len() + nonce + openings.into_iter().chain(queries).sum::<usize>()
}

/// The circuit, its key and its challenges are none of the prover's business.
#[test]
fn the_prover_of_a_wrap_chooses_a_plonky2_proof_and_nothing_else() {
    let verifier = &sample().verifier;
    let proof = zero_proof(&verifier.common);
    let mut chip = Tally::of(Recorder::new());
    let inputs =
        verify_plonky2(&mut chip, &verifier.common, &verifier.verifier_only, &proof).expect("supported");
    let [inverses, unpacked, split, cut, work] =
        ["inverse_ext", "unpack", "split7", "bits", "assert_zero_bit"].map(|operation| chip.calls(operation));
    assert_eq!(chip.calls("assert_canonical"), proof.public_inputs.len());
    expose(&mut chip.chip, &inputs);
    // Both coordinates of an inverse; the pieces of a word, and the borrow that shows them to be canonical. The bits of
    // the proof of work are copies of zero.
    let expected = Census {
        words: digests(&proof),
        numbers: elements(&proof) + 2 * inverses + 4 * unpacked + 5 * split,
        bits: 64 * cut + unpacked + split - work,
    };
    assert_eq!(Census::of(&chip.chip.finish()), expected);
}

#[test]
fn every_kind_of_choice_is_counted() {
    let mut recorder = Recorder::with_limb_bits(4);
    let state = [2, 3, 5, 8].map(|lane| recorder.witness_word(Fr::from(lane)));
    recorder.permute(state);
    recorder.unpack(&state[0]);
    let census = Census::of(&recorder.finish());
    let expected = Census {
        words: 4,
        numbers: 4,
        bits: 1,
    };
    assert_eq!(census, expected);
}
