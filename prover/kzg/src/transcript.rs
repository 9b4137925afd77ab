use halo2_proofs::{
    halo2curves::bn256::{Bn256, G1Affine},
    poly::kzg::commitment::KZGCommitmentScheme,
};
use snark_verifier_sdk::{
    NativeLoader,
    snark_verifier::system::halo2::transcript::evm::{ChallengeEvm, EvmTranscript},
};

pub(crate) type Scheme = KZGCommitmentScheme<Bn256>;
pub(crate) type Challenge = ChallengeEvm<G1Affine>;
/// Keccak-256 over 32-byte big-endian words: the transcript that the generated contract replays.
pub(crate) type Transcript<S> = EvmTranscript<G1Affine, NativeLoader, S, Vec<u8>>;
