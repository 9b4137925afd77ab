//! The on-chain verifier: Solidity text and calldata.
