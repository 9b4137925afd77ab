//! The arithmetic that a plonky2 verifier needs, as a trait: the verifier is written once over it, then run natively
//! (the oracle) and as a halo2 circuit.
//!
//! Values are Goldilocks elements kept as any 64-bit representative (`Fe`), elements of GF(p²) = GF(p)\[x\]/(x² − 7)
//! (`Ext`), BN254 scalars (`Word`: digests and sponge lanes) and bits.

use halo2_proofs::halo2curves::bn256::Fr;
use plonky2::field::{extension::quadratic::QuadraticExtension, goldilocks_field::GoldilocksField};

/// Goldilocks.
pub type F = GoldilocksField;
/// GF(p²), the challenge field of plonky2 proofs.
pub type F2 = QuadraticExtension<GoldilocksField>;

/// One operation per method; every method constrains what its line says.
///
/// Native implementations compute; circuit implementations compute the witness and lay out constraints. A failed
/// assertion is remembered (native) or makes the circuit unsatisfied: no method panics on a bad proof.
pub trait Chip {
    /// An element of GF(p), held as some representative below 2^64.
    type Fe: Clone;
    /// An element of GF(p²), both coordinates held as representatives below 2^64.
    type Ext: Clone;
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

    // --- GF(p) (used for the public-input hash and the query points) ----------------------------------------------
    /// `constant + Σ coefficient · value`, reduced.
    fn linear(&mut self, terms: &[(F, Self::Fe)], constant: F) -> Self::Fe;
    /// `a · b + c`, reduced.
    fn mul_add(&mut self, a: &Self::Fe, b: &Self::Fe, c: &Self::Fe) -> Self::Fe;
    /// Makes `a` and `b` equal modulo p.
    fn assert_equal(&mut self, a: &Self::Fe, b: &Self::Fe);
    /// Makes the representative of `a` the canonical one (below p).
    fn assert_canonical(&mut self, a: &Self::Fe);

    // --- GF(p²) ---------------------------------------------------------------------------------------------------
    /// The element `c0 + c1·x`.
    fn ext(&mut self, c0: &Self::Fe, c1: &Self::Fe) -> Self::Ext;
    /// The coordinates of `a`.
    fn coordinates(&self, a: &Self::Ext) -> [Self::Fe; 2];
    /// `constant + Σ coefficient · value`, coefficients in GF(p), reduced once at the end.
    fn linear_ext(&mut self, terms: &[(F, Self::Ext)], constant: F2) -> Self::Ext;
    /// `constant + Σ coefficient · value`, coefficients in GF(p²), reduced once at the end.
    fn linear_ext_const(&mut self, terms: &[(F2, Self::Ext)], constant: F2) -> Self::Ext;
    /// `a · b + c`, reduced.
    fn mul_add_ext(&mut self, a: &Self::Ext, b: &Self::Ext, c: &Self::Ext) -> Self::Ext;
    /// `a·b`.
    fn mul_ext(&mut self, a: &Self::Ext, b: &Self::Ext) -> Self::Ext;
    /// `constant + Σ aᵢ · bᵢ`, reduced once at the end.
    fn inner_product_ext(&mut self, terms: &[(Self::Ext, Self::Ext)], constant: &Self::Ext) -> Self::Ext;
    /// `Σ valuesᵢ · pointⁱ` with base-field values, by Horner's rule (FRI's reduction of a whole leaf).
    fn horner_base(&mut self, values: &[Self::Fe], point: &Self::Ext) -> Self::Ext;
    /// `Σ valuesᵢ · pointⁱ`, by Horner's rule.
    fn horner_ext(&mut self, values: &[Self::Ext], point: &Self::Ext) -> Self::Ext;
    /// `a / b`; unsatisfiable when `b` is zero.
    fn div_ext(&mut self, a: &Self::Ext, b: &Self::Ext) -> Self::Ext;
    /// Makes `a` and `b` equal in GF(p²).
    fn assert_equal_ext(&mut self, a: &Self::Ext, b: &Self::Ext);

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
}
