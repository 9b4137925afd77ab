//! Loading `.ptau` files. The fixtures were made with `snarkjs powersoftau new bn128 5` (uncontributed) and one
//! `snarkjs powersoftau contribute` on top of it.

use std::io::Cursor;

use ashlar_kzg::srs::{
    KnownSecret, PtauError, Srs, SrsKind, insecure_development, load_ptau, ptau_digest, read_ptau,
};
use halo2_proofs::{
    arithmetic::Field,
    halo2curves::{
        CurveAffine,
        bn256::{Fq2, Fr, G1Affine, G2Affine},
        group::{cofactor::CofactorGroup, prime::PrimeCurveAffine},
        serde::SerdeObject,
    },
    poly::{
        EvaluationDomain,
        commitment::{Blind, Params, ParamsProver},
    },
};

const FILE: &[u8] = include_bytes!("fixtures/power5.ptau");
const UNCONTRIBUTED: &[u8] = include_bytes!("fixtures/power5-uncontributed.ptau");
const K: u32 = 5;
/// Container header, section header, content of section 1, section header.
const G1_START: usize = 12 + 12 + 44 + 12;
const G1_BYTES: usize = 64;
const G2_START: usize = G1_START + ((2 << K) - 1) * G1_BYTES + 12;
const G2_BYTES: usize = 128;

fn load(bytes: &[u8], k: u32) -> Result<Srs, PtauError> {
    read_ptau(Cursor::new(bytes), k)
}

/// The error after `change`.
fn refused(change: impl Fn(&mut [u8])) -> PtauError {
    let mut bytes = FILE.to_vec();
    change(&mut bytes);
    load(&bytes, K).expect_err("a corrupted file was accepted")
}

fn g1(bytes: &[u8], index: usize) -> G1Affine {
    let at = G1_START + index * G1_BYTES;
    G1Affine::from_raw_bytes(&bytes[at..at + G1_BYTES]).unwrap()
}

fn put(bytes: &mut [u8], at: usize, point: &impl SerdeObject) {
    let raw = point.to_raw_bytes();
    bytes[at..at + raw.len()].copy_from_slice(&raw);
}

#[test]
fn a_real_file_loads_whole_and_truncated() {
    for k in [1, 3, K] {
        let srs = load(FILE, k).unwrap();
        assert_eq!((srs.k(), srs.kind()), (k, SrsKind::PowersOfTau));
        srs.require_production().unwrap();
        assert_eq!(srs.params().get_g().len(), 1 << k);
        assert_eq!(srs.params().get_g()[1], g1(FILE, 1));
        let domain = EvaluationDomain::<Fr>::new(1, k);
        let mut values = domain.empty_lagrange();
        values
            .iter_mut()
            .enumerate()
            .for_each(|(i, value)| *value = Fr::from(7 + i as u64).square());
        let coefficients = domain.lagrange_to_coeff(values.clone());
        let blind = Blind(Fr::ZERO);
        let params = srs.params();
        assert_eq!(
            params.commit(&coefficients, blind),
            params.commit_lagrange(&values, blind)
        );
    }
}

#[test]
fn a_loaded_file_is_stored_with_its_kind() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file.ptau");
    std::fs::write(&path, FILE).unwrap();
    let srs = load_ptau(&path, K).unwrap();
    let stored = Srs::load(&srs.store(dir.path()).unwrap()).unwrap().unwrap();
    assert_eq!(
        (stored.kind(), stored.checksum()),
        (SrsKind::PowersOfTau, srs.checksum())
    );
    assert!(matches!(
        load_ptau(&dir.path().join("absent"), K),
        Err(PtauError::Io(_))
    ));
}

#[test]
fn a_corrupted_container_is_refused_by_name() {
    assert!(matches!(refused(|b| b[0] = b'q'), PtauError::Magic { .. }));
    assert!(matches!(refused(|b| b[4] = 2), PtauError::Version { found: 2 }));
    assert!(matches!(refused(|b| b[9] = 1), PtauError::SectionCount { .. }));
    assert!(matches!(
        refused(|b| b[16 + 6] = 1),
        PtauError::SectionBounds { section: 1 }
    ));
    assert!(matches!(
        refused(|b| b[16 + 7] = 255),
        PtauError::SectionBounds { section: 1 }
    ));
    let second = G1_START - 12;
    assert!(matches!(
        refused(|b| b[second] = 1),
        PtauError::DuplicateSection { section: 1 }
    ));
    assert!(matches!(
        refused(|b| b[second] = 60),
        PtauError::MissingSection { section: 2 }
    ));
    assert!(matches!(refused(|b| b[24 + 4] ^= 1), PtauError::Curve));
    assert!(matches!(refused(|b| b[24] = 48), PtauError::Curve));
    assert!(matches!(refused(|b| b[60] = 0), PtauError::Power { found: 0 }));
    assert!(matches!(refused(|b| b[60] = 29), PtauError::Power { found: 29 }));
    assert!(matches!(
        refused(|b| b[60] = 6),
        PtauError::SectionLength { section: 2, .. }
    ));
    for length in (0..FILE.len()).step_by(101) {
        assert!(load(&FILE[..length], K).is_err(), "truncated to {length} bytes");
    }
}

#[test]
fn a_size_beyond_the_ceremony_is_refused() {
    assert!(matches!(
        load(FILE, K + 1),
        Err(PtauError::TooSmall {
            needed: 6,
            available: 5
        })
    ));
}

#[test]
fn a_ceremony_without_contributions_is_refused() {
    assert!(matches!(load(UNCONTRIBUTED, K), Err(PtauError::NoContribution)));
}

#[test]
fn the_development_string_in_a_ceremony_file_is_refused() {
    let development = insecure_development(K + 1);
    let error = refused(|bytes| {
        for (index, point) in development.get_g().iter().take((2 << K) - 1).enumerate() {
            put(bytes, G1_START + index * G1_BYTES, point);
        }
        put(bytes, G2_START + G2_BYTES, &development.s_g2());
    });
    assert!(
        matches!(error, PtauError::KnownSecret(KnownSecret::Development)),
        "{error:?}"
    );
}

#[test]
fn the_digest_is_the_one_that_b2sum_prints() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, b"abc").unwrap();
    let mut told = vec![];
    let digest = ptau_digest(&path, |done, total| told.push((done, total))).unwrap();
    assert_eq!(told, [(3, 3)]);
    // RFC 7693, appendix A
    assert_eq!(digest[..8], [0xba, 0x80, 0xa5, 0x3f, 0x98, 0x1c, 0x4d, 0x0d]);
}

#[test]
fn corrupted_points_are_refused_by_name() {
    let at = |index| G1_START + index * G1_BYTES;
    let negate = |index| refused(|b| put(b, at(index), &-g1(b, index)));
    assert!(matches!(negate(0), PtauError::Generator { group: "G1" }));
    assert!(matches!(negate(1), PtauError::TauMismatch));
    assert!(matches!(negate(2), PtauError::Powers));
    assert!(matches!(negate((1 << K) - 1), PtauError::Powers));
    let swap = refused(|b| {
        let (left, right) = (g1(b, 4), g1(b, 5));
        put(b, at(4), &right);
        put(b, at(5), &left);
    });
    assert!(matches!(swap, PtauError::Powers));
    let infinity = refused(|b| b[at(9)..at(10)].fill(0));
    assert!(matches!(
        infinity,
        PtauError::Point {
            group: "G1",
            index: 9
        }
    ));
    let above_modulus = refused(|b| b[at(3)..at(3) + 32].fill(255));
    assert!(matches!(
        above_modulus,
        PtauError::Point {
            group: "G1",
            index: 3
        }
    ));

    let tau_g2 = G2Affine::from_raw_bytes(&FILE[G2_START + G2_BYTES..][..G2_BYTES]).unwrap();
    assert!(matches!(
        refused(|b| put(b, G2_START, &tau_g2)),
        PtauError::Generator { group: "G2" }
    ));
    assert!(matches!(
        refused(|b| put(b, G2_START + G2_BYTES, &-tau_g2)),
        PtauError::TauMismatch
    ));
    let stray = outside_the_subgroup();
    assert!(matches!(
        refused(|b| put(b, G2_START + G2_BYTES, &stray)),
        PtauError::Subgroup
    ));
}

/// A point of the twist whose order is not the group's.
fn outside_the_subgroup() -> G2Affine {
    let candidates = (1u64..).map(Fq2::from).filter_map(|x| {
        let y = Option::from((x.square() * x + G2Affine::b()).sqrt())?;
        Option::<G2Affine>::from(G2Affine::from_xy(x, y))
    });
    let mut strays = candidates.filter(|point| !bool::from(point.to_curve().is_torsion_free()));
    strays.next().expect("almost every point of the twist is outside")
}

#[test]
fn every_flipped_bit_of_the_points_used_is_refused() {
    let g1 = G1_START..G1_START + (G1_BYTES << K);
    let g2 = G2_START..G2_START + 2 * G2_BYTES;
    for byte in g1.chain(g2) {
        let error = refused(|b| b[byte] ^= 1 << (byte % 8));
        assert!(matches!(error, PtauError::Point { .. }), "byte {byte}: {error}");
    }
}
