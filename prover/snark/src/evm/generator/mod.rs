//! Our own verifier contract: halo2's `verify_proof` with SHPLONK over KZG, written as Yul for one verifying key.
//!
//! The generated function follows halo2-axiom step by step; the modules are its parts:
//!
//! * [`layout`]: where the proof's parts are, and the transcript
//! * [`queries`]: what is opened where
//! * [`constraints`]: the value that the quotient must have
//! * [`curve`]: the linear combination of commitments and the pairing
//! * [`field`], [`program`]: field expressions, and how they become Yul

mod constraints;
mod curve;
mod field;
mod layout;
mod program;
mod queries;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use halo2_proofs::{
    arithmetic::Field,
    halo2curves::bn256::{Fr, G1Affine},
    plonk::VerifyingKey,
    poly::commitment::ParamsProver,
};

use self::{
    constraints::{Inputs, constraints},
    curve::{Reference, Scalars},
    field::Id,
    layout::{Challenge, Layout, WORD},
    program::{Program, SCALAR_ORDER, literal},
    queries::{Eval, RotationSet, rotation_sets},
};
use crate::snark::{INSTANCES, VerifierKey, to_be_bytes};

/// The circuit has no verifier contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// Two rotations of a column are one row, so halo2 refuses every proof: the circuit has too few rows for its
    /// rotations.
    #[error("two rotations of one column fall on one row")]
    RotationsCollide,
}

const GENERATED_BY: &str = "ashlar circuits verifier --out FOLDER";

/// Solidity source of the verifier of `key`.
pub(super) fn generate(key: &VerifierKey) -> Result<String, GenerateError> {
    let layout = Layout::new(key.vk(), INSTANCES);
    let sets = rotation_sets(key.vk(), &layout).ok_or(GenerateError::RotationsCollide)?;
    let reference = Reference {
        g: key.params().get_g()[0],
        g2: key.params().g2(),
        s_g2: key.params().s_g2(),
    };
    let writer = Writer {
        vk: key.vk(),
        program: Program::new(transcript_bytes(&layout).max(curve::SCRATCH)),
        challenges: HashMap::new(),
        layout,
        sets,
    };
    Ok(contract(key, writer.write(&reference)))
}

/// Memory in which the transcript hashes: the last digest and what was read since.
fn transcript_bytes(layout: &Layout) -> u32 {
    let lengths = layout.transcript.iter().enumerate().map(|(i, squeeze)| {
        let instances = if i == 0 {
            layout.instances.len() as u32 * WORD
        } else {
            0
        };
        WORD + instances + squeeze.absorbed.1.max(WORD)
    });
    lengths.max().unwrap_or(0)
}

struct Writer<'a> {
    vk: &'a VerifyingKey<G1Affine>,
    layout: Layout,
    sets: Vec<RotationSet>,
    program: Program,
    /// Memory words that hold the challenges.
    challenges: HashMap<Challenge, Id>,
}

impl Writer<'_> {
    /// The body of the assembly block.
    fn write(mut self, reference: &Reference) -> String {
        self.check_words();
        self.transcript();
        let xn = self.power_of_x();
        let shplonk = self.opening_points();
        let inverses = self.inverses(xn, &shplonk);
        let quotient = self.quotient_value(xn, &inverses);
        let scalars = self.opening_scalars(xn, quotient, &shplonk, &inverses);
        curve::write(&mut self.program, &self.layout, &self.sets, &scalars, reference);
        self.program.render().0
    }

    fn challenge(&self, challenge: Challenge) -> Id {
        self.challenges[&challenge]
    }

    /// Instances and evaluations must be reduced; a point at infinity, which the precompiles take, has y = 0.
    fn check_words(&mut self) {
        let less = |at: &u32| format!("lt(calldataload({at:#x}), r)");
        self.program.section("Every scalar is below r");
        self.all(&self.layout.instances.iter().map(less).collect::<Vec<_>>());
        self.program.line("if iszero(ok) { instance_out_of_range() }");
        self.all(&self.layout.scalars().iter().map(less).collect::<Vec<_>>());
        self.program.section(
            "No commitment is the point at infinity (x, 0); the precompiles check all else about points",
        );
        let points: Vec<String> = self
            .layout
            .points()
            .iter()
            .map(|at| format!("iszero(calldataload({:#x}))", at + WORD))
            .collect();
        for some in points.chunks(6) {
            let any = nested("or", some);
            self.program.line(&format!("ok := gt(ok, {any})"));
        }
        self.program.line("if iszero(ok) { refuse() }");
    }

    fn all(&mut self, conditions: &[String]) {
        for some in conditions.chunks(6) {
            let all = nested("and", some);
            self.program.line(&format!("ok := and(ok, {all})"));
        }
    }

    fn transcript(&mut self) {
        self.program
            .section("Transcript: Keccak-256 over the last digest and the words read since");
        let repr = literal(&self.vk.transcript_repr());
        self.program.line(&format!("mstore(0x00, {repr})"));
        let squeezes = self.layout.transcript.clone();
        for (index, squeeze) in squeezes.iter().enumerate() {
            let mut length = WORD;
            if index == 0 {
                let bytes = self.layout.instances.len() as u32 * WORD;
                let at = self.layout.instances[0];
                self.program
                    .line(&format!("calldatacopy({length:#x}, {at:#x}, {bytes:#x})"));
                length += bytes;
            }
            let (at, bytes) = squeeze.absorbed;
            if bytes > 0 {
                self.program
                    .line(&format!("calldatacopy({length:#x}, {at:#x}, {bytes:#x})"));
                length += bytes;
            }
            if length == WORD {
                self.program.line("mstore8(0x20, 1)"); // tells a second challenge from the first
                length += 1;
            }
            self.program
                .line(&format!("mstore(0x00, keccak256(0x00, {length:#x}))"));
            let address = self.program.allocate(WORD);
            let name = format!("{:?}", squeeze.challenge);
            self.program
                .line(&format!("mstore({address:#x}, mod(mload(0x00), r)) // {name}"));
            let id = self.program.graph.memory(address);
            self.challenges.insert(squeeze.challenge, id);
        }
    }

    /// `x^n`, in memory.
    fn power_of_x(&mut self) -> Id {
        self.program.section("x^n");
        let address = self.program.allocate(WORD);
        let x = self.challenge(Challenge::X);
        self.program.line_with("acc := ", x, "");
        for _ in 0..self.vk.get_domain().k() {
            self.program.line("acc := mulmod(acc, acc, r)");
        }
        self.program.line(&format!("mstore({address:#x}, acc)"));
        self.program.graph.memory(address)
    }

    /// `ω^i`
    fn omega(&mut self, i: i64) -> Id {
        let omega = self.vk.get_domain().get_omega();
        let n = 1i64 << self.vk.get_domain().k();
        self.program
            .graph
            .constant(omega.pow_vartime([i.rem_euclid(n) as u64]))
    }

    fn opening_points(&mut self) -> OpeningPoints {
        let rotations: BTreeSet<u32> = self.sets.iter().flat_map(|set| set.rotations.clone()).collect();
        let (x, u) = (self.challenge(Challenge::X), self.challenge(Challenge::U));
        let mut distances = BTreeMap::new();
        for rotation in rotations {
            let omega = self.omega(i64::from(rotation));
            let point = self.program.graph.mul(omega, x);
            distances.insert(rotation, self.program.graph.sub(u, point));
        }
        let outside_first: Vec<Id> = distances
            .iter()
            .filter(|(rotation, _)| !self.sets[0].rotations.contains(rotation))
            .map(|(_, distance)| *distance)
            .collect();
        let outside_first = self.program.graph.product(&outside_first);
        OpeningPoints {
            distances,
            outside_first,
        }
    }

    /// Rows whose Lagrange polynomials are needed: from the last usable one to the first of the next turn, and those
    /// that the instances are read in.
    fn lagrange_rows(&self) -> BTreeSet<i64> {
        let cs = self.vk.cs();
        let blinding = cs.blinding_factors() as i64;
        let mut rows: BTreeSet<i64> = (-(blinding + 1)..=0).collect();
        for (_, rotation) in cs.instance_queries() {
            rows.extend((0..self.layout.instances.len() as i64).map(|row| row - i64::from(rotation.0)));
        }
        rows
    }

    /// One modular exponentiation inverts the product of all that must be inverted.
    fn inverses(&mut self, xn: Id, opening: &OpeningPoints) -> Inverses {
        self.program.section(
            "Inverses of x, of x^n - 1, of x - ω^i, and of a factor of the opening, by one exponentiation",
        );
        let x = self.challenge(Challenge::X);
        let one = self.program.graph.constant(Fr::ONE);
        let vanishing = self.program.graph.sub(xn, one);
        let rows: Vec<i64> = self.lagrange_rows().into_iter().collect();
        let mut inputs = vec![x, vanishing, opening.outside_first];
        for row in &rows {
            let omega = self.omega(*row);
            inputs.push(self.program.graph.sub(x, omega));
        }
        let mut prefixes = vec![one];
        for input in &inputs {
            let product = self.program.graph.mul(prefixes[prefixes.len() - 1], *input);
            prefixes.push(product);
        }
        let product = prefixes[inputs.len()];
        let address = self.program.allocate(WORD);
        for (at, word) in [
            (0x00, "0x20"),
            (0x20, "0x20"),
            (0x40, "0x20"),
            (0x80, "sub(r, 2)"),
            (0xa0, "r"),
        ] {
            self.program.line(&format!("mstore({at:#x}, {word})"));
        }
        self.program.line_with("mstore(0x60, ", product, ")");
        self.program.line(&format!(
            "ok := staticcall(20000, 0x05, 0x00, 0xc0, {address:#x}, 0x20)"
        ));
        self.program
            .line(&format!("if iszero(mul(ok, mload({address:#x}))) {{ refuse() }}"));
        let mut rest = self.program.graph.memory(address);
        let mut inverses = vec![];
        for (input, prefix) in inputs.iter().zip(&prefixes).rev() {
            inverses.push(self.program.graph.mul(rest, *prefix));
            rest = self.program.graph.mul(rest, *input);
        }
        inverses.reverse();
        Inverses {
            x: inverses[0],
            vanishing: inverses[1],
            outside_first: inverses[2],
            rows: rows.into_iter().zip(inverses[3..].iter().copied()).collect(),
        }
    }

    /// What the quotient must be at x.
    fn quotient_value(&mut self, xn: Id, inverses: &Inverses) -> Id {
        let graph = &mut self.program.graph;
        let one = graph.constant(Fr::ONE);
        let vanishing = graph.sub(xn, one);
        let weight = graph.constant(self.vk.get_domain().barycentric_weight);
        let common = graph.mul(weight, vanishing);
        // Lagrange polynomials without the common factor.
        let lagrange: BTreeMap<i64, Id> = inverses
            .rows
            .iter()
            .map(|(row, inverse)| {
                let omega = self.omega(*row);
                (*row, self.program.graph.mul(omega, *inverse))
            })
            .collect();
        let graph = &mut self.program.graph;
        let last_row = -(self.vk.cs().blinding_factors() as i64 + 1);
        let l_first = graph.mul(lagrange[&0], common);
        let l_last = graph.mul(lagrange[&last_row], common);
        let mut inactive = lagrange[&last_row];
        for row in last_row + 1..0 {
            inactive = graph.add(inactive, lagrange[&row]);
        }
        let inactive = graph.mul(inactive, common);
        let active = graph.sub(one, inactive);
        let mut instances = vec![];
        for (_, rotation) in self.vk.cs().instance_queries() {
            let mut sum = graph.constant(Fr::ZERO);
            for (row, at) in self.layout.instances.iter().enumerate() {
                let instance = graph.calldata(*at);
                let term = graph.mul(instance, lagrange[&(row as i64 - i64::from(rotation.0))]);
                sum = graph.add(sum, term);
            }
            instances.push(graph.mul(sum, common));
        }
        let inputs = Inputs {
            challenges: (0..self.vk.cs().num_challenges())
                .map(|index| self.challenges[&Challenge::Circuit(index)])
                .collect(),
            theta: self.challenge(Challenge::Theta),
            beta: self.challenge(Challenge::Beta),
            gamma: self.challenge(Challenge::Gamma),
            x: self.challenge(Challenge::X),
            l_first,
            l_last,
            active,
            instances,
        };
        let constraints = constraints(&mut self.program.graph, self.vk, &self.layout, &inputs);
        self.program.section("The constraints at x, folded by y");
        self.program.line("acc := 0");
        let y = self.challenge(Challenge::Y);
        for constraint in constraints {
            self.program.comment(&constraint.name);
            self.program.fold(y, constraint.value);
        }
        let address = self.program.allocate(WORD);
        self.program
            .line_with("acc := mulmod(acc, ", inverses.vanishing, ", r)");
        self.program
            .line(&format!("mstore({address:#x}, acc) // the quotient at x"));
        self.program.graph.memory(address)
    }

    /// Scalars of the final combination.
    fn opening_scalars(
        &mut self,
        xn: Id,
        quotient: Id,
        opening: &OpeningPoints,
        inverses: &Inverses,
    ) -> Scalars {
        let (batch_y, batch_v) = (
            self.challenge(Challenge::BatchY),
            self.challenge(Challenge::BatchV),
        );
        let one = self.program.graph.constant(Fr::ONE);
        let mut evaluation = self.program.graph.constant(Fr::ZERO);
        let mut power_of_v = one;
        let mut factors = vec![];
        for (index, set) in self.sets.clone().iter().enumerate() {
            let graph = &mut self.program.graph;
            // The set's factor: v^i·(vanishing polynomial outside the set, normalised by the first set's) at u.
            let mut factor = power_of_v;
            if index > 0 {
                let outside = opening
                    .distances
                    .iter()
                    .filter(|(rotation, _)| !set.rotations.contains(rotation));
                let outside: Vec<Id> = outside.map(|(_, distance)| *distance).collect();
                let outside = graph.product(&outside);
                factor = graph.product(&[power_of_v, outside, inverses.outside_first]);
            }
            factors.push(factor);
            power_of_v = graph.mul(power_of_v, batch_v);
            let folded = self.set_evaluation(set, quotient, batch_y, opening, inverses.x);
            let graph = &mut self.program.graph;
            let term = graph.mul(factor, folded);
            evaluation = graph.add(evaluation, term);
        }
        let graph = &mut self.program.graph;
        let inside: Vec<Id> = self.sets[0]
            .rotations
            .iter()
            .map(|rotation| opening.distances[rotation])
            .collect();
        let inside = graph.product(&inside);
        Scalars {
            xn,
            batch_y,
            sets: factors,
            generator: graph.neg(evaluation),
            opening: [graph.neg(inside), self.challenge(Challenge::U)],
        }
    }

    /// The set's evaluations, folded by the batch challenge and interpolated at u.
    fn set_evaluation(
        &mut self,
        set: &RotationSet,
        quotient: Id,
        batch_y: Id,
        opening: &OpeningPoints,
        x_inverse: Id,
    ) -> Id {
        let omega = self.vk.get_domain().get_omega();
        let power = |rotation: &u32| omega.pow_vartime([u64::from(*rotation)]);
        let mut sum = self.program.graph.constant(Fr::ZERO);
        for (index, rotation) in set.rotations.iter().enumerate() {
            let graph = &mut self.program.graph;
            let evals: Vec<Id> = set
                .opened
                .iter()
                .map(|opened| match opened.evals[index] {
                    Eval::Proof(at) => graph.calldata(at),
                    Eval::Quotient => quotient,
                })
                .collect();
            let mut term = graph.horner(&evals, batch_y);
            // Lagrange at u: Π (u - x·ω^j) / (x·(ω^i - ω^j)); the differences of roots are constants.
            let mut roots = Fr::ONE;
            for other in set.rotations.iter().filter(|other| *other != rotation) {
                roots *= power(rotation) - power(other);
                term = graph.product(&[term, opening.distances[other], x_inverse]);
            }
            let roots = graph.constant(roots.invert().expect("distinct rotations, distinct roots"));
            let term = graph.mul(roots, term);
            sum = graph.add(sum, term);
        }
        sum
    }
}

/// The points at which commitments are opened, as seen from u.
struct OpeningPoints {
    /// `u - x·ω^i` by i.
    distances: BTreeMap<u32, Id>,
    /// Product of those that are not in the first set.
    outside_first: Id,
}

struct Inverses {
    x: Id,
    /// Of `x^n - 1`.
    vanishing: Id,
    /// Of [`OpeningPoints::outside_first`].
    outside_first: Id,
    /// Of `x - ω^i` by i.
    rows: BTreeMap<i64, Id>,
}

/// `op(a, op(b, …))`
fn nested(op: &str, terms: &[String]) -> String {
    let Some((last, rest)) = terms.split_last() else {
        return "0".to_owned();
    };
    rest.iter()
        .rev()
        .fold(last.clone(), |inner, term| format!("{op}({term}, {inner})"))
}

/// The contract around the assembly.
fn contract(key: &VerifierKey, body: String) -> String {
    let layout = Layout::new(key.vk(), INSTANCES);
    let digest: String = key.digest().iter().map(|byte| format!("{byte:02x}")).collect();
    let (proof_at, end) = (layout.proof_at, layout.end);
    let proof_length = end - proof_at;
    let instances_at = layout.instances[0];
    format!(
        r#"// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated by `{GENERATED_BY}`; not to be edited.
// Verifying key: {digest}
pragma solidity ^0.8.30;

/// @title Verifier of one halo2 circuit: KZG over BN254 with SHPLONK, Keccak transcript
/// @notice Implements `IProofVerifier`. Accepts what halo2-axiom's `verify_proof` accepts for this verifying key.
/// @dev Field elements are words of at most 5r, r the order of the scalar field: sums of five need no reduction.
contract Halo2Verifier {{
    /// The proof is not the length that this verifying key fixes.
    error ProofLengthInvalid(uint256 length, uint256 expected);
    /// The proof does not prove these instances.
    error ProofInvalid();
    /// An instance is not below the order of BN254's scalar field.
    error InstanceOutOfRange(uint256 index, uint256 instance);

    /// Names the verifying key: circuit, size and reference string.
    bytes32 public constant KEY_DIGEST = 0x{digest};
    /// Bytes of a proof.
    uint256 public constant PROOF_LENGTH = {proof_length};

    /// @notice Reverts unless `proof` proves the instances.
    /// @dev Calldata must have the one encoding that Solidity makes: the proof follows the instances, nothing follows
    /// the proof.
    function verify(bytes calldata proof, uint256[{instances}] calldata) external view {{
        if (proof.length != PROOF_LENGTH) revert ProofLengthInvalid(proof.length, PROOF_LENGTH);
        assembly {{
            let r := {SCALAR_ORDER}
            let acc := 0

            function refuse() {{
                mstore(0x00, {invalid:#010x}) // ProofInvalid()
                revert(0x1c, 0x04)
            }}

            function instance_out_of_range() {{
                for {{ let i := 0 }} lt(i, {instances}) {{ i := add(i, 1) }} {{
                    let instance := calldataload(add({instances_at:#x}, shl(5, i)))
                    if iszero(lt(instance, {SCALAR_ORDER})) {{
                        mstore(0x00, {out_of_range:#010x}) // InstanceOutOfRange(uint256,uint256)
                        mstore(0x20, i)
                        mstore(0x40, instance)
                        revert(0x1c, 0x44)
                    }}
                }}
            }}

            // The encoding of the calldata
            let ok := and(eq(proof.offset, {proof_at:#x}), eq(calldatasize(), {end:#x}))
            if iszero(ok) {{ refuse() }}
{body}
            if iszero(ok) {{ refuse() }}
            stop()
        }}
    }}
}}
"#,
        instances = layout.instances.len(),
        invalid = selector("ProofInvalid()"),
        out_of_range = selector("InstanceOutOfRange(uint256,uint256)"),
    )
}

/// The first four bytes of the signature's Keccak-256.
fn selector(signature: &str) -> u32 {
    use sha3::{Digest, Keccak256};
    let digest = Keccak256::digest(signature);
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

/// The call of `verify`, as Solidity encodes it.
pub(super) fn encode_call(instances: &[Fr], proof: &[u8]) -> Vec<u8> {
    let word = |value: usize| to_be_bytes(&Fr::from(value as u64));
    let mut call = selector(&format!("verify(bytes,uint256[{}])", instances.len()))
        .to_be_bytes()
        .to_vec();
    call.extend(word(WORD as usize * (1 + instances.len())));
    call.extend(instances.iter().flat_map(to_be_bytes));
    call.extend(word(proof.len()));
    call.extend(proof);
    call.resize(
        call.len() + proof.len().next_multiple_of(WORD as usize) - proof.len(),
        0,
    );
    call
}
