//! Keys, and proofs by our prover and by the stock one.

use std::sync::Arc;

use ashlar_accel::{Backend, cpu::CpuBackend};
use halo2_proofs::{
    halo2curves::bn256::{Bn256, Fr, G1Affine},
    plonk::{Circuit, ProvingKey, create_proof, keygen_pk2, verify_proof},
    poly::{
        commitment::ParamsProver,
        kzg::{
            commitment::{KZGCommitmentScheme, ParamsKZG},
            multiopen::{ProverSHPLONK, VerifierSHPLONK},
            strategy::SingleStrategy,
        },
    },
    transcript::{Blake2bRead, Blake2bWrite, Challenge255, TranscriptReadBuffer, TranscriptWriterBuffer},
};
use rand::rngs::OsRng;

use super::Shape;
use crate::{
    prover::{PreparedKey, ProverError, Seed, Steps},
    srs::insecure_development,
};

/// Keys of a shape.
pub struct Setup {
    pub params: ParamsKZG<Bn256>,
    pub pk: Arc<ProvingKey<G1Affine>>,
}

impl Setup {
    pub fn new<C: Circuit<Fr>>(k: u32, circuit: &C, compress_selectors: bool) -> Self {
        let params = insecure_development(k);
        let pk = Arc::new(keygen_pk2(&params, circuit, compress_selectors).expect("keys"));
        Self { params, pk }
    }

    pub fn of(shape: &Shape) -> Self {
        Self::new(shape.k, &shape.circuit(), shape.compress_selectors)
    }

    pub fn prepare<B: Backend>(&self, backend: B) -> PreparedKey<B> {
        PreparedKey::new(self.pk.clone(), &self.params, backend).expect("supported")
    }

    pub fn prepare_cpu(&self) -> PreparedKey<CpuBackend> {
        self.prepare(CpuBackend::new())
    }

    /// By stock halo2.
    pub fn verify(&self, proof: &[u8], instances: &[&[Fr]]) -> bool {
        let mut reader = proof;
        let accepted = verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<Bn256>, _, _, _>(
            self.params.verifier_params(),
            self.pk.get_vk(),
            SingleStrategy::new(&self.params),
            &[instances],
            &mut Blake2bRead::<_, _, Challenge255<_>>::init(&mut reader),
        )
        .is_ok();
        accepted && reader.is_empty()
    }

    /// By stock halo2.
    pub fn prove_stock<C: Circuit<Fr>>(&self, circuit: C, instances: &[&[Fr]]) -> Vec<u8> {
        let mut transcript = Blake2bWrite::<_, _, Challenge255<_>>::init(Vec::new());
        create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<Bn256>, _, _, _, _>(
            &self.params,
            &self.pk,
            &[circuit],
            &[instances],
            OsRng,
            &mut transcript,
        )
        .expect("a proof");
        transcript.finalize()
    }
}

/// By our prover.
pub fn prove<B: Backend, C: Circuit<Fr>>(
    key: &PreparedKey<B>,
    circuit: &C,
    instances: &[&[Fr]],
    seed: u8,
) -> Result<(Vec<u8>, Steps), ProverError> {
    let mut transcript = Blake2bWrite::<_, _, Challenge255<_>>::init(Vec::new());
    let steps = key.prove(circuit, instances, Seed::fixed([seed; 32]), &mut transcript)?;
    Ok((transcript.finalize(), steps))
}
