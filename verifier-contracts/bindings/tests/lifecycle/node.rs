//! Ethereum nodes to test against.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

/// An anvil process, killed when dropped.
pub struct Anvil {
    process: Child,
    pub url: String,
}

impl Anvil {
    /// Starts the anvil of `verifier-contracts/node_modules`, or else of `PATH`; `None` if there is neither.
    pub fn start() -> Option<Self> {
        let program = installed().unwrap_or_else(|| PathBuf::from("anvil"));
        let mut process = Command::new(program)
            .args(["--port", "0", "--hardfork", "prague"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let output = BufReader::new(process.stdout.take().expect("stdout is piped"));
        let mut lines = output.lines().map_while(Result::ok);
        let address = lines
            .find_map(|line| Some(line.strip_prefix("Listening on ")?.to_owned()))
            .expect("anvil prints its address before it serves");
        std::thread::spawn(move || lines.for_each(drop)); // keep the pipe from filling up
        Some(Self {
            process,
            url: format!("http://{address}"),
        })
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.process.kill(); // it may have exited by itself
        let _ = self.process.wait();
    }
}

/// The platform's own binary: the script in `.bin` would outlive a kill as a child of Node.
fn installed() -> Option<PathBuf> {
    let packages = concat!(env!("CARGO_MANIFEST_DIR"), "/../node_modules/@foundry-rs");
    std::fs::read_dir(packages)
        .ok()?
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("anvil-"))
        .map(|entry| entry.path().join("bin/anvil"))
        .find(|binary| binary.exists())
}
