//! What a slot promises to safe code, on a card or on the stand-in; without either the test says that it was skipped.
#![cfg(feature = "cuda")]

use ashlar_icicle::{Batch, Device, Direction, Fault, Order, Slot, bn254};

fn open() -> Option<Device> {
    match Device::open(0) {
        Ok(device) => Some(device),
        Err(error)
            if error.fault() == Fault::NoDevice && std::env::var_os("ASHLAR_ICICLE_MUST_RUN").is_none() =>
        {
            println!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// A transform of one element is the element: what was staged when the upload began is what comes back, though the buffer
/// was filled again before anybody waited.
#[test]
fn a_buffer_is_not_lent_while_it_is_read() {
    let Some(device) = open() else { return };
    bn254::initialize_domain(device, [1, 0, 0, 0]).unwrap();
    let mut slot = Slot::new(device, bn254::ELEMENT_WORDS).unwrap();
    let words = slot.words();
    let batch = Batch {
        log_size: 0,
        count: 1,
        direction: Direction::Forward,
        order: Order::NaturalToNatural,
    };
    slot.staging(words).unwrap().copy_from_slice(&[1, 2, 3, 4]);
    slot.upload(words).unwrap();
    slot.staging(words).unwrap().copy_from_slice(&[5, 6, 7, 8]);
    bn254::ntt(&mut slot, batch, None).unwrap();
    slot.download(words).unwrap();
    assert_eq!(slot.result(words).unwrap(), [1, 2, 3, 4]);
}

/// Checked before the device hears of it.
#[test]
fn a_transfer_beyond_the_buffers_is_refused() {
    let Some(device) = open() else { return };
    let mut slot = Slot::new(device, 4).unwrap();
    let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| slot.upload(5)));
    assert!(refused.is_err(), "five words from a buffer of four");
}
