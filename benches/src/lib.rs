//! One operation, several contenders, one run: our backends beside the libraries that the field uses.
//!
//! The same [`Contender`]s serve criterion (`cargo bench -p ashlar-benches`) and `ashlar bench`. Each is checked against
//! a known answer before it is timed.

mod baseline;
mod contender;
mod figure;
pub mod load;
mod machine;
mod measure;
pub mod operations;
mod report;
mod spread;
pub mod steps;
mod svg;
mod turns;

pub use baseline::{Baseline, BaselineError};
pub use contender::{Cause, Contender, NotMeasured, Run};
pub use machine::Machine;
pub use measure::{Effort, Measurement, measure};
pub use report::{Report, time};
pub use spread::Spread;
pub use svg::draw;

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// CPU time of all threads of this process.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
