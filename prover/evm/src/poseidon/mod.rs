//! A contract that hashes one balance of one account up to the state root: plonky2's Poseidon on L1, without any proof.
//!
//! Generated from plonky2's constants, so that the contract hashes as the circuits do:
//!
//! * [`constants`]: what each round adds, as the contract adds it
//! * [`lanes`]: three elements to a word, and the linear layer on words
//! * [`bounds`]: no lane overflows
//! * [`rounds`]: the permutation
//! * [`contract`]: roles, paths and checks

#[cfg(test)]
mod bounds;
mod constants;
mod contract;
mod lanes;
mod rounds;

/// Solidity source of `PoseidonPath`.
pub(super) fn generate() -> String {
    contract::contract(&constants::Constants::new())
}

/// See [`contract::of_one_hash`].
pub(super) fn generate_hash(role: ashlar_poseidon::Role) -> String {
    contract::of_one_hash(&constants::Constants::new(), role)
}
