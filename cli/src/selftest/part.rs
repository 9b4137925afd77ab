//! The parts of a self-test, and who computes in them.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A part, which is a child process. Its name on the command line is its name in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// What the card is.
    Facts,
    /// Every kernel against the CPU.
    Conformance,
    /// icicle-core's own checks. They need roots of their own, hence a process of their own.
    IcicleCore,
    /// The wrap on the card, byte for byte the CPU's.
    Wrap,
    /// Proofs of chunk, lift and fold on the card, likewise, and how many a second.
    Proofs,
    /// What becomes of faults.
    Faults,
    /// How fast.
    Figures,
    /// Under NVIDIA's tools, where they are installed.
    Tools,
    /// Not a part: computes until it is killed, for [`Self::Faults`].
    Busy,
    /// Not a part: one sum and one transform of each kind, for [`Self::Tools`].
    Probe,
}

impl Part {
    /// In the order that they run in.
    pub const ALL: [Self; 8] = [
        Self::Facts,
        Self::Conformance,
        Self::IcicleCore,
        Self::Wrap,
        Self::Proofs,
        Self::Faults,
        Self::Figures,
        Self::Tools,
    ];

    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Facts => "facts",
            Self::Conformance => "conformance",
            Self::IcicleCore => "icicle-core",
            Self::Wrap => "wrap",
            Self::Proofs => "proofs",
            Self::Faults => "faults",
            Self::Figures => "figures",
            Self::Tools => "tools",
            Self::Busy => "busy",
            Self::Probe => "probe",
        }
    }

    /// What it answers.
    pub fn question(self) -> &'static str {
        match self {
            Self::Facts => "what is here",
            Self::Conformance => "does every kernel compute what the CPU computes",
            Self::IcicleCore => "does icicle-core's own suite pass",
            Self::Wrap => "is the card's wrap the CPU's, byte for byte",
            Self::Proofs => {
                "are the card's proofs of plonky2's circuits the CPU's, byte for byte, and how many a second"
            }
            Self::Faults => "are faults told and survived",
            Self::Figures => "how fast is it",
            Self::Tools => "what do NVIDIA's tools find",
            Self::Busy | Self::Probe => "",
        }
    }

    /// Without this one nothing is passed.
    pub fn is_required(self) -> bool {
        matches!(self, Self::Conformance | Self::Wrap | Self::Faults)
    }

    /// Its share of the time. What one does not use is the later ones'.
    fn weight(self) -> f64 {
        match self {
            Self::Facts | Self::Faults => 8.0,
            Self::Conformance => 25.0,
            Self::IcicleCore => 10.0,
            Self::Wrap => 24.0,
            Self::Proofs => 25.0,
            Self::Figures => 20.0,
            Self::Tools => 5.0,
            Self::Busy | Self::Probe => 0.0,
        }
    }

    /// Its limit when `remaining_secs` are left for it and all after it.
    pub fn limit_secs(self, remaining_secs: f64) -> f64 {
        let left = Self::ALL.iter().skip_while(|part| **part != self);
        remaining_secs.max(0.0) * self.weight() / left.map(|part| part.weight()).sum::<f64>()
    }
}

/// Who computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A card.
    #[value(name = "card")]
    Card,
    /// The library that stands in for a card in tests.
    #[value(name = "stand-in")]
    StandIn,
    /// The CPU, since there is nothing else.
    #[value(name = "dry-run")]
    DryRun,
}

impl Target {
    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::StandIn => "stand-in",
            Self::DryRun => "dry-run",
        }
    }

    /// What the run is.
    pub fn run_name(self) -> &'static str {
        match self {
            Self::Card => "self-test",
            Self::StandIn => "self-test over the stand-in",
            Self::DryRun => "dry run",
        }
    }

    /// What a reader must know.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Card => "the card",
            Self::StandIn => "the stand-in on the CPU: no card and no kernel was tested",
            Self::DryRun => "the CPU: a DRY RUN, no card was tested",
        }
    }
}

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Everything.
    Full,
    /// Smaller sizes, and a small circuit in the place of the wrap circuit.
    Short,
}

impl Scale {
    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Short => "short",
        }
    }

    /// What can be done in this time.
    pub fn for_secs(secs: f64) -> Self {
        if secs < 240.0 { Self::Short } else { Self::Full }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_never_add_up_to_more_than_there_is() {
        let mut remaining = 360.0;
        for part in Part::ALL {
            let limit = part.limit_secs(remaining);
            assert!(limit > 0.0 && limit <= remaining, "{part:?}: {limit}");
            remaining -= limit;
        }
        assert!(remaining.abs() < 1e-6);
        assert_eq!(
            Part::Tools.limit_secs(7.0),
            7.0,
            "the last one has all that is left"
        );
        assert_eq!(Part::Wrap.limit_secs(-1.0), 0.0);
    }

    #[test]
    fn names_are_those_of_the_command_line_and_of_the_report() {
        for part in Part::ALL {
            assert_eq!(Part::from_str(part.name(), false), Ok(part));
            assert_eq!(serde_json::to_value(part).unwrap(), part.name());
        }
        for target in Target::value_variants() {
            assert_eq!(Target::from_str(target.name(), false), Ok(*target));
        }
        for scale in Scale::value_variants() {
            assert_eq!(Scale::from_str(scale.name(), false), Ok(*scale));
        }
    }
}
