//! What of a circuit stays on a card, and the proofs that are made with it.

use std::{error::Error, sync::Arc};

use ashlar_plonky2_cuda::{
    Fault, Words,
    kernels::{
        ntt::{Domain, Extender, Interpolator, Order},
        products::Permutation,
        quotient::Unfit,
    },
};
use ashlar_statement::hash::{D, F};
use plonky2::{
    field::types::Field,
    hash::poseidon::PoseidonHash,
    iop::witness::PartitionWitness,
    plonk::{circuit_data::CircuitData, config::GenericConfig, proof::ProofWithPublicInputs},
};
use tracing::warn;

use super::{
    Card, CardError, CardHasher,
    error::Context,
    memory::bytes_of_a_proof,
    prove::Proving,
    quotient::{OnTheCard, OnTheProcessor, Quotients},
};
use crate::{FE, PreparedCircuit, quotient};

/// Proofs of a batch at most: a card is busy with fewer, and a fault costs the whole batch.
const MOST_AT_ONCE: usize = 64;

/// A circuit on a card.
pub struct CardCircuit {
    card: Arc<Card>,
    pub(super) permutation: Permutation,
    pub(super) rows: Interpolator,
    /// To the leaves.
    pub(super) extender: Extender,
    /// From the points of the quotient.
    pub(super) points: Interpolator,
    /// Constants and sigmas.
    pub(super) constants: Words,
    /// To the leaves of each tree of FRI but the first.
    pub(super) folds: Vec<Extender>,
    /// `None` if the CPU computes quotients.
    quotient: Option<OnTheCard>,
}

/// Proofs of a batch, whoever made them.
pub struct Proved<O: GenericConfig<D, F = F>> {
    /// In the order of the witnesses.
    pub proofs: Vec<anyhow::Result<ProofWithPublicInputs<F, O, D>>>,
    /// Why the CPU made some of them, the last reason there was.
    pub fallback: Option<CardError>,
}

impl CardCircuit {
    /// Brings a circuit, which `prepared` was made of, to a card. Where it has gates that no kernel knows, the CPU computes
    /// the quotients of its proofs.
    ///
    /// # Errors
    /// If the card is full or lost.
    pub fn new<O: GenericConfig<D, F = F>>(
        card: &Arc<Card>,
        prepared: &PreparedCircuit,
        circuit: &CircuitData<F, O, D>,
    ) -> Result<Self, CardError> {
        card.require_alive()?;
        let built = Self::build(card, prepared, circuit);
        built.inspect_err(|error| card.note(error))
    }

    fn build<O: GenericConfig<D, F = F>>(
        card: &Arc<Card>,
        prepared: &PreparedCircuit,
        circuit: &CircuitData<F, O, D>,
    ) -> Result<Self, CardError> {
        const STEP: &str = "bring the circuit to the card";
        let (device, prover, common) = (card.device(), &circuit.prover_only, &circuit.common);
        let (degree_bits, rate_bits) = (common.degree_bits(), common.config.fri_config.rate_bits);
        let routed = common.config.num_routed_wires;
        let sigmas: Vec<F> = (0..routed)
            .flat_map(|column| prover.sigmas.iter().map(move |row| row[column]))
            .collect();
        let constants = prover.constants_sigmas_commitment.polynomials.iter();
        let constants: Vec<F> = constants.flat_map(|f| f.coeffs.iter().copied()).collect();
        let domain = |bits| Domain::new(device, bits).map(Arc::new).context(STEP);
        let rows = domain(degree_bits)?;
        let points = domain(degree_bits + quotient::rate_bits(common))?;
        let (mut folds, mut bits, mut shift) = (Vec::new(), degree_bits, F::coset_shift());
        let arities = &common.fri_params.reduction_arity_bits;
        for arity_bits in arities.iter().take(arities.len().saturating_sub(1)) {
            bits -= arity_bits;
            shift = shift.exp_power_of_2(*arity_bits);
            folds.push(Extender::new(&domain(bits)?, rate_bits, shift).context(STEP)?);
        }
        let extender = Extender::new(&rows, rate_bits, F::coset_shift()).context(STEP)?;
        let constants = Words::of_elements(device, &constants).context(STEP)?;
        let quotient = match prepared.rows(common) {
            Ok(gates) => {
                let leaves = extender.extend(&constants).context(STEP)?;
                match OnTheCard::new(device, prepared, common, &gates, leaves) {
                    Ok(quotient) => Some(quotient),
                    Err(Unfit::Device(source)) => return Err(CardError::Device { step: STEP, source }),
                    Err(reason @ Unfit::Registers { .. }) => without_quotient(&reason),
                }
            }
            Err(reason) => without_quotient(&reason),
        };
        Ok(Self {
            card: card.clone(),
            permutation: Permutation::new(
                device,
                common.config.num_wires,
                &common.k_is,
                common.quotient_degree_factor,
                &sigmas,
                &prover.subgroup,
            )
            .context(STEP)?,
            rows: Interpolator::new(&rows, Order::Natural, F::ONE).context(STEP)?,
            extender,
            points: Interpolator::new(&points, Order::Reversed, F::coset_shift()).context(STEP)?,
            constants,
            folds,
            quotient,
        })
    }

    /// The card.
    pub fn card(&self) -> &Arc<Card> {
        &self.card
    }

    /// How many proofs of the circuit are made on the card at once: as many as there is room for, up to a bound.
    ///
    /// # Errors
    /// If there is none for one, or the card does not answer.
    pub fn room<O: GenericConfig<D, F = F>>(
        &self,
        circuit: &CircuitData<F, O, D>,
    ) -> Result<usize, CardError> {
        self.card.require_alive()?;
        let memory = self.card.device().memory();
        let free_bytes = memory.context("ask for the card's memory")?.free;
        let needed_bytes = bytes_of_a_proof(&circuit.common);
        match free_bytes / needed_bytes {
            0 => Err(CardError::Memory {
                needed_bytes,
                free_bytes,
            }),
            room => Ok(room.min(MOST_AT_ONCE)),
        }
    }

    /// Proves full witnesses of the circuit that this and `prepared` were made of: as many at once as the card has room for.
    /// What the card does not prove the CPU does, and says why.
    pub fn prove_many<O>(
        &self,
        prepared: &PreparedCircuit,
        circuit: &CircuitData<F, O, D>,
        witnesses: &[PartitionWitness<'_, F>],
    ) -> Proved<O>
    where
        O: GenericConfig<D, F = F, FE = FE, InnerHasher = PoseidonHash>,
        O::Hasher: CardHasher,
    {
        let on_the_processor = OnTheProcessor {
            prepared,
            common: &circuit.common,
            constants: &circuit.prover_only.constants_sigmas_commitment.merkle_tree.leaves,
        };
        let quotients: &dyn Quotients = match &self.quotient {
            Some(on_the_card) => on_the_card,
            None => &on_the_processor,
        };
        let (mut proofs, mut fallback) = (Vec::with_capacity(witnesses.len()), None);
        let mut rest = witnesses;
        while !rest.is_empty() {
            // What there is room for may change: other programs use the card too.
            let room = self.room(circuit);
            let count = room.as_ref().map_or(rest.len(), |room| rest.len().min(*room));
            let (batch, later) = rest.split_at(count);
            rest = later;
            match room.and_then(|_| self.on_the_card(circuit, quotients, batch)) {
                Ok(made) => {
                    for (proof, witness) in made.into_iter().zip(batch) {
                        proofs.push(match circuit.verify(proof.clone()) {
                            Ok(()) => Ok(proof),
                            Err(reason) => {
                                let (proof, error) = Self::anew(prepared, circuit, witness, reason);
                                fallback = error.or(fallback);
                                proof
                            }
                        });
                    }
                }
                Err(error) => {
                    self.card.note(&error);
                    warn!(
                        reason = &error as &dyn Error,
                        "proving on the CPU instead of the card"
                    );
                    proofs.extend(batch.iter().map(|witness| prepared.prove(circuit, witness)));
                    fallback = Some(error);
                }
            }
        }
        Proved { proofs, fallback }
    }

    fn on_the_card<O>(
        &self,
        circuit: &CircuitData<F, O, D>,
        quotients: &dyn Quotients,
        witnesses: &[PartitionWitness<'_, F>],
    ) -> Result<Vec<ProofWithPublicInputs<F, O, D>>, CardError>
    where
        O: GenericConfig<D, F = F, FE = FE, InnerHasher = PoseidonHash>,
        O::Hasher: CardHasher,
    {
        let proving = Proving {
            resident: self,
            circuit,
            quotients,
        };
        let proved = proving.prove(self.card.device(), witnesses);
        match proved {
            // Another program may have taken what was free.
            Err(error) if error.fault() == Some(Fault::OutOfMemory) && witnesses.len() > 1 => {
                let (first, second) = witnesses.split_at(witnesses.len() / 2);
                let mut proofs = self.on_the_card(circuit, quotients, first)?;
                proofs.extend(self.on_the_card(circuit, quotients, second)?);
                Ok(proofs)
            }
            proved => proved,
        }
    }

    /// The CPU's proof of a witness whose proof by the card does not verify. If the CPU's does not either, it is the witness
    /// that is at fault.
    fn anew<O>(
        prepared: &PreparedCircuit,
        circuit: &CircuitData<F, O, D>,
        witness: &PartitionWitness<'_, F>,
        reason: anyhow::Error,
    ) -> (anyhow::Result<ProofWithPublicInputs<F, O, D>>, Option<CardError>)
    where
        O: GenericConfig<D, F = F, FE = FE, InnerHasher = PoseidonHash>,
        O::Hasher: CardHasher,
    {
        let proof = prepared.prove(circuit, witness);
        let is_valid = matches!(&proof, Ok(proof) if circuit.verify(proof.clone()).is_ok());
        let error = is_valid.then(|| CardError::Invalid {
            reason: format!("{reason:#}"),
        });
        if let Some(error) = &error {
            warn!(
                reason = error as &dyn Error,
                "the CPU has proved again what the card had"
            );
        }
        (proof, error)
    }
}

/// The card makes the proofs all the same.
fn without_quotient(reason: &(dyn Error + 'static)) -> Option<OnTheCard> {
    warn!(
        reason,
        "the CPU computes the quotients of a circuit that is proved on the card"
    );
    None
}
