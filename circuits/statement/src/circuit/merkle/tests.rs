use plonky2::{
    field::types::Sample,
    iop::witness::{PartialWitness, WitnessWrite},
    plonk::circuit_data::CircuitConfig,
};

use super::*;
use crate::{
    hash::{C, F, Hash},
    tree::MerklePath,
};

const DEPTH: usize = 4;

/// Proves the circuit's root above a leaf at an index, for paths whose nodes have this role.
fn proves_the_native_root<const NODE: u64>(index: u32) {
    let path = MerklePath::<NODE, DEPTH> {
        siblings: [(); DEPTH].map(|()| Hash::rand()),
    };
    let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
    let leaf = builder.add_virtual_hash();
    let siblings = [(); DEPTH].map(|()| builder.add_virtual_target_arr());
    let bits: Vec<_> = (0..DEPTH)
        .map(|level| builder.constant_bool(index >> level & 1 == 1))
        .collect();
    let role = MerklePath::<NODE, DEPTH>::NODE;
    let top = root(&mut builder, role, leaf, &bits, &siblings);
    builder.register_public_inputs(&top.elements);
    let data = builder.build::<C>();
    let mut witness = PartialWitness::<F>::new();
    let native = Hash::rand();
    witness.set_hash_target(leaf, native).expect("set once");
    for (targets, sibling) in siblings.iter().zip(path.siblings) {
        witness
            .set_target_arr(targets, &sibling.elements)
            .expect("set once");
    }
    let proof = data.prove(witness).expect("a satisfied circuit");
    assert_eq!(proof.public_inputs, path.root(native, index).elements);
    data.verify(proof).expect("a valid proof");
}

#[test]
fn a_path_of_each_tree_leads_in_the_circuit_where_it_leads_natively() {
    proves_the_native_root::<{ Role::AccountNode as u64 }>(0b0101);
    proves_the_native_root::<{ Role::BalanceNode as u64 }>(0b1000);
    proves_the_native_root::<{ Role::PolicyNode as u64 }>(0b0111);
}
