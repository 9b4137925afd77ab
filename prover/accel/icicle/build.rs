//! With the feature `cuda`: compiles the kernels, or links the library that the operator names. Without it: nothing.

use std::env;

/// Compute capabilities compiled for unless `ASHLAR_CUDA_ARCH` names others: A100 and H100.
const DEFAULT_ARCHITECTURES: &str = "80 90";

/// Translation units of the glue, each with its own copy of sppark's templates.
const UNITS: [&str; 4] = ["bn254_curve", "bn254_msm", "bn254_ntt", "goldilocks_ntt"];

fn main() {
    println!("cargo:rustc-check-cfg=cfg(ashlar_sppark)");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=cuda");
    for name in ["ICICLE_BN254_LIB_DIR", "ASHLAR_CUDA_ARCH", "NVCC"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    if env::var_os("CARGO_FEATURE_CUDA").is_none() {
        return;
    }
    match env::var("ICICLE_BN254_LIB_DIR") {
        Ok(folder) => link_library(&folder),
        Err(_) => compile_kernels(),
    }
}

/// An operator's own `libingo_bn254` with the symbols and structures of ICICLE 1.3.0.
fn link_library(folder: &str) {
    println!("cargo:rustc-link-search=native={folder}");
    println!("cargo:rustc-link-lib=dylib=ingo_bn254");
    println!("cargo:rustc-link-lib=dylib=stdc++");
}

fn compile_kernels() {
    assert!(
        env::var("DEP_SPPARK_TARGET").as_deref() == Ok("cuda"),
        "feature `cuda`: sppark found no nvcc. Put nvcc into PATH, or set NVCC=/path/to/nvcc, or set \
         ICICLE_BN254_LIB_DIR to the folder of a libingo_bn254 of ICICLE 1.3.0"
    );
    let architectures = env::var("ASHLAR_CUDA_ARCH").unwrap_or_else(|_| DEFAULT_ARCHITECTURES.into());
    let architectures: Vec<&str> = architectures.split_whitespace().collect();
    assert!(
        !architectures.is_empty(),
        "ASHLAR_CUDA_ARCH is empty: name compute capabilities, such as \"80 90\""
    );
    // `none` is for who only checks the Rust code: nothing of it can be linked.
    if architectures != ["none"] {
        for unit in UNITS {
            compile_unit(unit, &architectures);
        }
    }
    println!("cargo:rustc-cfg=ashlar_sppark");
}

/// Several files in one `cc::Build` would be relocatable device code: slower, and without PTX after the device link.
fn compile_unit(unit: &str, architectures: &[&str]) {
    let mut nvcc = cc::Build::new();
    // In the dev profile cc would pass -G, which turns optimisation of device code off.
    nvcc.cuda(true)
        .cudart("static") // for the Rust code too: one runtime, and a program that can be carried to another machine
        .std("c++17")
        .opt_level(3)
        .debug(false)
        .warnings(false);
    for architecture in architectures {
        // Machine code for this card, and PTX so that a driver can translate it for later ones.
        nvcc.flag(format!(
            "-gencode=arch=compute_{architecture},code=[sm_{architecture},compute_{architecture}]"
        ));
    }
    nvcc.define("TAKE_RESPONSIBILITY_FOR_ERROR_MESSAGE", None); // we free the messages of sppark's errors
    nvcc.define("__BLST_PORTABLE__", None); // as blst is built with its feature `portable`
    for folder in ["DEP_BLST_C_SRC", "DEP_SPPARK_ROOT"] {
        let path = env::var_os(folder).unwrap_or_else(|| {
            panic!("{folder} is not set: the dependency did not say where its sources are")
        });
        nvcc.include(path);
    }
    nvcc.file(format!("cuda/{unit}.cu"))
        .compile(&format!("ashlar_{unit}"));
}
