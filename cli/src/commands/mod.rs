//! One file per command.

pub mod attend;
pub mod batch;
#[cfg(feature = "bench")]
pub mod bench;
pub mod circuits;
pub mod config;
pub mod deploy;
pub mod devnet;
pub mod doctor;
pub mod farm;
pub mod key;
#[cfg(feature = "bench")]
mod load;
pub mod sequencer;
pub mod setup;
pub mod status;
pub mod up;
pub mod verify;
pub mod wallet;
pub mod worker;
pub mod wrap_child;

use anyhow::Context;

/// Decodes hex of a fixed length, `0x` optional.
pub fn fixed_hex<const N: usize>(text: &str) -> anyhow::Result<[u8; N]> {
    let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).context("not hexadecimal")?;
    bytes
        .try_into()
        .map_err(|bytes: Vec<u8>| anyhow::anyhow!("{} bytes given, {N} expected", bytes.len()))
}
