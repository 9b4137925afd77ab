//! Verification with stock halo2-axiom.

use std::io;

use halo2_proofs::{
    halo2curves::bn256::Bn256,
    plonk::{Error, verify_proof},
    poly::kzg::{multiopen::VerifierSHPLONK, strategy::SingleStrategy},
};

use crate::{
    Snark, VerifierKey,
    transcript::{Challenge, Scheme, Transcript},
};

/// Why a proof is refused.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The proof has another length than this circuit's proofs.
    #[error("proof is {actual} bytes, of which {used} were read")]
    Length {
        /// Bytes that a proof of this circuit has.
        used: usize,
        /// Bytes given.
        actual: usize,
    },
    /// A malformed point or scalar, a broken identity or a failed pairing.
    #[error("proof does not verify")]
    Invalid(#[source] Error),
}

impl VerifierKey {
    /// Verifies `snark` with stock `verify_proof`, in milliseconds. Accepts exactly what the generated contract
    /// accepts, but for the encodings that only the contract's wrapper refuses (see `ashlar-evm`).
    pub fn verify(&self, snark: &Snark) -> Result<(), VerifyError> {
        let mut reader = Counter {
            bytes: &snark.proof,
            used: 0,
        };
        let result = verify_proof::<Scheme, VerifierSHPLONK<Bn256>, Challenge, _, _>(
            self.params(),
            self.vk(),
            SingleStrategy::new(self.params()),
            &[&[&snark.instances]],
            &mut Transcript::new(&mut reader),
        );
        let (used, actual) = (reader.used, snark.proof.len());
        if used < actual && result.is_ok() {
            return Err(VerifyError::Length { used, actual });
        }
        result.map_err(VerifyError::Invalid)
    }
}

/// Remembers how much of the proof the verifier read.
struct Counter<'a> {
    bytes: &'a [u8],
    used: usize,
}

impl io::Read for Counter<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.used += read;
        Ok(read)
    }
}
