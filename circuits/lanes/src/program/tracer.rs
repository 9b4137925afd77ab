//! Lanes that record.

use std::cell::RefCell;

use super::{
    Node, Op, Shape,
    recorder::{Recorder, SumNode},
};
use crate::{Evaluate, F, Lanes, Row, Work};

thread_local! {
    /// Of the trace that this thread is at. Lanes are copied about as if they were nothing, so they cannot hold it.
    static RECORDER: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

/// Lanes of one element that is not known: each operation is recorded, for [`Program::trace`](super::Program::trace).
#[derive(Clone, Copy, Debug)]
pub struct Tracer(());

/// Frees the thread for the next trace, also when a gate panics.
struct Turn;

impl Turn {
    fn begin() -> Self {
        RECORDER.with_borrow_mut(|recorder| {
            assert!(recorder.is_none(), "a gate traces another while it is traced");
            *recorder = Some(Recorder::default());
        });
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        RECORDER.take();
    }
}

fn with<T>(work: impl FnOnce(&mut Recorder) -> T) -> T {
    RECORDER.with_borrow_mut(|recorder| {
        work(
            recorder
                .as_mut()
                .expect("values of a trace are used during it, on its thread"),
        )
    })
}

/// What the constraints of a gate are, and what was recorded for them.
pub fn record(gate: &dyn Evaluate, shape: Shape) -> (Vec<Node>, Recorder) {
    let turn = Turn::begin();
    let tracer = Tracer(());
    let all = |count: usize, op: fn(u32) -> Op| -> Vec<_> {
        (0..count as u32).map(|i| tracer.record(op(i))).collect()
    };
    let (wires, constants) = (all(shape.wires, Op::Wire), all(shape.constants, Op::Constant));
    let hash = [0, 1, 2, 3].map(|i| tracer.record(Op::PublicInputsHash(i)));
    let row = Row {
        constants: &constants,
        wires: &wires,
        public_inputs_hash: &hash,
    };
    let mut sums = vec![tracer.empty_sum(); shape.constraints];
    gate.trace(tracer, row, tracer.splat(F(1)), &mut sums);
    let constraints = sums.into_iter().map(|sum| tracer.reduce(sum)).collect();
    let recorder = RECORDER.take().expect("begun above");
    drop(turn);
    (constraints, recorder)
}

impl Tracer {
    #[inline(never)]
    fn record(self, op: Op) -> Node {
        with(|recorder| recorder.record(op))
    }
}

impl Lanes for Tracer {
    type Vector = Node;
    type Factor = Node;
    type Sum = SumNode;
    const COUNT: usize = 1;

    fn run<W: Work>(self, work: W) -> W::Output {
        work.run(self)
    }

    fn evaluate(self, gate: &dyn Evaluate, row: Row<'_, Self>, filter: Node, sums: &mut [SumNode]) {
        gate.trace(self, row, filter, sums);
    }

    fn splat(self, value: F) -> Node {
        self.record(Op::Value(value.0))
    }

    fn load(self, values: &[F]) -> Node {
        self.splat(values[0])
    }

    /// # Panics
    /// Always: what a value is, is not known.
    fn store(self, _: Node, _: &mut [F]) {
        panic!("a gate that stores values cannot be traced");
    }

    fn transpose(self, rows: &[&[F]], columns: &mut [Node]) {
        for (column, value) in columns.iter_mut().zip(rows[0]) {
            *column = self.splat(*value);
        }
    }

    fn add(self, a: Node, b: Node) -> Node {
        self.record(Op::Add(a, b))
    }

    fn add_canonical(self, a: Node, b: Node) -> Node {
        self.add(a, b)
    }

    fn sub(self, a: Node, b: Node) -> Node {
        self.record(Op::Sub(a, b))
    }

    fn mul(self, a: Node, b: Node) -> Node {
        self.record(Op::Mul(a, b))
    }

    fn square(self, a: Node) -> Node {
        self.mul(a, a)
    }

    fn mul_to_halves(self, a: Node, b: Node) -> [Node; 2] {
        self.split(self.mul(a, b))
    }

    fn mul_add(self, a: Node, b: Node, c: Node) -> Node {
        self.record(Op::MulAdd(a, b, c))
    }

    fn factor(self, a: Node) -> Node {
        a
    }

    #[inline(never)]
    fn empty_sum(self) -> SumNode {
        with(Recorder::empty_sum)
    }

    #[inline(never)]
    fn add_product(self, sum: SumNode, a: Node, b: Node) -> SumNode {
        with(|recorder| recorder.add_product(sum, a, b))
    }

    #[inline(never)]
    fn add_sums(self, a: SumNode, b: SumNode) -> SumNode {
        with(|recorder| recorder.add_sums(a, b))
    }

    #[inline(never)]
    fn reduce(self, sum: SumNode) -> Node {
        with(|recorder| recorder.reduce(sum))
    }

    fn scale(self, a: Node, c: u32) -> Node {
        self.mul(a, self.splat(F(c.into())))
    }

    fn split(self, a: Node) -> [Node; 2] {
        [self.record(Op::Low(a)), self.record(Op::High(a))]
    }

    fn join(self, [low, high]: [Node; 2]) -> Node {
        self.record(Op::Join(low, high))
    }

    fn join_and_add(self, halves: [Node; 2], more: Node) -> Node {
        self.add(self.join(halves), more)
    }

    fn plus(self, a: Node, b: Node) -> Node {
        self.record(Op::Plus(a, b))
    }

    fn minus(self, a: Node, b: Node) -> Node {
        self.record(Op::Minus(a, b))
    }

    fn shifted<const BITS: u32>(self, a: Node) -> Node {
        self.record(Op::Shifted(a, BITS))
    }
}
