//! The exports. Everything about addresses is here, so that the rest of the crate is safe code.
#![allow(unsafe_code)] // memory is shared with a caller that knows addresses only

use std::cell::RefCell;

use zeroize::Zeroize;

use crate::{Error, Reader, keys::Keys, operations};

thread_local! {
    static KEYS: RefCell<Keys> = RefCell::default(); // a module has one thread
}

/// Memory for a request.
#[unsafe(no_mangle)]
pub extern "C" fn ashlar_alloc(length: usize) -> *mut u8 {
    let bytes: Box<[u8]> = vec![0; length].into();
    Box::into_raw(bytes).cast()
}

/// Erases and frees.
///
/// # Safety
/// Address and length are those of [`ashlar_alloc`] or of a response, given back once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ashlar_free(address: *mut u8, length: usize) {
    // SAFETY: the caller's promise: this is a boxed slice of that length, and nobody uses it any more.
    let mut bytes = unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(address, length)) };
    bytes.zeroize();
}

/// Runs one operation on a request, which is erased, and leaves the response to the caller.
///
/// # Safety
/// As [`ashlar_free`].
unsafe fn respond(
    address: *mut u8,
    length: usize,
    operation: impl FnOnce(&mut Reader<'_>, &mut Keys) -> Result<Vec<u8>, Error>,
) -> u64 {
    // SAFETY: the caller's promise; the slice is not used after `ashlar_free`.
    let request = unsafe { std::slice::from_raw_parts(address, length) };
    let outcome = KEYS.with_borrow_mut(|keys| operation(&mut Reader::new(request), keys));
    // SAFETY: the caller's promise.
    unsafe { ashlar_free(address, length) };
    let response = match outcome {
        Ok(result) => [&[0], &result[..]].concat(),
        Err(error) => {
            let code = error.code();
            [
                &[1, code.len() as u8],
                code.as_bytes(),
                error.to_string().as_bytes(),
            ]
            .concat()
        }
    };
    let length = response.len() as u64;
    let address: *mut u8 = Box::into_raw(response.into_boxed_slice()).cast();
    (address as u64) << 32 | length
}

macro_rules! export {
    ($($name:ident = $operation:ident),* $(,)?) => {$(
        #[doc = concat!("[`operations::", stringify!($operation), "`].")]
        ///
        /// # Safety
        /// The request is memory of [`ashlar_alloc`] with its whole length, and is the module's from now on.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(address: *mut u8, length: usize) -> u64 {
            // SAFETY: the caller's promise.
            unsafe { respond(address, length, operations::$operation) }
        }
    )*};
}

export! {
    ashlar_key_message = key_message,
    ashlar_open_key = open_key,
    ashlar_close_key = close_key,
    ashlar_domain = domain,
    ashlar_sign_transfer = sign_transfer,
    ashlar_sign_withdrawal = sign_withdrawal,
    ashlar_transaction_id = transaction_id,
    ashlar_round_amount = round_amount,
    ashlar_round_fee = round_fee,
    ashlar_parse_amount = parse_amount,
    ashlar_format_amount = format_amount,
    ashlar_verify_inclusion = verify_inclusion,
}
