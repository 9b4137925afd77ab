use halo2_proofs::{
    halo2curves::bn256::{Fr, G1Affine},
    transcript::{EncodedChallenge, TranscriptWrite},
};

/// The next challenge.
pub(super) fn squeeze<E: EncodedChallenge<G1Affine>, T: TranscriptWrite<G1Affine, E>>(
    transcript: &mut T,
) -> Fr {
    *transcript.squeeze_challenge_scalar::<()>()
}
