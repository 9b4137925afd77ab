use halo2curves::bn256::Fr;
use plonky2_field::goldilocks_field::GoldilocksField;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::{super::CpuField, *};
use crate::{
    cpu::{Level, ntt::buffer::with_buffer},
    field::{NttField, progression},
    reference,
    testing::ntt::random_element,
};

/// One tile of lines of the greatest length that a transform of the field has: as deep as the bounds must hold.
fn longest_tile<A: Arithmetic>() {
    let log_length = A::Field::MAX_LOG_SIZE.div_ceil(2);
    let length = 1usize << log_length;
    let root = A::Field::root(log_length);
    let natural = progression(A::Field::NTT_ONE, root, length / 2);
    let twiddle = |i| A::constant(natural[reverse(i, log_length - 1)]);
    let twiddles: Vec<_> = (0..length / 2).map(twiddle).collect();
    let largest = A::Field::NTT_ZERO - A::Field::NTT_ONE;
    let mut rng = ChaCha8Rng::seed_from_u64(1);

    for random in [false, true] {
        // Element i of line l at l + i·WIDTH.
        let mut column = vec![largest; length * A::WIDTH];
        if random {
            column.fill_with(|| random_element(&mut rng));
        }
        let line = |column: &[A::Field], line: usize| {
            column[line..]
                .iter()
                .step_by(A::WIDTH)
                .copied()
                .collect::<Vec<_>>()
        };
        let expected: Vec<_> = (0..A::WIDTH)
            .map(|l| reference::ntt::evaluate(&line(&column, l), root))
            .collect();
        let side = Side {
            layout: Layout::Columns { stride: A::WIDTH },
            reversed: false,
        };
        let data = column.as_mut_ptr().cast::<A::Word>();
        let pass = Pass::<A> {
            log_length,
            vectors: 1,
            from: data,
            input: side,
            before: Scaling::None,
            to: data,
            output: side,
            after: Scaling::None,
            twiddles: &twiddles,
        };
        // SAFETY: the caller has checked the level; the column has `WIDTH` lines and the buffer its size.
        with_buffer(buffer_vectors(log_length, 1), |buffer| unsafe {
            A::run(&pass, 0, buffer)
        });
        for (l, expected) in expected.into_iter().enumerate() {
            assert!(line(&column, l) == expected, "line {l}");
        }
    }
}

fn longest_tiles<F: CpuField>() {
    longest_tile::<F::Portable>();
    if Level::Avx512Ifma.is_available() {
        longest_tile::<F::Avx512>();
    } else {
        println!("skipped: this machine does not have {:?}", Level::Avx512Ifma);
    }
}

#[test]
fn bounds_hold_in_the_longest_tiles() {
    longest_tiles::<Fr>();
    longest_tiles::<GoldilocksField>();
}
