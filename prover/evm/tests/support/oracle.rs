//! snark-verifier's generated contract: the oracle that our own is compared with.
//!
//! It has a fallback function only, which takes **raw calldata**: the instances as 32-byte big-endian words, then the
//! proof. It reverts without data when the proof is bad, and returns nothing when it is good. Compile it with `solc`
//! 0.8.19 **without** the optimiser (with it: stack too deep; through `viaIR`: a contract that always reverts). It
//! reduces scalars silently and ignores calldata after the proof, so it accepts encodings that ours refuses; it refuses
//! commitments at infinity, which ours accepts as halo2 does.

use std::rc::Rc;

use ashlar_kzg::{INSTANCES, VerifierKey};
use halo2_proofs::{
    halo2curves::bn256::{Bn256, Fq, Fr, G1Affine},
    plonk::VerifyingKey,
    poly::{commitment::ParamsProver, kzg::commitment::ParamsKZG},
};
use snark_verifier_sdk::{
    PlonkVerifier, SHPLONK,
    snark_verifier::{
        Error,
        loader::evm::EvmLoader,
        system::halo2::{Config, compile, transcript::evm::EvmTranscript},
        verifier::SnarkVerifier,
    },
};

/// snark-verifier could not express the circuit's verifier.
#[derive(Debug, thiserror::Error)]
#[error("snark-verifier cannot generate this verifier: {0:?}")]
pub struct OracleError(Error); // `Error` implements neither `Display` nor `std::error::Error`

/// Solidity source of snark-verifier's contract for `key`.
pub fn oracle_solidity(key: &VerifierKey) -> Result<String, OracleError> {
    generate(key.params(), key.vk(), vec![INSTANCES])
}

/// `num_instances`: length of each instance column. Of `params`, only `k` and the points of the pairing check are read.
fn generate(
    params: &ParamsKZG<Bn256>,
    vk: &VerifyingKey<G1Affine>,
    num_instances: Vec<usize>,
) -> Result<String, OracleError> {
    let protocol = compile(params, vk, Config::kzg().with_num_instance(num_instances.clone()));
    let deciding_key = (params.get_g()[0], params.g2(), params.s_g2()).into();
    let loader = EvmLoader::new::<Fq, Fr>();
    let protocol = protocol.loaded(&loader);
    let mut transcript = EvmTranscript::<_, Rc<EvmLoader>, _, _>::new(&loader);
    let instances = transcript.load_instances(num_instances);
    let proof = PlonkVerifier::<SHPLONK>::read_proof(&deciding_key, &protocol, &instances, &mut transcript)
        .map_err(OracleError)?;
    PlonkVerifier::<SHPLONK>::verify(&deciding_key, &protocol, &instances, &proof).map_err(OracleError)?;
    Ok(tidy(&loader.solidity_code()))
}

/// Puts the licence line first and ends the file with one newline; the code is untouched.
fn tidy(source: &str) -> String {
    let lines: Vec<&str> = source.trim().lines().map(str::trim_end).collect();
    lines.join("\n") + "\n"
}
