//! What the glue does on the host, against halo2curves: no device is needed.
#![cfg(all(feature = "cuda", ashlar_sppark))]
#![allow(unsafe_code, reason = "calls the glue's functions for tests")]

use std::ffi::c_int;

use ashlar_icicle::{
    Device,
    curve::{Base, G1Affine, G1Projective, Scalar},
};
use halo2curves::{
    bn256::{self, Fq, Fr, G1},
    ff::{Field, PrimeField},
    group::{Curve, Group},
};
use icicle_core::ntt::initialize_domain;
use icicle_cuda_runtime::device_context::get_default_device_context;

unsafe extern "C" {
    fn ashlar_bn254_table_entry(table: c_int, log: c_int, out: *mut [u64; 4]) -> bool;
    fn ashlar_bn254_to_projective(montgomery_jacobian: *const [u64; 4], out: *mut G1Projective);
}

fn limbs<F: PrimeField<Repr = [u8; 32]>>(value: &F) -> [u64; 4] {
    let bytes = value.to_repr();
    std::array::from_fn(|i| u64::from_le_bytes(bytes[8 * i..8 * i + 8].try_into().unwrap()))
}

fn element<F: PrimeField<Repr = [u8; 32]>>(limbs: [u64; 4]) -> F {
    let mut bytes = [0; 32];
    for (chunk, limb) in bytes.chunks_mut(8).zip(limbs) {
        chunk.copy_from_slice(&limb.to_le_bytes());
    }
    F::from_repr(bytes).expect("below the modulus")
}

fn table_entry(table: c_int, log: u32) -> Option<Fr> {
    let mut out = [0; 4];
    // SAFETY: writes four words where it answers true.
    unsafe { ashlar_bn254_table_entry(table, log as c_int, &mut out) }.then(|| element(out))
}

fn root(log: u32) -> Fr {
    (log..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square())
}

/// One process has one domain, so all that can be said about it is said in one test.
#[test]
fn tables_extend_the_callers_root() {
    let context = get_default_device_context();
    let initialize = |root: Fr| initialize_domain(Scalar::from(limbs(&root)), &context).is_ok();
    assert_eq!(table_entry(0, 0), None, "no table before the first call");
    assert!(!initialize(Fr::from(7)), "7 has no order that is a power of two");
    assert!(!initialize(Fr::ZERO));
    assert_eq!(table_entry(0, 0), None, "a refused root leaves no table");

    // A root of small order: the tables are completed, and their lower part is halo2's.
    assert!(initialize(root(18)));
    for log in 0..=18 {
        assert_eq!(table_entry(0, log), Some(root(log)), "order 2^{log}");
    }
    for log in 0..=Fr::S {
        let forward = table_entry(0, log).unwrap();
        let order = 1u64 << log;
        assert_eq!(forward.pow_vartime([order]), Fr::ONE);
        assert!(
            log == 0 || forward.pow_vartime([order / 2]) == -Fr::ONE,
            "exactly 2^{log}"
        );
        assert_eq!(
            forward * table_entry(1, log).unwrap(),
            Fr::ONE,
            "inverse root {log}"
        );
        assert_eq!(
            table_entry(2, log).unwrap() * Fr::from(order),
            Fr::ONE,
            "1/2^{log}"
        );
    }
    assert_eq!(table_entry(0, Fr::S + 1), None);

    assert!(initialize(root(18)), "the same root again");
    assert!(initialize(root(5)), "a power of it");
    assert!(!initialize(root(18).invert().unwrap()), "another family of roots");
    let arkworks = Fr::from(5).pow_vartime(limbs(&((-Fr::ONE) * Fr::from(1 << 28).invert().unwrap())));
    assert_eq!(arkworks.pow_vartime([1u64 << 28]), Fr::ONE);
    assert!(!initialize(arkworks), "the family of arkworks");
}

/// The glue's answer to the point in Jacobian coordinates with the given `z`, not 0; the identity has `z = 0`.
fn projective(point: &G1, z: u64) -> G1Projective {
    let (affine, z) = (point.to_affine(), Fq::from(z));
    let jacobian = if bool::from(point.is_identity()) {
        [Fq::from(5), Fq::from(6), Fq::ZERO]
    } else {
        [affine.x * z.square(), affine.y * z.square() * z, z]
    };
    let montgomery = jacobian.map(|coordinate| limbs(&(coordinate * Fq::from(2).pow_vartime([256]))));
    let mut out = G1Projective::zero();
    // SAFETY: reads three elements and writes one point.
    unsafe { ashlar_bn254_to_projective(montgomery.as_ptr(), &mut out) };
    out
}

fn points() -> Vec<G1> {
    let mut points = vec![G1::identity(), G1::generator(), -G1::generator()];
    let mut point = G1::generator();
    for _ in 0..20 {
        point = point.double() + G1::generator();
        points.push(point);
    }
    points
}

#[test]
fn jacobian_becomes_homogeneous() {
    for point in points() {
        let out = projective(&point, 11);
        let [x, y, z] = [out.x, out.y, out.z].map(|coordinate: Base| element::<Fq>(coordinate.into()));
        if bool::from(point.is_identity()) {
            assert_eq!((x, y, z), (Fq::ZERO, Fq::ONE, Fq::ZERO));
            continue;
        }
        let affine = point.to_affine();
        let inverse = z.invert().expect("not the identity");
        assert_eq!((x * inverse, y * inverse), (affine.x, affine.y));
    }
}

#[test]
fn points_become_affine() {
    for point in points() {
        let affine = bn256::G1Affine::from(point);
        let out = G1Affine::from(projective(&point, 13));
        let [x, y]: [[u64; 4]; 2] = [out.x, out.y].map(Into::into);
        assert_eq!([x, y], [limbs(&affine.x), limbs(&affine.y)]);
    }
}

#[test]
fn equality_is_that_of_points() {
    let points = points();
    for (i, a) in points.iter().enumerate() {
        for (j, b) in points.iter().enumerate() {
            let equal = projective(a, 1) == projective(b, 17);
            assert_eq!(equal, i == j, "points {i} and {j}");
        }
    }
    let nothing = G1Projective::from_limbs([0; 4], [0; 4], [0; 4]);
    assert!(nothing != nothing, "(0 : 0 : 0) is no point");
}

#[test]
fn random_points_are_on_the_curve() {
    use icicle_core::curve::Curve as _;
    let points = ashlar_icicle::curve::Bn254::generate_random_affine_points(120);
    for point in &points {
        let [x, y] = [point.x, point.y].map(|coordinate| element::<Fq>(coordinate.into()));
        assert_eq!(y.square(), x.square() * x + Fq::from(3));
    }
    assert!(points[0] != points[1]);
    assert!(points[0] == points[100], "they repeat, as the glue says");
}

/// Whatever this machine has, asking for a device answers: no abort, no exception.
#[test]
fn a_device_that_is_not_there_is_an_error() {
    let error = Device::open(usize::MAX).unwrap_err();
    assert_eq!(error.fault(), ashlar_icicle::Fault::NoDevice, "{error}");
    assert!(error.to_string().contains("cuda"), "{error}");
}
