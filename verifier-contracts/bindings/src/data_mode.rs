//! Where a rollup's batches have their public data.

use std::{fmt, str::FromStr};

use alloy::primitives::B256;
use serde::{Deserialize, Serialize};

/// Where the public data of a rollup's batches is published. It is fixed with the contract, which says it (`dataMode`);
/// a deployment file names it, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum DataMode {
    /// In the calldata of the commit.
    Calldata,
    /// The rollup stream in a blob of the commit (EIP-4844), the bridge stream in its calldata.
    Blob,
    /// The bridge stream in the calldata of the commit; the rollup stream is not on L1: a committee signs that it has it.
    Validium,
}

/// A data mode that this program does not know, so it does not know where the rollup's data is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "data mode `{name}` is not known here (known: {}): use a version of this program that knows it",
    known()
)]
pub struct UnknownDataMode {
    /// Its name.
    pub name: String,
}

fn known() -> String {
    DataMode::ALL.map(DataMode::name).join(", ")
}

impl DataMode {
    /// All that this program knows.
    pub const ALL: [Self; 3] = [Self::Calldata, Self::Blob, Self::Validium];

    /// As deployment files have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calldata => "calldata",
            Self::Blob => "blob",
            Self::Validium => "validium",
        }
    }

    /// The mode that a contract says: its name as a short string, with zeros behind it.
    ///
    /// # Errors
    /// If it is none of [`Self::ALL`].
    pub fn from_word(word: B256) -> Result<Self, UnknownDataMode> {
        let length = word
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1);
        match std::str::from_utf8(&word[..length]) {
            Ok(name) => name.parse(),
            Err(_) => Err(UnknownDataMode {
                name: word.to_string(),
            }),
        }
    }
}

impl FromStr for DataMode {
    type Err = UnknownDataMode;

    fn from_str(name: &str) -> Result<Self, UnknownDataMode> {
        let found = Self::ALL.into_iter().find(|mode| mode.name() == name);
        found.ok_or_else(|| UnknownDataMode {
            name: name.escape_debug().to_string(),
        })
    }
}

impl TryFrom<String> for DataMode {
    type Error = UnknownDataMode;

    fn try_from(name: String) -> Result<Self, UnknownDataMode> {
        name.parse()
    }
}

impl From<DataMode> for &'static str {
    fn from(mode: DataMode) -> Self {
        mode.name()
    }
}

impl fmt::Display for DataMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(name: &[u8]) -> B256 {
        B256::right_padding_from(name)
    }

    #[test]
    fn every_mode_is_read_back_from_its_name_and_from_what_a_contract_says() {
        for mode in DataMode::ALL {
            assert_eq!(mode.name().parse(), Ok(mode));
            assert_eq!(DataMode::from_word(word(mode.name().as_bytes())), Ok(mode));
            let file = serde_json::to_string(&mode).expect("a string");
            assert_eq!(serde_json::from_str::<DataMode>(&file).expect("read back"), mode);
        }
    }

    #[test]
    fn an_unknown_mode_is_refused_with_its_name_and_those_that_are_known() {
        for (said, name) in [
            (word(b"blobs"), "blobs"),
            (word(b"calldata2"), "calldata2"),
            (word(b"call\0data"), "call\\0data"),
            (B256::ZERO, ""),
        ] {
            let refused = DataMode::from_word(said).expect_err("unknown");
            assert_eq!(refused.name, name);
            let text = refused.to_string();
            assert!(
                text.contains("known: calldata, blob, validium)") && text.contains(&format!("`{name}`")),
                "{text}"
            );
        }
        let refused = DataMode::from_word(B256::repeat_byte(0xff)).expect_err("no text");
        assert!(refused.name.starts_with("0xffff"), "{refused}");
        assert!("Calldata".parse::<DataMode>().is_err(), "names have one spelling");
    }
}
