//! Gates as code, on the emulated card, beside the code run on the processor.

mod common;

use std::sync::Arc;

use ashlar_lanes::{
    F, Portable, Row,
    program::Code,
    testing::{CONSTANTS, STEPS, Step, Steps, WIRES},
};
use ashlar_plonky2_cuda::{
    Device, Runtime, Words, emulation,
    kernels::quotient::{Challenges, Circuit, Columns, Gate, MAX_REGISTERS, Points, Query, Shape, Unfit},
};
use common::device;
use plonky2::field::types::{Field, Field64};
use proptest::{collection::vec, prelude::*};

const SELECTORS: usize = 1;

fn word() -> impl Strategy<Value = u64> {
    let edges = vec![
        0,
        1,
        2,
        u64::from(u32::MAX),
        1 << 32,
        F::ORDER - 1,
        F::ORDER,
        u64::MAX,
    ];
    prop_oneof![any::<u64>(), proptest::sample::select(edges)]
}

/// A circuit of eight points and leaves, whose permutation has one column.
fn shape(constraints: usize) -> Shape {
    Shape {
        degree_bits: 1,
        rate_bits: 2,
        leaves: 8,
        challenges: 1,
        wires: WIRES,
        selectors: SELECTORS,
        constants: SELECTORS + CONSTANTS,
        k_is: vec![1],
        chunk: 1,
        constraints,
    }
}

/// Words of columns, a column after the other, and of the hash.
struct Values {
    constants: Vec<u64>,
    wires: Vec<u64>,
    hash: [u64; 4],
    alpha: u64,
}

impl Values {
    fn new(words: &[u64]) -> Self {
        let mut words = words.iter().copied().cycle();
        let mut take = |count: usize| -> Vec<u64> { words.by_ref().take(count).collect() };
        Self {
            constants: take(8 * (SELECTORS + CONSTANTS + 1)),
            wires: take(8 * WIRES),
            hash: take(4).try_into().expect("four"),
            alpha: take(1)[0],
        }
    }

    /// The quotient with these gates. Inverses are one.
    fn quotient(&self, device: &Arc<Device>, shape: &Shape, gates: &[Gate<'_>]) -> Result<Vec<F>, Unfit> {
        let points = Points {
            xs: &[F::ONE; 8],
            first: &[F::ZERO; 8],
            inverses: &[F::ONE; 4],
        };
        let circuit = Circuit::new(device, shape.clone(), points, gates)?;
        let upload = |words: &[u64]| Words::of(device, words);
        let columns = Columns {
            constants: &upload(&self.constants)?,
            wires: &upload(&self.wires)?,
            products: &upload(&[0; 8])?,
        };
        let query = Query {
            public_inputs_hash: self.hash.map(F),
            challenges: vec![Challenges {
                beta: F::ZERO,
                gamma: F::ZERO,
                alpha: F(self.alpha),
            }],
        };
        let words = circuit.quotient(columns, &[query])?.read_all()?;
        Ok(words.into_iter().map(F).collect())
    }

    /// Constraints by powers of alpha and by the filter, where the permutation has three terms that are zero: Z is.
    fn expected(&self, code: &Code, others: &[u64]) -> Vec<F> {
        let at = |columns: &[u64], point: usize| -> Vec<[F; 1]> {
            columns
                .iter()
                .skip(point)
                .step_by(8)
                .map(|word| [F(*word)])
                .collect()
        };
        let expected = |point: usize| {
            let (constants, wires) = (at(&self.constants, point), at(&self.wires, point));
            let row: Row<'_, Portable> = Row {
                constants: &constants[SELECTORS..][..CONSTANTS],
                wires: &wires,
                public_inputs_hash: &self.hash.map(|word| [F(word)]),
            };
            let powers = F(self.alpha).powers().skip(2);
            let terms = code.run(row).into_iter().zip(powers);
            let filter: F = others.iter().map(|other| F(*other) - constants[0][0]).product();
            filter * terms.map(|(constraint, power)| constraint * power).sum::<F>()
        };
        (0..8).map(expected).collect()
    }
}

proptest! {
    #[test]
    fn code_of_any_operations_is_what_the_processor_runs(
        steps in vec((0u32..STEPS, vec(word(), 1..12)), 1..80),
        words in vec(word(), 79),
        others in vec(word(), 0..4),
    ) {
        let mut steps: Vec<Step> = steps.iter().map(|(kind, words)| Step::of(*kind, words)).collect();
        steps.push(Step::Push(WIRES + CONSTANTS + 4 - 1 + steps.len()));
        let gate = Steps(steps);
        let (code, values) = (Code::of(&gate.program()), Values::new(&words));
        let card = Gate { code: &code, selector: 0, others: &others };
        let found = values.quotient(&device(), &shape(gate.constraints()), &[card]).expect("fits");
        prop_assert_eq!(found, values.expected(&code, &others));
    }
}

#[test]
fn carries_out_of_every_word_of_a_sum_are_kept() {
    let most = u64::MAX;
    // The sum of these has a carry into a middle word of ones; thrice the other product too.
    let (added, thrice) = (
        [most, 253_921, 145_295_143_558_111],
        [most, 0x5555_5555_5555_5556],
    );
    assert_eq!(u128::from(added[1]) * u128::from(added[2]), (1 << 65) - 1);
    for (wires, products) in [
        ([added[0], added[1], added[2], 0], vec![(0, 0), (1, 2)]),
        ([added[0], added[1], added[2], 0], vec![(1, 2), (0, 0)]),
        ([thrice[0], thrice[1], 0, 1], vec![(0, 1), (3, 3), (3, 0)]),
        ([most; 4], vec![(0, 0); 24]),
        // Equal products are one with a weight; the upper words of two others overflow by themselves.
        ([most, most - 1, 0, 0], vec![(0, 0), (1, 1)]),
    ] {
        let mut values = Values::new(&[most, 3, 5]);
        values.wires = wires.iter().flat_map(|wire| [*wire; 8]).collect();
        let gate = Steps(vec![Step::Sum(products), Step::Push(10)]);
        let code = Code::of(&gate.program());
        let card = Gate {
            code: &code,
            selector: 0,
            others: &[],
        };
        let found = values.quotient(&device(), &shape(1), &[card]).expect("fits");
        assert_eq!(found, values.expected(&code, &[]), "{wires:x?}");
    }
}

/// As many values, each the sum of the two before it, that are all needed at the end.
fn large(values: usize) -> Code {
    let mut steps: Vec<_> = (0..values).map(|i| Step::Add(9 + i, 8 + i)).collect();
    let products = (0..values).map(|i| (10 + i, 9 + values - i));
    steps.push(Step::Sum(products.collect()));
    steps.push(Step::Push(10 + values));
    Code::of(&Steps(steps).program())
}

#[test]
fn code_of_as_many_registers_as_a_thread_has_runs_and_of_more_is_refused() {
    let values = Values::new(&(1..60).map(|i| i * 0x9e37_79b9_7f4a_7c15).collect::<Vec<_>>());
    for count in [10, 16, 17, 60, 64, 70, 250, 256, 257, 300] {
        let code = large(count);
        let gate = Gate {
            code: &code,
            selector: 0,
            others: &[5, 7],
        };
        assert_eq!(code.registers(), count);
        let found = values.quotient(&device(), &shape(1), &[gate]);
        if count <= MAX_REGISTERS {
            assert_eq!(
                found.expect("fits"),
                values.expected(&code, &[5, 7]),
                "{count} values"
            );
        } else {
            let reason = found.expect_err("too many").to_string();
            assert!(reason.contains(&format!("{count} registers")), "{reason}");
            assert!(reason.contains("let the CPU prove"), "{reason}");
        }
    }
}

#[test]
fn a_fault_of_the_device_at_any_call_is_an_error() {
    let code = large(5);
    let device = Arc::new(Device::open(Runtime::Emulated, 0).expect("there is one"));
    let values = Values::new(&[3, 5, 7]);
    let gate = Gate {
        code: &code,
        selector: 0,
        others: &[],
    };
    emulation::restore();
    let expected = values.quotient(&device, &shape(1), &[gate]).expect("no fault");
    let calls = emulation::calls();
    assert!(calls > 4, "{calls} calls");
    for call in 1..=calls {
        emulation::fail_at(call, emulation::OUT_OF_MEMORY);
        let found = values.quotient(&device, &shape(1), &[gate]);
        emulation::restore();
        // The device goes on, and may find room when it lets go of what it keeps.
        if let Ok(found) = found {
            assert_eq!(found, expected, "call {call}");
        }
        assert_eq!(
            values.quotient(&device, &shape(1), &[gate]).expect("no fault"),
            expected
        );
    }
    emulation::fail_at(calls / 2, emulation::LOST);
    assert!(matches!(
        values.quotient(&device, &shape(1), &[gate]),
        Err(Unfit::Device(_))
    ));
    emulation::restore();
}
