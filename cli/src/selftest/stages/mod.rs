//! What the parts do, one file each.

mod conformance;
mod facts;
mod faults;
mod figures;
mod probe;
mod proofs;
mod subject;
mod tools;
mod wrap;

use super::{child::Context, part::Part};

/// Runs the part that the context was told. An error is the end of it; what a check finds wrong is none.
pub fn run(context: &mut Context) -> anyhow::Result<()> {
    match context.args.part {
        Part::Facts => facts::run(context),
        Part::Conformance => conformance::run(context),
        Part::IcicleCore => conformance::icicle_core(context),
        Part::Wrap => wrap::run(context),
        Part::Proofs => proofs::run(context),
        Part::Faults => faults::run(context),
        Part::Figures => figures::run(context),
        Part::Tools => tools::run(context),
        Part::Busy => probe::busy(context),
        Part::Probe => probe::run(context),
    }
}
