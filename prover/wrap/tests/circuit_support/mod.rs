//! Small circuits from recorded programs, checked by the mock prover.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use ashlar_wrap::{
    chip::{Chip, F},
    circuit::{Cell, Fe, Layout, LayoutCircuit, Recorder},
};
use halo2_proofs::{
    dev::{MockProver, VerifyFailure},
    halo2curves::{
        bn256::Fr,
        ff::{Field as _, PrimeField},
    },
};
use plonky2::field::types::Field;

/// Limb width of the small circuits.
pub const LIMB_BITS: u32 = 8;

/// A value that a program returns.
pub enum Out<C: Chip> {
    Fe(C::Fe),
    Ext(C::Ext),
    Word(C::Word),
    Bit(C::Bit),
}

/// Residues modulo p as scalars, words as they are.
pub fn recorded_values(recorder: &Recorder, outputs: &[Out<Recorder>]) -> Vec<Fr> {
    let element = |fe: &Fe| match fe {
        Fe::Constant(value) => Fr::from(value.0),
        Fe::Cell(cell) => {
            let repr = recorder.value(*cell).to_repr();
            assert!(repr[8..].iter().all(|byte| *byte == 0), "element above 64 bits");
            let value = u64::from_le_bytes(repr[..8].try_into().expect("eight bytes"));
            canonical(F::from_noncanonical_u64(value))
        }
    };
    outputs
        .iter()
        .flat_map(|output| match output {
            Out::Fe(fe) => vec![element(fe)],
            Out::Ext(ext) => ext.iter().map(element).collect(),
            Out::Word(cell) | Out::Bit(cell) => vec![recorder.value(*cell)],
        })
        .collect()
}

pub fn canonical(value: F) -> Fr {
    use plonky2::field::types::PrimeField64;
    Fr::from(value.to_canonical_u64())
}

/// Runs a program on the native chip and on a recorder; returns the recorder after comparing their outputs.
#[macro_export]
macro_rules! agree {
    (|$chip:ident| $body:block) => {{
        use ashlar_wrap::{circuit::Recorder, verifier::NativeChip};
        use circuit_support::{LIMB_BITS, Out, canonical, recorded_values};
        let mut native = NativeChip::new();
        let outputs: Vec<Out<NativeChip>> = {
            let $chip = &mut native;
            $body
        };
        native.result().expect("honest values");
        let expected: Vec<_> = outputs
            .iter()
            .flat_map(|output| match output {
                Out::Fe(value) => vec![canonical(*value)],
                Out::Ext(value) => value.0.map(canonical).to_vec(),
                Out::Word(value) => vec![*value],
                Out::Bit(bit) => vec![halo2_proofs::halo2curves::bn256::Fr::from(u64::from(*bit))],
            })
            .collect();
        let mut recorder = Recorder::with_limb_bits(LIMB_BITS);
        let outputs: Vec<Out<Recorder>> = {
            let $chip = &mut recorder;
            $body
        };
        assert_eq!(recorded_values(&recorder, &outputs), expected);
        (recorder.finish(), outputs)
    }};
}

/// The least k for a layout.
pub fn smallest_k(layout: &Layout) -> u32 {
    (layout.usage().rows + 8).next_power_of_two().trailing_zeros()
}

/// What the mock prover finds wrong: names of gates and lookups, `permutation` for copies.
pub fn failures(layout: &Layout, instances: Vec<Fr>) -> BTreeSet<String> {
    let circuit = LayoutCircuit(Arc::new(layout.clone()));
    let failures = MockProver::run(smallest_k(layout), &circuit, vec![instances])
        .expect("layout fits")
        .verify_par();
    failures.map_or_else(
        |failures| failures.iter().map(name).collect(),
        |()| BTreeSet::new(),
    )
}

fn name(failure: &VerifyFailure) -> String {
    match failure {
        VerifyFailure::ConstraintNotSatisfied { constraint, .. } => {
            let text = constraint.to_string(); // Constraint i in gate j ('name')
            text.split('\'').nth(1).expect("a named gate").to_string()
        }
        VerifyFailure::Lookup { name, .. } => name.clone(),
        VerifyFailure::Permutation { .. } => "permutation".to_string(),
        other => format!("{other:?}"),
    }
}

pub fn is_satisfied(layout: &Layout) -> bool {
    let instances = vec![layout.instances()];
    let circuit = LayoutCircuit(Arc::new(layout.clone()));
    MockProver::run(smallest_k(layout), &circuit, instances)
        .expect("layout fits")
        .verify()
        .is_ok()
}

pub fn assert_satisfied(layout: &Layout) {
    let instances = vec![layout.instances()];
    let circuit = LayoutCircuit(Arc::new(layout.clone()));
    MockProver::run(smallest_k(layout), &circuit, instances)
        .expect("layout fits")
        .assert_satisfied();
}

/// Cells made equal, in groups.
pub fn classes(layout: &Layout) -> Vec<Vec<Cell>> {
    let mut parent: HashMap<Cell, Cell> = HashMap::new();
    fn root(parent: &HashMap<Cell, Cell>, mut cell: Cell) -> Cell {
        while let Some(next) = parent.get(&cell) {
            cell = *next;
        }
        cell
    }
    for (left, right) in layout.copies() {
        let (left, right) = (root(&parent, *left), root(&parent, *right));
        if left != right {
            parent.insert(left, right);
        }
    }
    let mut groups: BTreeMap<Cell, Vec<Cell>> = BTreeMap::new();
    for cell in layout.cells() {
        groups.entry(root(&parent, cell)).or_default().push(cell);
    }
    groups.into_values().collect()
}

/// Changes the witness of each group of equal cells in turn, all copies together, so that copy constraints still hold:
/// the circuit must notice. Groups that contain a cell of `free` are left out.
pub fn assert_every_value_constrained(layout: &Layout, free: &[Cell]) {
    assert_satisfied(layout);
    let mut tried = 0;
    for class in classes(layout) {
        if class.iter().any(|cell| free.contains(cell)) {
            continue;
        }
        for change in [Fr::ONE, -Fr::from(1 << LIMB_BITS)] {
            let mut bad = layout.clone();
            for cell in &class {
                bad.set_value(*cell, layout.value(*cell) + change);
            }
            assert!(!is_satisfied(&bad), "{class:?} can be changed by {change:?}");
            tried += 1;
        }
    }
    assert!(tried > 0, "nothing to change");
}

/// Breaks one copy of each copied cell: the copy constraints must notice.
pub fn assert_every_copy_constrained(layout: &Layout) {
    for (_, copy) in layout.copies() {
        let mut bad = layout.clone();
        bad.set_value(*copy, layout.value(*copy) + Fr::ONE);
        assert!(!is_satisfied(&bad), "copy {copy:?} can differ");
    }
}

/// Records `program` with the witnesses in `forced` and says whether the circuit accepts.
pub fn accepts_forced(forced: impl IntoIterator<Item = (Cell, Fr)>, program: impl Fn(&mut Recorder)) -> bool {
    let mut recorder = Recorder::forced(LIMB_BITS, forced.into_iter().collect());
    program(&mut recorder);
    is_satisfied(&recorder.finish())
}
