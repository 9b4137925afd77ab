//! Both adders against the curve arithmetic of halo2curves.

use halo2curves::{
    bn256::{Fr, G1, G1Affine},
    ff::Field,
    group::{Curve, Group},
};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::cpu::words::Plain;

/// A few points with every relation between them: the identity, opposite and equal ones.
fn points(seed: u64) -> Vec<G1Affine> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut points = vec![G1Affine::default()];
    for _ in 0..6 {
        let point = G1::random(&mut rng);
        points.extend([point, -point, point, point * Fr::random(&mut rng)].map(|p| p.to_affine()));
    }
    points
}

fn check(level: Level, seed: u64, pairs: &[[(usize, bool); 2]]) {
    if !level.is_available() {
        println!("skipped: this machine has no {level:?}");
        return;
    }
    let points = points(seed);
    let packed: Vec<Packed> = points.iter().map(|point| Packed::new(point, level)).collect();
    let pick = |(index, negate): (usize, bool)| (index % points.len(), negate);
    let operands: Vec<_> = pairs
        .iter()
        .map(|pair| pair.map(|side| Operand::new(pick(side).0, pick(side).1)))
        .collect();
    let mut sums = vec![Packed::IDENTITY; pairs.len()];
    let mut adder = Adder::new(level);
    for _ in 0..2 {
        adder.add(&packed, &operands, &mut sums); // the second time with used scratch memory
    }
    if level == Level::Portable {
        // What a machine without special instructions does.
        let mut plain = vec![Packed::IDENTITY; pairs.len()];
        portable::Adder::default().add_with(Plain, &packed, &operands, &mut plain);
        assert_eq!(plain, sums);
    }
    for ((pair, operands), sum) in pairs.iter().zip(&operands).zip(&sums) {
        let signed = |side: (usize, bool)| {
            let (index, negate) = pick(side);
            if negate { -points[index] } else { points[index] }
        };
        let expected = (signed(pair[0]) + signed(pair[1])).to_affine();
        assert_eq!(
            *sum,
            Packed::new(&expected, level),
            "{level:?} {pair:?}: coordinates are canonical too"
        );
        assert_eq!(
            operands[1].load(&packed, level),
            Packed::new(&signed(pair[1]), level)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn sums_are_right(seed: u64, pairs in prop::collection::vec(any::<[(usize, bool); 2]>(), 0..70)) {
        check(Level::Portable, seed, &pairs);
        check(Level::Avx512Ifma, seed, &pairs);
    }
}

/// Every pair of the points, with every pair of signs, so that special lanes stand beside ordinary ones.
#[test]
fn every_relation_is_covered() {
    let indices = 0..points(3).len();
    let signs = [(false, false), (false, true), (true, false), (true, true)];
    let pairs = indices.clone().flat_map(|a| indices.clone().map(move |b| (a, b)));
    let pairs: Vec<_> = pairs
        .flat_map(|(a, b)| signs.map(|(s, t)| [(a, s), (b, t)]))
        .collect();
    check(Level::Portable, 3, &pairs);
    check(Level::Avx512Ifma, 3, &pairs);
}
