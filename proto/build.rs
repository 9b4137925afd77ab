//! Compiles the `.proto` contracts with protox, so that no `protoc` is needed.

use std::{env, error::Error, fs, path::PathBuf};

const CONTRACTS: [&str; 3] = [
    "ashlar/committee/v1/committee.proto",
    "ashlar/farm/v1/farm.proto",
    "ashlar/sequencer/v1/sequencer.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    for contract in CONTRACTS {
        println!("cargo:rerun-if-changed={contract}");
    }
    let mut compiler = protox::Compiler::new(["."])?;
    compiler
        .include_source_info(true)
        .include_imports(true)
        .open_files(CONTRACTS)?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;
    tonic_prost_build::configure()
        .bytes(".") // reference-counted bytes: a proof is never copied between layers
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
