//! Transforms: ICICLE's symbols.

use std::{
    ffi::{c_int, c_void},
    sync::Mutex,
};

use halo2curves::{bn256::Fr, ff::Field, fft::best_fft};

use crate::{
    abi::{DeviceContext, INVALID_VALUE, NttConfig, SUCCESS, Status, Words, from_words, to_words},
    cudart, faults, streams,
};

/// The root of the first call and log2 of its order: later ones are ignored, as by ICICLE 1.3.0.
static DOMAIN: Mutex<Option<(Fr, u32)>> = Mutex::new(None);

/// A scalar by value; C has no arrays by value.
#[repr(C)]
struct Scalar {
    words: Words,
}

#[unsafe(no_mangle)]
extern "C" fn bn254InitializeDomain(root: Scalar, _: *const DeviceContext) -> Status {
    match faults::call() {
        SUCCESS => {}
        fault => return fault,
    }
    let Some(root) = from_words::<Fr>(&root.words) else {
        return INVALID_VALUE;
    };
    let squares = std::iter::successors(Some(root), |root| Some(root.square()));
    match squares.take(29).position(|power| power == Fr::ONE) {
        Some(log_order) => {
            let mut domain = DOMAIN.lock().expect("nothing panics with the lock");
            domain.get_or_insert((root, log_order as u32));
            SUCCESS
        }
        None => INVALID_VALUE,
    }
}

fn reverse_bits(values: &mut [Fr]) {
    let bits = values.len().ilog2();
    for i in 0..values.len() {
        let j = if bits == 0 {
            i
        } else {
            i.reverse_bits() >> (usize::BITS - bits)
        };
        if i < j {
            values.swap(i, j);
        }
    }
}

fn scale_by_powers(values: &mut [Fr], ratio: Fr) {
    let mut power = Fr::ONE;
    for value in values {
        *value *= power;
        power *= ratio;
    }
}

/// One transform by its definition in steps; natural order is made of reversed order and back.
fn transform(values: &mut [Fr], root: Fr, inverse: bool, shift: Fr, ordering: c_int) {
    let (reversed_input, reversed_output) = (ordering & 2 != 0, ordering == 1 || ordering == 3);
    if reversed_input {
        reverse_bits(values);
    }
    let log_size = values.len().ilog2();
    let invert = |value: Fr| value.invert().expect("roots and shifts are not zero");
    if inverse {
        if log_size > 0 {
            best_fft(values, invert(root), log_size);
        }
        let size_inverse = invert(Fr::from(values.len() as u64));
        values.iter_mut().for_each(|value| *value *= size_inverse);
        scale_by_powers(values, invert(shift));
    } else {
        scale_by_powers(values, shift);
        if log_size > 0 {
            best_fft(values, root, log_size);
        }
    }
    if reversed_output {
        reverse_bits(values);
    }
}

#[unsafe(no_mangle)]
extern "C" fn bn254NTTCuda(
    input: *const Words,
    size: c_int,
    direction: c_int,
    config: *const NttConfig,
    output: *mut Words,
) -> Status {
    match faults::launch() {
        SUCCESS => {}
        fault => return fault,
    }
    // SAFETY: the caller's structure and stream.
    let (config, stream) = unsafe { (&*config, *(*config).context.stream) };
    let (Ok(size), Ok(batch)) = (usize::try_from(size), usize::try_from(config.batch_size)) else {
        return INVALID_VALUE;
    };
    let Some((root, log_order)) = *DOMAIN.lock().expect("nothing panics with the lock") else {
        return INVALID_VALUE;
    };
    let bytes = size * batch * size_of::<Words>();
    if !size.is_power_of_two()
        || size.ilog2() > log_order
        || !(0..=3).contains(&config.ordering)
        || cudart::is_on_device(input.cast(), bytes) != config.are_inputs_on_device
        || cudart::is_on_device(output.cast::<c_void>(), bytes) != config.are_outputs_on_device
    {
        return INVALID_VALUE;
    }
    let Some(shift) = from_words::<Fr>(&config.coset_generator) else {
        return INVALID_VALUE;
    };
    let root = (size.ilog2()..log_order).fold(root, |root, _| root.square());
    let (input, output, ordering, inverse) =
        (input as usize, output as usize, config.ordering, direction == 1);
    let work = move || {
        for i in 0..batch {
            // SAFETY: on the device the ranges were checked, on the host they are the caller's word; the caller keeps
            // both until the stream is done, as CUDA demands.
            let (input, output) = unsafe {
                (
                    std::slice::from_raw_parts((input as *const Words).add(i * size), size),
                    (output as *mut Words).add(i * size),
                )
            };
            // Linear, so the form of the data does not matter.
            let values: Option<Vec<Fr>> = input.iter().map(from_words).collect();
            let mut values = values.expect("elements below the modulus");
            transform(&mut values, root, inverse, shift, ordering);
            if faults::lies() {
                values[0] += Fr::ONE;
            }
            for (j, value) in values.iter().enumerate() {
                // SAFETY: as above.
                unsafe { output.add(j).write(to_words(value)) };
            }
        }
    };
    if !streams::enqueue(stream, work) {
        return INVALID_VALUE;
    }
    if !config.is_async {
        streams::synchronize(stream);
    }
    SUCCESS
}
