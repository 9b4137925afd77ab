//! Compiles the kernels: with the feature `cuda` for a card, with `emulated` for the processor. With neither: nothing.

use std::{env, fs, path::PathBuf};

/// Where CUDA's own libraries are: also for ICICLE's crates, which have that written in.
const LIBRARIES: &str = "/usr/local/cuda/lib64";

/// Compute capabilities compiled for unless `ASHLAR_CUDA_ARCH` names others: A100 and H100.
const DEFAULT_ARCHITECTURES: &str = "80 90";

fn main() {
    for path in ["build.rs", "kernels", "emulation"] {
        println!("cargo:rerun-if-changed={path}");
    }
    for name in ["ASHLAR_CUDA_ARCH", "NVCC"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    if env::var_os("CARGO_FEATURE_CUDA").is_some() {
        compile_for_cards();
    }
    if env::var_os("CARGO_FEATURE_EMULATED").is_some() {
        compile_for_the_processor();
    }
}

/// The translation units of a folder.
fn units(folder: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("cannot list {folder}: {error}"));
    let paths = entries.map(|entry| entry.expect("an entry of the folder").path());
    let mut units: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    units.sort(); // the same library from the same sources
    units
}

fn compile_for_cards() {
    let architectures = env::var("ASHLAR_CUDA_ARCH").unwrap_or_else(|_| DEFAULT_ARCHITECTURES.into());
    let architectures: Vec<&str> = architectures.split_whitespace().collect();
    assert!(
        !architectures.is_empty(),
        "ASHLAR_CUDA_ARCH is empty: name compute capabilities, such as \"80 90\""
    );
    println!("cargo:rustc-link-search=native={LIBRARIES}");
    if architectures == ["none"] {
        return; // for who only checks the Rust code: nothing of it can be linked
    }
    // Several files in one `cc::Build` would be relocatable device code: slower, and without PTX after the device link.
    for unit in units("kernels", "cu") {
        let mut nvcc = cc::Build::new();
        nvcc.cuda(true)
            .cudart("static") // a program that can be carried to another machine
            .std("c++17")
            .opt_level(3)
            .debug(false) // cc would pass -G, which turns optimisation of device code off
            .warnings(false);
        for architecture in &architectures {
            // Machine code for this card, and PTX so that a driver can translate it for later ones.
            nvcc.flag(format!(
                "-gencode=arch=compute_{architecture},code=[sm_{architecture},compute_{architecture}]"
            ));
        }
        let name = unit.file_stem().expect("a unit has a name").to_string_lossy();
        nvcc.file(&unit).compile(&format!("ashlar_plonky2_{name}"));
    }
}

fn compile_for_the_processor() {
    let mut compiler = cc::Build::new();
    compiler
        .cpp(true)
        .std("c++17")
        .opt_level(2)
        .debug(false)
        .warnings(false)
        .include("emulation");
    let mut runtime = compiler.clone();
    // The compiler does not know what `.cu` is.
    compiler.flag("-xc++");
    let (gates, kernels): (Vec<_>, Vec<_>) = units("kernels", "cu").into_iter().partition(|unit| {
        let name = unit.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("gate_"))
    });
    // Long functions without a branch: a third of the compiler's time, for code that runs once in a test.
    let mut quickly = compiler.clone();
    quickly
        .opt_level(1)
        .files(gates)
        .compile("ashlar_plonky2_emulated_gates");
    compiler
        .files(kernels)
        .files(units("emulation", "cu"))
        .compile("ashlar_plonky2_emulated");
    // After those that call it: linkers look forwards.
    runtime
        .files(units("emulation", "cpp"))
        .compile("ashlar_plonky2_emulation");
}
