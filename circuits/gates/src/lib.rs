//! Gates that applications share: what costs a row each with plonky2's own gates, packed.
//!
//! ```
//! use ashlar_gates::{Builder, range_check};
//! use plonky2::plonk::circuit_data::CircuitConfig;
//!
//! let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
//! let balances: [_; 4] = builder.add_virtual_target_arr();
//! for balance in balances {
//!     range_check(&mut builder, balance, 62);
//! }
//! assert_eq!(builder.num_gates(), 1);
//! ```

pub mod algebra;
mod digits;
mod limb;
mod mul_shift;
mod piecewise;
mod range;
mod row;
mod serialization;
#[cfg(feature = "testing")]
pub mod testing;

use plonky2::{field::goldilocks_field::GoldilocksField, plonk::circuit_builder::CircuitBuilder};

pub use limb::{LimbGate, Width, generator::LimbGenerator, recognise};
pub use mul_shift::{MulShift, mul_shift};
pub use piecewise::{Cdf, Function, Ln, Pdf, Piecewise, piecewise};
pub use range::{MAX_BITS, bytes, range_check};
pub use row::{Formula, RowGate, RowGenerator};
pub use serialization::{LimbGateSerializer, LimbGeneratorSerializer};

/// The field of the circuits.
pub type F = GoldilocksField;
/// The degree of the extension that plonky2 draws its challenges from.
pub const D: usize = 2;
/// The builder of the circuits.
pub type Builder = CircuitBuilder<F, D>;
