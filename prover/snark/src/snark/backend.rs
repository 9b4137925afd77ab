//! Which backend computes, chosen at run time.

use std::str::FromStr;

/// The backend that proofs are made on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BackendChoice {
    /// The fastest that this machine has.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
}

/// Not the name of a backend.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no backend is called {name:?}: auto or cpu")]
pub struct UnknownBackend {
    /// What was asked for.
    pub name: String,
}

impl FromStr for BackendChoice {
    type Err = UnknownBackend;

    fn from_str(name: &str) -> Result<Self, UnknownBackend> {
        match name {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            _ => Err(UnknownBackend { name: name.into() }),
        }
    }
}

impl std::fmt::Display for BackendChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for choice in [BackendChoice::Auto, BackendChoice::Cpu] {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
        assert!("gpu".parse::<BackendChoice>().is_err());
    }
}
