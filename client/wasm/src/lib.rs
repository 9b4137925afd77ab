//! What a client computes by itself, as one WebAssembly module without imports: no file, no clock, no randomness, no
//! JavaScript of its own. `client/typescript` calls it; `scripts/build-web` builds it.
//!
//! **Interface** (module `abi`, on wasm32 only). The caller takes memory with `ashlar_alloc`, writes the request there and
//! calls an operation with address and length, which erases and frees the request. It answers with
//! `address << 32 | length` of a response that the caller reads and gives back to `ashlar_free`, which erases it.
//! A response is a 0 byte and the result, or a 1 byte, the length of the error's code in one byte, the code, and a
//! message for people. Numbers are big-endian, fields in the order that the operation's documentation names.
//!
//! Secret keys stay inside the module: the caller has handles ([`keys`]).

#[cfg(target_arch = "wasm32")]
mod abi;
mod error;
pub mod keys;
pub mod operations;
mod reader;

pub use error::Error;
pub use reader::Reader;
