//! Products with two carry chains at once (`adcx`, `adox`), which compilers do not make of 64-bit arithmetic.
#![allow(unsafe_code)] // assembly; a value of `Adx` proves the features

use std::arch::asm;

use super::Multiplier;
use crate::cpu::lanes::{Modulus, Words};

/// The machine has `mulx`, `adcx` and `adox`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Adx(());

impl Adx {
    pub(crate) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("bmi2") && is_x86_feature_detected!("adx")).then_some(Self(()))
    }
}

impl Multiplier for Adx {
    #[inline(always)]
    fn mul<M: Modulus>(self, a: &Words, b: &Words) -> Words {
        // SAFETY: a value of `Adx` proves the features.
        unsafe { montgomery::<M>(a, b) }
    }
}

/// `t += rdx * words`, for two clear carries; they are clear afterwards, since five words hold the sum.
macro_rules! add_row {
    ($words:literal, $t0:literal, $t1:literal, $t2:literal, $t3:literal, $t4:literal) => {
        concat!(
            "mulx {hi}, {lo}, [{",
            $words,
            "}]\n",
            "adcx {",
            $t0,
            "}, {lo}\n",
            "adox {",
            $t1,
            "}, {hi}\n",
            "mulx {hi}, {lo}, [{",
            $words,
            "} + 8]\n",
            "adcx {",
            $t1,
            "}, {lo}\n",
            "adox {",
            $t2,
            "}, {hi}\n",
            "mulx {hi}, {lo}, [{",
            $words,
            "} + 16]\n",
            "adcx {",
            $t2,
            "}, {lo}\n",
            "adox {",
            $t3,
            "}, {hi}\n",
            "mulx {hi}, {lo}, [{",
            $words,
            "} + 24]\n",
            "adcx {",
            $t3,
            "}, {lo}\n",
            "mov {lo:e}, 0\n",
            "adox {",
            $t4,
            "}, {hi}\n",
            "adcx {",
            $t4,
            "}, {lo}\n",
        )
    };
}

/// Adds the multiple of `p` that makes `t0` zero; both carries are clear afterwards.
macro_rules! reduce_row {
    ($t0:literal, $t1:literal, $t2:literal, $t3:literal, $t4:literal) => {
        concat!(
            "mov rdx, {",
            $t0,
            "}\n",
            "imul rdx, [{constants} + 32]\n",
            "xor {lo:e}, {lo:e}\n", // clears the carries
            add_row!("constants", $t0, $t1, $t2, $t3, $t4),
        )
    };
}

/// As [`super::montgomery`]: the words of the sum rotate through `t0` to `t4`, of which a reduction leaves one zero.
#[inline]
#[target_feature(enable = "bmi2,adx")]
fn montgomery<M: Modulus>(a: &Words, b: &Words) -> Words {
    let constants: &[u64; 5] = const { &[M::P[0], M::P[1], M::P[2], M::P[3], M::MINUS_P_INVERSE] };
    let mut out = [0; 4];
    // SAFETY: reads four words of `a` and `b` and five of `constants`; the caller has the features.
    unsafe {
        asm!(
            "mov rdx, [{a}]",
            "mulx {t1}, {t0}, [{b}]",
            "mulx {t2}, {lo}, [{b} + 8]",
            "add {t1}, {lo}",
            "mulx {t3}, {lo}, [{b} + 16]",
            "adc {t2}, {lo}",
            "mulx {t4}, {lo}, [{b} + 24]",
            "adc {t3}, {lo}",
            "adc {t4}, 0",
            reduce_row!("t0", "t1", "t2", "t3", "t4"),
            "mov rdx, [{a} + 8]",
            add_row!("b", "t1", "t2", "t3", "t4", "t0"),
            reduce_row!("t1", "t2", "t3", "t4", "t0"),
            "mov rdx, [{a} + 16]",
            add_row!("b", "t2", "t3", "t4", "t0", "t1"),
            reduce_row!("t2", "t3", "t4", "t0", "t1"),
            "mov rdx, [{a} + 24]",
            add_row!("b", "t3", "t4", "t0", "t1", "t2"),
            reduce_row!("t3", "t4", "t0", "t1", "t2"),
            a = in(reg) a,
            b = in(reg) b,
            constants = in(reg) constants,
            t4 = out(reg) out[0],
            t0 = out(reg) out[1],
            t1 = out(reg) out[2],
            t2 = out(reg) out[3],
            t3 = out(reg) _,
            lo = out(reg) _,
            hi = out(reg) _,
            out("rdx") _,
            options(pure, readonly, nostack),
        );
    }
    out
}
