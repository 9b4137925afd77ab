//! A prover that writes one word otherwise, and hashes it so: changed later, it would change the challenges too.

use std::io;

use ashlar_evm as evm;
use ashlar_kzg::{CircuitKeys, INSTANCES, srs::Srs, to_be_bytes};
use halo2_proofs::{
    halo2curves::{
        bn256::{Bn256, Fr, G1Affine},
        ff::PrimeField,
    },
    plonk::{Circuit, create_proof},
    poly::kzg::{commitment::KZGCommitmentScheme, multiopen::ProverSHPLONK},
    transcript::{EncodedChallenge, Transcript, TranscriptWrite},
};
use num_bigint::BigUint;
use rand::rngs::OsRng;
use sha3::{Digest, Keccak256};
use snark_verifier_sdk::snark_verifier::system::halo2::transcript::evm::ChallengeEvm;

use super::{Case, SCALAR_ORDER, order, word};

/// What is written otherwise, in the order of the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forged {
    Nothing,
    /// Plus the order of the scalar field.
    Instance(usize),
    /// Plus the order of the scalar field.
    Evaluation(usize),
    /// Off the curve.
    Point(usize),
}

/// The statement and a proof of it, as this prover states them.
pub fn prove<C: Circuit<Fr>>(
    keys: &CircuitKeys,
    srs: &Srs,
    circuit: C,
    instances: [Fr; INSTANCES],
    forged: Forged,
) -> Case {
    let mut transcript = Forging {
        forged,
        ..Forging::default()
    };
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<Bn256>, _, _, _, _>(
        srs.params(),
        keys.proving_key(),
        &[circuit],
        &[&[&instances]],
        OsRng,
        &mut transcript,
    )
    .expect("a proof");
    assert_eq!(transcript.proof.len(), evm::proof_bytes(keys.verifier()));
    Case {
        what: format!("{forged:?}"),
        instances: transcript.instances.try_into().expect("nine instances"),
        proof: transcript.proof,
        trailing: vec![],
        alias: false,
    }
}

/// snark-verifier's Keccak transcript but for one scalar.
struct Forging {
    forged: Forged,
    hashed: Vec<u8>,
    /// Of the key, before the instances.
    has_repr: bool,
    instances: Vec<[u8; 32]>,
    evaluations: usize,
    points: usize,
    proof: Vec<u8>,
}

impl Default for Forging {
    fn default() -> Self {
        Self {
            forged: Forged::Nothing,
            hashed: vec![],
            has_repr: false,
            instances: vec![],
            evaluations: 0,
            points: 0,
            proof: vec![],
        }
    }
}

impl Forging {
    fn encode(&self, scalar: Fr, this: Forged) -> [u8; 32] {
        if this == self.forged {
            word(&(BigUint::from_bytes_le(&scalar.to_repr()) + order(SCALAR_ORDER)))
        } else {
            to_be_bytes(&scalar)
        }
    }
}

impl Transcript<G1Affine, ChallengeEvm<G1Affine>> for Forging {
    fn squeeze_challenge(&mut self) -> ChallengeEvm<G1Affine> {
        if self.hashed.len() == 32 {
            self.hashed.push(1);
        }
        let digest: [u8; 32] = Keccak256::digest(&self.hashed).into();
        self.hashed = digest.to_vec();
        ChallengeEvm::new(&digest)
    }

    fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.hashed.extend(coordinates(point));
        Ok(())
    }

    fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        let word = if self.has_repr {
            let word = self.encode(scalar, Forged::Instance(self.instances.len()));
            self.instances.push(word);
            word
        } else {
            self.has_repr = true;
            to_be_bytes(&scalar)
        };
        self.hashed.extend(word);
        Ok(())
    }
}

impl TranscriptWrite<G1Affine, ChallengeEvm<G1Affine>> for Forging {
    fn write_point(&mut self, point: G1Affine) -> io::Result<()> {
        let mut point = coordinates(point);
        if self.forged == Forged::Point(self.points) {
            point[63] ^= 1;
        }
        self.points += 1;
        self.hashed.extend(point);
        self.proof.extend(point);
        Ok(())
    }

    fn write_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        let word = self.encode(scalar, Forged::Evaluation(self.evaluations));
        self.evaluations += 1;
        self.hashed.extend(word);
        self.proof.extend(word);
        Ok(())
    }
}

fn coordinates(point: G1Affine) -> [u8; 64] {
    let mut bytes = [0; 64];
    for (bytes, coordinate) in bytes.chunks_mut(32).zip([point.x, point.y]) {
        bytes.copy_from_slice(&coordinate.to_repr());
        bytes.reverse();
    }
    bytes
}
