//! ashlar-devnet
