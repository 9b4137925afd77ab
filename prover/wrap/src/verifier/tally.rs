//! A chip that counts what is asked of it.

use std::collections::BTreeMap;

use halo2_proofs::halo2curves::bn256::Fr;

use crate::chip::{Chip, F, F2};

/// Another chip, and how often each of its operations was called.
pub(crate) struct Tally<Ch> {
    pub(crate) chip: Ch,
    calls: BTreeMap<&'static str, usize>,
}

impl<Ch> Tally<Ch> {
    pub(crate) fn of(chip: Ch) -> Self {
        Self {
            chip,
            calls: BTreeMap::new(),
        }
    }

    pub(crate) fn calls(&self, operation: &str) -> usize {
        self.calls.get(operation).copied().unwrap_or(0)
    }
}

macro_rules! counted {
    ($(fn $name:ident($($argument:ident: $type:ty),*) $(-> $output:ty)?;)*) => {$(
        fn $name(&mut self, $($argument: $type),*) $(-> $output)? {
            *self.calls.entry(stringify!($name)).or_default() += 1;
            self.chip.$name($($argument),*)
        }
    )*};
}

impl<Ch: Chip> Chip for Tally<Ch> {
    type Fe = Ch::Fe;
    type Ext = Ch::Ext;
    type Wide = Ch::Wide;
    type Word = Ch::Word;
    type Bit = Ch::Bit;

    counted! {
        fn constant(value: F) -> Ch::Fe;
        fn constant_ext(value: F2) -> Ch::Ext;
        fn constant_word(value: Fr) -> Ch::Word;
        fn witness(value: F) -> Ch::Fe;
        fn witness_ext(value: F2) -> Ch::Ext;
        fn witness_word(value: Fr) -> Ch::Word;
        fn widen(a: &Ch::Fe) -> Ch::Wide;
        fn widen_ext(a: &Ch::Ext) -> Ch::Wide;
        fn sum(terms: &[(F, Ch::Wide)], constant: F2) -> Ch::Wide;
        fn inner_product(terms: &[(Ch::Wide, Ch::Wide)], addend: Option<&Ch::Wide>) -> Ch::Wide;
        fn reduce(a: &Ch::Wide) -> Ch::Fe;
        fn reduce_ext(a: &Ch::Wide) -> Ch::Ext;
        fn assert_zero(a: &Ch::Wide);
        fn assert_canonical(a: &Ch::Fe);
        fn ext(c0: &Ch::Fe, c1: &Ch::Fe) -> Ch::Ext;
        fn inverse_ext(a: &Ch::Ext) -> Ch::Ext;
        fn bits(a: &Ch::Fe) -> Vec<Ch::Bit>;
        fn assert_zero_bit(bit: &Ch::Bit);
        fn select_product(base: F, bits: &[Ch::Bit], factors: &[F]) -> Ch::Fe;
        fn lookup_ext(bits: &[Ch::Bit], table: &[Ch::Ext]) -> Ch::Ext;
        fn lookup_word(bits: &[Ch::Bit], table: &[Ch::Word]) -> Ch::Word;
        fn swap(bit: &Ch::Bit, a: &Ch::Word, b: &Ch::Word) -> (Ch::Word, Ch::Word);
        fn permute(state: [Ch::Word; 4]) -> [Ch::Word; 4];
        fn pack(elements: &[Ch::Fe]) -> Ch::Word;
        fn unpack(word: &Ch::Word) -> [Ch::Fe; 3];
        fn split7(word: &Ch::Word) -> [Ch::Fe; 5];
        fn assert_equal_word(a: &Ch::Word, b: &Ch::Word);
        fn enter(step: &'static str);
    }

    fn is_base(&self, a: &Ch::Wide) -> bool {
        self.chip.is_base(a)
    }

    fn coordinates(&self, a: &Ch::Ext) -> [Ch::Fe; 2] {
        self.chip.coordinates(a)
    }
}
