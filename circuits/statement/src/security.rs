//! plonky2's parameters, of every circuit of a set: how hard a proof of a false statement is to find.

use std::{fmt, str::FromStr};

use plonky2::{
    fri::{FriConfig, reduction_strategies::FriReductionStrategy},
    plonk::circuit_data::CircuitConfig,
};

/// What the circuits of a set are built for; `docs/soundness.md` has the bits of each round, and what each costs.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Security {
    /// A hundred bits by the formula for FRI's queries that deployed systems use, which nobody has proved.
    #[default]
    Conjectured100,
    /// A hundred bits by what is proved of FRI, within the unique decoding radius: four times the rows above the leaves.
    Proven100,
}

impl Security {
    /// All there are.
    pub const ALL: [Self; 2] = [Self::Conjectured100, Self::Proven100];

    /// As it is written in options, names of files and figures.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Conjectured100 => "conjectured-100",
            Self::Proven100 => "proven-100",
        }
    }

    /// Parameters of leaf circuits. Three challenges: with two, the permutation argument stays below a hundred bits.
    pub fn leaf(self) -> CircuitConfig {
        let queries = match self {
            Self::Conjectured100 => 28,
            Self::Proven100 => 102,
        };
        config(queries, 16)
    }

    /// Parameters of lift and fold. In the conjectured set they ask one query less and grind three bits more: with 28, fold
    /// has a few rows too many for 2^13, and compress for 2^12.
    pub fn fold(self) -> CircuitConfig {
        match self {
            Self::Conjectured100 => config(27, 19),
            Self::Proven100 => config(102, 16),
        }
    }

    /// log2 of the rows of lift and fold.
    pub const fn fold_degree_bits(self) -> usize {
        match self {
            Self::Conjectured100 => 13,
            Self::Proven100 => 15,
        }
    }

    /// Parameters of compress. A lower rate spares the wrap little and doubles this prover.
    pub fn compress(self) -> CircuitConfig {
        match self {
            Self::Conjectured100 => config(28, 16),
            Self::Proven100 => config(102, 16),
        }
    }

    /// log2 of the rows of compress.
    pub const fn compress_degree_bits(self) -> usize {
        match self {
            Self::Conjectured100 => 12,
            Self::Proven100 => 14,
        }
    }
}

/// Rate 1/8. Spelled out, because the size of every circuit above hangs on every figure.
fn config(num_query_rounds: usize, proof_of_work_bits: u32) -> CircuitConfig {
    CircuitConfig {
        num_wires: 135,
        num_routed_wires: 80,
        num_challenges: 3,
        fri_config: FriConfig {
            rate_bits: 3,
            cap_height: 4,
            proof_of_work_bits,
            reduction_strategy: FriReductionStrategy::ConstantArityBits(4, 5),
            num_query_rounds,
        },
        ..CircuitConfig::standard_recursion_config()
    }
}

impl fmt::Display for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is none of a set of parameters.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no security `{0}`: it is conjectured-100 or proven-100")]
pub struct UnknownSecurity(String);

impl FromStr for Security {
    type Err = UnknownSecurity;

    fn from_str(name: &str) -> Result<Self, UnknownSecurity> {
        let known = Self::ALL.into_iter().find(|security| security.name() == name);
        known.ok_or_else(|| UnknownSecurity(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_and_another_is_refused() {
        for security in Security::ALL {
            assert_eq!(security.to_string().parse(), Ok(security));
        }
        let error = "proven-128".parse::<Security>().expect_err("no such set");
        assert!(error.to_string().contains("proven-128"), "{error}");
    }
}
