//! ashlar-contracts
