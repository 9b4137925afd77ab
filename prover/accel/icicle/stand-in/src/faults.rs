//! How the stand-in misbehaves, by environment variables read with the first call:
//! - `ASHLAR_STAND_IN_DEVICES`: number of devices, 1 by default; with 0 there is none.
//! - `ASHLAR_STAND_IN_MEMORY_BYTES`: memory of each device, 1 GiB by default.
//! - `ASHLAR_STAND_IN_FAIL_ALLOCATION`: this allocation on the device (counted from 1) fails for want of memory.
//! - `ASHLAR_STAND_IN_LOSE_AT_CALL`: from this call (counted from 1) on the device is lost.
//! - `ASHLAR_STAND_IN_MISBEHAVE`: `word=how` pairs, separated by commas, where `how` is `lie`, `hang` or `die`. A process
//!   that has the word among its arguments computes wrong results, never returns from its first launch of a kernel, or
//!   aborts there.

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
    misbehaviour: Option<Misbehaviour>,
}

/// What a launch of a kernel does that it should not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Misbehaviour {
    Lie,
    Hang,
    Die,
}

/// The one that `pairs` has for the arguments of this process.
fn misbehaviour(pairs: &str) -> Option<Misbehaviour> {
    let arguments: Vec<String> = env::args().collect();
    pairs.split(',').filter(|pair| !pair.is_empty()).find_map(|pair| {
        let (word, how) = pair
            .split_once('=')
            .unwrap_or_else(|| panic!("{pair}: not word=how"));
        let how = match how {
            "lie" => Misbehaviour::Lie,
            "hang" => Misbehaviour::Hang,
            "die" => Misbehaviour::Die,
            _ => panic!("{how}: lie, hang or die"),
        };
        arguments.iter().any(|argument| argument == word).then_some(how)
    })
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
        misbehaviour: env::var("ASHLAR_STAND_IN_MISBEHAVE")
            .ok()
            .and_then(|pairs| misbehaviour(&pairs)),
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
    match settings().misbehaviour {
        Some(Misbehaviour::Hang) => loop {
            std::thread::sleep(std::time::Duration::from_secs(3600));
        },
        Some(Misbehaviour::Die) => std::process::abort(),
        Some(Misbehaviour::Lie) | None => {}
    }
    match call() {
        SUCCESS => take_last_error(),
        fault => fault,
    }
}

/// Counts an allocation; whether it fails.
pub fn allocation_fails() -> bool {
    ALLOCATIONS.fetch_add(1, Ordering::SeqCst) + 1 == settings().fail_allocation
}

/// Whether results are to be wrong.
pub fn lies() -> bool {
    settings().misbehaviour == Some(Misbehaviour::Lie)
}
