//! Blocks of rows, eight at once. Registers hold `x * 2^260`, not reduced; [`compile`] keeps their bounds.
#![allow(unsafe_code)] // the entry point checks for the target features

use halo2curves::bn256::Fr;

use super::{
    code::{Bounds, Code, Kind, Source, compile},
    rotate,
};
use crate::{
    cpu::{
        lanes::{FrModulus, HEADROOM, Ifma, Lanes, Modulus, WIDTH, Words},
        memory::InWords,
    },
    rows::Program,
};

type Scalar = Lanes<FrModulus>;

/// Vectors of a block.
const VECTORS: usize = 4;
const BLOCK: usize = VECTORS * WIDTH;

/// A cell is loaded as `16 x`, see [`Lanes::load_shifted`].
const BOUNDS: Bounds = Bounds {
    cell: 16,
    max: HEADROOM,
};

pub(super) struct Machine<'a> {
    ifma: Ifma,
    code: Code,
    /// Those of the program, then one.
    constants: Vec<Scalar>,
    columns: Vec<&'a [Words]>,
}

pub(super) type Register = [Scalar; VECTORS];

impl<'a> Machine<'a> {
    pub(super) fn new(program: &Program<Fr>, columns: &[&'a [Fr]]) -> Self {
        let ifma = Ifma::detect().expect("a backend of a level that the machine lacks cannot be made");
        // `16 x` in the form with `2^256` is `x` in the form with `2^260`.
        let constants = program.constants().iter();
        let constants = constants.map(|constant| (constant * Fr::from(16)).to_words());
        let constants = constants.chain([FrModulus::ONE]);
        Self {
            ifma,
            code: compile(program, Some(BOUNDS)),
            constants: constants.map(|words| Scalar::splat(ifma, &words)).collect(),
            columns: columns.iter().map(|column| Fr::slice_as_words(column)).collect(),
        }
    }

    pub(super) fn registers(&self) -> Vec<Register> {
        vec![[Scalar::zero(self.ifma); VECTORS]; self.code.registers]
    }

    /// `out` starts at row `first`.
    pub(super) fn run(&self, registers: &mut [Register], first: usize, out: &mut [Fr]) {
        // SAFETY: `Ifma` proves the features.
        unsafe { run(self, registers, first, Fr::slice_as_words_mut(out)) }
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma,avx512vbmi2")]
fn run(machine: &Machine<'_>, registers: &mut [Register], first: usize, out: &mut [Words]) {
    // What takes `x * 2^260` to `x * 2^256`.
    let leave = Scalar::splat(machine.ifma, &Fr::one().to_words());
    for (block, out) in out.chunks_mut(BLOCK).enumerate() {
        let row = first + block * BLOCK;
        for operation in &machine.code.operations {
            let target = operation.target;
            match operation.kind {
                Kind::Cell { column, rotation } => {
                    for vector in 0..VECTORS {
                        registers[target][vector] = machine.cells(column, row + vector * WIDTH, rotation);
                    }
                }
                Kind::Add(a, b) => {
                    for vector in 0..VECTORS {
                        let (a, b) = (
                            machine.value(registers, a, vector),
                            machine.value(registers, b, vector),
                        );
                        registers[target][vector] = a.add(b);
                    }
                }
                Kind::Sub { a, b, bound_log } => {
                    for vector in 0..VECTORS {
                        let (a, b) = (
                            machine.value(registers, a, vector),
                            machine.value(registers, b, vector),
                        );
                        registers[target][vector] = subtract(a, b, bound_log);
                    }
                }
                Kind::Mul(a, b) if a == b => {
                    for vector in 0..VECTORS {
                        registers[target][vector] = machine.value(registers, a, vector).square();
                    }
                }
                Kind::Mul(a, b) => {
                    for vector in 0..VECTORS {
                        let (a, b) = (
                            machine.value(registers, a, vector),
                            machine.value(registers, b, vector),
                        );
                        registers[target][vector] = a.mul(b);
                    }
                }
            }
        }
        for (vector, out) in out.chunks_mut(WIDTH).enumerate() {
            let output = machine.value(registers, machine.code.output, vector);
            let output = output.mul(leave).reduce::<1>();
            if let Ok(out) = <&mut [Words; WIDTH]>::try_from(&mut *out) {
                output.store(out);
            } else {
                let mut all = [[0; 4]; WIDTH];
                output.store(&mut all);
                out.copy_from_slice(&all[..out.len()]);
            }
        }
    }
}

#[inline(always)]
fn subtract(a: Scalar, b: Scalar, bound_log: u32) -> Scalar {
    match bound_log {
        0 => a.sub::<1>(b),
        1 => a.sub::<2>(b),
        2 => a.sub::<4>(b),
        3 => a.sub::<8>(b),
        4 => a.sub::<16>(b),
        5 => a.sub::<32>(b),
        _ => a.sub::<64>(b),
    }
}

impl Machine<'_> {
    #[inline(always)]
    fn value(&self, registers: &[Register], source: Source, vector: usize) -> Scalar {
        match source {
            Source::Register(register) => registers[register][vector],
            Source::Constant(constant) => self.constants[constant],
            Source::One => self.constants[self.constants.len() - 1],
        }
    }

    #[inline(always)]
    fn cells(&self, column: usize, row: usize, rotation: i32) -> Scalar {
        let column = self.columns[column];
        let start = rotate(row, rotation, column.len());
        match column
            .get(start..start + WIDTH)
            .and_then(|rows| rows.first_chunk())
        {
            Some(rows) => Scalar::load_shifted(self.ifma, rows),
            None => {
                let mut rows = [[0; 4]; WIDTH];
                for i in 0..WIDTH {
                    rows[i] = column[rotate(row + i, rotation, column.len())];
                }
                Scalar::load_shifted(self.ifma, &rows)
            }
        }
    }
}
