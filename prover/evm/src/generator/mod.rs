//! Our own verifier contract: halo2's `verify_proof` with SHPLONK over KZG, written as Yul for one verifying key.
//!
//! The generated function follows halo2-axiom step by step; the modules are its parts:
//!
//! * [`layout`]: where the proof's parts are, and the transcript
//! * [`queries`]: what is opened where
//! * [`constraints`]: the value that the quotient must have
//! * [`inverses`], [`opening`]: scalars of the linear combination
//! * [`curve`]: the linear combination of commitments and the pairing
//! * [`field`], [`plan`], [`program`]: field expressions, and how they become Yul
//! * [`contract`]: the text around it

mod constraints;
mod contract;
mod curve;
mod field;
mod inverses;
mod layout;
mod opening;
mod plan;
mod program;
mod queries;

use std::collections::{BTreeMap, HashMap};

use ashlar_kzg::{INSTANCES, VerifierKey};
use halo2_proofs::{
    arithmetic::Field,
    halo2curves::bn256::{Fr, G1Affine},
    plonk::VerifyingKey,
    poly::commitment::ParamsProver,
};

use self::{
    constraints::{Inputs, constraints},
    curve::Reference,
    field::Id,
    inverses::Inverses,
    layout::{Challenge, Layout, WORD},
    program::{Program, literal},
    queries::{Commitment, RotationSet, rotation_sets},
};

pub(super) use contract::encode_call;

/// Order of the base field.
const BASE_ORDER: &str = "0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47";

/// The circuit has no verifier contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// Two rotations of a column are one row, so halo2 refuses every proof: the circuit has too few rows for its
    /// rotations.
    #[error("two rotations of one column fall on one row")]
    RotationsCollide,
}

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
        layout: layout.clone(),
        sets,
    };
    Ok(contract::contract(key, &layout, &writer.write(&reference)))
}

/// Length of the proofs that `key` verifies.
pub(super) fn proof_bytes(key: &VerifierKey) -> usize {
    Layout::new(key.vk(), INSTANCES).proof_bytes() as usize
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

    /// Instances and evaluations must be reduced. Commitments are left to the precompiles, which take (0, 0) for the
    /// point at infinity as halo2 does: the commitment to zero, such as a piece that the quotient does not need.
    fn check_words(&mut self) {
        let less = |at: &u32| format!("lt(calldataload({at:#x}), r)");
        self.program.section("Every scalar is below r");
        self.all(&self.layout.instances.iter().map(less).collect::<Vec<_>>());
        self.program.line("if iszero(ok) { instance_out_of_range() }");
        self.all(&self.layout.scalars().iter().map(less).collect::<Vec<_>>());
        for at in self.unopened() {
            // No precompile sees this point.
            let (x, y) = (
                format!("calldataload({at:#x})"),
                format!("calldataload({:#x})", at + WORD),
            );
            let q = BASE_ORDER;
            self.program
                .line(&format!("ok := and(ok, and(lt({x}, {q}), lt({y}, {q})))"));
            let cube = format!("mulmod({x}, mulmod({x}, {x}, {q}), {q})");
            let on_curve = format!("eq(mulmod({y}, {y}, {q}), addmod({cube}, 3, {q}))");
            self.program
                .line(&format!("ok := and(ok, or(iszero(or({x}, {y})), {on_curve}))"));
        }
        self.program.line("if iszero(ok) { refuse() }");
    }

    /// Commitments to columns that no constraint reads.
    fn unopened(&self) -> Vec<u32> {
        let opened = |at: &u32| {
            let mut all = self.sets.iter().flat_map(|set| &set.opened);
            all.any(|opened| opened.commitment == Commitment::Proof(*at))
        };
        self.layout
            .advice
            .iter()
            .copied()
            .filter(|at| !opened(at))
            .collect()
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
