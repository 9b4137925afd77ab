//! One operation, several contenders, one run: our backends beside the libraries that the field uses.
//!
//! The same [`Contender`]s serve criterion (`cargo bench -p ashlar-benches`) and `ashlar bench`. Each is checked against
//! a known answer before it is timed.

mod contender;
pub mod load;
mod machine;
mod measure;
pub mod operations;
mod report;
mod svg;

pub use contender::{Cause, Contender, NotMeasured, Run};
pub use machine::Machine;
pub use measure::{Effort, Measurement, measure};
pub use report::{Report, time};
pub use svg::draw;
