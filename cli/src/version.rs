//! What `ashlar --version` says.

use std::sync::LazyLock;

/// Version, commit, and the digests that everybody who takes part must share.
pub static LONG: LazyLock<String> = LazyLock::new(|| {
    let commit = ashlar_report::built_commit().unwrap_or("unknown (not a packaged binary)");
    let digests = match ashlar_contracts::generated_verifier() {
        Ok(of) => format!(
            "circuit set    {}\nwrap verifier  {} (reference string: {})",
            of.circuit_set, of.digest, of.srs
        ),
        Err(error) => format!("the verifier in this program is damaged: {error}"),
    };
    format!(
        "{}\ncommit         {commit}\n{digests}",
        env!("CARGO_PKG_VERSION")
    )
});
