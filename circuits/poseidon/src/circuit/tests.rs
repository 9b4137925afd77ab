use plonky2::{
    field::types::Sample,
    iop::witness::{PartialWitness, WitnessWrite},
    plonk::{circuit_data::CircuitConfig, config::PoseidonGoldilocksConfig},
};

use super::*;
use crate::{Hash, hash_no_pad, two_to_one};

/// Over one block, over two, and over a block and a part of one.
const LENGTHS: [usize; 3] = [8, 16, 14];

#[test]
fn the_circuit_hashes_as_native_code_in_each_role() {
    let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
    let targets = builder.add_virtual_target_arr::<16>();
    for role in Role::ALL {
        for length in LENGTHS {
            let hash = hash(&mut builder, *role, &targets[..length]);
            builder.register_public_inputs(&hash.elements);
        }
    }
    let data = builder.build::<PoseidonGoldilocksConfig>();
    let elements = F::rand_array::<16>();
    let mut witness = PartialWitness::new();
    witness.set_target_arr(&targets, &elements).expect("set once");
    let proof = data.prove(witness).expect("a satisfied circuit");
    let native: Vec<F> = Role::ALL
        .iter()
        .flat_map(|role| LENGTHS.map(|length| hash_no_pad(*role, &elements[..length])))
        .flat_map(|hash| hash.elements)
        .collect();
    assert_eq!(proof.public_inputs, native);
    let [left, right] = [0, 4].map(|at| Hash {
        elements: core::array::from_fn(|i| elements[at + i]),
    });
    assert_eq!(two_to_one(Role::ALL[0], left, right).elements, native[..4]);
    data.verify(proof).expect("a valid proof");
}

#[test]
fn a_hash_takes_a_row_for_each_eight_elements_whatever_its_role() {
    let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
    let targets = builder.add_virtual_target_arr::<16>();
    for role in Role::ALL {
        hash(&mut builder, *role, &targets);
    }
    assert_eq!(builder.num_gates(), 2 * Role::ALL.len());
}
