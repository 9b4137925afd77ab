//! One file per command.

pub mod attend;
pub mod batch;
#[cfg(feature = "bench")]
pub mod bench;
#[cfg(feature = "bench")]
pub mod bench_alone;
pub mod bond;
pub mod certs;
pub mod circuits;
pub mod config;
pub mod da;
pub mod deploy;
pub mod devnet;
pub mod doctor;
pub mod exit;
pub mod farm;
pub mod fast_exit;
pub mod key;
#[cfg(feature = "bench")]
mod load;
pub mod sample;
pub mod seat;
pub mod sequencer;
pub mod setup;
pub mod state;
pub mod status;
pub mod up;
pub mod verify;
pub mod wallet;
pub mod watch;
pub mod worker;
pub mod wrap_child;

use alloy::primitives::Address;
use anyhow::{Context, ensure};

/// Reads an L1 address that can be paid or own something. One of mixed case carries a checksum (EIP-55), which finds a
/// mistyped digit.
pub fn l1_address(text: &str) -> anyhow::Result<Address> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let is_mixed =
        digits.bytes().any(|of| of.is_ascii_lowercase()) && digits.bytes().any(|of| of.is_ascii_uppercase());
    let address = if is_mixed {
        Address::parse_checksummed(format!("0x{digits}"), None)
            .context("the checksum of the address is wrong: a digit was mistyped")?
    } else {
        digits.parse().context("not an address of 20 bytes")?
    };
    ensure!(!address.is_zero(), "nobody has the zero address");
    Ok(address)
}

/// Decodes hex of a fixed length, `0x` optional.
pub fn fixed_hex<const N: usize>(text: &str) -> anyhow::Result<[u8; N]> {
    let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).context("not hexadecimal")?;
    bytes
        .try_into()
        .map_err(|bytes: Vec<u8>| anyhow::anyhow!("{} bytes given, {N} expected", bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_address_is_refused() {
        let good = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"; // of EIP-55
        let address = l1_address(good).expect("its checksum holds");
        assert_eq!(l1_address(&good.to_lowercase()).expect("without one"), address);
        let mistyped = l1_address("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeE").expect_err("one digit");
        assert!(mistyped.to_string().contains("checksum"), "{mistyped}");
        assert!(l1_address(&Address::ZERO.to_string()).is_err(), "nobody's");
    }
}
