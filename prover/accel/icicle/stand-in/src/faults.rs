//! How the stand-in misbehaves, by environment variables read with the first call:
//! - `ASHLAR_STAND_IN_DEVICES`: number of devices, 1 by default; with 0 there is none.
//! - `ASHLAR_STAND_IN_MEMORY_BYTES`: memory of each device, 1 GiB by default.
//! - `ASHLAR_STAND_IN_FAIL_ALLOCATION`: this allocation on the device (counted from 1) fails for want of memory.
//! - `ASHLAR_STAND_IN_LOSE_AT_CALL`: from this call (counted from 1) on the device is lost.

use std::{
    cell::Cell,
    env,
    ffi::c_int,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::abi::{LAUNCH_FAILURE, SUCCESS, Status};

pub struct Settings {
    pub devices: c_int,
    pub memory_bytes: usize,
    fail_allocation: u64,
    lose_at_call: u64,
}

static CALLS: AtomicU64 = AtomicU64::new(0);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

pub fn settings() -> &'static Settings {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    fn number<T: std::str::FromStr>(name: &str, default: T) -> T {
        match env::var(name) {
            Ok(text) => text
                .parse()
                .unwrap_or_else(|_| panic!("{name}={text}: not a number")),
            Err(_) => default,
        }
    }
    SETTINGS.get_or_init(|| Settings {
        devices: number("ASHLAR_STAND_IN_DEVICES", 1),
        memory_bytes: number("ASHLAR_STAND_IN_MEMORY_BYTES", 1 << 30),
        fail_allocation: number("ASHLAR_STAND_IN_FAIL_ALLOCATION", 0),
        lose_at_call: number("ASHLAR_STAND_IN_LOSE_AT_CALL", 0),
    })
}

/// Counts a call; anything but success is its answer.
pub fn call() -> Status {
    let call = CALLS.fetch_add(1, Ordering::SeqCst) + 1;
    let lose_at = settings().lose_at_call;
    if lose_at != 0 && call >= lose_at {
        LAUNCH_FAILURE
    } else {
        SUCCESS
    }
}

thread_local! {
    static LAST_ERROR: Cell<Status> = const { Cell::new(SUCCESS) };
}

/// Keeps an error as the thread's last one, as the CUDA runtime does, and answers with it.
pub fn fail(status: Status) -> Status {
    LAST_ERROR.set(status);
    status
}

/// The thread's last error, which is then forgotten.
pub fn take_last_error() -> Status {
    LAST_ERROR.replace(SUCCESS)
}

/// [`call`] for what launches kernels: libraries ask for the last error after a launch, and find an older one too.
pub fn launch() -> Status {
    match call() {
        SUCCESS => take_last_error(),
        fault => fault,
    }
}

/// Counts an allocation; whether it fails.
pub fn allocation_fails() -> bool {
    ALLOCATIONS.fetch_add(1, Ordering::SeqCst) + 1 == settings().fail_allocation
}
