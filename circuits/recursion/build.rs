//! Computes the fingerprint of the recursion's sources.

include!("../fingerprint.rs");

fn main() {
    emit_fingerprint(
        "ASHLAR_RECURSION_FINGERPRINT",
        &[
            "poseidon/src",
            "statement/src",
            "bn254/src",
            "gates/src",
            "../data/blob/src",
            "blob/src",
            "recursion/src",
        ],
    );
}
