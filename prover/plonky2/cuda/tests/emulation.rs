//! The emulation notices what it is there to notice: a kernel that passes its tests here does not owe it to luck.

use std::sync::Arc;

use ashlar_plonky2_cuda::{
    Device, Fault, Runtime, Words,
    emulation::{self, LOST, OUT_OF_MEMORY, Probe, probe},
};

const ILLEGAL_ADDRESS: i32 = 700;
const INVALID_CONFIGURATION: i32 = 9;

fn device() -> Arc<Device> {
    emulation::restore();
    Arc::new(Device::open(Runtime::Emulated, 0).expect("there is one"))
}

#[test]
fn barriers_that_not_all_threads_come_to_are_a_lost_device() {
    for fault in [Probe::MissesABarrier, Probe::ComesToTwoBarriers] {
        let out = Words::new(&device(), 64).expect("memory");
        assert_eq!(probe(fault, &out, 8, 2), LOST, "{fault:?}");
        let error = out.read_all().expect_err("the device is lost");
        assert_eq!(error.fault(), Fault::Lost);
    }
    emulation::restore();
}

#[test]
fn a_write_around_an_allocation_is_noticed_at_once() {
    for fault in [Probe::WritesBeyond, Probe::WritesBefore] {
        let out = Words::new(&device(), 8).expect("memory");
        assert_eq!(probe(fault, &out, 1, 1), ILLEGAL_ADDRESS, "{fault:?}");
        emulation::restore();
    }
}

#[test]
fn a_write_beyond_the_shared_memory_is_noticed() {
    let out = Words::new(&device(), 8).expect("memory");
    assert_eq!(probe(Probe::WritesBeyondShared, &out, 4, 1), LOST);
    emulation::restore();
}

#[test]
fn more_shared_memory_than_a_block_has_is_refused() {
    let out = Words::new(&device(), 8).expect("memory");
    assert_eq!(probe(Probe::WantsMuchShared, &out, 4, 1), INVALID_CONFIGURATION);
    assert_eq!(probe(Probe::AddsUp, &out, 2048, 1), INVALID_CONFIGURATION);
    assert_eq!(probe(Probe::AddsUp, &out, 4, 0), INVALID_CONFIGURATION);
}

#[test]
fn threads_that_wait_for_each_other_have_the_right_sum() {
    for (threads, blocks) in [(1, 1), (2, 3), (64, 1), (256, 2), (1024, 1)] {
        let out = Words::new(&device(), (threads * blocks) as usize).expect("memory");
        assert_eq!(probe(Probe::AddsUp, &out, threads, blocks), 0);
        let sum = u64::from(threads * (threads - 1) / 2);
        assert_eq!(out.read_all().expect("no fault"), vec![sum; out.len()]);
    }
}

#[test]
fn threads_that_do_not_wait_have_a_wrong_sum_in_some_block() {
    let out = Words::new(&device(), 16).expect("memory");
    assert_eq!(probe(Probe::Races, &out, 8, 2), 0);
    let sums = [0, 1, 3, 6, 10, 15, 21, 28];
    assert_ne!(out.read_all().expect("no fault"), sums.repeat(2));
}

#[test]
fn calls_are_counted_and_fail_when_they_are_to() {
    let device = device();
    Words::of(&device, &[1, 2, 3])
        .and_then(|words| words.read_all())
        .expect("no fault");
    let calls = emulation::calls();
    assert!(calls > 5, "{calls}");
    for call in 1..=calls {
        for status in [LOST, OUT_OF_MEMORY] {
            emulation::fail_at(call, status);
            let found = Device::open(Runtime::Emulated, 0).and_then(|device| {
                let words = Words::of(&Arc::new(device), &[1, 2, 3])?;
                words.read_all()
            });
            match found {
                // The stream's end is asked for after everything was there; full memory is asked for twice.
                Ok(words) => assert_eq!(words, [1, 2, 3]),
                Err(error) => assert_eq!(error.status(), status),
            }
        }
    }
    emulation::restore();
    assert_eq!(
        emulation::used(),
        3 * size_of::<u64>(),
        "what the first device keeps"
    );
}

#[test]
fn memory_is_as_large_as_it_is_said_to_be_and_is_used_again() {
    let device = device();
    emulation::set_memory(1 << 10);
    let error = Words::new(&device, 129).err().expect("a word too many");
    assert_eq!(error.fault(), Fault::OutOfMemory);
    let all = Words::new(&device, 128).expect("just as much");
    assert_eq!(device.memory().expect("no fault").free, 0);
    drop(all);
    assert_eq!(device.memory().expect("no fault").free, 1 << 10);
    let calls = emulation::calls();
    drop(Words::new(&device, 128).expect("what was kept"));
    assert_eq!(emulation::calls(), calls);
    // Of another size: what was kept makes room.
    drop(Words::new(&device, 100).expect("enough"));
    emulation::set_memory(0);
}

#[test]
fn a_budget_is_kept_to_and_what_is_kept_makes_room() {
    emulation::restore();
    let device = Device::open(Runtime::Emulated, 0).expect("there is one");
    let device = Arc::new(device.with_limit(1 << 10));
    let half = Words::new(&device, 64).expect("within the budget");
    assert_eq!(device.memory().expect("no fault").free, 512);
    let error = Words::new(&device, 65).err().expect("a word too many");
    assert_eq!(error.fault(), Fault::OutOfMemory);
    assert!(error.to_string().contains("keep to the memory budget"), "{error}");
    drop(half);
    drop(Words::new(&device, 128).expect("what was kept makes room"));
    assert_eq!(emulation::used(), 1 << 10);
}

#[test]
fn a_device_that_is_not_there_is_not_opened() {
    let error = Device::open(Runtime::Emulated, 1).err().expect("there is one");
    assert_eq!(error.fault(), Fault::NoDevice);
}

#[test]
fn a_runtime_that_was_not_built_is_not_opened() {
    if Runtime::Cuda.is_built() {
        return; // there may be a card
    }
    let error = Device::open(Runtime::Cuda, 0).err().expect("not built");
    assert_eq!(error.fault(), Fault::NoDevice);
    assert!(
        error.to_string().contains("without the feature `cuda`"),
        "{error}"
    );
}

#[test]
#[should_panic(expected = "beyond the end of the device's memory")]
fn a_range_beyond_the_end_is_not_copied() {
    let words = Words::new(&device(), 8).expect("memory");
    let _ = words.read(1, 8);
}
