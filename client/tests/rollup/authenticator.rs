//! A device with a passkey, in software: what it makes is what a browser's makes.

use alloy::primitives::B256;
use ashlar_client::{Assertion, Passkey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use p256::{
    ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner},
    pkcs8::EncodePublicKey,
};
use sha2::{Digest, Sha256};

/// The user is present, and was verified.
pub const VERIFIED: u8 = 5;

pub struct Authenticator(SigningKey);

impl Authenticator {
    pub fn new(seed: u8) -> Self {
        Self(SigningKey::from_bytes(&[seed; 32].into()).expect("a key"))
    }

    /// Its public key as a browser gives it.
    pub fn spki(&self) -> Vec<u8> {
        let key = p256::PublicKey::from(self.0.verifying_key());
        key.to_public_key_der().expect("encodes").into_vec()
    }

    pub fn passkey(&self) -> Passkey {
        Passkey::from_spki(&self.spki()).expect("P-256")
    }

    pub fn sign(&self, challenge: B256, flags: u8, ceremony: &str) -> Assertion {
        let challenge = URL_SAFE_NO_PAD.encode(challenge);
        let client_data_json = format!(
            r#"{{"type":"{ceremony}","challenge":"{challenge}","origin":"https://wallet.example","crossOrigin":false}}"#
        );
        let mut authenticator_data = Sha256::digest("wallet.example").to_vec();
        authenticator_data.push(flags);
        authenticator_data.extend(3u32.to_be_bytes());
        let signed = Sha256::new()
            .chain_update(&authenticator_data)
            .chain_update(Sha256::digest(&client_data_json))
            .finalize();
        let signature: Signature = self.0.sign_prehash(&signed).expect("signs");
        Assertion {
            authenticator_data,
            client_data_json,
            signature: signature.to_der().as_bytes().to_vec(),
        }
    }

    pub fn answer(&self, challenge: B256) -> Assertion {
        self.sign(challenge, VERIFIED, "webauthn.get")
    }
}
