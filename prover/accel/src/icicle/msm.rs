//! Sums on the card.

use std::sync::PoisonError;

use ashlar_icicle::{
    DeviceMemory, Slot,
    bn254::{self, AFFINE_WORDS, ELEMENT_WORDS, MAX_MSM_SCALARS, Projective},
};
use halo2curves::{
    CurveAffine,
    bn256::{Fq, Fr, G1, G1Affine},
    ff::{Field, PrimeField},
    group::{Group, prime::PrimeCurveAffine},
};

use super::{
    IcicleBackend,
    budget::Reservation,
    error::{Context, unavailable},
};
use crate::{AccelError, Msm, cpu::memory::InWords};

/// Points converted at once on their way to the card.
const UPLOAD_POINTS: usize = 1 << 14;

/// Bases on the card, in Montgomery form as halo2curves has them.
#[derive(Debug)]
pub struct Bases {
    /// `None` without bases.
    memory: Option<DeviceMemory>,
    count: usize,
    /// Bases that are the identity, in order. On the card the generator takes their place and their scalars are zero:
    /// libraries do not agree about the affine identity.
    identities: Vec<usize>,
    _reservation: Option<Reservation>,
}

/// Consecutive columns of one length that go together: one call of the native library.
struct Load<'a> {
    size: usize,
    columns: &'a [&'a [Fr]],
}

impl Load<'_> {
    fn words(&self) -> usize {
        self.size * self.columns.len() * ELEMENT_WORDS
    }
}

impl IcicleBackend {
    /// Takes scalars to the card as [`Msm::msm_batch`] does, and nothing else: for measurements of what that costs.
    pub fn send(&self, scalars: &[&[Fr]]) -> Result<(), AccelError> {
        let longest = scalars.iter().map(|column| column.len()).max().unwrap_or(0);
        check_size(longest)?;
        if longest == 0 {
            return Ok(());
        }
        let mut staging = self.staging.lock().unwrap_or_else(PoisonError::into_inner);
        let slots = staging.slots(longest * ELEMENT_WORDS)?;
        let loads = loads(scalars, slots[0].words() / ELEMENT_WORDS);
        for (i, load) in loads.iter().enumerate() {
            upload(load, &[], &mut slots[i % 2]).context("uploading scalars", 0)?;
            self.traffic.sent(load.words());
        }
        for slot in slots {
            slot.result(0).context("uploading scalars", 0)?;
        }
        Ok(())
    }
}

impl Msm<G1Affine> for IcicleBackend {
    type Bases = Bases;

    fn prepare_bases(&self, bases: &[G1Affine]) -> Result<Bases, AccelError> {
        check_size(bases.len())?;
        if bases.is_empty() {
            return Ok(Bases {
                memory: None,
                count: 0,
                identities: Vec::new(),
                _reservation: None,
            });
        }
        let words = bases.len() * AFFINE_WORDS;
        let bytes = (words * size_of::<u64>()) as u64;
        let reservation = self.budget.reserve(bytes)?;
        let mut memory = DeviceMemory::new(self.device, words).context("allocating bases", bytes)?;
        let mut piece = Vec::with_capacity(bases.len().min(UPLOAD_POINTS) * AFFINE_WORDS);
        for (i, points) in bases.chunks(UPLOAD_POINTS).enumerate() {
            piece.clear();
            for point in points {
                let is_identity = bool::from(point.is_identity());
                let point = if is_identity {
                    G1Affine::generator()
                } else {
                    *point
                };
                piece.extend(point.x.to_words());
                piece.extend(point.y.to_words());
            }
            memory
                .write(i * UPLOAD_POINTS * AFFINE_WORDS, &piece)
                .context("uploading bases", 0)?;
            self.traffic.sent(piece.len());
        }
        let is_identity = |&i: &usize| bool::from(bases[i].is_identity());
        Ok(Bases {
            memory: Some(memory),
            count: bases.len(),
            identities: (0..bases.len()).filter(is_identity).collect(),
            _reservation: Some(reservation),
        })
    }

    fn msm_batch(&self, bases: &Bases, scalars: &[&[Fr]]) -> Result<Vec<G1>, AccelError> {
        if let Some(column) = scalars.iter().find(|column| column.len() > bases.count) {
            return Err(AccelError::LengthMismatch {
                operation: "msm",
                expected: bases.count,
                actual: column.len(),
            });
        }
        let longest = scalars.iter().map(|column| column.len()).max().unwrap_or(0);
        let (Some(memory), 1..) = (&bases.memory, longest) else {
            return Ok(vec![G1::identity(); scalars.len()]); // no scalar at all
        };
        let mut staging = self.staging.lock().unwrap_or_else(PoisonError::into_inner);
        let slots = staging.slots(longest * ELEMENT_WORDS)?;
        let loads = loads(scalars, slots[0].words() / ELEMENT_WORDS);
        let scratch = loads
            .iter()
            .map(|load| bn254::msm_scratch_bytes(load.size.max(1), load.columns.len()));
        let scratch = scratch.max().unwrap_or(0);
        let _reservation = self.budget.reserve(scratch)?;

        let mut sums = Vec::with_capacity(scalars.len());
        let mut compute = |load: &Load<'_>, slot: &Slot| {
            if load.size == 0 {
                sums.extend(load.columns.iter().map(|_| G1::identity()));
                return Ok(());
            }
            let points = bn254::msm(memory, slot, load.size, load.columns.len()).context("msm", scratch)?;
            for point in points {
                sums.push(from_projective(&point)?);
            }
            Ok::<_, AccelError>(())
        };
        // While the card sums one load, the next is on its way to the other slot.
        let mut waiting: Option<(&Load<'_>, usize)> = None;
        for (i, load) in loads.iter().enumerate() {
            upload(load, &bases.identities, &mut slots[i % 2]).context("uploading scalars", 0)?;
            self.traffic.sent(load.words());
            if let Some((load, slot)) = waiting.replace((load, i % 2)) {
                compute(load, &slots[slot])?;
            }
        }
        if let Some((load, slot)) = waiting {
            compute(load, &slots[slot])?;
        }
        Ok(sums)
    }
}

fn check_size(size: usize) -> Result<(), AccelError> {
    if size > MAX_MSM_SCALARS {
        return Err(AccelError::UnsupportedSize {
            operation: "msm",
            size,
            max: MAX_MSM_SCALARS,
        });
    }
    Ok(())
}

/// Runs of equally long columns, of at most `capacity` scalars together; `capacity` is at least the longest column.
fn loads<'a>(columns: &'a [&'a [Fr]], capacity: usize) -> Vec<Load<'a>> {
    let capacity = capacity.min(MAX_MSM_SCALARS);
    columns
        .chunk_by(|a, b| a.len() == b.len())
        .flat_map(|run| {
            let size = run[0].len();
            run.chunks((capacity / size.max(1)).max(1))
                .map(move |columns| Load { size, columns })
        })
        .collect()
}

fn upload(load: &Load<'_>, identities: &[usize], slot: &mut Slot) -> Result<(), ashlar_icicle::Error> {
    let words = load.size * ELEMENT_WORDS;
    if words == 0 {
        return Ok(());
    }
    let total = load.words();
    let staging = slot.staging(total)?;
    for (staging, column) in staging.chunks_exact_mut(words).zip(load.columns) {
        staging.copy_from_slice(Fr::slice_as_words(column).as_flattened());
        for &identity in identities.iter().take_while(|&&identity| identity < load.size) {
            staging[identity * ELEMENT_WORDS..][..ELEMENT_WORDS].fill(0);
        }
    }
    slot.upload(total)
}

/// From homogeneous to Jacobian coordinates. A point that is none is the library's fault.
fn from_projective(point: &Projective) -> Result<G1, AccelError> {
    let coordinate = |limbs: [u64; ELEMENT_WORDS]| {
        let mut bytes = [0; 32];
        for (bytes, limb) in bytes.chunks_exact_mut(8).zip(limbs) {
            bytes.copy_from_slice(&limb.to_le_bytes());
        }
        Option::<Fq>::from(Fq::from_repr(bytes))
    };
    let sum = (|| {
        let (x, y, z) = (coordinate(point.x)?, coordinate(point.y)?, coordinate(point.z)?);
        if bool::from(z.is_zero()) {
            // (0 : y : 0) with y other than 0; (0 : 0 : 0) is what a library leaves that did nothing.
            return (bool::from(x.is_zero()) && !bool::from(y.is_zero())).then(G1::identity);
        }
        let inverse = Option::<Fq>::from(z.invert())?;
        Option::<G1Affine>::from(G1Affine::from_xy(x * inverse, y * inverse)).map(G1::from)
    })();
    sum.ok_or_else(|| unavailable("msm: the result is not a point of the curve; use the CPU and report this"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(value: Fq) -> [u64; 4] {
        let bytes = value.to_repr();
        std::array::from_fn(|i| u64::from_le_bytes(std::array::from_fn(|j| bytes[8 * i + j])))
    }

    fn homogeneous(x: Fq, y: Fq, z: Fq) -> Projective {
        Projective {
            x: canonical(x),
            y: canonical(y),
            z: canonical(z),
        }
    }

    #[test]
    fn homogeneous_points_are_read() {
        let (z, generator) = (Fq::from(77), G1Affine::generator());
        let point = homogeneous(generator.x * z, generator.y * z, z);
        assert_eq!(from_projective(&point).unwrap(), G1::generator());
        let identity = homogeneous(Fq::ZERO, Fq::ONE, Fq::ZERO);
        assert_eq!(from_projective(&identity).unwrap(), G1::identity());
    }

    #[test]
    fn what_is_no_point_is_refused() {
        let generator = G1Affine::generator();
        let too_large = Projective {
            z: [u64::MAX; 4],
            ..homogeneous(generator.x, generator.y, Fq::ONE)
        };
        for point in [
            homogeneous(generator.x, generator.y + Fq::ONE, Fq::ONE),
            homogeneous(Fq::ZERO, Fq::ZERO, Fq::ZERO),
            homogeneous(Fq::ONE, Fq::ONE, Fq::ZERO),
            too_large,
        ] {
            assert!(
                matches!(from_projective(&point), Err(AccelError::Unavailable { .. })),
                "{point:?}"
            );
        }
    }

    #[test]
    fn loads_are_runs_that_fit() {
        let columns: Vec<Vec<Fr>> = [3, 3, 3, 0, 0, 5, 3].map(|size| vec![Fr::ONE; size]).into();
        let slices: Vec<&[Fr]> = columns.iter().map(Vec::as_slice).collect();
        let shapes: Vec<_> = loads(&slices, 6)
            .iter()
            .map(|load| (load.size, load.columns.len()))
            .collect();
        assert_eq!(shapes, [(3, 2), (3, 1), (0, 2), (5, 1), (3, 1)]);
    }
}
