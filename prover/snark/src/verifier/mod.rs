//! The plonky2 verifier over a [`Chip`](crate::chip::Chip).
