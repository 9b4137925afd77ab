//! The suite of row programs on both levels of the CPU.

use ashlar_accel::{
    cpu::{CpuBackend, Level},
    testing::rows::suite,
};

#[test]
fn both_levels_pass_the_suite() {
    for level in [Level::Portable, Level::Avx512Ifma] {
        match CpuBackend::with_level(level) {
            Some(backend) => suite(&backend),
            None => println!("{level:?}: skipped, this machine does not have it"),
        }
    }
}
