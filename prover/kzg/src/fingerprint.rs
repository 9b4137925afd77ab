//! A digest of a circuit before any key exists: it names cached keys and pins the circuit in tests.

use halo2_proofs::{
    circuit::Value,
    halo2curves::{bn256::Fr, ff::PrimeField},
    plonk::{
        Advice, Any, Assigned, Assignment, Challenge, Circuit, Column, ConstraintSystem, Error, Fixed,
        FloorPlanner, Instance, Selector,
    },
};
use sha3::{Digest, Keccak256};

/// Keccak-256 of a circuit's shape: the constraint system, every fixed cell, every enabled selector and every copy
/// constraint, in the order in which the circuit assigns them. It does not depend on `k`, the SRS or the witness.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CircuitFingerprint(pub [u8; 32]);

impl std::fmt::Display for CircuitFingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for CircuitFingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// Lays out `circuit` once (a fraction of key generation's cost) and digests what it lays out.
pub fn fingerprint<C: Circuit<Fr>>(circuit: &C) -> Result<CircuitFingerprint, Error> {
    let mut cs = ConstraintSystem::default();
    let config = C::configure_with_params(&mut cs, circuit.params());
    let mut recorder = Recorder(Keccak256::new());
    recorder.0.update(format!("{:?}", cs.pinned()).as_bytes());
    recorder.0.update((cs.degree() as u64).to_le_bytes());
    C::FloorPlanner::synthesize(
        &mut recorder,
        &circuit.without_witnesses(),
        config,
        cs.constants().clone(),
    )?;
    Ok(CircuitFingerprint(recorder.0.finalize().into()))
}

/// Absorbs every assignment that ends in the keys; ignores the witness.
struct Recorder(Keccak256);

impl Recorder {
    /// One record; `kind` is a distinct byte per call site, so records cannot be mistaken for one another.
    fn record(&mut self, kind: u8, numbers: &[usize]) {
        self.0.update([kind]);
        numbers
            .iter()
            .for_each(|n| self.0.update((*n as u64).to_le_bytes()));
    }

    fn value(&mut self, value: Assigned<Fr>) {
        // Numerator and denominator: inverting every fixed cell here would cost more than all else.
        self.0.update(value.numerator().to_repr());
        self.0
            .update(value.denominator().map_or([0; 32], |d| d.to_repr()));
    }
}

fn column_kind(column: &Column<Any>) -> usize {
    match column.column_type() {
        Any::Advice(_) => 0,
        Any::Fixed => 1,
        Any::Instance => 2,
    }
}

impl Assignment<Fr> for Recorder {
    fn enter_region<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}
    fn exit_region(&mut self) {}
    fn annotate_column<A: FnOnce() -> AR, AR: Into<String>>(&mut self, _: A, _: Column<Any>) {}
    fn push_namespace<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}
    fn pop_namespace(&mut self, _: Option<String>) {}

    fn enable_selector<A: FnOnce() -> AR, AR: Into<String>>(
        &mut self,
        _: A,
        selector: &Selector,
        row: usize,
    ) -> Result<(), Error> {
        self.record(b'S', &[selector.index(), row]);
        Ok(())
    }

    fn query_instance(&self, _: Column<Instance>, _: usize) -> Result<Value<Fr>, Error> {
        Ok(Value::unknown())
    }

    fn assign_advice<'v>(
        &mut self,
        _: Column<Advice>,
        _: usize,
        _: Value<Assigned<Fr>>,
    ) -> Value<&'v Assigned<Fr>> {
        Value::unknown()
    }

    fn assign_fixed(&mut self, column: Column<Fixed>, row: usize, to: Assigned<Fr>) {
        self.record(b'F', &[column.index(), row]);
        self.value(to);
    }

    fn copy(&mut self, left: Column<Any>, left_row: usize, right: Column<Any>, right_row: usize) {
        let (l, r) = (column_kind(&left), column_kind(&right));
        self.record(b'C', &[l, left.index(), left_row, r, right.index(), right_row]);
    }

    fn fill_from_row(
        &mut self,
        column: Column<Fixed>,
        row: usize,
        to: Value<Assigned<Fr>>,
    ) -> Result<(), Error> {
        self.record(b'T', &[column.index(), row]);
        to.map(|value| self.value(value));
        Ok(())
    }

    fn get_challenge(&self, _: Challenge) -> Value<Fr> {
        Value::unknown()
    }
}
