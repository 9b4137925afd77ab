// Included by build scripts: a fingerprint of source files, for the names of files in a cache.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

/// Sets the variable `name` to a hash over the files of these folders beside the crate, and over `Cargo.lock`.
fn emit_fingerprint(name: &str, folders: &[&str]) {
    let crate_dir = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo"));
    let circuits = crate_dir.parent().expect("the crate lies in circuits/");
    let mut files = Vec::new();
    for source in folders.iter().chain(&["../Cargo.lock"]) {
        let path = circuits.join(source);
        println!("cargo::rerun-if-changed={}", path.display());
        collect(&path, &mut files);
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.strip_prefix(circuits).unwrap_or(&file).hash(&mut hasher);
        fs::read(&file)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
            .hash(&mut hasher);
    }
    println!("cargo::rustc-env={name}={:016x}", hasher.finish());
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    match fs::read_dir(path) {
        Ok(entries) => entries.flatten().for_each(|entry| collect(&entry.path(), files)),
        Err(_) if path.is_file() => files.push(path.to_owned()),
        Err(_) => {} // no lock file in a vendored build
    }
}
