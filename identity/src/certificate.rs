//! What this program reads in a certificate.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::role::Identity;

/// The part of a certificate that is looked at after its chain was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is.
    pub identity: Identity,
    /// Unique within its authority, big-endian.
    pub serial: Vec<u8>,
    /// When it ends.
    pub not_after: SystemTime,
}

impl Certificate {
    /// Reads DER.
    ///
    /// # Errors
    /// The reason in words.
    pub fn from_der(der: &[u8]) -> Result<Self, String> {
        let (_, parsed) =
            X509Certificate::from_der(der).map_err(|error| format!("not an X.509 certificate: {error}"))?;
        let names = parsed
            .subject_alternative_name()
            .map_err(|error| format!("its alternative names cannot be read: {error}"))?;
        let mut uris = names
            .iter()
            .flat_map(|names| &names.value.general_names)
            .filter_map(|name| match name {
                GeneralName::URI(uri) if uri.starts_with("spiffe://") => Some(*uri),
                _ => None,
            });
        let uri = uris
            .next()
            .ok_or("it names no role: a URI spiffe://<trust domain>/ashlar/<role>/<name> is needed")?;
        if uris.next().is_some() {
            return Err("it has two SPIFFE IDs, and may have one".into());
        }
        let identity = Identity::from_uri(uri)
            .ok_or_else(|| format!("{uri} is not spiffe://<trust domain>/ashlar/<role>/<name>"))?;
        let ends = u64::try_from(parsed.validity().not_after.timestamp()).unwrap_or(0);
        Ok(Self {
            identity,
            serial: trimmed(parsed.raw_serial()),
            not_after: UNIX_EPOCH + Duration::from_secs(ends),
        })
    }

    /// Whether it is over, in whole seconds as a handshake judges it: else one could succeed and be of no use.
    pub fn is_over(&self) -> bool {
        let over_since = SystemTime::now().duration_since(self.not_after);
        over_since.is_ok_and(|since| since >= Duration::from_secs(1))
    }
}

/// A serial number without the zeros that DER and libraries put before it or not.
pub fn trimmed(serial: &[u8]) -> Vec<u8> {
    let zeros = serial.iter().take_while(|byte| **byte == 0).count();
    serial[zeros..].to_vec()
}

/// How long ago a moment was, for people.
pub fn ago(moment: SystemTime) -> String {
    let secs = moment.elapsed().unwrap_or_default().as_secs();
    match secs {
        0..=119 => format!("{secs} s ago"),
        120..=7199 => format!("{} minutes ago", secs / 60),
        7200..=172_799 => format!("{} hours ago", secs / 3600),
        _ => format!("{} days ago", secs / 86_400),
    }
}
