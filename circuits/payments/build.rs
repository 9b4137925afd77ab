//! Computes the fingerprint of the chunk circuit's sources.

include!("../fingerprint.rs");

fn main() {
    emit_fingerprint(
        "ASHLAR_PAYMENTS_FINGERPRINT",
        &[
            "poseidon/src",
            "statement/src",
            "ecgfp5/src",
            "gates/src",
            "payments/src",
        ],
    );
}
