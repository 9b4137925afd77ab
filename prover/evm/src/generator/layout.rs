//! Where everything is in the calldata, and the transcript that reads it.

use halo2_proofs::{halo2curves::bn256::G1Affine, plonk::VerifyingKey};

/// Calldata of `verify(bytes, uint256[n])`: selector, offset of the proof, the instances, length of the proof, the proof.
const INSTANCES_AT: u32 = 0x24;
pub(super) const WORD: u32 = 0x20;
pub(super) const POINT: u32 = 0x40;

/// A challenge of the verifier, in the order in which they are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Challenge {
    /// A challenge of the circuit.
    Circuit(usize),
    /// Compresses the columns of a lookup.
    Theta,
    /// Permutation and lookup.
    Beta,
    /// Permutation and lookup.
    Gamma,
    /// Folds the constraints.
    Y,
    /// The evaluation point.
    X,
    /// SHPLONK: folds the commitments of a rotation set.
    BatchY,
    /// SHPLONK: folds the rotation sets.
    BatchV,
    /// SHPLONK: the point of the final opening.
    U,
}

/// A squeeze, with what was read since the last one.
#[derive(Clone, Debug)]
pub(super) struct Squeeze {
    /// Calldata range absorbed: offset and length; empty if nothing was read.
    pub(super) absorbed: (u32, u32),
    /// The challenge.
    pub(super) challenge: Challenge,
}

/// Commitments of a lookup.
#[derive(Clone, Copy, Debug)]
pub(super) struct LookupPoints {
    pub(super) input: u32,
    pub(super) table: u32,
    pub(super) product: u32,
}

/// Evaluations of a lookup.
#[derive(Clone, Copy, Debug)]
pub(super) struct LookupEvals {
    pub(super) product: u32,
    pub(super) product_next: u32,
    pub(super) input: u32,
    pub(super) input_prev: u32,
    pub(super) table: u32,
}

/// Evaluations of a permutation product.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProductEvals {
    pub(super) current: u32,
    pub(super) next: u32,
    /// All but the last product are opened at the last usable row too.
    pub(super) last: Option<u32>,
}

/// Calldata offsets of instances, commitments and evaluations.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) instances: Vec<u32>,
    pub(super) proof_at: u32,
    pub(super) end: u32,
    pub(super) advice: Vec<u32>,
    pub(super) lookups: Vec<LookupPoints>,
    pub(super) products: Vec<u32>,
    pub(super) random: u32,
    pub(super) quotient: Vec<u32>,
    pub(super) advice_evals: Vec<u32>,
    pub(super) fixed_evals: Vec<u32>,
    pub(super) random_eval: u32,
    pub(super) sigma_evals: Vec<u32>,
    pub(super) product_evals: Vec<ProductEvals>,
    pub(super) lookup_evals: Vec<LookupEvals>,
    /// SHPLONK's two commitments.
    pub(super) opening: [u32; 2],
    pub(super) transcript: Vec<Squeeze>,
}

/// Reads the proof front to back, as the transcript does.
struct Reader {
    at: u32,
    unabsorbed_from: u32,
    transcript: Vec<Squeeze>,
}

impl Reader {
    fn take(&mut self, bytes: u32) -> u32 {
        let at = self.at;
        self.at += bytes;
        at
    }

    fn point(&mut self) -> u32 {
        self.take(POINT)
    }

    fn points(&mut self, count: usize) -> Vec<u32> {
        (0..count).map(|_| self.point()).collect()
    }

    fn scalar(&mut self) -> u32 {
        self.take(WORD)
    }

    fn scalars(&mut self, count: usize) -> Vec<u32> {
        (0..count).map(|_| self.scalar()).collect()
    }

    fn squeeze(&mut self, challenge: Challenge) {
        let absorbed = (self.unabsorbed_from, self.at - self.unabsorbed_from);
        self.unabsorbed_from = self.at;
        self.transcript.push(Squeeze { absorbed, challenge });
    }
}

impl Layout {
    /// Of proofs for `vk` with one instance column of `instances` values.
    pub(super) fn new(vk: &VerifyingKey<G1Affine>, instances: usize) -> Self {
        let cs = vk.cs();
        let instances: Vec<u32> = (0..instances as u32).map(|i| INSTANCES_AT + i * WORD).collect();
        let proof_at = INSTANCES_AT + instances.len() as u32 * WORD + WORD;
        let mut reader = Reader {
            at: proof_at,
            unabsorbed_from: proof_at,
            transcript: vec![],
        };

        let phases = cs.advice_column_phase();
        let mut advice = vec![0; phases.len()];
        for phase in 0..=phases.iter().copied().max().unwrap_or(0) {
            for (_, at) in phases.iter().zip(&mut advice).filter(|(p, _)| **p == phase) {
                *at = reader.point();
            }
            for (index, _) in cs
                .challenge_phase()
                .iter()
                .enumerate()
                .filter(|(_, p)| **p == phase)
            {
                reader.squeeze(Challenge::Circuit(index));
            }
        }
        reader.squeeze(Challenge::Theta);
        let permuted: Vec<[u32; 2]> = cs
            .lookups()
            .iter()
            .map(|_| [reader.point(), reader.point()])
            .collect();
        reader.squeeze(Challenge::Beta);
        reader.squeeze(Challenge::Gamma);
        let chunks = cs.permutation().get_columns().len().div_ceil(chunk_len(vk));
        let products = reader.points(chunks);
        let lookups = permuted
            .into_iter()
            .map(|[input, table]| LookupPoints {
                input,
                table,
                product: reader.point(),
            })
            .collect();
        let random = reader.point();
        reader.squeeze(Challenge::Y);
        let quotient = reader.points(vk.get_domain().get_quotient_poly_degree());
        reader.squeeze(Challenge::X);

        let advice_evals = reader.scalars(cs.advice_queries().len());
        let fixed_evals = reader.scalars(cs.fixed_queries().len());
        let random_eval = reader.scalar();
        let sigma_evals = reader.scalars(cs.permutation().get_columns().len());
        let product_evals = (1..=chunks)
            .map(|chunk| ProductEvals {
                current: reader.scalar(),
                next: reader.scalar(),
                last: (chunk < chunks).then(|| reader.scalar()),
            })
            .collect();
        let lookup_evals = cs
            .lookups()
            .iter()
            .map(|_| LookupEvals {
                product: reader.scalar(),
                product_next: reader.scalar(),
                input: reader.scalar(),
                input_prev: reader.scalar(),
                table: reader.scalar(),
            })
            .collect();
        reader.squeeze(Challenge::BatchY);
        reader.squeeze(Challenge::BatchV);
        let first = reader.point();
        reader.squeeze(Challenge::U);
        let second = reader.point();
        Self {
            instances,
            proof_at,
            end: reader.at,
            advice,
            lookups,
            products,
            random,
            quotient,
            advice_evals,
            fixed_evals,
            random_eval,
            sigma_evals,
            product_evals,
            lookup_evals,
            opening: [first, second],
            transcript: reader.transcript,
        }
    }

    pub(super) fn proof_bytes(&self) -> u32 {
        self.end - self.proof_at
    }

    /// Every evaluation of the proof.
    pub(super) fn scalars(&self) -> Vec<u32> {
        let first = self
            .advice_evals
            .first()
            .or(self.fixed_evals.first())
            .unwrap_or(&self.random_eval);
        (*first..self.opening[0]).step_by(WORD as usize).collect()
    }
}

/// Columns in one permutation product.
pub(super) fn chunk_len(vk: &VerifyingKey<G1Affine>) -> usize {
    vk.cs().degree() - 2
}
