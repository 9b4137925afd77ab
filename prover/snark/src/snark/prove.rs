//! Proving and verifying with stock halo2-axiom.

use std::io;

use halo2_proofs::{
    halo2curves::bn256::{Bn256, Fr, G1Affine},
    plonk::{Circuit, Error, create_proof, verify_proof},
    poly::kzg::{
        commitment::KZGCommitmentScheme,
        multiopen::{ProverSHPLONK, VerifierSHPLONK},
        strategy::SingleStrategy,
    },
};
use rand::rngs::OsRng;
use snark_verifier_sdk::{
    NativeLoader,
    snark_verifier::system::halo2::transcript::evm::{ChallengeEvm, EvmTranscript},
};

use super::{INSTANCES, Snark, VerifierKey, WrapKeys};
use crate::srs::Srs;

type Scheme = KZGCommitmentScheme<Bn256>;
type Challenge = ChallengeEvm<G1Affine>;
/// Keccak-256 over 32-byte big-endian words: the transcript that the generated contract replays.
type Transcript<S> = EvmTranscript<G1Affine, NativeLoader, S, Vec<u8>>;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// halo2 stopped: usually a lookup input that is not in its table. Proving again fails the same way.
    #[error("halo2 cannot prove this witness")]
    Halo2(#[source] Error),
    /// The finished proof does not verify: the witness breaks a constraint. Proving again fails the same way.
    #[error("the witness does not satisfy the circuit")]
    Unsatisfied(#[source] VerifyError),
    /// Keys and SRS are of different sizes.
    #[error("keys are for k = {keys}, the SRS has k = {srs}")]
    Size {
        /// k of the keys.
        keys: u32,
        /// k of the SRS.
        srs: u32,
    },
}

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

/// Proves `circuit` and checks the proof before handing it out.
///
/// The blinding comes from the operating system, so two proofs of one witness differ.
pub fn prove<C: Circuit<Fr>>(
    keys: &WrapKeys,
    srs: &Srs,
    circuit: C,
    instances: [Fr; INSTANCES],
) -> Result<Snark, ProveError> {
    let (keys_k, srs_k) = (keys.proving_key().get_vk().get_domain().k(), srs.k());
    if keys_k != srs_k {
        return Err(ProveError::Size {
            keys: keys_k,
            srs: srs_k,
        });
    }
    let mut transcript = Transcript::new(Vec::new());
    create_proof::<Scheme, ProverSHPLONK<Bn256>, Challenge, _, _, _>(
        srs.params(),
        keys.proving_key(),
        &[circuit],
        &[&[&instances]],
        OsRng,
        &mut transcript,
    )
    .map_err(ProveError::Halo2)?;
    let snark = Snark {
        proof: transcript.finalize(),
        instances,
    };
    keys.verifier().verify(&snark).map_err(ProveError::Unsatisfied)?;
    Ok(snark)
}

impl VerifierKey {
    /// Verifies `snark` with stock `verify_proof`, in milliseconds. Accepts exactly what the generated contract
    /// accepts, but for the encodings that only the contract's wrapper refuses (see [`crate::evm`]).
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
