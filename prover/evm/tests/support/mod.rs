//! Contracts compiled and called, and everything that differs from a proof.

#![allow(dead_code, reason = "each test binary uses a part")]

pub mod forging;
mod oracle;

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use ashlar_evm as evm;
use ashlar_kzg::{INSTANCES, Snark, VerifierKey};
use halo2_proofs::halo2curves::{bn256::Fr, ff::PrimeField};
use num_bigint::BigUint;
use rand::{Rng, SeedableRng, rngs::StdRng};
use revm::{
    Context, ExecuteEvm, MainBuilder,
    context::{BlockEnv, TxEnv, result::ExecutionResult},
    database::{CacheDB, EmptyDB},
    handler::MainnetContext,
    primitives::{Address, Bytes, TxKind, hardfork::SpecId},
    state::{AccountInfo, Bytecode},
};

pub const SCALAR_ORDER: &str = "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
pub const BASE_ORDER: &str = "30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47";
const CONTRACT: Address = Address::repeat_byte(0xc0);
const GAS_LIMIT: u64 = 10_000_000;

/// Which generator a contract is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generator {
    Ours,
    Oracle,
}

/// A compiled verifier.
pub struct Contract {
    generator: Generator,
    runtime: Bytes,
}

/// What a call did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub accepted: bool,
    /// Of the whole transaction.
    pub gas: u64,
}

impl Contract {
    pub fn new(generator: Generator, key: &VerifierKey) -> Self {
        let source = match generator {
            Generator::Ours => evm::verifier_solidity(key).expect("supported"),
            Generator::Oracle => oracle::oracle_solidity(key).expect("supported"),
        };
        Self::of_source(generator, &source)
    }

    pub fn of_source(generator: Generator, source: &str) -> Self {
        let runtime = match generator {
            Generator::Ours => compile(source, &[]),
            Generator::Oracle => compile(source, &["--oracle"]),
        };
        assert!(generator == Generator::Oracle || runtime.len() < evm::MAX_RUNTIME_BYTES);
        Self { generator, runtime }
    }

    /// With other bytes in place of the only ones that are `code`.
    pub fn patched(&self, code: &[u8], other: &[u8]) -> Self {
        let mut runtime = self.runtime.to_vec();
        let windows = runtime.windows(code.len()).enumerate();
        let found: Vec<usize> = windows
            .filter(|(_, window)| *window == code)
            .map(|(at, _)| at)
            .collect();
        assert_eq!((found.len(), code.len()), (1, other.len()));
        runtime[found[0]..][..other.len()].copy_from_slice(other);
        Self {
            generator: self.generator,
            runtime: runtime.into(),
        }
    }

    pub fn runtime_bytes(&self) -> usize {
        self.runtime.len()
    }

    /// Calls with these instances, reduced or not, and this proof.
    pub fn verify(&self, case: &Case) -> Outcome {
        let mut calldata = match self.generator {
            Generator::Ours => {
                // Encoded as numbers below the order, then overwritten.
                let mut call = evm::encode_calldata(&Snark {
                    proof: case.proof.clone(),
                    instances: [Fr::zero(); INSTANCES],
                });
                call[36..36 + 32 * INSTANCES].copy_from_slice(&case.instances.concat());
                call
            }
            Generator::Oracle => case
                .instances
                .iter()
                .flatten()
                .chain(&case.proof)
                .copied()
                .collect(),
        };
        calldata.extend(&case.trailing);
        self.call(calldata)
    }

    pub fn call(&self, calldata: Vec<u8>) -> Outcome {
        let result = execute(&self.runtime, calldata);
        Outcome {
            accepted: matches!(result, ExecutionResult::Success { .. }),
            gas: result.tx_gas_used(),
        }
    }
}

/// A transaction that calls a contract with this runtime code.
pub fn execute(runtime: &Bytes, calldata: Vec<u8>) -> ExecutionResult {
    let mut state = CacheDB::new(EmptyDB::new());
    let code = Bytecode::new_raw(runtime.clone());
    state.insert_account_info(CONTRACT, AccountInfo::default().with_code(code));
    let context: Context<BlockEnv, TxEnv, _, _, _, _> = MainnetContext::new(state, SpecId::PRAGUE);
    let tx = TxEnv {
        kind: TxKind::Call(CONTRACT),
        data: calldata.into(),
        gas_limit: GAS_LIMIT,
        ..TxEnv::default()
    };
    context
        .build_mainnet()
        .transact(tx)
        .expect("a valid transaction")
        .result
}

/// Runtime code, by `verifier-contracts/script/compile`.
pub fn compile(source: &str, options: &[&str]) -> Bytes {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../verifier-contracts/script/compile");
    let mut command = Command::new("node");
    command.arg(&script).args(options);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test needs Node, and `npm ci` in verifier-contracts");
    child
        .stdin
        .take()
        .expect("piped")
        .write_all(source.as_bytes())
        .expect("the compiler reads");
    let output = child.wait_with_output().expect("the compiler ends");
    assert!(
        output.status.success(),
        "the contract does not compile (or `npm ci` was not run in verifier-contracts)"
    );
    let artifact: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let code = artifact["deployedBytecode"].as_str().expect("code");
    code.parse().expect("hex")
}

/// A statement and a proof, as words that need not be reduced.
#[derive(Clone, Debug)]
pub struct Case {
    pub what: String,
    pub instances: [[u8; 32]; INSTANCES],
    pub proof: Vec<u8>,
    /// After the proof.
    pub trailing: Vec<u8>,
    /// A second encoding of the same numbers, which snark-verifier's contract takes for the first.
    pub alias: bool,
}

impl Case {
    pub fn honest(snark: &Snark) -> Self {
        Self {
            what: "honest".into(),
            instances: snark
                .instances
                .map(|instance| word(&BigUint::from_bytes_le(&instance.to_repr()))),
            proof: snark.proof.clone(),
            trailing: vec![],
            alias: false,
        }
    }

    /// What stock verification says; it refuses what it has no way to state.
    pub fn stock(&self, key: &VerifierKey) -> bool {
        let mut instances = [Fr::zero(); INSTANCES];
        for (instance, word) in instances.iter_mut().zip(&self.instances) {
            let mut repr = *word;
            repr.reverse();
            match Option::from(Fr::from_repr(repr)) {
                Some(value) => *instance = value,
                None => return false,
            }
        }
        let proof = [self.proof.as_slice(), &self.trailing].concat();
        key.verify(&Snark { proof, instances }).is_ok()
    }

    fn word(&self, index: usize) -> BigUint {
        BigUint::from_bytes_be(&self.proof[32 * index..32 * index + 32])
    }

    fn with_word(&self, what: &str, index: usize, value: &BigUint) -> Self {
        let mut case = self.clone();
        case.what = format!("{what}, word {index}");
        case.proof[32 * index..32 * index + 32].copy_from_slice(&word(value));
        case
    }
}

/// The low 256 bits.
fn word(value: &BigUint) -> [u8; 32] {
    let bytes = value.to_bytes_be();
    let mut word = [0; 32];
    let low = &bytes[bytes.len().saturating_sub(32)..];
    word[32 - low.len()..].copy_from_slice(low);
    word
}

fn order(hex: &str) -> BigUint {
    BigUint::parse_bytes(hex.as_bytes(), 16).expect("hex")
}

/// Everything that is tried on a proof whose first `commitments` words, and last four, are coordinates.
pub fn corruptions(snark: &Snark, commitments: usize) -> Vec<Case> {
    let honest = Case::honest(snark);
    let words = snark.proof.len() / 32;
    let mut random = StdRng::seed_from_u64(1);
    let (scalar_order, base_order) = (order(SCALAR_ORDER), order(BASE_ORDER));
    let one = BigUint::from(1u32);
    let mut cases = vec![];
    for index in 0..words {
        let coordinate = index < commitments || index >= words - 4;
        let value = honest.word(index);
        cases.push(honest.with_word("plus one", index, &(&value + &one)));
        cases.push(honest.with_word("zero", index, &BigUint::ZERO));
        let modulus = if coordinate { &base_order } else { &scalar_order };
        let mut alias = honest.with_word("plus modulus", index, &(&value + modulus));
        alias.alias = !coordinate;
        cases.push(alias);
        let bit = one.clone() << random.gen_range(0..256u32);
        let mut flipped = honest.with_word("a flipped bit", index, &(&value ^ bit));
        flipped.alias = !coordinate && order_equal(&flipped.word(index), &value, modulus);
        cases.push(flipped);
        if index + 1 < words && honest.word(index + 1) != value {
            let next = honest.word(index + 1);
            let mut swapped = honest.with_word("swapped with the next", index, &next);
            swapped.proof[32 * index + 32..32 * index + 64].copy_from_slice(&word(&value));
            cases.push(swapped);
        }
        let is_x = if index < commitments {
            index % 2 == 0
        } else {
            coordinate && (index + 4 - words).is_multiple_of(2)
        };
        if is_x {
            let y = honest.word(index + 1);
            cases.push(honest.with_word("negated point", index + 1, &(&base_order - y)));
            let infinity = honest.with_word("infinity", index, &BigUint::ZERO);
            cases.push(infinity.with_word("infinity", index + 1, &BigUint::ZERO));
            let generator = honest.with_word("generator", index, &one);
            cases.push(generator.with_word("generator", index + 1, &BigUint::from(2u32)));
        }
    }
    for row in 0..INSTANCES {
        let value = BigUint::from_bytes_be(&honest.instances[row]);
        for (what, other) in [
            ("plus one", (&value + &one) % &scalar_order),
            ("unreduced", &value + &scalar_order),
            ("random", BigUint::from_bytes_be(&random.r#gen::<[u8; 31]>())),
        ] {
            let mut case = honest.clone();
            case.what = format!("instance {row} {what}");
            case.instances[row] = word(&other);
            case.alias = what == "unreduced";
            cases.push(case);
        }
    }
    for length in [0, 1, 31, 32, snark.proof.len() - 32, snark.proof.len() - 1] {
        let mut case = honest.clone();
        case.what = format!("cut to {length} bytes");
        case.proof.truncate(length);
        cases.push(case);
    }
    for trailing in [1, 32, 64] {
        let mut case = honest.clone();
        case.what = format!("{trailing} bytes more");
        case.trailing = vec![0; trailing];
        case.alias = true;
        cases.push(case);
    }
    cases
}

fn order_equal(a: &BigUint, b: &BigUint, modulus: &BigUint) -> bool {
    a % modulus == b % modulus
}

/// Stock verification, our contract and snark-verifier's on one case: ours agrees with stock; the oracle does but for
/// second encodings.
pub fn compare(key: &VerifierKey, ours: &Contract, oracle: &Contract, case: &Case) {
    let stock = case.stock(key);
    let outcome = ours.verify(case);
    assert_eq!(outcome.accepted, stock, "ours: {}", case.what);
    assert_eq!(
        oracle.verify(case).accepted,
        stock || case.alias,
        "oracle: {}",
        case.what
    );
}
