//! BN254: sums and transforms over device memory.
//!
//! Field elements are four words in Montgomery form with `R = 2^256`, least significant word first, as halo2curves has
//! them in memory. Transforms are linear and their constants are the library's own, so they need not know the form; the
//! MSM is told by its flags.

use icicle_core::{msm as icicle_msm, ntt as icicle_ntt, traits::FieldImpl};
use icicle_cuda_runtime::{device_context::DeviceContext, memory::HostOrDeviceSlice, stream::CudaStream};

use crate::{
    Batch, Direction, KERNELS, Kernels, Order,
    curve::{Bn254, G1Affine, G1Projective, Scalar},
    device::Device,
    error::Error,
    memory::DeviceMemory,
    slot::Slot,
};

/// Words of a scalar or a coordinate.
pub const ELEMENT_WORDS: usize = 4;
/// Words of an affine point: `x`, then `y`; both zero for the identity.
pub const AFFINE_WORDS: usize = 2 * ELEMENT_WORDS;
/// Scalars of one call of the MSM, all sums together: the native interface counts in 32-bit integers.
pub const MAX_MSM_SCALARS: usize = 1 << 30;
/// Transforms have at most so many elements: the two-adicity of the field.
pub const MAX_LOG_SIZE: u32 = 28;

const _: () = {
    assert!(size_of::<Scalar>() == size_of::<[u64; ELEMENT_WORDS]>());
    assert!(size_of::<G1Affine>() == size_of::<[u64; AFFINE_WORDS]>());
};

/// Homogeneous coordinates `(x/z, y/z)` as canonical integers; `z` is zero for the identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Projective {
    /// `x`
    pub x: [u64; ELEMENT_WORDS],
    /// `y`
    pub y: [u64; ELEMENT_WORDS],
    /// `z`
    pub z: [u64; ELEMENT_WORDS],
}

/// Sums over the first `size` points of `bases`, one for each `size` scalars in the slot's input; waits for the end.
///
/// No base is the identity: libraries differ about it.
pub fn msm(
    bases: &DeviceMemory,
    scalars: &Slot,
    size: usize,
    batch: usize,
) -> Result<Vec<Projective>, Error> {
    assert!(size > 0 && batch > 0 && size * batch <= MAX_MSM_SCALARS);
    assert_eq!(
        bases.device(),
        scalars.device(),
        "bases and scalars are on different devices"
    );
    scalars.device().activate()?;
    let mut config = icicle_msm::get_default_msm_config::<Bn254>();
    config.ctx = scalars.context();
    config.are_scalars_montgomery_form = true;
    config.are_points_montgomery_form = true;
    let mut sums = HostOrDeviceSlice::on_host(vec![G1Projective::zero(); batch]);
    let scalars = scalars.input().view::<Scalar>(size * batch);
    icicle_msm::msm(&scalars, &bases.view::<G1Affine>(size), &config, &mut sums)
        .map_err(|error| Error::from_icicle(error, "bn254MSMCuda"))?;
    let projective = |sum: &G1Projective| Projective {
        x: sum.x.into(),
        y: sum.y.into(),
        z: sum.z.into(),
    };
    Ok(sums.as_slice().iter().map(projective).collect())
}

/// Prepares transforms with the powers of `root` (canonical, its order a power of two) on `device`.
///
/// A process has one root: with our kernels any other than a power of the first (completed to order `2^28`) is an error,
/// ICICLE 1.3.0 keeps the first whatever comes later.
pub fn initialize_domain(device: Device, root: [u64; ELEMENT_WORDS]) -> Result<(), Error> {
    device.activate()?;
    let stream = CudaStream::default();
    let context = DeviceContext {
        stream: &stream,
        device_id: device.index(),
        mempool: 0,
    };
    icicle_ntt::initialize_domain(Scalar::from(root), &context)
        .map_err(|error| Error::from_icicle(error, "bn254InitializeDomain"))
}

/// Starts transforms from the slot's input to its output. `shift` is canonical; `None` without a coset.
///
/// A domain of at least this size was initialised on the slot's device.
pub fn ntt(slot: &mut Slot, batch: Batch, shift: Option<[u64; ELEMENT_WORDS]>) -> Result<(), Error> {
    slot.device().activate()?;
    let elements = batch.elements();
    let mut config = icicle_ntt::get_default_ntt_config::<Scalar>();
    config.ctx = slot.context();
    config.coset_gen = shift.map_or(Scalar::one(), Scalar::from);
    config.batch_size = i32::try_from(batch.count).expect("a batch fits the memory of a device");
    config.ordering = match batch.order {
        Order::NaturalToNatural => icicle_ntt::Ordering::kNN,
        Order::NaturalToReversed => icicle_ntt::Ordering::kNR,
        Order::ReversedToNatural => icicle_ntt::Ordering::kRN,
    };
    config.is_async = true;
    let direction = match batch.direction {
        Direction::Forward => icicle_ntt::NTTDir::kForward,
        Direction::Inverse => icicle_ntt::NTTDir::kInverse,
    };
    let mut output = slot.output().view::<Scalar>(elements);
    icicle_ntt::ntt(
        &slot.input().view::<Scalar>(elements),
        direction,
        &config,
        &mut output,
    )
    .map_err(|error| Error::from_icicle(error, "bn254NTTCuda"))
}

/// Bytes that an MSM takes on the device for the time of the call, besides bases and scalars: at least what sppark
/// allocates; for another library an estimate by the same method with wider tables.
pub fn msm_scratch_bytes(size: usize, batch: usize) -> u64 {
    const BUCKET: u64 = 128; // four coordinates
    const SCALAR_BITS: u64 = 254;
    let points = (size as u64).next_multiple_of(32);
    let window = match KERNELS {
        Kernels::Sppark if points <= 192 => 10,
        Kernels::Sppark => (u64::from((points + points / 2).ilog2()).saturating_sub(8)).clamp(10, 18),
        Kernels::Library => u64::from(points.ilog2()).saturating_sub(4).max(1),
    };
    let windows = SCALAR_BITS.div_ceil(window);
    match KERNELS {
        Kernels::Sppark => {
            const MULTIPROCESSORS: u64 = 256; // more than any card has
            let buckets = (windows << (window - 1)) * (BUCKET + 4) + MULTIPROCESSORS * 8 * BUCKET;
            // It goes through long inputs in pieces.
            let log_points = u64::from((size as u64 + size as u64 / 2).max(1).ilog2());
            let pieces = ((1u64 << (log_points.max(window) - window)) >> 6).max(1);
            let piece = points.div_ceil(pieces).next_multiple_of(32);
            buckets + piece * (16 + 4 * windows)
        }
        Kernels::Library => {
            let batch = batch as u64;
            // Points in the library's own form; four arrays of window digits and indices; buckets twice.
            batch * (windows * points * 16 + (windows << window) * 2 * BUCKET) + points * 64
        }
    }
}

/// Bytes that transforms take on the device for the time of the call, besides input and output. sppark's tables of
/// roots, about 40 MB once per process and device, are not counted.
pub fn ntt_scratch_bytes(batch: &Batch) -> u64 {
    match KERNELS {
        Kernels::Sppark => 0,
        Kernels::Library => (batch.elements() * size_of::<Scalar>()) as u64,
    }
}

/// Bytes that [`initialize_domain`] takes for good, for a root of order `2^log_size`.
pub fn domain_bytes(log_size: u32) -> u64 {
    match KERNELS {
        Kernels::Sppark => 0, // tables of one size, made with the first transform
        Kernels::Library => (size_of::<Scalar>() as u64) << (log_size + 1),
    }
}
