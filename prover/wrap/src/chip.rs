//! The arithmetic that a plonky2 verifier needs, as a trait: the verifier is written once over it, then run natively
//! (the oracle) and as a halo2 circuit.
//!
//! Values are Goldilocks elements kept as any 64-bit representative (`Fe`), elements of GF(p²) = GF(p)\[x\]/(x² − 7)
//! (`Ext`), sums of products of these whose reduction is still owed (`Wide`), BN254 scalars (`Word`: digests and sponge
//! lanes) and bits.
//!
//! Reduction modulo p is what costs range checks, so it is explicit: [`Chip::sum`] and [`Chip::inner_product`] never
//! reduce their result, [`Chip::reduce`] and [`Chip::reduce_ext`] do.

use halo2_proofs::halo2curves::bn256::Fr;
use plonky2::field::{
    extension::quadratic::QuadraticExtension, goldilocks_field::GoldilocksField, types::Field,
};

/// Goldilocks.
pub type F = GoldilocksField;
/// GF(p²), the challenge field of plonky2 proofs.
pub type F2 = QuadraticExtension<GoldilocksField>;

/// Magnitudes of [`Chip::Wide`] coordinates stay below two to this: the quotient by p then has at most eleven whole
/// 16-bit limbs, and `quotient · p + remainder` cannot wrap around the BN254 scalar field.
pub const MAX_WIDE_BITS: u32 = 239;

/// One operation per method; every method constrains what its line says.
///
/// Native implementations compute; circuit implementations compute the witness and lay out constraints. A failed
/// assertion is remembered (native) or makes the circuit unsatisfied: no method panics on a bad proof.
pub trait Chip {
    /// An element of GF(p), held as some representative below 2^64.
    type Fe: Clone;
    /// An element of GF(p²), both coordinates held as representatives below 2^64.
    type Ext: Clone;
    /// An element of GF(p²) whose coordinates are signed integers with statically known bounds (in a circuit: one
    /// native cell each), equal to the element modulo p. The second coordinate may be statically zero: then products
    /// cost a half or a quarter.
    type Wide: Clone;
    /// An element of the BN254 scalar field.
    type Word: Clone;
    /// A constrained bit.
    type Bit: Clone;

    // --- inputs and constants -------------------------------------------------------------------------------------
    /// A constant of GF(p).
    fn constant(&mut self, value: F) -> Self::Fe;
    /// A constant of GF(p²).
    fn constant_ext(&mut self, value: F2) -> Self::Ext;
    /// A constant of the BN254 scalar field.
    fn constant_word(&mut self, value: Fr) -> Self::Word;
    /// A free element of GF(p), range-checked to 64 bits.
    fn witness(&mut self, value: F) -> Self::Fe;
    /// A free element of GF(p²), both coordinates range-checked to 64 bits.
    fn witness_ext(&mut self, value: F2) -> Self::Ext;
    /// A free BN254 scalar.
    fn witness_word(&mut self, value: Fr) -> Self::Word;

    // --- sums and products, reduced only on request ---------------------------------------------------------------
    /// `a` as an element of GF(p²) with the second coordinate statically zero. Free.
    fn widen(&mut self, a: &Self::Fe) -> Self::Wide;
    /// `a` with its bounds. Free.
    fn widen_ext(&mut self, a: &Self::Ext) -> Self::Wide;
    /// `constant + Σ coefficient · value`. Coefficients and constant are taken as the integers of least
    /// magnitude (`p − 1` is −1).
    /// An operand is reduced first where the bound would otherwise pass the native field.
    fn sum(&mut self, terms: &[(F, Self::Wide)], constant: F2) -> Self::Wide;
    /// `addend + Σ aᵢ · bᵢ`. An operand is reduced first where the bound would otherwise pass the native field: callers
    /// that use such an operand again reduce it themselves.
    fn inner_product(
        &mut self,
        terms: &[(Self::Wide, Self::Wide)],
        addend: Option<&Self::Wide>,
    ) -> Self::Wide;
    /// The element `a` of GF(p), reduced. The second coordinate of `a` must be statically zero (panics otherwise).
    fn reduce(&mut self, a: &Self::Wide) -> Self::Fe;
    /// The element `a` of GF(p²), reduced.
    fn reduce_ext(&mut self, a: &Self::Wide) -> Self::Ext;
    /// Whether the second coordinate of `a` is statically zero.
    fn is_base(&self, a: &Self::Wide) -> bool;
    /// Makes `a` zero in GF(p²) (a quotient alone, cheaper than a reduction).
    fn assert_zero(&mut self, a: &Self::Wide);

    // --- representatives, coordinates, inverses -------------------------------------------------------------------
    /// Makes the representative of `a` the canonical one (below p).
    fn assert_canonical(&mut self, a: &Self::Fe);
    /// The element `c0 + c1·x`. Free.
    fn ext(&mut self, c0: &Self::Fe, c1: &Self::Fe) -> Self::Ext;
    /// The coordinates of `a`. Free.
    fn coordinates(&self, a: &Self::Ext) -> [Self::Fe; 2];
    /// `1 / a`; unsatisfiable when `a` is zero.
    fn inverse_ext(&mut self, a: &Self::Ext) -> Self::Ext;

    // --- bits and selection ---------------------------------------------------------------------------------------
    /// The 64 bits, least significant first, of the canonical representative of `a`.
    fn bits(&mut self, a: &Self::Fe) -> Vec<Self::Bit>;
    /// Makes a bit zero.
    fn assert_zero_bit(&mut self, bit: &Self::Bit);
    /// `base · Π (bitᵢ ? factorsᵢ : 1)`: a power of a constant with a secret exponent.
    fn select_product(&mut self, base: F, bits: &[Self::Bit], factors: &[F]) -> Self::Fe;
    /// `table[Σ bitᵢ 2ⁱ]` of GF(p²) elements.
    fn lookup_ext(&mut self, bits: &[Self::Bit], table: &[Self::Ext]) -> Self::Ext;
    /// `table[Σ bitᵢ 2ⁱ]` of words.
    fn lookup_word(&mut self, bits: &[Self::Bit], table: &[Self::Word]) -> Self::Word;
    /// `bit ? (b, a) : (a, b)`.
    fn swap(&mut self, bit: &Self::Bit, a: &Self::Word, b: &Self::Word) -> (Self::Word, Self::Word);

    // --- BN254 words ----------------------------------------------------------------------------------------------
    /// The Poseidon2 permutation (t = 4).
    fn permute(&mut self, state: [Self::Word; 4]) -> [Self::Word; 4];
    /// `e₀ + e₁·2^64 + e₂·2^128` of up to three elements, as their present representatives.
    fn pack(&mut self, elements: &[Self::Fe]) -> Self::Word;
    /// The three low 64-bit limbs of the canonical 256-bit representation, each as an element of GF(p)
    /// (`from_noncanonical`), made canonical.
    fn unpack(&mut self, word: &Self::Word) -> [Self::Fe; 3];
    /// The canonical representation cut in little-endian 7-byte pieces (four of 56 bits, one of 32).
    fn split7(&mut self, word: &Self::Word) -> [Self::Fe; 5];
    /// Makes two words equal.
    fn assert_equal_word(&mut self, a: &Self::Word, b: &Self::Word);

    // --- for diagnosis --------------------------------------------------------------------------------------------
    /// Names the step of the verifier that the following operations belong to (failure labels, rows by step).
    fn enter(&mut self, _step: &'static str) {}

    // --- short forms ----------------------------------------------------------------------------------------------
    /// `a · b`, reduced.
    fn mul_ext(&mut self, a: &Self::Ext, b: &Self::Ext) -> Self::Ext {
        let (a, b) = (self.widen_ext(a), self.widen_ext(b));
        let product = self.inner_product(&[(a, b)], None);
        self.reduce_ext(&product)
    }
    /// `a` with its coordinates reduced.
    fn reduced(&mut self, a: &Self::Wide) -> Self::Wide {
        if self.is_base(a) {
            let a = self.reduce(a);
            self.widen(&a)
        } else {
            let a = self.reduce_ext(a);
            self.widen_ext(&a)
        }
    }
    /// `a · b`, not reduced.
    fn product(&mut self, a: &Self::Wide, b: &Self::Wide) -> Self::Wide {
        self.inner_product(&[(a.clone(), b.clone())], None)
    }
    /// `a − b`, not reduced.
    fn difference(&mut self, a: &Self::Wide, b: &Self::Wide) -> Self::Wide {
        self.sum(&[(F::ONE, a.clone()), (F::NEG_ONE, b.clone())], F2::ZERO)
    }
}
