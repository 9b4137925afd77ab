//! Streams that do nothing until somebody waits for them.

use std::{
    collections::HashMap,
    ffi::c_void,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

type Work = Box<dyn FnOnce() + Send>;

/// Locked while its work is done, so that a second thread that waits does not return before the end.
type Stream = Arc<Mutex<Vec<Work>>>;

static NEXT_HANDLE: AtomicUsize = AtomicUsize::new(0x5700);
static STREAMS: Mutex<Option<HashMap<usize, Stream>>> = Mutex::new(None);

fn with_streams<T>(use_them: impl FnOnce(&mut HashMap<usize, Stream>) -> T) -> T {
    use_them(
        STREAMS
            .lock()
            .expect("work is done without this lock")
            .get_or_insert_default(),
    )
}

fn find(stream: *mut c_void) -> Option<Stream> {
    with_streams(|streams| streams.get(&(stream as usize)).cloned())
}

fn finish(stream: &Stream) {
    let mut queue = stream.lock().unwrap_or_else(PoisonError::into_inner);
    queue.drain(..).for_each(|work| work());
}

pub fn create() -> *mut c_void {
    let handle = NEXT_HANDLE.fetch_add(1, Ordering::SeqCst);
    with_streams(|streams| streams.insert(handle, Stream::default()));
    handle as *mut c_void
}

/// Whether there was such a stream; what it was given is done first.
pub fn destroy(stream: *mut c_void) -> bool {
    synchronize(stream) && with_streams(|streams| streams.remove(&(stream as usize))).is_some()
}

/// Does what the stream was given so far; false where there is no such stream. The default stream is never busy.
pub fn synchronize(stream: *mut c_void) -> bool {
    stream.is_null() || find(stream).inspect(finish).is_some()
}

/// Leaves work to a stream, or does it at once on the default stream; false where there is no such stream.
pub fn enqueue(stream: *mut c_void, work: impl FnOnce() + Send + 'static) -> bool {
    if stream.is_null() {
        work();
        return true;
    }
    let queue = |stream: &Stream| {
        let mut queue = stream.lock().unwrap_or_else(PoisonError::into_inner);
        queue.push(Box::new(work));
    };
    find(stream).map(|stream| queue(&stream)).is_some()
}

/// Waits for the whole device, as `cudaFree` does.
pub fn synchronize_all() {
    let streams: Vec<Stream> = with_streams(|streams| streams.values().cloned().collect());
    streams.iter().for_each(finish);
}
