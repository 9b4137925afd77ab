//! What every client of the rollup computes by itself, whatever it is written in: the Rust client uses this crate, and
//! `client/wasm` carries it into browsers. It does no input or output and needs no operating system.
//!
//! * [`amount`]: `"0.5"` and `"12.25"` as units, and back.
//! * [`key`]: the rollup key that an Ethereum signature gives, and the `auth` of accounts for which it signs.
//! * [`inclusion`]: an account, led to a root.
//! * [`policy`]: what may sign for an account, as text.

pub mod amount;
pub mod inclusion;
pub mod key;
pub mod policy;
