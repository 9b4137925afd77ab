//! What `ashlar --version` says.

use std::sync::LazyLock;

/// Version, commit, and the digests that everybody who takes part must share.
pub static LONG: LazyLock<String> = LazyLock::new(|| {
    let commit = match (ashlar_report::built_commit(), option_env!("ASHLAR_CHECKOUT")) {
        (Some(commit), _) => commit.to_owned(),
        (None, Some(commit)) => format!("{commit} (of the checkout, whose files may have been changed)"),
        (None, None) => "unknown (not built in a checkout)".to_owned(),
    };
    let digests = match ashlar_contracts::generated_verifier() {
        Ok(of) => format!(
            "circuit set    {} ({})\nwrap verifier  {} (reference string: {})",
            of.circuit_set, of.security, of.digest, of.srs
        ),
        Err(error) => format!("the verifier in this program is damaged: {error}"),
    };
    format!(
        "{}\ncommit         {commit}\n{digests}",
        env!("CARGO_PKG_VERSION")
    )
});
