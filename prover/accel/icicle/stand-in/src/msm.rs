//! Sums: ICICLE's symbols.

use std::{ffi::c_int, ffi::c_void, ptr};

use halo2curves::{
    bn256::{Fq, Fr, G1, G1Affine},
    msm::msm_best,
};

use crate::{
    abi::{
        Affine, DeviceContext, INVALID_VALUE, MsmConfig, Projective, SUCCESS, Status, Words, affine, factor,
        from_words, projective,
    },
    cudart, faults, streams,
};

struct NullStream(*mut c_void);
// SAFETY: a null pointer.
unsafe impl Sync for NullStream {}

#[unsafe(no_mangle)]
extern "C" fn bn254DefaultMSMConfig() -> MsmConfig {
    static DEFAULT_STREAM: NullStream = NullStream(ptr::null_mut());
    MsmConfig {
        context: DeviceContext {
            stream: &raw const DEFAULT_STREAM.0,
            device_id: 0,
            mempool: 0,
        },
        points_size: 0,
        precompute_factor: 1,
        c: 0,
        bitsize: 0,
        large_bucket_factor: 10,
        batch_size: 1,
        are_scalars_on_device: false,
        are_scalars_montgomery_form: false,
        are_points_on_device: false,
        are_points_montgomery_form: false,
        are_results_on_device: false,
        is_big_triangle: false,
        is_async: false,
    }
}

#[unsafe(no_mangle)]
extern "C" fn bn254MSMCuda(
    scalars: *const Words,
    points: *const Affine,
    count: c_int,
    config: *const MsmConfig,
    results: *mut Projective,
) -> Status {
    match faults::launch() {
        SUCCESS => {}
        fault => return fault,
    }
    // SAFETY: the caller's structure and stream.
    let (config, exists) = unsafe { (&*config, streams::synchronize(*(*config).context.stream)) };
    let (Ok(count), Ok(batch)) = (usize::try_from(count), usize::try_from(config.batch_size)) else {
        return INVALID_VALUE;
    };
    let points_size = usize::try_from(config.points_size).unwrap_or(0);
    let total = count * batch;
    let is_where_it_says = |address: *const c_void, bytes: usize, on_device: bool| {
        cudart::is_on_device(address, bytes) == on_device
    };
    if !exists
        || count == 0
        || (points_size != count && points_size != total)
        || !is_where_it_says(
            scalars.cast(),
            total * size_of::<Words>(),
            config.are_scalars_on_device,
        )
        || !is_where_it_says(
            points.cast(),
            points_size * size_of::<Affine>(),
            config.are_points_on_device,
        )
        || !is_where_it_says(
            results.cast(),
            batch * size_of::<Projective>(),
            config.are_results_on_device,
        )
    {
        return INVALID_VALUE;
    }
    // SAFETY: on the device the ranges were checked, on the host they are the caller's word.
    let (scalars, points) = unsafe {
        (
            std::slice::from_raw_parts(scalars, total),
            std::slice::from_raw_parts(points, points_size),
        )
    };
    let scalar_factor: Fr = factor(config.are_scalars_montgomery_form);
    let scalar = |words: &Words| Some(from_words::<Fr>(words)? * scalar_factor);
    let scalars: Option<Vec<Fr>> = scalars.iter().map(scalar).collect();
    let point_factor: Fq = factor(config.are_points_montgomery_form);
    let points: Option<Vec<G1Affine>> = points.iter().map(|point| affine(point, &point_factor)).collect();
    let (Some(scalars), Some(points)) = (scalars, points) else {
        return INVALID_VALUE;
    };
    for (i, scalars) in scalars.chunks_exact(count).enumerate() {
        let points = if points_size == count {
            &points[..]
        } else {
            &points[i * count..(i + 1) * count]
        };
        let mut sum = msm_best(scalars, points);
        if faults::lies() {
            sum += G1::generator();
        }
        // SAFETY: as for the inputs.
        unsafe { results.add(i).write(projective(&sum)) };
    }
    SUCCESS
}
