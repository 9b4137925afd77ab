//! What an authenticator hands over, as the contract wants it.

use alloy::primitives::{B256, Bytes, U256};
use ashlar_contracts::{PasskeyOwner, WebAuthn::WebAuthnAuth};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use p256::{
    ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier},
    pkcs8::DecodePublicKey,
};
use sha2::{Digest, Sha256};

/// Bits of the flags in authenticator data (WebAuthn level 2, section 6.1).
const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
/// Where the flags are: behind the hash of the relying party's id.
const FLAGS_AT: usize = 32;
/// Hash, flags, signature counter.
const LEAST_DATA: usize = 37;

/// Why a passkey or what it signed is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyError {
    /// Register with algorithm -7 (ES256).
    #[error("the public key is no P-256 key in SubjectPublicKeyInfo form; passkeys must be made for ES256")]
    PublicKey,
    /// Give all that the browser returned.
    #[error("the authenticator data has {0} bytes, at least {LEAST_DATA} are needed")]
    AuthenticatorData(usize),
    /// Ask for `userVerification: "required"`.
    #[error(
        "the device has not verified who holds it (flags {flags:#04x}); ask for userVerification `required`"
    )]
    NotVerified {
        /// As signed.
        flags: u8,
    },
    /// It is for another question, or for a registration.
    #[error("the client data are not of an assertion over {expected}: {what} is missing")]
    ClientData {
        /// What was to be signed.
        expected: B256,
        /// The part that is not there.
        what: &'static str,
    },
    /// Give it as the browser returned it.
    #[error("the signature is not DER of two numbers below P-256's order")]
    Signature,
    /// Another passkey signed, or what it signed was altered.
    #[error("the signature is not this passkey's")]
    Refused,
}

/// A passkey's public key: a point of P-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// First coordinate.
    pub x: B256,
    /// Second coordinate.
    pub y: B256,
}

impl Passkey {
    /// Reads what `AuthenticatorAttestationResponse.getPublicKey()` returns: a SubjectPublicKeyInfo (RFC 5480).
    ///
    /// # Errors
    /// If it is none of a P-256 key.
    pub fn from_spki(der: &[u8]) -> Result<Self, PasskeyError> {
        let key = VerifyingKey::from_public_key_der(der).map_err(|_| PasskeyError::PublicKey)?;
        let point = key.to_encoded_point(false);
        let (Some(x), Some(y)) = (point.x(), point.y()) else {
            return Err(PasskeyError::PublicKey);
        };
        Ok(Self {
            x: B256::from_slice(x),
            y: B256::from_slice(y),
        })
    }

    fn verifying_key(&self) -> Result<VerifyingKey, PasskeyError> {
        let point = p256::EncodedPoint::from_affine_coordinates(&self.x.0.into(), &self.y.0.into(), false);
        VerifyingKey::from_encoded_point(&point).map_err(|_| PasskeyError::PublicKey)
    }
}

/// What `navigator.credentials.get` returns: the fields of an `AuthenticatorAssertionResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// `authenticatorData`.
    pub authenticator_data: Vec<u8>,
    /// `clientDataJSON`, as text.
    pub client_data_json: String,
    /// `signature`: ASN.1 DER.
    pub signature: Vec<u8>,
}

impl Assertion {
    /// Checks all that the contract will, so that no gas is spent on what it refuses, and gives the form that it takes.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self, passkey: &Passkey, challenge: B256) -> Result<WebAuthnAuth, PasskeyError> {
        let data = &self.authenticator_data;
        if data.len() < LEAST_DATA {
            return Err(PasskeyError::AuthenticatorData(data.len()));
        }
        let flags = data[FLAGS_AT];
        let wanted = USER_PRESENT | USER_VERIFIED;
        if flags & wanted != wanted {
            return Err(PasskeyError::NotVerified { flags });
        }
        let asked = format!("\"challenge\":\"{}\"", URL_SAFE_NO_PAD.encode(challenge));
        let find = |part: &str, what| {
            let found = self.client_data_json.find(part).map(U256::from);
            found.ok_or(PasskeyError::ClientData {
                expected: challenge,
                what,
            })
        };
        let type_index = find("\"type\":\"webauthn.get\"", "the type webauthn.get")?;
        let challenge_index = find(&asked, "the challenge")?;
        let signature = Signature::from_der(&self.signature).map_err(|_| PasskeyError::Signature)?;
        // Authenticators give either of two; the contract takes the lower one.
        let signature = signature.normalize_s().unwrap_or(signature);
        let signed = Sha256::new()
            .chain_update(data)
            .chain_update(Sha256::digest(self.client_data_json.as_bytes()))
            .finalize();
        let key = passkey.verifying_key()?;
        key.verify_prehash(&signed, &signature)
            .map_err(|_| PasskeyError::Refused)?;
        let (r, s) = signature.split_bytes();
        Ok(WebAuthnAuth {
            r: B256::from_slice(&r),
            s: B256::from_slice(&s),
            challengeIndex: challenge_index,
            typeIndex: type_index,
            authenticatorData: Bytes::copy_from_slice(data),
            clientDataJSON: self.client_data_json.clone(),
        })
    }
}

/// The calls of an owner, in the form that its contract takes.
pub(super) type Calls = Vec<PasskeyOwner::Call>;
