//! The contract's source and its calldata, over a toy circuit with the wrap circuit's interface.

use std::sync::LazyLock;

use ashlar_evm as evm;
use ashlar_kzg::{
    CircuitKeys, Snark, prove,
    srs::Srs,
    testing::{K, Toy, instances},
};
use halo2_proofs::{arithmetic::Field, halo2curves::bn256::Fr};

const SECRETS: [u64; 9] = [0, 1, 2, 3, 5, 8, 13, 21, 255];

static SRS: LazyLock<Srs> = LazyLock::new(|| Srs::insecure_development(K));
static KEYS: LazyLock<CircuitKeys> =
    LazyLock::new(|| CircuitKeys::generate(&SRS, &Toy::new([0; 9])).unwrap());
static PROOF: LazyLock<Snark> =
    LazyLock::new(|| prove(&KEYS, &SRS, Toy::new(SECRETS), instances(SECRETS)).unwrap());

#[test]
fn the_generated_contract_is_a_function_of_the_key() {
    let source = evm::verifier_solidity(KEYS.verifier()).unwrap();
    assert_eq!(evm::verifier_solidity(KEYS.verifier()).unwrap(), source);
    assert!(source.starts_with("// SPDX-License-Identifier"));
    assert!(source.contains("contract Halo2Verifier"));
    let shifted = Toy {
        shift: Fr::ONE,
        ..Toy::new([0; 9])
    };
    let other = CircuitKeys::generate(&SRS, &shifted).unwrap();
    assert_ne!(evm::verifier_solidity(other.verifier()).unwrap(), source);
}

#[test]
fn calldata_is_as_solidity_encodes_it() {
    let calldata = evm::encode_calldata(&PROOF);
    assert_eq!(calldata.len(), evm::calldata_bytes(PROOF.proof.len()));
    assert_eq!(calldata[..4], [0xe7, 0xcb, 0x8c, 0x6d]);
    let word = |at: usize| {
        calldata[at..at + 32]
            .iter()
            .fold(0, |word, byte| (word << 8) | usize::from(*byte))
    };
    assert_eq!(word(4), 10 * 32); // of the proof's length, counted from after the selector
    assert_eq!(word(36 + 2 * 32), 32); // the third instance, 2^5
    assert_eq!(word(36 + 9 * 32), PROOF.proof.len());
    assert_eq!(calldata[36 + 10 * 32..], PROOF.proof);
    assert_eq!(evm::proof_bytes(KEYS.verifier()), PROOF.proof.len());
}
