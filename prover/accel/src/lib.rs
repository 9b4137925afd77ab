//! The heavy arithmetic of the wrap prover, behind one small trait per operation.
//!
//! Above these traits nobody knows about devices, below them nobody knows about proofs. [`cpu::CpuBackend`] is always
//! there, `icicle` where the feature of that name is compiled and a card answers; every backend passes the same suite
//! against the plain twins in [`mod@reference`].
//!
//! ```
//! use ashlar_accel::{Msm, cpu::CpuBackend, reference};
//! use halo2curves::{bn256::{Fr, G1Affine}, group::prime::PrimeCurveAffine};
//!
//! let backend = CpuBackend::new();
//! let bases = vec![G1Affine::generator(); 100];
//! let scalars: Vec<Fr> = (0..100).map(Fr::from).collect();
//! let prepared = backend.prepare_bases(&bases)?;
//! assert_eq!(backend.msm(&prepared, &scalars)?, reference::msm(&scalars, &bases));
//! # Ok::<(), ashlar_accel::AccelError>(())
//! ```

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
mod short_test;
#[cfg(feature = "testing")]
pub mod testing;
mod timed;

pub use by_size::{BySize, Thresholds};
pub use choice::{BackendChoice, BackendConfig, BackendNotBuilt, DeviceOptions, UnknownBackend};
pub use error::AccelError;
pub use field::NttField;
pub use msm::Msm;
pub use ntt::{Direction, Ntt, Order, Transform};
pub use short_test::{ShortTest, short_test};
pub use timed::{Timed, device_time};

use halo2curves::bn256::{Fr, G1Affine};

use crate::rows::EvaluateRows;

/// All that the KZG prover asks of a machine.
pub trait Backend: Msm<G1Affine> + Ntt<Fr> + EvaluateRows<Fr> {
    /// Name in logs, metrics and benchmark ids: `cpu`, `icicle`.
    fn name(&self) -> &'static str;
}
