//! The second implementation (`scripts/reader`, in Python) over what is on L1 after all: it comes to the proven root.

use std::{path::Path, process::Command};

use super::stack::Links;

pub async fn agrees(links: &Links) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/reader");
    let mut command = Command::new("python3");
    command.arg(folder).args(["--l1", &links.l1]);
    command.args(["--rollup", &links.rollup.to_string()]);
    let output = tokio::task::block_in_place(|| command.output().expect("python3 runs"));
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    let root = links.l1(0).await.state().await.expect("L1 answers").state_root;
    assert!(text.contains(&format!("stateRoot {root}")), "{text}");
}
