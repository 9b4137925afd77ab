//! The halo2 circuit: columns, constraints, layout and the wrap circuit.
//!
//! [`Recorder`] is a [`Chip`](crate::chip::Chip) that writes down rows with their witness; [`Layout`] is what it leaves
//! behind; [`LayoutCircuit`] assigns it.

mod arithmetic;
#[cfg(test)]
mod census;
pub mod config;
mod integer;
mod layout;
mod recorder;
pub mod rounds;
mod selection;
mod sums;
mod table;
mod wide;
mod words;
mod wrap;

pub use config::WrapConfig;
pub use layout::{Cell, Layout, LayoutCircuit, Usage};
pub use recorder::{LIMB_BITS, Recorder};
pub use table::TABLE_STEP;
pub use wide::{Coordinate, Ext, Fe, Wide};
pub use wrap::{INPUTS_PER_INSTANCE, WRAP_K, WrapCircuit, WrapStats, pack_public_inputs};
