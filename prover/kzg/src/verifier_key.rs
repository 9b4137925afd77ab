//! What verifies SNARKs: a key without anything of a prover's.

use std::io::{self, Read};

use halo2_proofs::{
    SerdeFormat,
    halo2curves::{
        bn256::{Bn256, Fr, G1Affine, G2Affine},
        group::{GroupEncoding, cofactor::CofactorGroup, prime::PrimeCurveAffine},
    },
    plonk::{Circuit, VerifyingKey},
    poly::{
        commitment::{Params, ParamsProver},
        kzg::commitment::ParamsKZG,
    },
};
use sha3::{Digest, Keccak256};

use crate::{
    lean,
    srs::{self, NotForProduction, SrsKind},
};

/// All that a verifier needs: the verifying key and the three SRS points in the pairing check. A few kilobytes: the key's
/// domain has no tables for transforms.
#[derive(Clone, Debug)]
pub struct VerifierKey {
    vk: VerifyingKey<G1Affine>,
    /// An SRS holding nothing but `g`, `g2` and `s·g2`: neither stock `verify_proof` nor the Solidity generator reads
    /// more of it.
    params: ParamsKZG<Bn256>,
}

impl VerifierKey {
    pub(crate) fn new<C: Circuit<Fr>>(
        vk: &VerifyingKey<G1Affine>,
        params: C::Params,
        srs: &ParamsKZG<Bn256>,
    ) -> Self {
        let g = srs.get_g()[0];
        let bytes = vk.to_bytes(SerdeFormat::Processed);
        Self {
            vk: lean::read::<C>(&mut bytes.as_slice(), params).expect("halo2 wrote them for this circuit"),
            params: srs::assemble(srs.k(), vec![g], vec![g], srs.g2(), srs.s_g2()),
        }
    }

    /// halo2's verifying key.
    pub fn vk(&self) -> &VerifyingKey<G1Affine> {
        &self.vk
    }

    /// The SRS cut down to the points of the pairing check; only `k`, `get_g()[0]`, `g2` and `s_g2` are meaningful.
    pub fn params(&self) -> &ParamsKZG<Bn256> {
        &self.params
    }

    /// Keccak-256 naming this verifier: circuit, size and SRS. The contract for it carries the same tag.
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = Keccak256::new();
        hasher.update(b"ashlar/wrap-vk/v1");
        hasher.update(crate::to_be_bytes(&self.vk.transcript_repr()));
        hasher.update(self.points());
        hasher.finalize().into()
    }

    /// `g (32 B) ‖ g2 (64 B) ‖ s·g2 (64 B) ‖ verifying key`, points compressed. Inverse of [`Self::from_bytes`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.points();
        self.vk
            .write(&mut out, SerdeFormat::Processed)
            .expect("writing to memory does not fail");
        out
    }

    /// Reads a key of a circuit with these parameters. A key from elsewhere must be compared with a trusted [`Self::digest`]: a wrong key
    /// verifies wrong statements.
    pub fn from_bytes<C: Circuit<Fr>>(mut bytes: &[u8], params: C::Params) -> io::Result<Self> {
        let invalid = |what: &'static str| io::Error::new(io::ErrorKind::InvalidData, what);
        let g: G1Affine = read_point(&mut bytes)?.ok_or_else(|| invalid("g is no point of G1"))?;
        let mut read_g2 = || -> io::Result<G2Affine> {
            let point: Option<G2Affine> = read_point(&mut bytes)?;
            let in_group = |p: &G2Affine| bool::from(p.to_curve().is_torsion_free());
            point
                .filter(in_group)
                .ok_or_else(|| invalid("g2 or s·g2 is no point of G2"))
        };
        let (g2, s_g2) = (read_g2()?, read_g2()?);
        // Compressed points: decompression checks the curve, which halo2's `RawBytes` promises but does not do.
        let vk = lean::read::<C>(&mut bytes, params)?;
        if !bytes.is_empty() {
            return Err(invalid("bytes after the end of the verifier key"));
        }
        let params = srs::assemble(vk.get_domain().k(), vec![g], vec![g], g2, s_g2);
        Ok(Self { vk, params })
    }

    /// log2 of the rows of the circuit.
    pub fn k(&self) -> u32 {
        self.params.k()
    }

    /// Refuses a key made with a string whose secret is known, as [`Srs::require_production`] refuses the string: `kind` is
    /// what the string says of itself, the points are judged by `s·g2`.
    ///
    /// [`Srs::require_production`]: crate::srs::Srs::require_production
    pub fn require_production(&self, kind: SrsKind) -> Result<(), NotForProduction> {
        srs::require_production(kind, Some(&self.params.s_g2()))
    }

    fn points(&self) -> Vec<u8> {
        let (g2, s_g2) = (self.params.g2().to_bytes(), self.params.s_g2().to_bytes());
        [
            self.params.get_g()[0].to_bytes().as_ref(),
            g2.as_ref(),
            s_g2.as_ref(),
        ]
        .concat()
    }
}

pub(crate) fn read_point<P: GroupEncoding>(bytes: &mut &[u8]) -> io::Result<Option<P>> {
    let mut repr = P::Repr::default();
    bytes.read_exact(repr.as_mut())?;
    Ok(Option::from(P::from_bytes(&repr)))
}
