//! What a slot promises to safe code, on a card or on the stand-in; without either the test says that it was skipped.
#![cfg(feature = "cuda")]

use std::sync::Arc;

use ashlar_icicle::{Batch, Device, DeviceMemory, Direction, Fault, Order, Slot, bn254};

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

/// What was stored from one slot's output is what another slot loads, at its offset; the memory outlives its owner while
/// a copy of it is on its way.
#[test]
fn memory_is_copied_between_slots_and_kept_meanwhile() {
    let Some(device) = open() else { return };
    bn254::initialize_domain(device, [1, 0, 0, 0]).unwrap();
    let mut slots = [0; 2].map(|_| Slot::new(device, bn254::ELEMENT_WORDS).unwrap());
    let words = bn254::ELEMENT_WORDS;
    let batch = Batch {
        log_size: 0,
        count: 1,
        direction: Direction::Forward,
        order: Order::NaturalToNatural,
    };
    let kept = Arc::new(DeviceMemory::new(device, 2 * words).unwrap());
    for (offset, values) in [(0, [1, 2, 3, 4]), (words, [5, 6, 7, 8])] {
        slots[0].staging(words).unwrap().copy_from_slice(&values);
        slots[0].upload(words).unwrap();
        bn254::ntt(&mut slots[0], batch, None).unwrap();
        slots[0].store(&kept, offset, words).unwrap();
        slots[0].download(words).unwrap();
        assert_eq!(slots[0].result(words).unwrap(), values);
    }
    assert_eq!(Arc::strong_count(&kept), 1, "a slot that is done keeps nothing");
    slots[1].load(&kept, words, words).unwrap();
    assert_eq!(Arc::strong_count(&kept), 2);
    drop(kept);
    bn254::ntt(&mut slots[1], batch, None).unwrap();
    slots[1].download(words).unwrap();
    assert_eq!(slots[1].result(words).unwrap(), [5, 6, 7, 8]);
}

/// Checked before the device hears of it.
#[test]
fn a_copy_beyond_the_memory_is_refused() {
    let Some(device) = open() else { return };
    let mut slot = Slot::new(device, 4).unwrap();
    let kept = Arc::new(DeviceMemory::new(device, 6).unwrap());
    for (offset, words) in [(3, 4), (0, 5), (usize::MAX, 4)] {
        let mut refused =
            |copy: fn(&mut Slot, &Arc<DeviceMemory>, usize, usize) -> Result<(), ashlar_icicle::Error>| {
                let copy = std::panic::AssertUnwindSafe(|| copy(&mut slot, &kept, offset, words));
                std::panic::catch_unwind(copy).is_err()
            };
        assert!(
            refused(Slot::load) && refused(Slot::store),
            "{words} words from {offset} on"
        );
    }
}
