//! The market where withdrawals are sold before they are proven.

use alloy::sol_types::SolValue;

pub use crate::generated::fast::FastExit;
use crate::{BatchHeader, generated::fast::IRollup};

/// A header as the market takes it: the same words under another name.
pub fn header(header: &BatchHeader) -> IRollup::BatchHeader {
    IRollup::BatchHeader::abi_decode(&header.abi_encode()).expect("the same fields")
}
