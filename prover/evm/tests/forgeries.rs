//! What one check of the contract alone refuses. Needs Node and the compilers of `verifier-contracts/package.json`.

mod support;

use std::sync::LazyLock;

use ashlar_evm as evm;
use ashlar_kzg::{CircuitKeys, INSTANCES, srs::Srs, testing::Phased};
use halo2_proofs::halo2curves::bn256::Fr;
use rayon::prelude::*;
use support::{
    Case, Contract, Generator,
    forging::{self, Forged},
};

const K: u32 = 5;
/// Points before the evaluations: three columns, the random polynomial, two pieces of the quotient.
const COMMITMENTS: usize = 6;
/// The one that no constraint reads.
const UNOPENED: usize = 1;

static SRS: LazyLock<Srs> = LazyLock::new(|| Srs::insecure_development(K));
static KEYS: LazyLock<CircuitKeys> = LazyLock::new(|| CircuitKeys::generate(&SRS, &circuit()).expect("keys"));
static SOURCE: LazyLock<String> =
    LazyLock::new(|| evm::verifier_solidity(KEYS.verifier()).expect("supported"));
static OURS: LazyLock<Contract> = LazyLock::new(|| Contract::of_source(Generator::Ours, &SOURCE));

fn instances() -> [Fr; INSTANCES] {
    std::array::from_fn(|i| Fr::from(i as u64 + 7))
}

fn circuit() -> Phased {
    Phased {
        values: instances(),
        stated_degree: 3,
    }
}

fn prove(forged: Forged) -> Case {
    forging::prove(&KEYS, &SRS, circuit(), instances(), forged)
}

/// Ours, without the lines that hold one of these.
fn without(checks: &[&str]) -> Contract {
    let kept = SOURCE
        .lines()
        .filter(|line| !checks.iter().any(|check| line.contains(check)));
    let unchecked = kept.collect::<Vec<_>>().join("\n") + "\n";
    assert_ne!(unchecked, *SOURCE);
    Contract::of_source(Generator::Ours, &unchecked)
}

#[test]
fn an_honest_proof_is_accepted() {
    let honest = prove(Forged::Nothing);
    assert!(OURS.verify(&honest).accepted && honest.stock(KEYS.verifier()));
}

/// A contract that does not look accepts all of them but evaluations that it subtracts: r − (s + r) is no element.
#[test]
fn scalars_have_one_encoding() {
    let unchecked = without(&[", r), lt(", ", r), and(lt("]);
    let evaluations = prove(Forged::Nothing).proof.len() / 32 - 2 * (COMMITMENTS + 2);
    let forged = (0..INSTANCES)
        .map(Forged::Instance)
        .chain((0..evaluations).map(Forged::Evaluation));
    let forged: Vec<Forged> = forged.collect();
    let accepted = forged.par_iter().filter(|forged| {
        let case = prove(**forged);
        assert!(!OURS.verify(&case).accepted, "{forged:?}");
        unchecked.verify(&case).accepted
    });
    let accepted: Vec<&Forged> = accepted.collect();
    assert!((0..INSTANCES).all(|i| accepted.contains(&&Forged::Instance(i))));
    assert!(accepted.len() > INSTANCES, "{accepted:?}");
}

/// No precompile sees them, so a contract that does not look accepts anything.
#[test]
fn commitments_that_no_constraint_reads_are_points() {
    let forged = prove(Forged::Point(UNOPENED));
    assert!(without(&[", 3, 0x30644e72"]).verify(&forged).accepted);
    assert!(!OURS.verify(&forged).accepted);
}

/// The inverses are zero then, and the constraints are multiplied away: the contract must not go on. No hash can be
/// made to give such a challenge, so it is written into the contract.
#[test]
fn a_challenge_among_the_roots_of_unity_is_refused_at_once() {
    let squeeze = SOURCE.lines().find(|line| line.ends_with(" // X"));
    let squeeze = squeeze.expect("x is squeezed");
    let fixed = SOURCE.replace(squeeze, &squeeze.replace("mod(mload(0x00), r)", "1"));
    assert_ne!(fixed, *SOURCE);
    let honest = prove(Forged::Nothing);
    let accepted = OURS.verify(&honest);
    let refused = Contract::of_source(Generator::Ours, &fixed).verify(&honest);
    assert!(accepted.accepted && !refused.accepted);
    assert!(
        refused.gas < accepted.gas / 2,
        "{refused:?}: the curve work was done"
    );
}

/// Where nothing is deployed a call succeeds and answers nothing.
#[test]
fn nothing_is_accepted_where_the_pairing_is_missing() {
    // PUSH1 0x08, PUSH3 452000, STATICCALL
    let [pairing, nobody] = [0x08, 0xee].map(|address| [0x60, address, 0x62, 0x06, 0xe5, 0xa0, 0xfa]);
    let contract = OURS.patched(&pairing, &nobody);
    let mut case = prove(Forged::Nothing);
    for other in 0..20 {
        assert!(!contract.verify(&case).accepted);
        case.instances[1][31] = other;
    }
}
