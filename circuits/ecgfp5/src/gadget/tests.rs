mod forgeries;

use std::sync::OnceLock;

use ashlar_poseidon::hash_no_pad;
use plonky2::{
    field::types::{Field64, PrimeField64, Sample},
    hash::hash_types::HashOut,
    iop::witness::{PartialWitness, WitnessWrite},
    plonk::{
        circuit_data::{CircuitConfig, CircuitData},
        config::PoseidonGoldilocksConfig,
    },
};

use super::*;
use crate::{
    D, F,
    keys::SecretKey,
    serialization::{EcGfp5GateSerializer, EcGfp5GeneratorSerializer},
    testing::{Verdict, prove_forged},
};

type C = PoseidonGoldilocksConfig;
type Data = CircuitData<F, C, D>;

struct Circuit {
    data: Data,
    sig: SignatureTarget,
    key_hash: HashOutTarget,
    message: HashOutTarget,
    enabled: BoolTarget,
}

impl Circuit {
    fn get() -> &'static Self {
        static CIRCUIT: OnceLock<Circuit> = OnceLock::new();
        CIRCUIT.get_or_init(|| {
            let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
            let sig = SignatureTarget::add_virtual(&mut builder);
            let key_hash = builder.add_virtual_hash();
            let message = builder.add_virtual_hash();
            let enabled = builder.add_virtual_bool_target_safe();
            builder.register_public_inputs(&key_hash.elements);
            builder.register_public_inputs(&message.elements);
            builder.register_public_input(enabled.target);
            verify_signature(&mut builder, &sig, key_hash, message, enabled);
            Self {
                data: builder.build::<C>(),
                sig,
                key_hash,
                message,
                enabled,
            }
        })
    }

    /// The public inputs.
    fn statement(&self, key_hash: HashOut<F>, message: HashOut<F>, enabled: bool) -> PartialWitness<F> {
        let mut witness = PartialWitness::new();
        witness
            .set_hash_target(self.key_hash, key_hash)
            .expect("set once");
        witness.set_hash_target(self.message, message).expect("set once");
        witness.set_bool_target(self.enabled, enabled).expect("set once");
        witness
    }

    /// The verdict for a slot with these public inputs and any key, challenge and response.
    fn verdict(&self, mut statement: PartialWitness<F>, key: &Point, e: u128, s: &Scalar) -> Verdict {
        self.sig.set(&mut statement, key, e, s).expect("set once");
        prove_forged(&self.data, &statement, &[])
    }

    /// The verdict for a slot that is not enabled: only what is always constrained can refuse it.
    fn disabled_verdict(&self, key: &Point, e: u128, forged: &[(Target, F)]) -> Verdict {
        let mut witness = self.statement(HashOut::ZERO, HashOut::ZERO, false);
        self.sig
            .set(&mut witness, key, e, &random_scalar())
            .expect("set once");
        prove_forged(&self.data, &witness, forged)
    }
}

fn random_scalar() -> Scalar {
    Scalar::from_bytes_wide(&std::array::from_fn(|_| rand::random()))
}

fn random_hash() -> HashOut<F> {
    HashOut {
        elements: std::array::from_fn(|_| F::rand()),
    }
}

/// The scheme's challenge, written once more.
fn challenge(commitment: &Point, key: &Point, message: &HashOut<F>) -> u128 {
    let input = [&commitment.u().0[..], &key.u().0, &message.elements].concat();
    let hash = hash_no_pad(Role::Challenge, &input).elements;
    hash[0].to_canonical_u64() as u128 | (hash[1].to_canonical_u64() as u128) << 64
}

#[test]
fn a_valid_signature_proves() {
    let circuit = Circuit::get();
    for _ in 0..4 {
        let (key, message) = (SecretKey::from_seed(&rand::random::<[u8; 32]>()), random_hash());
        let public = key.public_key();
        let mut witness = circuit.statement(public.key_hash(), message, true);
        circuit
            .sig
            .set_witness(&mut witness, &public, &key.sign(&message))
            .expect("set once");
        let proof = circuit.data.prove(witness).expect("a satisfied circuit");
        circuit.data.verify(proof).expect("a valid proof");
    }
}

#[test]
fn a_disabled_slot_proves_for_any_statement() {
    let circuit = Circuit::get();
    let mut witness = circuit.statement(random_hash(), random_hash(), false);
    circuit.sig.set_disabled(&mut witness).expect("set once");
    let proof = circuit.data.prove(witness).expect("a satisfied circuit");
    circuit.data.verify(proof).expect("a valid proof");

    let mut witness = circuit.statement(random_hash(), random_hash(), true);
    circuit.sig.set_disabled(&mut witness).expect("set once");
    assert_eq!(prove_forged(&circuit.data, &witness, &[]), Verdict::Refused);
}

#[test]
fn a_wrong_signature_message_or_key_gives_no_proof() {
    let circuit = Circuit::get();
    let (secret, message) = (SecretKey::from_seed(b"alice"), random_hash());
    let public = secret.public_key();
    let (key, hash) = (*public.point(), public.key_hash());
    let signature = secret.sign(&message);
    let (e, s) = (signature.e(), *signature.s());
    let enabled = |hash, message| circuit.statement(hash, message, true);
    let check = |statement, key: &Point, e, s: &Scalar| circuit.verdict(statement, key, e, s);

    assert_eq!(check(enabled(hash, message), &key, e, &s), Verdict::Accepted);
    assert_eq!(
        check(enabled(hash, message), &key, e, &(s + Scalar::ONE)),
        Verdict::Refused,
        "wrong s"
    );
    assert_eq!(
        check(enabled(hash, random_hash()), &key, e, &s),
        Verdict::Refused,
        "wrong message"
    );
    for i in 0..4 {
        let mut other = hash;
        other.elements[i] += F::ONE;
        assert_eq!(
            check(enabled(other, message), &key, e, &s),
            Verdict::Refused,
            "word {i} of the key hash"
        );
    }
    // somebody else's valid signature
    let bob = SecretKey::from_seed(b"bob");
    let forgery = bob.sign(&message);
    let bob = *bob.public_key().point();
    assert_eq!(
        check(enabled(hash, message), &bob, forgery.e(), forgery.s()),
        Verdict::Refused
    );
}

/// A response above the group order is the same residue: accepted, as the documentation says.
#[test]
fn the_response_is_taken_modulo_the_order() {
    let circuit = Circuit::get();
    let (secret, message) = (SecretKey::from_seed(b"alice"), random_hash());
    let (public, signature) = (secret.public_key(), secret.sign(&message));
    let mut witness = circuit.statement(public.key_hash(), message, true);
    circuit
        .sig
        .set_witness(&mut witness, &public, &signature)
        .expect("set once");

    // s + n = s + (n - 1) + 1, bit by bit
    let (minus_one, mut carry) = (-Scalar::ONE, true);
    let forged: Vec<_> = (0..RESPONSE_BITS)
        .map(|i| {
            let (a, b) = (signature.s().bit(i), minus_one.bit(i));
            let sum = a as u8 + b as u8 + carry as u8;
            carry = sum > 1;
            (circuit.sig.response_bits[i].target, F::from_canonical_u8(sum & 1))
        })
        .collect();
    assert!(!carry);
    assert_eq!(prove_forged(&circuit.data, &witness, &forged), Verdict::Accepted);
}

/// A word v has a second representation v + p if v + p is below 2^64; only the first is allowed.
#[test]
fn words_of_the_challenge_are_canonical() {
    let circuit = Circuit::get();
    let key = Point::GENERATOR.mul(&random_scalar());
    let p = F::ORDER;
    for good in [0, 1, p - 1, p - 2, 0xFFFF_FFFE_FFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF] {
        for e in [good as u128, (good as u128) << 64] {
            assert_eq!(circuit.disabled_verdict(&key, e, &[]), Verdict::Accepted, "{e:x}");
        }
    }
    for bad in [p, p + 1, u64::MAX, p + (1 << 31)] {
        for e in [bad as u128, (bad as u128) << 64] {
            assert_eq!(circuit.disabled_verdict(&key, e, &[]), Verdict::Refused, "{e:x}");
        }
    }
}

#[test]
fn bits_are_boolean_and_bound_to_the_chain() {
    let circuit = Circuit::get();
    let key = Point::GENERATOR.mul(&random_scalar());
    let sig = &circuit.sig;
    for bit in [
        sig.challenge_bits[0],
        sig.challenge_bits[127],
        sig.response_bits[0],
        sig.response_bits[320],
    ] {
        assert_eq!(
            circuit.disabled_verdict(&key, 6, &[(bit.target, F::TWO)]),
            Verdict::Refused
        );
    }
    // The accumulator starts at the neutral element and the chain's wires are what the gate computes.
    let first = first_step_row(circuit);
    for (row, column) in [
        (0, layout::OUT),
        (20, layout::OUT + 7),
        (42, layout::OUT + 5),
        (30, layout::CHALLENGE_OUT),
    ] {
        let forged = [(Target::wire(first + row, column), F::rand())];
        assert_eq!(
            circuit.disabled_verdict(&key, 6, &forged),
            Verdict::Refused,
            "row {row}, wire {column}"
        );
    }
}

/// The row of the first step gate: the 43 rows are consecutive.
fn first_step_row(circuit: &Circuit) -> usize {
    let bit = circuit.sig.challenge_bits[CHALLENGE_BITS - 1].target;
    let common = &circuit.data.common;
    let (wires, degree) = (common.config.num_wires, common.degree());
    let map = &circuit.data.prover_only.representative_map;
    let of = |target: Target| map[target.index(wires, degree)];
    (0..degree)
        .find(|row| of(Target::wire(*row, layout::challenge_bit(1))) == of(bit))
        .expect("the top bit enters at the second step")
}

/// Rows of a signature, when arithmetic rows are shared with others.
#[test]
fn cost() {
    const SIGNATURES: usize = 32;
    let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
    for _ in 0..SIGNATURES {
        let sig = SignatureTarget::add_virtual(&mut builder);
        let (key_hash, message) = (builder.add_virtual_hash(), builder.add_virtual_hash());
        let enabled = builder.add_virtual_bool_target_safe();
        verify_signature(&mut builder, &sig, key_hash, message, enabled);
    }
    let rows = builder.num_gates() as f64 / SIGNATURES as f64;
    println!("{rows} rows");
    assert!(rows < 54.0, "{rows} rows");
}

/// A changed circuit must be a visible change.
#[test]
fn the_circuit_digest_is_pinned() {
    let digest = Circuit::get()
        .data
        .verifier_only
        .circuit_digest
        .elements
        .map(|w| w.to_canonical_u64());
    assert_eq!(
        digest,
        [
            13758344707664525677,
            17504685937337551403,
            977433890552155633,
            2873907330270666255
        ]
    );
}

#[test]
fn the_circuit_survives_serialisation() {
    let circuit = Circuit::get();
    let bytes = circuit
        .data
        .to_bytes(&EcGfp5GateSerializer, &EcGfp5GeneratorSerializer)
        .expect("serialises");
    let data =
        Data::from_bytes(&bytes, &EcGfp5GateSerializer, &EcGfp5GeneratorSerializer).expect("reads back");
    let (key, message) = (SecretKey::from_seed(b"stored"), random_hash());
    let mut witness = circuit.statement(key.public_key().key_hash(), message, true);
    circuit
        .sig
        .set_witness(&mut witness, &key.public_key(), &key.sign(&message))
        .expect("set once");
    let proof = data.prove(witness).expect("a satisfied circuit");
    circuit
        .data
        .verify(proof)
        .expect("the stored circuit is the same");
    assert!(
        Data::from_bytes(
            &bytes[..bytes.len() / 2],
            &EcGfp5GateSerializer,
            &EcGfp5GeneratorSerializer
        )
        .is_err()
    );
}

/// The gate's constraints inside a circuit that verifies the proof.
#[test]
fn a_proof_verifies_recursively() {
    let circuit = Circuit::get();
    let (key, message) = (SecretKey::from_seed(b"inner"), random_hash());
    let mut witness = circuit.statement(key.public_key().key_hash(), message, true);
    circuit
        .sig
        .set_witness(&mut witness, &key.public_key(), &key.sign(&message))
        .expect("set once");
    let proof = circuit.data.prove(witness).expect("a satisfied circuit");

    let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
    let target = builder.add_virtual_proof_with_pis(&circuit.data.common);
    let verifier = builder.constant_verifier_data(&circuit.data.verifier_only);
    builder.verify_proof::<C>(&target, &verifier, &circuit.data.common);
    let outer = builder.build::<C>();
    let mut witness = PartialWitness::new();
    witness
        .set_proof_with_pis_target(&target, &proof)
        .expect("set once");
    let outer_proof = outer.prove(witness).expect("a valid inner proof");
    outer.verify(outer_proof).expect("a valid proof");
}
