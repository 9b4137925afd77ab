//! The heavy arithmetic of the wrap prover, behind one small trait per operation.
//!
//! Above these traits nobody knows about devices, below them nobody knows about proofs. [`cpu::CpuBackend`] is always
//! there, `icicle` where the feature of that name is compiled and a card answers; every backend passes the same suite
//! against the plain twins in [`reference`].

mod by_size;
mod choice;
pub mod cpu;
mod error;
mod field;
#[cfg(feature = "icicle")]
pub mod icicle;
mod msm;
mod ntt;
pub mod reference;
pub mod rows;
#[cfg(feature = "testing")]
pub mod testing;

pub use by_size::{BySize, Thresholds};
pub use choice::{BackendChoice, BackendConfig, BackendNotBuilt, DeviceOptions, UnknownBackend};
pub use error::AccelError;
pub use field::NttField;
pub use msm::Msm;
pub use ntt::{Direction, Ntt, Order, Transform};

use halo2curves::bn256::{Fr, G1Affine};

use crate::rows::EvaluateRows;

/// All that the KZG prover asks of a machine.
pub trait Backend: Msm<G1Affine> + Ntt<Fr> + EvaluateRows<Fr> {
    /// Name in logs, metrics and benchmark ids: `cpu`, `icicle`.
    fn name(&self) -> &'static str;
}
