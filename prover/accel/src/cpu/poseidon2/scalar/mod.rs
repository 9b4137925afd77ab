//! States in 64-bit words, with two carry chains at once where the machine has them.
//!
//! Elements are in the form `x * 2^256`, as in memory. Sums are reduced only where the next ones would not fit; that
//! they always do, [`bounds`] proves.
#![allow(unsafe_code)] // calls code for instructions that are checked for

mod bounds;
mod sum;

use halo2curves::bn256::Fr;

use self::sum::Sum;
use super::{HALF_FULL_ROUNDS, Poseidon2Constants, STATE};
#[cfg(target_arch = "x86_64")]
use crate::cpu::words::Adx;
use crate::cpu::{
    lanes::{FrModulus, Modulus, Words},
    memory::InWords,
    words::{Multiplier, Plain, add, reduce},
};

/// States in step: without `adcx`, one alone waits for the latency of its multiplications.
const IN_STEP: usize = 2;

type State = [Words; STATE];

/// How products are computed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scalar {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Adx(Adx),
}

impl Scalar {
    /// The fastest on this machine.
    pub(super) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(adx) = Adx::detect() {
            return Self::Adx(adx);
        }
        Self::Plain
    }

    pub(super) fn permute_all(self, constants: &Poseidon2Constants, states: &mut [[Fr; STATE]]) {
        match self {
            Self::Plain => permute_all(Plain, constants, states),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `adx` proves the features.
            Self::Adx(adx) => unsafe { permute_all_adx(adx, constants, states) },
        }
    }
}

/// With the features, so that the products are inlined.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "bmi2,adx")]
fn permute_all_adx(adx: Adx, constants: &Poseidon2Constants, states: &mut [[Fr; STATE]]) {
    permute_all(adx, constants, states);
}

#[inline(always)]
fn permute_all(multiplier: impl Multiplier, constants: &Poseidon2Constants, states: &mut [[Fr; STATE]]) {
    let (groups, rest) = states.as_chunks_mut::<IN_STEP>();
    for group in groups {
        permute(multiplier, constants, group);
    }
    for state in rest {
        permute(multiplier, constants, std::array::from_mut(state));
    }
}

#[inline(always)]
fn permute<const N: usize>(
    multiplier: impl Multiplier,
    constants: &Poseidon2Constants,
    states: &mut [[Fr; STATE]; N],
) {
    let mut words = [[[0; 4]; STATE]; N];
    for n in 0..N {
        for i in 0..STATE {
            words[n][i] = states[n][i].to_words();
        }
        external_layer(&mut words[n]);
    }
    full_rounds(multiplier, &constants.initial, &mut words);
    partial_rounds(multiplier, constants, &mut words);
    full_rounds(multiplier, &constants.last, &mut words);
    for n in 0..N {
        for i in 0..STATE {
            states[n][i] = Fr::from_words(reduce(words[n][i], FrModulus::P));
        }
    }
}

#[inline(always)]
fn full_rounds<const N: usize>(
    multiplier: impl Multiplier,
    constants: &[[Fr; STATE]; HALF_FULL_ROUNDS],
    states: &mut [State; N],
) {
    for round in constants {
        for state in &mut *states {
            let mut x = [[0; 4]; STATE];
            for i in 0..STATE {
                x[i] = add(state[i], round[i].to_words());
            }
            for i in 0..STATE {
                state[i] = multiplier.mul::<FrModulus>(&x[i], &x[i]);
            }
            for i in 0..STATE {
                state[i] = multiplier.mul::<FrModulus>(&state[i], &state[i]);
            }
            for i in 0..STATE {
                state[i] = multiplier.mul::<FrModulus>(&state[i], &x[i]);
            }
            external_layer(state);
        }
    }
}

/// Multiplies by M4, of rows 5 7 1 3, 4 6 1 1, 1 3 5 7, 1 1 4 6 (eprint 2023/323, section 5.1).
#[inline(always)]
fn external_layer(state: &mut State) {
    let [a, b, c, d] = *state;
    let (ab, cd) = (Sum::of(a).add(b), Sum::of(c).add(d));
    let (row_c, row_d) = (Sum::of(b).double().plus(cd), Sum::of(d).double().plus(ab));
    let out_3 = cd.double().double().plus(row_d);
    let out_1 = ab.double().double().plus(row_c);
    *state = [
        row_d.plus(out_1).nearly_reduced(),
        out_1.nearly_reduced(),
        row_c.plus(out_3).nearly_reduced(),
        out_3.nearly_reduced(),
    ];
}

/// The products of elements 1 to 3 do not wait for the S-box: they stand between its steps, to be done meanwhile.
#[inline(always)]
fn partial_rounds<const N: usize>(
    multiplier: impl Multiplier,
    constants: &Poseidon2Constants,
    states: &mut [State; N],
) {
    let mut factors = [[0; 4]; STATE];
    for i in 0..STATE {
        factors[i] = constants.diagonal[i].to_words();
    }
    for constant in &constants.partial {
        let (mut x, mut powers, mut sums) = ([[0; 4]; N], [[0; 4]; N], [Sum::ZERO; N]);
        for n in 0..N {
            let [first, a, b, c] = states[n];
            x[n] = add(first, constant.to_words());
            sums[n] = Sum::of(a).add(b).add(c);
        }
        for n in 0..N {
            powers[n] = multiplier.mul::<FrModulus>(&x[n], &x[n]);
        }
        for n in 0..N {
            states[n][1] = multiplier.mul::<FrModulus>(&states[n][1], &factors[1]);
        }
        for n in 0..N {
            powers[n] = multiplier.mul::<FrModulus>(&powers[n], &powers[n]);
        }
        for n in 0..N {
            states[n][2] = multiplier.mul::<FrModulus>(&states[n][2], &factors[2]);
        }
        for n in 0..N {
            powers[n] = multiplier.mul::<FrModulus>(&powers[n], &x[n]);
        }
        for n in 0..N {
            states[n][3] = multiplier.mul::<FrModulus>(&states[n][3], &factors[3]);
        }
        for n in 0..N {
            states[n][0] = multiplier.mul::<FrModulus>(&powers[n], &factors[0]);
            let sum = sums[n].add(powers[n]).nearly_reduced();
            for i in 0..STATE {
                states[n][i] = add(states[n][i], sum);
            }
        }
    }
    for n in 0..N {
        for i in 0..STATE {
            states[n][i] = Sum::of(states[n][i]).nearly_reduced(); // the next external layer would make too much of it
        }
    }
}
