//! Constraints of gates at several points at once.

use plonky2::{
    field::packed::PackedField,
    gates::{gate::AnyGate, util::StridedConstraintConsumer},
};

#[cfg(target_arch = "x86_64")]
use crate::{Avx2, Avx512};
use crate::{D, F, Lanes, Portable, Tracer};

/// What a gate's constraints are of, at as many points as there are lanes.
#[derive(Debug)]
pub struct Row<'a, L: Lanes> {
    /// The gate's constants.
    pub constants: &'a [L::Vector],
    /// All wires of the circuit.
    pub wires: &'a [L::Vector],
    /// The same at every point.
    pub public_inputs_hash: &'a [L::Vector; 4],
}

impl<L: Lanes> Clone for Row<'_, L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L: Lanes> Copy for Row<'_, L> {}

/// Sums of constraints by their place in their gates, each times the filter of its gate.
#[derive(Debug)]
pub struct Constraints<'a, L: Lanes> {
    lanes: L,
    filter: L::Factor,
    sums: std::slice::IterMut<'a, L::Sum>,
}

impl<L: Lanes> Constraints<'_, L> {
    /// Adds the next constraint of the gate.
    ///
    /// # Panics
    /// If the gate has more than it says.
    #[inline(always)]
    pub fn push(&mut self, value: L::Vector) {
        let sum = self.sums.next().expect("no more constraints than the gate says");
        *sum = self
            .lanes
            .add_product(*sum, self.filter, self.lanes.factor(value));
    }
}

/// Who takes the constraints of a gate, in their order.
pub trait Emit<V> {
    /// The next one.
    fn emit(&mut self, value: V);
}

impl<V> Emit<V> for Vec<V> {
    fn emit(&mut self, value: V) {
        self.push(value);
    }
}

impl<P: PackedField> Emit<P> for StridedConstraintConsumer<'_, P> {
    #[inline(always)]
    fn emit(&mut self, value: P) {
        self.one(value);
    }
}

impl<L: Lanes> Emit<L::Vector> for Constraints<'_, L> {
    #[inline(always)]
    fn emit(&mut self, value: L::Vector) {
        self.push(value);
    }
}

/// A gate whose constraints are written for any lanes.
pub trait PackedGate: Send + Sync {
    /// Pushes all constraints, in the order and with the values of plonky2's `Gate::eval_unfiltered_base_batch`. To be
    /// `#[inline(always)]`, with all that it calls.
    fn evaluate<L: Lanes>(&self, lanes: L, row: Row<'_, L>, constraints: &mut Constraints<'_, L>);
}

/// Finds a gate among those whose constraints are written for any lanes.
pub type Recognise = fn(&dyn AnyGate<F, D>) -> Option<Box<dyn Evaluate>>;

/// A [`PackedGate`] compiled for each kind of lanes.
pub trait Evaluate: Send + Sync {
    /// Adds `filter` times each constraint to `sums`.
    fn portable(
        &self,
        row: Row<'_, Portable>,
        filter: <Portable as Lanes>::Factor,
        sums: &mut [<Portable as Lanes>::Sum],
    );

    /// Records that.
    fn trace(
        &self,
        lanes: Tracer,
        row: Row<'_, Tracer>,
        filter: <Tracer as Lanes>::Factor,
        sums: &mut [<Tracer as Lanes>::Sum],
    );

    /// Adds `filter` times each constraint to `sums`.
    #[cfg(target_arch = "x86_64")]
    fn avx2(
        &self,
        lanes: Avx2,
        row: Row<'_, Avx2>,
        filter: <Avx2 as Lanes>::Factor,
        sums: &mut [<Avx2 as Lanes>::Sum],
    );

    /// The same.
    #[cfg(target_arch = "x86_64")]
    fn avx512(
        &self,
        lanes: Avx512,
        row: Row<'_, Avx512>,
        filter: <Avx512 as Lanes>::Factor,
        sums: &mut [<Avx512 as Lanes>::Sum],
    );
}

impl<G: PackedGate> Evaluate for G {
    fn portable(
        &self,
        row: Row<'_, Portable>,
        filter: <Portable as Lanes>::Factor,
        sums: &mut [<Portable as Lanes>::Sum],
    ) {
        evaluate(self, Portable, row, filter, sums);
    }

    fn trace(
        &self,
        lanes: Tracer,
        row: Row<'_, Tracer>,
        filter: <Tracer as Lanes>::Factor,
        sums: &mut [<Tracer as Lanes>::Sum],
    ) {
        evaluate(self, lanes, row, filter, sums);
    }

    #[cfg(target_arch = "x86_64")]
    #[allow(unsafe_code)] // instructions that `lanes` proves
    fn avx2(
        &self,
        lanes: Avx2,
        row: Row<'_, Avx2>,
        filter: <Avx2 as Lanes>::Factor,
        sums: &mut [<Avx2 as Lanes>::Sum],
    ) {
        #[target_feature(enable = "avx2")]
        fn compiled<G: PackedGate>(
            gate: &G,
            lanes: Avx2,
            row: Row<'_, Avx2>,
            filter: <Avx2 as Lanes>::Factor,
            sums: &mut [<Avx2 as Lanes>::Sum],
        ) {
            evaluate(gate, lanes, row, filter, sums);
        }
        // SAFETY: `lanes` proves the features.
        unsafe { compiled(self, lanes, row, filter, sums) }
    }

    #[cfg(target_arch = "x86_64")]
    #[allow(unsafe_code)] // instructions that `lanes` proves
    fn avx512(
        &self,
        lanes: Avx512,
        row: Row<'_, Avx512>,
        filter: <Avx512 as Lanes>::Factor,
        sums: &mut [<Avx512 as Lanes>::Sum],
    ) {
        #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx512ifma")]
        fn compiled<G: PackedGate>(
            gate: &G,
            lanes: Avx512,
            row: Row<'_, Avx512>,
            filter: <Avx512 as Lanes>::Factor,
            sums: &mut [<Avx512 as Lanes>::Sum],
        ) {
            evaluate(gate, lanes, row, filter, sums);
        }
        // SAFETY: `lanes` proves the features.
        unsafe { compiled(self, lanes, row, filter, sums) }
    }
}

#[inline(always)]
fn evaluate<G: PackedGate, L: Lanes>(
    gate: &G,
    lanes: L,
    row: Row<'_, L>,
    filter: L::Factor,
    sums: &mut [L::Sum],
) {
    let mut constraints = Constraints {
        lanes,
        filter,
        sums: sums.iter_mut(),
    };
    gate.evaluate(lanes, row, &mut constraints);
}
