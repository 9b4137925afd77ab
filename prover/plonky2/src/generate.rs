//! Witness generation: the circuit's generators, in an order that is found out once.
//!
//! A generator runs once what it watches is there. plonky2 finds out when that is by going from each value to those that
//! watch it, for each witness anew. It is the same for all witnesses of a circuit: here the order is remembered, and
//! whoever is not ready in it after all is left to plonky2's way.

use std::sync::OnceLock;

use anyhow::anyhow;
use ashlar_statement::hash::{D, F};
use plonky2::{
    iop::{
        generator::GeneratedValues,
        witness::{PartialWitness, PartitionWitness, WitnessWrite},
    },
    plonk::{
        circuit_data::{CircuitData, ProverOnlyCircuitData},
        config::GenericConfig,
    },
};

/// The order in which the generators of a circuit finish.
#[derive(Debug, Default)]
pub struct Schedule(OnceLock<Vec<usize>>);

impl Schedule {
    /// The full witness that inputs lead to: plonky2's `generate_partial_witness`.
    ///
    /// # Errors
    /// If two values contradict each other, or a generator never has what it needs.
    pub fn generate<'a, O: GenericConfig<D, F = F>>(
        &self,
        circuit: &'a CircuitData<F, O, D>,
        inputs: PartialWitness<F>,
    ) -> anyhow::Result<PartitionWitness<'a, F>> {
        let (prover, common) = (&circuit.prover_only, &circuit.common);
        let (wires, degree) = (common.config.num_wires, common.degree());
        let mut witness = PartitionWitness::new(wires, degree, &prover.representative_map);
        for (target, value) in inputs.target_values {
            witness.set_target(target, value)?;
        }
        let mut generation = Generation {
            prover,
            witness,
            is_finished: vec![false; prover.generators.len()],
            order: Vec::with_capacity(prover.generators.len()),
            buffer: GeneratedValues::empty(),
        };
        let known = self.0.get();
        let as_known = known.map_or(Ok(false), |order| generation.follow(order))?;
        if !as_known {
            generation.watch()?;
        }
        let Generation { witness, order, .. } = generation;
        if known.is_none() {
            self.0.get_or_init(|| order);
        }
        Ok(witness)
    }
}

/// A witness, as far as it has come.
struct Generation<'a, O: GenericConfig<D, F = F>> {
    prover: &'a ProverOnlyCircuitData<F, O, D>,
    witness: PartitionWitness<'a, F>,
    is_finished: Vec<bool>,
    order: Vec<usize>,
    buffer: GeneratedValues<F>,
}

impl<O: GenericConfig<D, F = F>> Generation<'_, O> {
    /// Runs each once; whether all were ready.
    fn follow(&mut self, order: &[usize]) -> anyhow::Result<bool> {
        for generator in order {
            if !self.run(*generator) {
                return Ok(false);
            }
            for (target, value) in self.buffer.target_values.drain(..) {
                self.witness.set_target(target, value)?;
            }
        }
        Ok(order.len() == self.is_finished.len())
    }

    /// Runs those that are not finished until they are, each whenever something that it watches was set.
    fn watch(&mut self) -> anyhow::Result<()> {
        let mut pending: Vec<_> = (0..self.is_finished.len()).collect();
        while !pending.is_empty() {
            let mut next = Vec::new();
            for generator in pending {
                if self.is_finished[generator] {
                    continue;
                }
                self.run(generator);
                for (target, value) in std::mem::take(&mut self.buffer.target_values) {
                    let set = self.witness.set_target_returning_rep(target, value)?;
                    let watchers = set.and_then(|set| self.prover.generator_indices_by_watches.get(&set));
                    let waiting = watchers.into_iter().flatten();
                    next.extend(waiting.filter(|watcher| !self.is_finished[**watcher]));
                }
            }
            pending = next;
        }
        match self
            .is_finished
            .iter()
            .filter(|is_finished| !**is_finished)
            .count()
        {
            0 => Ok(()),
            count => Err(anyhow!("{count} generators lack a value that they watch")),
        }
    }

    /// Runs a generator, its values into the buffer; whether it has finished.
    fn run(&mut self, generator: usize) -> bool {
        let generators = &self.prover.generators;
        let is_finished = generators[generator].0.run(&self.witness, &mut self.buffer);
        if is_finished {
            self.is_finished[generator] = true;
            self.order.push(generator);
        }
        is_finished
    }
}

#[cfg(test)]
mod tests {
    use ashlar_statement::hash::{Builder, C};
    use plonky2::{
        field::types::Field,
        iop::{generator::generate_partial_witness, target::Target, witness::Witness},
        plonk::circuit_data::CircuitConfig,
    };

    use super::*;

    /// Bits of a value, its inverse and a hash: generators that wait for each other.
    fn circuit() -> (CircuitData<F, C, D>, [Target; 3]) {
        let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
        let [a, b] = builder.add_virtual_target_arr();
        let product = builder.mul(a, b);
        let inverse = builder.inverse(product);
        let bits = builder.split_le(product, 20);
        let sum = builder.le_sum(bits.iter());
        let chosen = builder.select(bits[0], inverse, sum);
        builder.register_public_input(chosen);
        (builder.build(), [a, b, product])
    }

    fn inputs(targets: &[(Target, u64)]) -> PartialWitness<F> {
        let mut inputs = PartialWitness::new();
        for (target, value) in targets {
            inputs
                .set_target(*target, F::from_canonical_u64(*value))
                .expect("set once");
        }
        inputs
    }

    #[test]
    fn witnesses_are_plonky2_s_the_first_and_the_later_ones() {
        let (circuit, [a, b, _]) = circuit();
        let schedule = Schedule::default();
        for values in [(3, 5), (4, 5), (1000, 1000), (1, 1)] {
            let inputs = inputs(&[(a, values.0), (b, values.1)]);
            let plain = generate_partial_witness(inputs.clone(), &circuit.prover_only, &circuit.common);
            let (plain, ours) = (
                plain.expect("generates"),
                schedule.generate(&circuit, inputs).expect("generates"),
            );
            let set = |witness: &PartitionWitness<'_, F>| {
                witness.values.iter().map(Option::is_some).collect::<Vec<_>>()
            };
            assert_eq!(set(&ours), set(&plain));
            let public = circuit.prover_only.public_inputs[0];
            assert_eq!(ours.get_target(public), plain.get_target(public));
        }
        assert_eq!(
            schedule.0.get().map(Vec::len),
            Some(circuit.prover_only.generators.len())
        );
    }

    #[test]
    fn what_contradicts_or_lacks_inputs_is_refused_the_first_time_and_later() {
        let (circuit, [a, b, product]) = circuit();
        let schedule = Schedule::default();
        for _ in 0..2 {
            let error = schedule.generate(&circuit, inputs(&[(a, 3)])).expect_err("no b");
            assert!(error.to_string().contains("generators lack a value"), "{error}");
            let contradiction = inputs(&[(a, 3), (b, 5), (product, 14)]);
            let error = schedule
                .generate(&circuit, contradiction)
                .expect_err("3 * 5 = 15");
            assert!(
                error.to_string().contains("different values: 14 != 15"),
                "{error}"
            );
            schedule
                .generate(&circuit, inputs(&[(a, 7), (b, 9)]))
                .expect("generates");
        }
    }

    /// An order that a wrong program, or another circuit, might have left.
    #[test]
    fn generators_that_are_not_ready_in_the_order_run_later() {
        let (circuit, [a, b, _]) = circuit();
        let schedule = Schedule::default();
        let count = circuit.prover_only.generators.len();
        schedule
            .0
            .set((0..count).rev().collect())
            .expect("nothing is known yet");
        let witness = schedule
            .generate(&circuit, inputs(&[(a, 3), (b, 5)]))
            .expect("generates");
        let public = circuit.prover_only.public_inputs[0];
        assert_eq!(witness.get_target(public) * F::from_canonical_u64(15), F::ONE); // 15 is odd
    }
}
