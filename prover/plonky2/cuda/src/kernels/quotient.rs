//! The quotient: all constraints at each point, by powers of challenges, over the polynomial that vanishes on the subgroup.
#![allow(unsafe_code, reason = "launches kernels")]

use std::{ffi::c_int, sync::Arc};

use ashlar_lanes::program::Code;
use plonky2_field::types::Field;

use super::gates;
use crate::{Device, Error, F, Words, device::Stream, entries::entries};

entries! {
    fn quotient_permutation(stream: Stream, quotient: *const Quotient, proofs: u32) -> c_int;
    fn quotient_code(
        stream: Stream,
        quotient: *const Quotient,
        proofs: u32,
        selection: *const Selection,
        registers: u32,
        words: *const u32,
        length: u32,
        values: *const u64,
    ) -> c_int;
}

/// Registers that code may need.
pub const MAX_REGISTERS: usize = 256;

/// What all proofs of a circuit have in common. Columns of constants are selectors, the gates' constants, then sigmas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// log2 of the rows.
    pub degree_bits: usize,
    /// log2 of how many points there are for each row.
    pub rate_bits: usize,
    /// Values of each column, in the order of leaves: at the points first.
    pub leaves: usize,
    /// Challenges of each kind.
    pub challenges: usize,
    /// Columns of wires.
    pub wires: usize,
    /// Columns of selectors.
    pub selectors: usize,
    /// Columns before those of sigmas.
    pub constants: usize,
    /// What the identity gives each column of the permutation, which are the first wires.
    pub k_is: Vec<u64>,
    /// Factors of each product.
    pub chunk: usize,
    /// Constraints of the gate that has the most.
    pub constraints: usize,
}

impl Shape {
    fn points(&self) -> usize {
        1 << (self.degree_bits + self.rate_bits)
    }

    fn routed(&self) -> usize {
        self.k_is.len()
    }

    /// Z of each challenge, and the partial products of each.
    pub fn products(&self) -> usize {
        self.challenges * self.routed().div_ceil(self.chunk)
    }

    fn terms(&self) -> usize {
        self.challenges + self.products() + self.constraints
    }

    fn query_words(&self) -> usize {
        4 + self.challenges * (2 + self.routed() + self.terms())
    }
}

/// The points of a circuit, in the order of leaves.
#[derive(Clone, Copy, Debug)]
pub struct Points<'a> {
    /// Where they are.
    pub xs: &'a [F],
    /// The Lagrange polynomial of the first row at each.
    pub first: &'a [F],
    /// One over the vanishing polynomial, on each coset of the subgroup.
    pub inverses: &'a [F],
}

/// A gate of a circuit.
#[derive(Clone, Copy, Debug)]
pub struct Gate<'a> {
    /// Its constraints.
    pub code: &'a Code,
    /// The column of its selector.
    pub selector: usize,
    /// What the selector is on rows of others.
    pub others: &'a [u64],
}

/// Why a circuit has no quotient on a device.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// Its points do not find room, or the device is lost.
    #[error(transparent)]
    Device(#[from] Error),
    /// A gate computes with more values at once than a thread holds.
    #[error(
        "a gate needs {registers} registers, and a thread has {MAX_REGISTERS}: let the CPU prove this circuit"
    )]
    Registers {
        /// How many it needs.
        registers: usize,
    },
}

/// What the verifier asks of one proof.
#[derive(Clone, Debug)]
pub struct Query {
    /// Of the public inputs.
    pub public_inputs_hash: [F; 4],
    /// As many as the circuit has.
    pub challenges: Vec<Challenges>,
}

/// One challenge of each kind.
#[derive(Clone, Copy, Debug)]
pub struct Challenges {
    /// Of the permutation.
    pub beta: F,
    /// Of the permutation.
    pub gamma: F,
    /// By whose powers constraints are added up.
    pub alpha: F,
}

/// What is committed before the quotient: `[proof][column][leaf]`, of constants for all proofs the same.
#[derive(Clone, Copy)]
pub struct Columns<'a> {
    /// Selectors, constants and sigmas.
    pub constants: &'a Words,
    /// Wires.
    pub wires: &'a Words,
    /// Z of each challenge, then the partial products of each.
    pub products: &'a Words,
}

/// A circuit's points and gates on a device.
pub struct Circuit {
    shape: Shape,
    xs: Words,
    first: Words,
    inverses: Words,
    gates: Vec<Loaded>,
}

/// A gate on a device: instructions, two a word, then their values, then what its selector is on rows of others.
struct Loaded {
    memory: Words,
    /// How many of each there are.
    instructions: usize,
    values: usize,
    others: usize,
    selector: usize,
    registers: usize,
    /// A kernel that was made of this code.
    kernel: Option<gates::Launch>,
}

impl Loaded {
    fn new(device: &Arc<Device>, gate: &Gate<'_>, shape: &Shape) -> Result<Self, Unfit> {
        let (code, registers) = (gate.code, gate.code.registers());
        let entries = gates::Entries::of(device.runtime());
        let digest = code.digest();
        let kernel = gates::KERNELS.iter().find(|(of, _)| *of == digest);
        let kernel = kernel.map(|(_, find)| find(entries));
        if kernel.is_none() && registers > MAX_REGISTERS {
            return Err(Unfit::Registers { registers });
        }
        let needed = code.shape();
        assert!(
            needed.wires <= shape.wires
                && shape.selectors + needed.constants <= shape.constants
                && needed.constraints <= shape.constraints
                && gate.selector < shape.selectors,
            "a gate of the circuit has no more than the circuit"
        );
        let pairs = code.words().chunks(2);
        let mut words: Vec<u64> = pairs
            .map(|pair| u64::from(pair[0]) | u64::from(*pair.get(1).unwrap_or(&0)) << 32)
            .collect();
        words.extend(code.values());
        words.extend(gate.others);
        Ok(Self {
            memory: Words::of(device, &words)?,
            instructions: code.words().len(),
            values: code.values().len(),
            others: gate.others.len(),
            selector: gate.selector,
            registers,
            kernel,
        })
    }

    fn values(&self) -> *const u64 {
        self.memory.range(self.instructions.div_ceil(2), self.values)
    }

    fn selection(&self) -> Selection {
        let before = self.instructions.div_ceil(2) + self.values;
        Selection {
            selector: self.selector as u32,
            count: self.others as u32,
            others: self.memory.range(before, self.others),
        }
    }
}

impl Circuit {
    /// Uploads what does not depend on a proof.
    ///
    /// # Errors
    /// If a gate is too large, the device is full, or lost.
    ///
    /// # Panics
    /// If points or gates are not of this shape.
    pub fn new(
        device: &Arc<Device>,
        shape: Shape,
        points: Points<'_>,
        gates: &[Gate<'_>],
    ) -> Result<Self, Unfit> {
        let count = shape.points();
        assert!(count <= shape.leaves && count <= 1 << 31 && shape.chunk > 0 && shape.challenges > 0);
        assert!(points.xs.len() == count && points.first.len() == count);
        assert!(points.inverses.len() == 1 << shape.rate_bits && shape.routed() <= shape.wires);
        let gates: Result<_, _> = gates
            .iter()
            .map(|gate| Loaded::new(device, gate, &shape))
            .collect();
        Ok(Self {
            gates: gates?,
            xs: Words::of_elements(device, points.xs)?,
            first: Words::of_elements(device, points.first)?,
            inverses: Words::of_elements(device, points.inverses)?,
            shape,
        })
    }

    /// How many gates have kernels that were made of their programs; the others are read as code.
    pub fn kernels_of_gates(&self) -> usize {
        self.gates.iter().filter(|gate| gate.kernel.is_some()).count()
    }

    /// The same, all gates as code: to compare with.
    ///
    /// # Errors
    /// If a gate is too large for that.
    pub fn without_kernels_of_gates(mut self) -> Result<Self, Unfit> {
        for gate in &mut self.gates {
            if gate.registers > MAX_REGISTERS {
                return Err(Unfit::Registers {
                    registers: gate.registers,
                });
            }
            gate.kernel = None;
        }
        Ok(self)
    }

    /// The quotients of a batch of proofs, `[proof][challenge][point]`.
    ///
    /// # Errors
    /// If the device is full or lost.
    ///
    /// # Panics
    /// If queries are none or more than a launch takes, or columns are not of the circuit's shape.
    pub fn quotient(&self, columns: Columns<'_>, queries: &[Query]) -> Result<Words, Error> {
        let (device, shape, proofs) = (self.xs.device(), &self.shape, queries.len());
        assert!(0 < proofs && proofs < 1 << 16, "{proofs} proofs at once");
        let queries: Vec<u64> = queries.iter().flat_map(|query| self.words(query)).collect();
        let queries = Words::of(device, &queries)?;
        assert_eq!(queries.len(), proofs * shape.query_words());
        let sums = Words::new(device, proofs * shape.challenges * shape.points())?;
        let all = |words: &Words, columns: usize| -> *const u64 {
            words.require_on(device);
            assert_eq!(
                words.len(),
                columns * shape.leaves,
                "columns of the circuit's shape"
            );
            words.address()
        };
        let quotient = Quotient {
            constants: all(columns.constants, shape.constants + shape.routed()),
            wires: all(columns.wires, proofs * shape.wires),
            products: all(columns.products, proofs * shape.products()),
            xs: self.xs.address(),
            first: self.first.address(),
            inverses: self.inverses.address(),
            queries: queries.address(),
            sums: sums.address(),
            leaves: shape.leaves as u64,
            degree_bits: shape.degree_bits as u32,
            rate_bits: shape.rate_bits as u32,
            challenges: shape.challenges as u32,
            wires_width: shape.wires as u32,
            products_width: shape.products() as u32,
            selectors: shape.selectors as u32,
            sigmas: shape.constants as u32,
            routed: shape.routed() as u32,
            chunk: shape.chunk as u32,
            terms: shape.terms() as u32,
        };
        let (entries, proofs) = (Entries::of(device.runtime()), proofs as u32);
        // SAFETY: all of its ranges were checked against the shape just now, and outlive the launches: device memory that
        // is let go of is used again in the order of the stream.
        device.launch("quotient_permutation", |stream| unsafe {
            (entries.quotient_permutation)(stream, &quotient, proofs)
        })?;
        for gate in &self.gates {
            let selection = gate.selection();
            if let Some(launch) = gate.kernel {
                // SAFETY: as above; it was made of the code.
                device.launch("quotient of a gate", |stream| unsafe {
                    launch(stream, &quotient, proofs, &selection)
                })?;
                continue;
            }
            let code = gate.memory.range(0, gate.instructions.div_ceil(2));
            let (code, length) = (code.cast_const().cast(), gate.instructions as u32);
            let (registers, values) = (gate.registers as u32, gate.values());
            // SAFETY: as above; `Loaded::new` checked the gate, and code reads no more than its shape says.
            device.launch("quotient of code", |stream| unsafe {
                let launch = entries.quotient_code;
                launch(
                    stream, &quotient, proofs, &selection, registers, code, length, values,
                )
            })?;
        }
        Ok(sums)
    }

    /// A query as `Row` in `kernels/quotient.cuh` has it.
    fn words(&self, query: &Query) -> Vec<u64> {
        let shape = &self.shape;
        assert_eq!(
            query.challenges.len(),
            shape.challenges,
            "challenges of the circuit's shape"
        );
        let mut words = query.public_inputs_hash.to_vec();
        for Challenges { beta, gamma, alpha } in &query.challenges {
            words.extend([*beta, *gamma]);
            words.extend(shape.k_is.iter().map(|k| *beta * F(*k)));
            words.extend(alpha.powers().take(shape.terms()));
        }
        words.into_iter().map(|word| word.0).collect()
    }
}

/// `Quotient` in `kernels/quotient.cuh`.
#[repr(C)]
pub(crate) struct Quotient {
    constants: *const u64,
    wires: *const u64,
    products: *const u64,
    xs: *const u64,
    first: *const u64,
    inverses: *const u64,
    queries: *const u64,
    sums: *mut u64,
    leaves: u64,
    degree_bits: u32,
    rate_bits: u32,
    challenges: u32,
    wires_width: u32,
    products_width: u32,
    selectors: u32,
    sigmas: u32,
    routed: u32,
    chunk: u32,
    terms: u32,
}

/// `Selection` there.
#[repr(C)]
pub(crate) struct Selection {
    selector: u32,
    count: u32,
    others: *const u64,
}
