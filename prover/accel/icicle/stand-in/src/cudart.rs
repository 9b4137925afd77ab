//! The CUDA runtime's functions that the host side and icicle-cuda-runtime call.

use std::{
    alloc::{Layout, alloc, alloc_zeroed, dealloc},
    cell::Cell,
    collections::HashMap,
    ffi::{c_char, c_int, c_uint, c_void},
    sync::Mutex,
};

use crate::{
    abi::{INVALID_DEVICE, INVALID_VALUE, NO_DEVICE, OUT_OF_MEMORY, SUCCESS, Status},
    faults, streams,
};

struct Allocation {
    bytes: usize,
    /// `None` for pinned memory of the host.
    device: Option<c_int>,
}

type ByAddress = HashMap<usize, Allocation>;

static MEMORY: Mutex<Option<ByAddress>> = Mutex::new(None);

thread_local! {
    static CURRENT_DEVICE: Cell<c_int> = const { Cell::new(0) };
}

const ALIGNMENT: usize = 256;

fn with_memory<T>(use_it: impl FnOnce(&mut ByAddress) -> T) -> T {
    use_it(
        MEMORY
            .lock()
            .expect("nothing panics with the lock")
            .get_or_insert_default(),
    )
}

fn used(device: c_int) -> usize {
    let on_it = |allocation: &&Allocation| allocation.device == Some(device);
    with_memory(|memory| {
        memory
            .values()
            .filter(on_it)
            .map(|allocation| allocation.bytes)
            .sum()
    })
}

/// Answers with the fault of this call, if it has one.
macro_rules! counted {
    () => {
        match faults::call() {
            SUCCESS if faults::settings().devices == 0 => return NO_DEVICE,
            SUCCESS => {}
            fault => return fault,
        }
    };
}

#[unsafe(no_mangle)]
extern "C" fn cudaGetDeviceCount(count: *mut c_int) -> Status {
    counted!();
    // SAFETY: the caller's integer.
    unsafe { count.write(faults::settings().devices) };
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cudaSetDevice(device: c_int) -> Status {
    counted!();
    if device < 0 || device >= faults::settings().devices {
        return INVALID_DEVICE;
    }
    CURRENT_DEVICE.set(device);
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cudaMemGetInfo(free: *mut usize, total: *mut usize) -> Status {
    counted!();
    let all = faults::settings().memory_bytes;
    // SAFETY: the caller's integers.
    unsafe {
        free.write(all - used(CURRENT_DEVICE.get()));
        total.write(all);
    }
    SUCCESS
}

/// What devices of the stand-in are called; `ashlar selftest` knows them by it.
const NAME: &[u8] = b"stand-in on the CPU\0";

#[unsafe(no_mangle)]
extern "C" fn cudaGetDeviceProperties(properties: *mut c_char, device: c_int) -> Status {
    counted!();
    if device < 0 || device >= faults::settings().devices {
        return INVALID_DEVICE;
    }
    // SAFETY: the caller's structure, which begins with 256 bytes of name.
    unsafe { properties.copy_from_nonoverlapping(NAME.as_ptr().cast(), NAME.len()) };
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cudaDeviceGetAttribute(value: *mut c_int, _: c_int, _: c_int) -> Status {
    counted!();
    // SAFETY: the caller's integer.
    unsafe { value.write(0) };
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cudaDeviceGetPCIBusId(text: *mut c_char, length: c_int, device: c_int) -> Status {
    counted!();
    let id = format!("0000:{device:02x}:00.0\0");
    if usize::try_from(length).is_ok_and(|length| id.len() > length) {
        return INVALID_VALUE;
    }
    // SAFETY: the caller's buffer, in which the text has room.
    unsafe { text.copy_from_nonoverlapping(id.as_ptr().cast(), id.len()) };
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cudaDriverGetVersion(version: *mut c_int) -> Status {
    counted!();
    // SAFETY: the caller's integer; zero is what CUDA answers where there is no driver.
    unsafe { version.write(0) };
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cudaRuntimeGetVersion(version: *mut c_int) -> Status {
    cudaDriverGetVersion(version)
}

fn layout(bytes: usize) -> Layout {
    Layout::from_size_align(bytes.max(1), ALIGNMENT).expect("no address space holds so much")
}

#[unsafe(no_mangle)]
extern "C" fn cudaMalloc(address: *mut *mut c_void, bytes: usize) -> Status {
    counted!();
    let device = CURRENT_DEVICE.get();
    if faults::allocation_fails() || bytes > faults::settings().memory_bytes - used(device) {
        return faults::fail(OUT_OF_MEMORY);
    }
    // SAFETY: the layout is not empty; the caller's pointer. Filled with what is no field element, so that nobody can
    // count on zeros.
    unsafe {
        let memory = alloc(layout(bytes));
        memory.write_bytes(0xa5, bytes);
        with_memory(|all| {
            all.insert(
                memory as usize,
                Allocation {
                    bytes,
                    device: Some(device),
                },
            )
        });
        address.write(memory.cast());
    }
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cudaMallocAsync(address: *mut *mut c_void, bytes: usize, _: *mut c_void) -> Status {
    cudaMalloc(address, bytes)
}

fn release(address: *mut c_void, on_device: bool) -> Status {
    streams::synchronize_all();
    match with_memory(|all| all.remove(&(address as usize))) {
        Some(Allocation { bytes, device }) if device.is_some() == on_device => {
            // SAFETY: allocated here with this layout, and removed from the list just now.
            unsafe { dealloc(address.cast(), layout(bytes)) };
            SUCCESS
        }
        _ => INVALID_VALUE,
    }
}

#[unsafe(no_mangle)]
extern "C" fn cudaFree(address: *mut c_void) -> Status {
    counted!();
    release(address, true)
}

#[unsafe(no_mangle)]
extern "C" fn cudaFreeAsync(address: *mut c_void, _: *mut c_void) -> Status {
    cudaFree(address)
}

#[unsafe(no_mangle)]
extern "C" fn cudaHostAlloc(address: *mut *mut c_void, bytes: usize, _: c_uint) -> Status {
    counted!();
    // SAFETY: as in `cudaMalloc`.
    unsafe {
        let memory = alloc_zeroed(layout(bytes));
        with_memory(|all| all.insert(memory as usize, Allocation { bytes, device: None }));
        address.write(memory.cast());
    }
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cudaFreeHost(address: *mut c_void) -> Status {
    counted!();
    release(address, false)
}

fn is_within(address: *const c_void, bytes: usize, on_device: bool) -> bool {
    let address = address as usize;
    with_memory(|all| {
        let within = |(&start, allocation): (&usize, &Allocation)| {
            allocation.device.is_some() == on_device
                && start <= address
                && address + bytes <= start + allocation.bytes
        };
        all.iter().any(within)
    })
}

/// Whether `bytes` bytes from `address` on are in one allocation on the device.
pub fn is_on_device(address: *const c_void, bytes: usize) -> bool {
    is_within(address, bytes, true)
}

/// Whether the device's side of a copy is memory of the device, and the host's side is not.
fn sides_match(to: *mut c_void, from: *const c_void, bytes: usize, kind: c_int) -> bool {
    let (to, from) = (is_on_device(to, bytes), is_on_device(from, bytes));
    match kind {
        1 => to && !from,
        2 => !to && from,
        3 => to && from,
        _ => false,
    }
}

#[unsafe(no_mangle)]
extern "C" fn cudaMemcpy(to: *mut c_void, from: *const c_void, bytes: usize, kind: c_int) -> Status {
    counted!();
    if !sides_match(to, from, bytes, kind) {
        return INVALID_VALUE;
    }
    // SAFETY: the device's side was checked, the host's is the caller's word.
    unsafe { std::ptr::copy(from.cast::<u8>(), to.cast(), bytes) };
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cudaMemcpyAsync(
    to: *mut c_void,
    from: *const c_void,
    bytes: usize,
    kind: c_int,
    stream: *mut c_void,
) -> Status {
    counted!();
    if !sides_match(to, from, bytes, kind) {
        return INVALID_VALUE;
    }
    let host_side = if kind == 1 { from } else { to };
    if kind != 3 && !is_within(host_side, bytes, false) {
        // Memory that is not pinned: CUDA returns when it has been read or written.
        streams::synchronize(stream);
        // SAFETY: as in `cudaMemcpy`.
        unsafe { std::ptr::copy(from.cast::<u8>(), to.cast(), bytes) };
        return SUCCESS;
    }
    let (to, from) = (to as usize, from as usize);
    // SAFETY: as in `cudaMemcpy`; the caller keeps both sides until the stream is done, as CUDA demands.
    let copy = move || unsafe { std::ptr::copy(from as *const u8, to as *mut u8, bytes) };
    if streams::enqueue(stream, copy) {
        SUCCESS
    } else {
        INVALID_VALUE
    }
}

#[unsafe(no_mangle)]
extern "C" fn cudaStreamCreateWithFlags(stream: *mut *mut c_void, _: c_uint) -> Status {
    counted!();
    // SAFETY: the caller's pointer.
    unsafe { stream.write(streams::create()) };
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cudaStreamCreate(stream: *mut *mut c_void) -> Status {
    cudaStreamCreateWithFlags(stream, 0)
}

#[unsafe(no_mangle)]
extern "C" fn cudaStreamDestroy(stream: *mut c_void) -> Status {
    counted!();
    if streams::destroy(stream) {
        SUCCESS
    } else {
        INVALID_VALUE
    }
}

#[unsafe(no_mangle)]
extern "C" fn cudaStreamSynchronize(stream: *mut c_void) -> Status {
    counted!();
    if streams::synchronize(stream) {
        SUCCESS
    } else {
        INVALID_VALUE
    }
}

#[unsafe(no_mangle)]
extern "C" fn cudaGetLastError() -> Status {
    match faults::call() {
        SUCCESS => faults::take_last_error(),
        fault => fault,
    }
}

#[unsafe(no_mangle)]
extern "C" fn cudaGetErrorName(status: Status) -> *const c_char {
    let name = match status {
        SUCCESS => c"cudaSuccess",
        INVALID_VALUE => c"cudaErrorInvalidValue",
        OUT_OF_MEMORY => c"cudaErrorMemoryAllocation",
        NO_DEVICE => c"cudaErrorNoDevice",
        INVALID_DEVICE => c"cudaErrorInvalidDevice",
        crate::abi::LAUNCH_FAILURE => c"cudaErrorLaunchFailure",
        _ => c"unrecognized error code",
    };
    name.as_ptr()
}

#[unsafe(no_mangle)]
extern "C" fn cudaGetErrorString(_: Status) -> *const c_char {
    c"as the stand-in was told to answer".as_ptr()
}
