//! The contract that gets deployed, on a stored proof of the wrap circuit, beside snark-verifier's and stock
//! verification; and the generated files in the tree. Needs Node and the compilers of
//! `verifier-contracts/package.json`.

mod support;

use std::path::PathBuf;

use ashlar_evm as evm;
use ashlar_kzg::{CircuitKeys, Snark, VerifierKey, fingerprint, prove, srs::Srs, testing as toy};
use ashlar_wrap::circuit::{WrapCircuit, WrapConfig};
use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner},
    halo2curves::bn256::Fr,
    plonk::{Circuit, ConstraintSystem, Error},
};
use plonky2::{plonk::circuit_data::VerifierCircuitData, util::serialization::DefaultGateSerializer};
use rayon::prelude::*;
use support::{Case, Contract, Generator, compare, corruptions};

/// Words of the wrap's commitments before its evaluations.
const COMMITMENT_WORDS: usize = 28;

/// The wrap circuit's columns and constraints, which is all that reading a key asks for.
#[derive(Clone, Debug)]
struct WrapShape;

impl Circuit<Fr> for WrapShape {
    type Config = WrapConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> WrapConfig {
        WrapConfig::configure(meta)
    }

    fn synthesize(&self, _: WrapConfig, _: impl Layouter<Fr>) -> Result<(), Error> {
        unreachable!("no keys are made of it")
    }
}

fn contracts() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../verifier-contracts")
}

fn wrap() -> (VerifierKey, Snark) {
    let key = std::fs::read(contracts().join("generated/wrap/key.bin")).expect("the key");
    let snark = contracts().join("test/fixtures/wrap/snark.json");
    let snark = std::fs::read_to_string(snark).expect("the proof");
    (
        VerifierKey::from_bytes::<WrapShape>(&key, ()).expect("a key"),
        Snark::from_json(&snark).expect("a proof"),
    )
}

#[test]
fn agrees_on_the_wrap_and_on_all_that_differs_from_it() {
    let (key, snark) = wrap();
    let ours = Contract::new(Generator::Ours, &key);
    let oracle = Contract::new(Generator::Oracle, &key);
    let honest = Case::honest(&snark);
    assert!(ours.verify(&honest).accepted);
    let (gas, oracle_gas) = (ours.verify(&honest).gas, oracle.verify(&honest).gas);
    println!(
        "{gas} gas, {} bytes; oracle {oracle_gas} gas, {} bytes",
        ours.runtime_bytes(),
        oracle.runtime_bytes()
    );
    assert!(gas < oracle_gas);
    compare(&key, &ours, &oracle, &honest);
    let cases = corruptions(&snark, COMMITMENT_WORDS);
    cases.par_iter().for_each(|case| {
        compare(&key, &ours, &oracle, case);
        // What a failing precompile burns is capped.
        let refused = ours.verify(case).gas;
        assert!(refused < gas + 50_000, "{}: {refused} gas", case.what);
    });
}

fn tag() -> serde_json::Value {
    let tag = std::fs::read_to_string(contracts().join("generated/wrap/verifier.json")).expect("the tag");
    serde_json::from_str(&tag).expect("JSON")
}

#[test]
fn the_tag_names_the_key() {
    let tag = tag();
    let (key, snark) = wrap();
    let digest: String = key.digest().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(tag["wrap_verifier"], digest);
    assert_eq!(tag["proof_bytes"], snark.proof.len());
    assert!(evm::verifier_solidity(&key).unwrap().contains(&digest));
}

/// Laid out anew, over the stored verifier data of the circuit whose proofs it verifies. A change of the wrap circuit, or
/// of the circuits below it: new keys and a new contract, by `ashlar circuits verifier`.
#[test]
fn the_stored_key_is_of_the_wrap_circuit_in_this_tree() {
    let compress = std::fs::read(contracts().join("generated/wrap/compress.bin")).expect("the circuit");
    let VerifierCircuitData {
        common,
        verifier_only,
    } = VerifierCircuitData::from_bytes(compress, &DefaultGateSerializer).expect("verifier data");
    let circuit = WrapCircuit::without_proof(&common, &verifier_only).expect("supported");
    let laid_out = fingerprint(&circuit).expect("laid out").to_string();
    assert_eq!(tag()["circuit"], laid_out);
}

/// The contracts follow the generator and the stored keys; whether those are of today's circuits is asked above.
/// `ASHLAR_RENEW_GENERATED=1` writes the files; `script/build` then compiles them.
#[test]
fn generated_contracts_are_up_to_date() {
    let srs = Srs::insecure_development(toy::K);
    let toy = CircuitKeys::generate(&srs, &toy::Toy::new([0; 9])).expect("keys");
    let renew = std::env::var_os("ASHLAR_RENEW_GENERATED").is_some();
    let stored = contracts().join("test/fixtures/toy/snark.json");
    if renew {
        let secrets = [1, 2, 3, 4, 5, 6, 7, 21, 250];
        let snark = prove(&toy, &srs, toy::Toy::new(secrets), toy::instances(secrets)).expect("a proof");
        std::fs::write(&stored, snark.to_json() + "\n").expect("written");
    }
    let stored = std::fs::read_to_string(stored).expect("stored");
    let stored = Snark::from_json(&stored).expect("a SNARK");
    toy.verifier().verify(&stored).expect("of this key");
    for (name, key) in [("toy", toy.verifier()), ("wrap", &wrap().0)] {
        let path = contracts().join("generated").join(name).join("Halo2Verifier.sol");
        let source = evm::verifier_solidity(key).expect("supported");
        if renew {
            std::fs::write(&path, &source).expect("written");
        }
        let stored = std::fs::read_to_string(&path).expect("stored");
        assert!(
            stored == source,
            "{} differs from what the generator writes",
            path.display()
        );
    }
}
