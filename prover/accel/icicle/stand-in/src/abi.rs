//! The structures of ICICLE 1.3.0 as its C++ has them, written down again so that the Rust crates' are checked.

use std::ffi::{c_int, c_void};

use halo2curves::{
    bn256::{Fq, G1, G1Affine},
    ff::{Field, PrimeField},
    group::{Curve, Group},
};

/// `cudaError_t`
pub type Status = c_int;
pub const SUCCESS: Status = 0;
pub const INVALID_VALUE: Status = 1;
pub const OUT_OF_MEMORY: Status = 2;
pub const NO_DEVICE: Status = 100;
pub const INVALID_DEVICE: Status = 101;
pub const LAUNCH_FAILURE: Status = 719;

/// 256 bits, least significant word first.
pub type Words = [u64; 4];

#[repr(C)]
pub struct DeviceContext {
    pub stream: *const *mut c_void,
    pub device_id: usize,
    pub mempool: usize,
}

#[derive(Clone, Copy)]
#[repr(C)]
pub struct Affine {
    pub x: Words,
    pub y: Words,
}

/// Homogeneous: `(x/z, y/z)`.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Projective {
    pub x: Words,
    pub y: Words,
    pub z: Words,
}

#[repr(C)]
pub struct MsmConfig {
    pub context: DeviceContext,
    pub points_size: c_int,
    pub precompute_factor: c_int,
    pub c: c_int,
    pub bitsize: c_int,
    pub large_bucket_factor: c_int,
    pub batch_size: c_int,
    pub are_scalars_on_device: bool,
    pub are_scalars_montgomery_form: bool,
    pub are_points_on_device: bool,
    pub are_points_montgomery_form: bool,
    pub are_results_on_device: bool,
    pub is_big_triangle: bool,
    pub is_async: bool,
}

#[repr(C)]
pub struct NttConfig {
    pub context: DeviceContext,
    pub coset_generator: Words,
    pub batch_size: c_int,
    pub ordering: c_int,
    pub are_inputs_on_device: bool,
    pub are_outputs_on_device: bool,
    pub is_async: bool,
    pub is_force_radix2: bool,
}

const _: () = {
    assert!(size_of::<DeviceContext>() == 24 && size_of::<MsmConfig>() == 56 && size_of::<NttConfig>() == 72);
    assert!(size_of::<Affine>() == 64 && size_of::<Projective>() == 96);
};

/// `2^256`, the factor of Montgomery form, in either field.
pub fn radix<F: PrimeField>() -> F {
    F::from(2).pow_vartime([256])
}

/// The element that is the integer `words`; `None` from the modulus on.
pub fn from_words<F: PrimeField<Repr = [u8; 32]>>(words: &Words) -> Option<F> {
    let mut bytes = [0; 32];
    for (bytes, word) in bytes.chunks_exact_mut(8).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    F::from_repr(bytes).into()
}

pub fn to_words<F: PrimeField<Repr = [u8; 32]>>(value: &F) -> Words {
    let bytes = value.to_repr();
    std::array::from_fn(|i| u64::from_le_bytes(std::array::from_fn(|j| bytes[8 * i + j])))
}

/// What words are multiplied by to give the element: the inverse of [`radix`] for Montgomery form.
pub fn factor<F: PrimeField>(montgomery: bool) -> F {
    if montgomery {
        radix::<F>().invert().expect("not zero")
    } else {
        F::ONE
    }
}

/// A finite affine point, or `None`. (0, 0) is refused: ICICLE and sppark need not agree about it, so the host side must
/// not send it.
pub fn affine(point: &Affine, factor: &Fq) -> Option<G1Affine> {
    let (x, y) = (
        from_words::<Fq>(&point.x)? * factor,
        from_words::<Fq>(&point.y)? * factor,
    );
    let on_curve = y.square() == x.square() * x + Fq::from(3);
    on_curve.then_some(G1Affine { x, y })
}

/// With a random `z`, as a device leaves it.
pub fn projective(point: &G1) -> Projective {
    if bool::from(point.is_identity()) {
        return Projective {
            x: [0; 4],
            y: [1, 0, 0, 0],
            z: [0; 4],
        };
    }
    let (point, z) = (point.to_affine(), Fq::random(rand::thread_rng()));
    Projective {
        x: to_words(&(point.x * z)),
        y: to_words(&(point.y * z)),
        z: to_words(&z),
    }
}
