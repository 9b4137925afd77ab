//! A role and a name, and how a certificate says them.

use std::{fmt, str::FromStr};

use crate::error::IdentityError;

/// What a process is to a proving farm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Serves the farm.
    Coordinator,
    /// Submits batches and watches them.
    Sequencer,
    /// Takes jobs.
    Worker,
    /// Looks at the farm and repairs it.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Coordinator, Self::Sequencer, Self::Worker, Self::Admin];

    /// As certificates and commands say it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Coordinator => "coordinator",
            Self::Sequencer => "sequencer",
            Self::Worker => "worker",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = IdentityError;
    fn from_str(text: &str) -> Result<Self, IdentityError> {
        Self::ALL
            .into_iter()
            .find(|role| role.name() == text)
            .ok_or_else(|| IdentityError::Role(text.to_owned()))
    }
}

/// Longest name, in bytes.
const MAX_NAME_BYTES: usize = 128;
/// The path segment before role and name.
const SEGMENT: &str = "ashlar";

/// Who holds a certificate.
///
/// In it this is the SPIFFE ID `spiffe://<trust domain>/ashlar/<role>/<name>`, its only URI of that scheme (SPIFFE
/// X.509-SVID, section 2). The trust domain says nothing here: whom to trust is decided by the authority's certificate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    role: Role,
    name: String,
}

impl Identity {
    /// An identity.
    ///
    /// # Errors
    /// [`IdentityError::Name`] unless the name has 1 to 128 letters, digits, `.`, `_` and `-`.
    pub fn new(role: Role, name: impl Into<String>) -> Result<Self, IdentityError> {
        let name = name.into();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if (1..=MAX_NAME_BYTES).contains(&name.len())
            && name.bytes().all(is_plain)
            && name != "."
            && name != ".."
        {
            Ok(Self { role, name })
        } else {
            Err(IdentityError::Name(name))
        }
    }

    /// What it is.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its SPIFFE ID in a trust domain.
    pub fn uri(&self, trust_domain: &str) -> String {
        format!("spiffe://{trust_domain}/{SEGMENT}/{}/{}", self.role, self.name)
    }

    /// The identity that a SPIFFE ID says; `None` if it is none of this program's.
    pub fn from_uri(uri: &str) -> Option<Self> {
        let (trust_domain, path) = uri.strip_prefix("spiffe://")?.split_once('/')?;
        let mut segments = path.split('/');
        let (segment, role, name) = (segments.next()?, segments.next()?, segments.next()?);
        if trust_domain.is_empty() || segment != SEGMENT || segments.next().is_some() {
            return None;
        }
        Self::new(role.parse().ok()?, name).ok()
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.role, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_survives_its_uri() {
        for role in Role::ALL {
            let identity = Identity::new(role, "gpu-1.rack_2").unwrap();
            assert_eq!(Identity::from_uri(&identity.uri("farm.example")), Some(identity));
        }
    }

    #[test]
    fn other_uris_name_nobody() {
        for uri in [
            "https://farm/ashlar/worker/a",
            "spiffe:///ashlar/worker/a",
            "spiffe://farm/other/worker/a",
            "spiffe://farm/ashlar/worker",
            "spiffe://farm/ashlar/worker/",
            "spiffe://farm/ashlar/worker/a/b",
            "spiffe://farm/ashlar/king/a",
            "spiffe://farm/ashlar/worker/a%20b",
            "spiffe://farm/ashlar/worker/..",
        ] {
            assert_eq!(Identity::from_uri(uri), None, "{uri}");
        }
    }

    #[test]
    fn a_name_is_one_word_of_bounded_length() {
        for name in ["", "a b", "a/b", "ä", "..", &"a".repeat(129)] {
            let error = Identity::new(Role::Worker, name).unwrap_err();
            assert!(matches!(error, IdentityError::Name(_)), "{name}");
        }
        assert!(Identity::new(Role::Worker, "a".repeat(128)).is_ok());
    }
}
