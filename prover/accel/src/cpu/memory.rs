//! Field elements as words of memory.
#![allow(unsafe_code)] // reinterprets newtypes of `[u64; 4]`

use halo2curves::bn256::{Fq, Fr};

use super::lanes::Words;

const _: () = {
    assert!(size_of::<Fq>() == size_of::<Words>() && align_of::<Fq>() == align_of::<Words>());
    assert!(size_of::<Fr>() == size_of::<Words>() && align_of::<Fr>() == align_of::<Words>());
};

/// A field whose elements are newtypes of [`Words`]: Montgomery form with `R = 2^256`, least significant word first.
pub(crate) trait InWords: Copy + Send + Sync {
    /// The memory of an element.
    fn to_words(self) -> Words;
    /// Inverse of [`Self::to_words`]; the words must be below the modulus to mean anything.
    fn from_words(words: Words) -> Self;
    /// The memory of many.
    fn slice_as_words(elements: &[Self]) -> &[Words];
    /// The memory of many.
    fn slice_as_words_mut(elements: &mut [Self]) -> &mut [Words];
}

macro_rules! in_words {
    ($($field:ty),*) => {$(
        impl InWords for $field {
            fn to_words(self) -> Words {
                // SAFETY: a newtype of `[u64; 4]`, size and alignment are asserted above, the order of words is tested;
                // every bit pattern is a `[u64; 4]`. Likewise below.
                unsafe { std::mem::transmute(self) }
            }
            fn from_words(words: Words) -> Self {
                unsafe { std::mem::transmute(words) }
            }
            fn slice_as_words(elements: &[Self]) -> &[Words] {
                unsafe { std::slice::from_raw_parts(elements.as_ptr().cast(), elements.len()) }
            }
            fn slice_as_words_mut(elements: &mut [Self]) -> &mut [Words] {
                unsafe { std::slice::from_raw_parts_mut(elements.as_mut_ptr().cast(), elements.len()) }
            }
        }
    )*};
}

in_words!(Fq, Fr);

#[cfg(test)]
mod tests {
    use super::*;

    /// `2^256` modulo each modulus: the words of one.
    #[test]
    fn words_are_montgomery_form_least_significant_first() {
        let fr_one: Words = [
            0xac96_341c_4fff_fffb,
            0x36fc_7695_9f60_cd29,
            0x666e_a36f_7879_462e,
            0x0e0a_77c1_9a07_df2f,
        ];
        assert_eq!(Fr::one().to_words(), fr_one);
        assert_eq!(Fr::from_words(fr_one), Fr::one());
        assert_eq!(
            Fq::one().to_words()[..2],
            [0xd35d_438d_c58f_0d9d, 0x0a78_eb28_f5c7_0b3d]
        );
        let mut pair = [Fr::zero(), Fr::one()];
        assert_eq!(Fr::slice_as_words(&pair), [[0; 4], fr_one]);
        Fr::slice_as_words_mut(&mut pair).swap(0, 1);
        assert_eq!(pair, [Fr::one(), Fr::zero()]);
    }
}
