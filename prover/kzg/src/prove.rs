//! One proof at a time: with our prover, and with stock halo2-axiom as its reference.

use halo2_proofs::{
    halo2curves::bn256::{Bn256, Fr},
    plonk::{Circuit, Error, create_proof},
    poly::kzg::multiopen::ProverSHPLONK,
};
use rand::rngs::OsRng;

use crate::{
    CircuitKeys, INSTANCES, Snark, SnarkProver, VerifyError,
    prover::ProverError,
    srs::Srs,
    transcript::{Challenge, Scheme, Transcript},
};

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// Our prover stopped, on the CPU too. Proving again fails the same way, unless the machine is out of memory.
    #[error("cannot prove this witness")]
    Prover(#[source] ProverError),
    /// Stock halo2 stopped.
    #[error("halo2 cannot prove this witness")]
    Stock(#[source] Error),
    /// The finished proof does not verify, nor does the CPU's: the witness breaks a constraint. Proving again fails the
    /// same way.
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

impl From<ProverError> for ProveError {
    fn from(error: ProverError) -> Self {
        match error {
            ProverError::Size { keys, srs } => Self::Size { keys, srs },
            error => Self::Prover(error),
        }
    }
}

/// Proves `circuit` once on the CPU and checks the proof before handing it out. Whoever proves more than once keeps a
/// [`SnarkProver`].
pub fn prove<C: Circuit<Fr>>(
    keys: &CircuitKeys,
    srs: &Srs,
    circuit: C,
    instances: [Fr; INSTANCES],
) -> Result<Snark, ProveError> {
    let prover = SnarkProver::on_cpu(keys, srs)?;
    Ok(prover.prove(&circuit, instances)?.snark)
}

/// The same with stock `create_proof`: slower, and the reference that our prover is compared with.
pub fn prove_stock<C: Circuit<Fr>>(
    keys: &CircuitKeys,
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
    .map_err(ProveError::Stock)?;
    let snark = Snark {
        proof: transcript.finalize(),
        instances,
    };
    keys.verifier().verify(&snark).map_err(ProveError::Unsatisfied)?;
    Ok(snark)
}
