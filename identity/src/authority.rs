//! A small certificate authority, for farms that have none.

use std::{
    fs,
    net::IpAddr,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use ashlar_report::file::write_whole;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason,
    RevokedCertParams, SanType, SerialNumber,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    certificate::Certificate,
    error::IdentityError,
    folder::{Folder, content, read},
    role::{Identity, Role},
};

const KEY: &str = "ca.key";
const INDEX: &str = "issued.toml";
const ISSUED: &str = "issued";
/// Clocks of a farm's machines may differ by so much.
const SKEW: Duration = Duration::from_secs(300);

/// A certificate that is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whose it will be.
    pub identity: Identity,
    /// DNS names and IP addresses that it is reached by; a coordinator needs at least one.
    pub hosts: Vec<String>,
    /// How long it lasts from now.
    pub valid: Duration,
}

/// A certificate as the authority remembers it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Issued {
    /// Big-endian, in hexadecimal.
    pub serial: String,
    role: String,
    name: String,
    /// DNS names and IP addresses.
    pub hosts: Vec<String>,
    /// When it ends, in Unix seconds.
    pub ends: i64,
    /// When it was revoked, in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<i64>,
}

impl Issued {
    /// Whether it is one of `identity`'s.
    pub fn is_of(&self, identity: &Identity) -> bool {
        self.role == identity.role().name() && self.name == identity.name()
    }

    /// Whether it is one of `identity`'s that is neither over nor revoked.
    fn is_good_for(&self, identity: &Identity) -> bool {
        self.is_of(identity) && self.revoked.is_none() && self.ends > now().unix_timestamp()
    }

    /// Role and name, for people.
    pub fn holder(&self) -> String {
        format!("{} {}", self.role, self.name)
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Index {
    trust_domain: String,
    /// Number of the list of revoked certificates.
    revocations: u64,
    #[serde(default)]
    certificates: Vec<Issued>,
}

/// An authority in a folder: its certificate `ca.crt`, its key `ca.key`, the list of revoked certificates `ca.crl`, and under
/// `issued/` a [`Folder`] for each holder, to be moved to where it is used.
#[derive(Debug)]
pub struct Authority {
    folder: PathBuf,
    index: Index,
    key: KeyPair,
}

impl Authority {
    /// Makes an authority.
    ///
    /// # Errors
    /// [`IdentityError::AuthorityExists`], or if a file cannot be written.
    pub fn create(folder: &Path, trust_domain: &str, valid: Duration) -> Result<Self, IdentityError> {
        let key_path = folder.join(KEY);
        if key_path.exists() {
            return Err(IdentityError::AuthorityExists(key_path));
        }
        let key = KeyPair::generate()?;
        // Two authorities of one name would be told apart by their signatures only, which makes worse errors.
        let fingerprint = hex(&key.public_key_raw()[1..5]);
        let mut params = parameters(
            &format!("ashlar farm authority of {trust_domain}, {fingerprint}"),
            valid,
        );
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key)?;
        let mut authority = Self {
            folder: folder.to_owned(),
            index: Index {
                trust_domain: trust_domain.to_owned(),
                revocations: 0,
                certificates: Vec::new(),
            },
            key,
        };
        write_secret(&key_path, &authority.key.serialize_pem())?;
        write(&folder.join(Folder::AUTHORITY), &certificate.pem())?;
        authority.publish_revocations()?;
        Ok(authority)
    }

    /// Opens what [`Self::create`] made.
    ///
    /// # Errors
    /// [`IdentityError::File`] or [`IdentityError::Content`].
    pub fn open(folder: &Path) -> Result<Self, IdentityError> {
        let (key_path, index_path) = (folder.join(KEY), folder.join(INDEX));
        let key = KeyPair::from_pem(&text(&key_path)?)
            .map_err(|error| content(&key_path, format!("no private key: {error}")))?;
        let index =
            toml::from_str(&text(&index_path)?).map_err(|error| content(&index_path, error.to_string()))?;
        Ok(Self {
            folder: folder.to_owned(),
            index,
            key,
        })
    }

    /// Every certificate that was ever issued, oldest first.
    pub fn issued(&self) -> &[Issued] {
        &self.index.certificates
    }

    /// The good certificate of a holder, if there is one.
    pub fn good(&self, identity: &Identity) -> Option<&Issued> {
        let mut newest_first = self.index.certificates.iter().rev();
        newest_first.find(|issued| issued.is_good_for(identity))
    }

    /// Issues a certificate with a new key, and gives the folder with both. One that the holder has already stays good until
    /// it ends or is revoked: that is how it is replaced without a stop.
    ///
    /// # Errors
    /// [`IdentityError::NoHost`], [`IdentityError::Host`], or if a file cannot be written.
    pub fn issue(&mut self, request: &Request) -> Result<Folder, IdentityError> {
        let Request {
            identity,
            hosts,
            valid,
        } = request;
        if identity.role() == Role::Coordinator && hosts.is_empty() {
            return Err(IdentityError::NoHost);
        }
        let mut params = parameters(identity.name(), *valid);
        let uri = identity.uri(&self.index.trust_domain);
        params.subject_alt_names = vec![SanType::URI(uri.as_str().try_into()?)];
        for host in hosts {
            params.subject_alt_names.push(match host.parse::<IpAddr>() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(dns_name(host)?.try_into()?),
            });
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![if identity.role() == Role::Coordinator {
            ExtendedKeyUsagePurpose::ServerAuth
        } else {
            ExtendedKeyUsagePurpose::ClientAuth
        }];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let authority = text(&self.folder.join(Folder::AUTHORITY))?;
        let certificate = params.signed_by(&key, &Issuer::from_ca_cert_pem(&authority, &self.key)?)?;
        let made = Certificate::from_der(certificate.der())
            .map_err(|reason| content(&self.folder.join(Folder::AUTHORITY), reason))?;
        self.index.certificates.push(Issued {
            serial: hex(&made.serial),
            role: identity.role().name().into(),
            name: identity.name().into(),
            hosts: hosts.clone(),
            ends: params.not_after.unix_timestamp(),
            revoked: None,
        });
        self.write_index()?; // before anybody has the certificate: what is out can be revoked
        let name = format!("{}-{}", identity.role(), identity.name());
        let folder = Folder::new(self.folder.join(ISSUED).join(name));
        write_secret(&folder.path().join(Folder::KEY), &key.serialize_pem())?;
        write(&folder.path().join(Folder::CERTIFICATE), &certificate.pem())?;
        write(&folder.path().join(Folder::AUTHORITY), &authority)?;
        let revoked = text(&self.folder.join(Folder::REVOKED))?;
        write(&folder.path().join(Folder::REVOKED), &revoked)?;
        Ok(folder)
    }

    /// Revokes every good certificate of a holder, and gives how many. The new list is written to `ca.crl` and to each
    /// folder under `issued/`; a coordinator elsewhere needs a copy.
    ///
    /// # Errors
    /// [`IdentityError::NeverIssued`], or if a file cannot be written.
    pub fn revoke(&mut self, identity: &Identity) -> Result<usize, IdentityError> {
        let now = now().unix_timestamp();
        let good = self
            .index
            .certificates
            .iter_mut()
            .filter(|issued| issued.is_good_for(identity));
        let revoked = good.map(|issued| issued.revoked = Some(now)).count();
        if revoked == 0 {
            return Err(self.never_issued(identity));
        }
        self.publish_revocations()?;
        Ok(revoked)
    }

    /// The error that nothing of `identity` is good.
    pub fn never_issued(&self, identity: &Identity) -> IdentityError {
        IdentityError::NeverIssued {
            folder: self.folder.clone(),
            identity: identity.clone(),
        }
    }

    fn publish_revocations(&mut self) -> Result<(), IdentityError> {
        self.index.revocations += 1;
        let revoked_certs = self
            .index
            .certificates
            .iter()
            .filter_map(|issued| {
                Some(RevokedCertParams {
                    serial_number: SerialNumber::from_slice(&unhex(&issued.serial)?),
                    revocation_time: OffsetDateTime::from_unix_timestamp(issued.revoked?).ok()?,
                    reason_code: Some(RevocationReason::Unspecified),
                    invalidity_date: None,
                })
            })
            .collect();
        let list = CertificateRevocationListParams {
            this_update: now(),
            next_update: now() + Duration::from_secs(10 * 365 * 86_400), // whenever one is revoked
            crl_number: self.index.revocations.into(),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let authority = text(&self.folder.join(Folder::AUTHORITY))?;
        let list = list
            .signed_by(&Issuer::from_ca_cert_pem(&authority, &self.key)?)?
            .pem()?;
        self.write_index()?;
        write(&self.folder.join(Folder::REVOKED), &list)?;
        let holders = fs::read_dir(self.folder.join(ISSUED))
            .into_iter()
            .flatten()
            .flatten();
        for holder in holders.filter(|entry| entry.path().join(Folder::AUTHORITY).exists()) {
            write(&holder.path().join(Folder::REVOKED), &list)?;
        }
        Ok(())
    }

    fn write_index(&self) -> Result<(), IdentityError> {
        let path = self.folder.join(INDEX);
        let text = toml::to_string(&self.index).map_err(|error| content(&path, error.to_string()))?;
        write(&path, &text)
    }
}

fn parameters(common_name: &str, valid: Duration) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = now() - SKEW;
    params.not_after = now() + valid;
    params
}

fn dns_name(host: &str) -> Result<&str, IdentityError> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if host.len() <= 253 && host.strip_prefix("*.").unwrap_or(host).split('.').all(is_label) {
        Ok(host)
    } else {
        Err(IdentityError::Host(host.to_owned()))
    }
}

fn now() -> OffsetDateTime {
    SystemTime::now().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let byte = |at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..text.len()).step_by(2).map(byte).collect()
}

fn text(path: &Path) -> Result<String, IdentityError> {
    String::from_utf8(read(path)?).map_err(|_| content(path, "not text"))
}

fn write(path: &Path, text: &str) -> Result<(), IdentityError> {
    write_whole(path, &[text.as_bytes()]).map_err(|source| IdentityError::File {
        path: path.to_owned(),
        source,
    })
}

/// Writes what only its owner may read.
fn write_secret(path: &Path, text: &str) -> Result<(), IdentityError> {
    let failed = |source| IdentityError::File {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    // The permissions of the file that is there are kept by what replaces it.
    fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    write(path, text)
}
