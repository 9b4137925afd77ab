//! The Grain LFSR from which the Poseidon papers derive public constants (eprint 2019/458, appendix E).

use halo2_proofs::halo2curves::{bn256::Fr, ff::PrimeField};

/// Bits of the BN254 scalar field's modulus.
const FIELD_BITS: u32 = 254;

/// An 80-bit self-shrinking LFSR, seeded by the parameters of the hash instance.
pub(super) struct Grain {
    /// Oldest bit first.
    state: [bool; 80],
    position: usize,
}

impl Grain {
    /// Seeds the generator for `x^5` over a prime field of 254 bits.
    pub(super) fn new(width: u32, full_rounds: u32, partial_rounds: u32) -> Self {
        // (value, bits): prime field, S-box x^alpha, field bits, t, R_F, R_P, then ones.
        let seed = [
            (1, 2),
            (0, 4),
            (FIELD_BITS, 12),
            (width, 12),
            (full_rounds, 10),
            (partial_rounds, 10),
            (u32::MAX, 30),
        ];
        let mut state = [false; 80];
        let bits = seed
            .iter()
            .flat_map(|&(value, bits)| (0..bits).rev().map(move |i| value >> i & 1 == 1));
        for (slot, bit) in state.iter_mut().zip(bits) {
            *slot = bit;
        }
        let mut grain = Self { state, position: 0 };
        for _ in 0..160 {
            grain.step();
        }
        grain
    }

    fn step(&mut self) -> bool {
        let bit = [0, 13, 23, 38, 51, 62]
            .iter()
            .fold(false, |acc, tap| acc ^ self.state[(self.position + tap) % 80]);
        self.state[self.position] = bit; // the newest bit takes the oldest one's place
        self.position = (self.position + 1) % 80;
        bit
    }

    /// Self-shrinking output: of each pair of bits, the second, if the first is set.
    fn next_bit(&mut self) -> bool {
        while !self.step() {
            self.step();
        }
        self.step()
    }

    /// The next 254 bits, most significant first, as little-endian bytes.
    fn next_integer(&mut self) -> [u8; 32] {
        let mut bytes = [0u8; 32];
        for i in (0..FIELD_BITS as usize).rev() {
            bytes[i / 8] |= u8::from(self.next_bit()) << (i % 8);
        }
        bytes
    }

    /// A uniform field element by rejection, as round constants are drawn.
    pub(super) fn next_element(&mut self) -> Fr {
        loop {
            if let Some(element) = Fr::from_repr(self.next_integer()).into_option() {
                return element;
            }
        }
    }

    /// An integer reduced modulo r, as matrix entries are drawn.
    pub(super) fn next_element_reduced(&mut self) -> Fr {
        let bytes = self.next_integer();
        Fr::from_raw(std::array::from_fn(|i| {
            u64::from_le_bytes(std::array::from_fn(|j| bytes[8 * i + j]))
        }))
    }
}
