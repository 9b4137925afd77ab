//! The kernels of gates that were made of their programs are those of today's programs.
//!
//! `ASHLAR_WRITE_GATES=1 cargo test -p ashlar-plonky2 --test gate_kernels` makes them anew.

use std::{fmt::Write, fs, path::Path};

use ashlar_ecgfp5::EcGfp5StepGate;
use ashlar_gates::LimbGate;
use ashlar_lanes::program::{Code, Op, Program};
use ashlar_plonky2::Prover;
use ashlar_plonky2_cuda::source;
use ashlar_statement::hash::{D, F};
use plonky2::{
    gates::{
        arithmetic_base::ArithmeticGate, arithmetic_extension::ArithmeticExtensionGate,
        base_sum::BaseSumGate, constant::ConstantGate, coset_interpolation::CosetInterpolationGate,
        gate::GateRef, multiplication_extension::MulExtensionGate, poseidon::PoseidonGate,
        poseidon_mds::PoseidonMdsGate, public_input::PublicInputGate, random_access::RandomAccessGate,
        reducing::ReducingGate, reducing_extension::ReducingExtensionGate,
    },
    plonk::circuit_data::CircuitConfig,
};

/// As a verifier's circuit has it: constraints of degree 8 at most.
fn interpolation() -> CosetInterpolationGate<F, D> {
    let mut gate = CosetInterpolationGate::new(4);
    gate.degree = 6;
    gate
}

/// Whose kernels have loops, which a program does not have.
const BY_HAND: [&str; 1] = ["poseidon"];

/// The gates of production's circuits.
fn gates() -> Vec<(&'static str, GateRef<F, D>)> {
    let config = CircuitConfig::standard_recursion_config();
    vec![
        (
            "arithmetic",
            GateRef::new(ArithmeticGate::new_from_config(&config)),
        ),
        (
            "arithmetic_extension",
            GateRef::new(ArithmeticExtensionGate::<D>::new_from_config(&config)),
        ),
        ("bits", GateRef::new(BaseSumGate::<2>::new(63))),
        ("constant", GateRef::new(ConstantGate::new(2))),
        ("curve_step", GateRef::new(EcGfp5StepGate)),
        ("interpolation", GateRef::new(interpolation())),
        ("limbs", GateRef::new(LimbGate)),
        (
            "mul_extension",
            GateRef::new(MulExtensionGate::<D>::new_from_config(&config)),
        ),
        ("poseidon", GateRef::new(PoseidonGate::<F, D>::new())),
        ("poseidon_mds", GateRef::new(PoseidonMdsGate::<F, D>::new())),
        ("public_input", GateRef::new(PublicInputGate)),
        (
            "random_access",
            GateRef::new(RandomAccessGate::<F, D>::new_from_config(&config, 4)),
        ),
        ("reducing", GateRef::new(ReducingGate::<D>::new(43))),
        (
            "reducing_extension",
            GateRef::new(ReducingExtensionGate::<D>::new(32)),
        ),
    ]
}

fn programs() -> Vec<(&'static str, String, Program)> {
    let prover = Prover::default().with_gates(&[ashlar_gates::recognise, ashlar_ecgfp5::recognise]);
    let programs = gates().into_iter().map(|(name, gate)| {
        let program = prover.program(&*gate.0).expect("all are written for lanes");
        (name, gate.0.id(), program)
    });
    programs.collect()
}

/// The Rust module that finds a kernel by the digest of its gate's code.
fn module(programs: &[(&'static str, String, Program)]) -> String {
    let mut entries = String::new();
    let mut kernels = String::new();
    for (name, _, program) in programs {
        let _ = write!(
            entries,
            "
    fn gate_{name}(stream: Stream, of: *const Quotient, proofs: u32, selection: *const Selection) -> c_int;"
        );
        let [a, b, c, d] = Code::of(program).digest();
        let _ = write!(
            kernels,
            "
    ([{a:#018x}, {b:#018x}, {c:#018x}, {d:#018x}], |entries| entries.gate_{name}),"
        );
    }
    format!(
        "//! Kernels of one gate each, by the digest of its code: made by the test `gate_kernels` of ashlar-plonky2. Not to be
//! edited.
#![allow(unsafe_code, reason = \"declares launches\")]

use std::ffi::c_int;

use super::quotient::{{Quotient, Selection}};
use crate::{{device::Stream, entries::entries}};

entries! {{{entries}
}}

/// Launches a kernel of [`KERNELS`].
pub(super) type Launch = unsafe extern \"C\" fn(Stream, *const Quotient, u32, *const Selection) -> c_int;

/// The digest of a gate's code, and where its kernel is among the entry points.
pub(super) type Known = ([u64; 4], fn(&Entries) -> Launch);

/// All that there are.
#[rustfmt::skip]
pub(super) const KERNELS: &[Known] = &[{kernels}
];
"
    )
}

fn check(path: &Path, expected: &str) {
    if std::env::var_os("ASHLAR_WRITE_GATES").is_some() {
        fs::write(path, expected).expect("the crate of the kernels is beside this one");
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == expected,
        "{} is not what the gate is today: run this test with ASHLAR_WRITE_GATES=1",
        path.display()
    );
}

#[test]
fn kernels_of_gates_are_made_of_their_programs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cuda");
    let programs = programs();
    for (name, id, program) in programs.iter().filter(|(name, ..)| !BY_HAND.contains(name)) {
        let path = folder.join(format!("kernels/gate_{name}.cu"));
        check(&path, &source::unit(name, id, program));
    }
    check(&folder.join("src/kernels/gates.rs"), &module(&programs));
}

/// With `--nocapture`: what each program is made of.
#[test]
#[ignore = "prints a table"]
fn sizes_of_programs() {
    println!("gate operations products reductions integer_operations registers words_of_code");
    for (name, _, program) in programs() {
        let code = Code::of(&program);
        let sum = |of: fn(&Op) -> usize| program.ops().iter().map(of).sum::<usize>();
        let products = sum(|op| match op {
            Op::Mul(..) | Op::MulAdd(..) => 1,
            Op::Products(products) => products.len(),
            _ => 0,
        });
        let reductions =
            sum(|op| matches!(op, Op::Mul(..) | Op::MulAdd(..) | Op::Products(_) | Op::Join(..)).into());
        let integers = sum(|op| {
            matches!(
                op,
                Op::Low(_) | Op::High(_) | Op::Plus(..) | Op::Minus(..) | Op::Shifted(..)
            )
            .into()
        });
        let operations = sum(|op| (!op.is_leaf()).into());
        println!(
            "{name} {operations} {products} {reductions} {integers} {} {}",
            code.registers(),
            code.words().len()
        );
    }
}
