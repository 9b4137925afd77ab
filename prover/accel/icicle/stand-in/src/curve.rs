//! Points and scalars: ICICLE's symbols for conversion, comparison and random values.

use halo2curves::{
    bn256::{Fq, Fr, G1},
    ff::{Field, PrimeField},
    group::{Curve, Group},
};

use crate::{
    abi::{
        Affine, DeviceContext, INVALID_VALUE, Projective, SUCCESS, Status, Words, factor, from_words,
        projective, radix, to_words,
    },
    faults, streams,
};

fn convert<F: PrimeField<Repr = [u8; 32]>>(
    words: *mut Words,
    count: usize,
    into: bool,
    context: *const DeviceContext,
) -> Status {
    match faults::call() {
        SUCCESS => {}
        fault => return fault,
    }
    // SAFETY: the caller's context and memory.
    let words = unsafe {
        streams::synchronize(*(*context).stream);
        std::slice::from_raw_parts_mut(words, count)
    };
    let factor: F = if into { radix() } else { factor(true) };
    for words in words {
        match from_words::<F>(words) {
            Some(value) => *words = to_words(&(value * factor)),
            None => return INVALID_VALUE,
        }
    }
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn bn254ScalarConvertMontgomery(
    scalars: *mut Words,
    count: usize,
    into: bool,
    context: *const DeviceContext,
) -> Status {
    convert::<Fr>(scalars, count, into, context)
}

#[unsafe(no_mangle)]
extern "C" fn bn254AffineConvertMontgomery(
    points: *mut Words,
    count: usize,
    into: bool,
    context: *const DeviceContext,
) -> Status {
    convert::<Fq>(points, 2 * count, into, context)
}

#[unsafe(no_mangle)]
extern "C" fn bn254ProjectiveConvertMontgomery(
    points: *mut Words,
    count: usize,
    into: bool,
    context: *const DeviceContext,
) -> Status {
    convert::<Fq>(points, 3 * count, into, context)
}

fn coordinates(point: &Projective) -> [Fq; 3] {
    [point.x, point.y, point.z]
        .map(|words| from_words(&words).expect("ICICLE's coordinates are below the modulus"))
}

#[unsafe(no_mangle)]
extern "C" fn bn254Eq(a: *const Projective, b: *const Projective) -> bool {
    // SAFETY: the caller's points.
    let ([ax, ay, az], [bx, by, bz]) = unsafe { (coordinates(&*a), coordinates(&*b)) };
    let nothing = [Fq::ZERO; 3];
    [ax, ay, az] != nothing && [bx, by, bz] != nothing && ax * bz == bx * az && ay * bz == by * az
}

#[unsafe(no_mangle)]
extern "C" fn bn254ToAffine(point: *const Projective, out: *mut Affine) {
    // SAFETY: the caller's points.
    let [x, y, z] = unsafe { coordinates(&*point) };
    let inverse = Option::<Fq>::from(z.invert()).unwrap_or(Fq::ZERO);
    let affine = Affine {
        x: to_words(&(x * inverse)),
        y: to_words(&(y * inverse)),
    };
    // SAFETY: the caller's point.
    unsafe { out.write(affine) };
}

#[unsafe(no_mangle)]
extern "C" fn bn254GenerateScalars(out: *mut Words, count: usize) {
    for i in 0..count {
        // SAFETY: the caller's memory.
        unsafe { out.add(i).write(to_words(&Fr::random(rand::thread_rng()))) };
    }
}

fn random_points(count: usize) -> impl Iterator<Item = G1> {
    let (mut point, step) = (G1::random(rand::thread_rng()), G1::random(rand::thread_rng()));
    (0..count).map(move |_| {
        point += step;
        point
    })
}

#[unsafe(no_mangle)]
extern "C" fn bn254GenerateProjectivePoints(out: *mut Projective, count: usize) {
    for (i, point) in random_points(count).enumerate() {
        // SAFETY: the caller's memory.
        unsafe { out.add(i).write(projective(&point)) };
    }
}

#[unsafe(no_mangle)]
extern "C" fn bn254GenerateAffinePoints(out: *mut Affine, count: usize) {
    for (i, point) in random_points(count).enumerate() {
        let point = point.to_affine();
        let affine = Affine {
            x: to_words(&point.x),
            y: to_words(&point.y),
        };
        // SAFETY: the caller's memory.
        unsafe { out.add(i).write(affine) };
    }
}
