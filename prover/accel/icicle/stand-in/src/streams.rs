//! Streams that do nothing until somebody waits for them.

use std::{
    collections::HashMap,
    ffi::c_void,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

type Work = Box<dyn FnOnce() + Send>;

static NEXT_HANDLE: AtomicUsize = AtomicUsize::new(0x5700);
static STREAMS: Mutex<Option<HashMap<usize, Vec<Work>>>> = Mutex::new(None);

fn with_streams<T>(use_them: impl FnOnce(&mut HashMap<usize, Vec<Work>>) -> T) -> T {
    use_them(
        STREAMS
            .lock()
            .expect("work is done without the lock")
            .get_or_insert_default(),
    )
}

pub fn create() -> *mut c_void {
    let handle = NEXT_HANDLE.fetch_add(1, Ordering::SeqCst);
    with_streams(|streams| streams.insert(handle, Vec::new()));
    handle as *mut c_void
}

/// Whether there was such a stream; what it was given is done first.
pub fn destroy(stream: *mut c_void) -> bool {
    synchronize(stream) && with_streams(|streams| streams.remove(&(stream as usize))).is_some()
}

/// Does what the stream was given so far; false where there is no such stream. The default stream is never busy.
pub fn synchronize(stream: *mut c_void) -> bool {
    if stream.is_null() {
        return true;
    }
    let work = with_streams(|streams| streams.get_mut(&(stream as usize)).map(std::mem::take));
    let exists = work.is_some();
    work.into_iter().flatten().for_each(|work| work());
    exists
}

/// Leaves work to a stream, or does it at once on the default stream; false where there is no such stream.
pub fn enqueue(stream: *mut c_void, work: impl FnOnce() + Send + 'static) -> bool {
    if stream.is_null() {
        work();
        return true;
    }
    with_streams(|streams| match streams.get_mut(&(stream as usize)) {
        Some(queue) => {
            queue.push(Box::new(work));
            true
        }
        None => false,
    })
}

/// Waits for the whole device, as `cudaFree` does.
pub fn synchronize_all() {
    let handles: Vec<usize> = with_streams(|streams| streams.keys().copied().collect());
    for handle in handles {
        synchronize(handle as *mut c_void);
    }
}
