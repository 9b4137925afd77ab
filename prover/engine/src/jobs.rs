//! The four jobs: what is checked and assigned on the job's thread, and what is computed in its turns.

use ashlar_kzg::Snark;
use ashlar_protocol::Step;
use ashlar_recursion::{CircuitSet, CompressedProof, JoinedProof, SpanKind, SpanProof};
use ashlar_statement::{
    LeafCircuits, Provable, ProveCircuit, ProveError as CircuitError, fold_pair,
    hash::{D, F},
};
use plonky2::{
    iop::witness::PartialWitness,
    plonk::{circuit_data::CircuitData, config::GenericConfig, proof::ProofWithPublicInputs},
};
use tracing::info_span;

use crate::{Engine, ProveError, VerifyError, run::Run, verifier::link_of};

impl<L: LeafCircuits, P: ProveCircuit> Engine<L, P> {
    pub(crate) fn run_chunk(&self, run: &mut Run<'_>, witness: &L::Witness) -> Result<SpanProof, ProveError> {
        let CircuitSet { leaf, recursion, .. } = &self.circuits;
        let leaf_kind = L::kind(witness);
        let chunk = run.step(Step::ProveChunk, info_span!("prove_chunk"), |run| {
            let claim = L::check(witness).map_err(|fault| ProveError::Witness(fault.into()))?;
            let (circuit, provable) = (leaf.circuits()[leaf_kind], &self.provers.leaves[leaf_kind]);
            let assign = || leaf.assign(witness, &claim);
            self.proof(run, (circuit, provable), assign, ProveError::Chunk)
        })?;
        let place = recursion
            .lift_of(leaf_kind)
            .expect("every leaf circuit has a lift");
        let proof = run.step(Step::Lift, info_span!("lift"), |run| {
            let (circuit, provable) = (
                &recursion.lifts[usize::from(place)],
                &self.provers.lifts[usize::from(place)],
            );
            let assign = || circuit.assign(leaf_kind, &chunk, &recursion.fold.data.verifier_only);
            self.proof(run, (&circuit.data, provable), assign, ProveError::Recursion)
        })?;
        let kind = SpanKind::Lift(place);
        Ok(SpanProof { kind, proof })
    }

    pub(crate) fn run_fold(
        &self,
        run: &mut Run<'_>,
        left: &SpanProof,
        right: &SpanProof,
    ) -> Result<SpanProof, ProveError> {
        let proof = run.step(Step::Fold, info_span!("fold"), |run| {
            let spans = [left, right].map(|child| self.verify_span(child));
            let [left_span, right_span] = spans;
            let (left_span, right_span) = (
                left_span.map_err(ProveError::Input)?,
                right_span.map_err(ProveError::Input)?,
            );
            fold_pair(&left_span, &right_span).ok_or(ProveError::NotNeighbours)?;
            let fold = &self.circuits.recursion.fold;
            let assign = || fold.assign(left, right);
            let circuit = (&fold.data, &self.provers.fold);
            self.proof(run, circuit, assign, ProveError::Recursion)
        })?;
        let kind = SpanKind::Fold;
        Ok(SpanProof { kind, proof })
    }

    pub(crate) fn run_compress(
        &self,
        run: &mut Run<'_>,
        root: &SpanProof,
    ) -> Result<CompressedProof, ProveError> {
        run.step(Step::Compress, info_span!("compress"), |run| {
            self.verify_span(root).map_err(ProveError::Input)?;
            let compress = &self.circuits.recursion.compress;
            let assign = || compress.assign(root);
            let circuit = (&compress.data, &self.provers.compress);
            self.proof(run, circuit, assign, ProveError::Recursion)
        })
    }

    pub(crate) fn run_compress_linked(
        &self,
        run: &mut Run<'_>,
        root: &SpanProof,
        words: &[u64],
    ) -> Result<CompressedProof, ProveError> {
        let CircuitSet { link, recursion, .. } = &self.circuits;
        let proof = run.step(Step::Link, info_span!("link"), |run| {
            let span = self.verify_span(root).map_err(ProveError::Input)?;
            let (witness, claim) = link_of(&span, words).map_err(ProveError::Blob)?;
            let assign = || link.assign(&witness, &claim);
            self.proof(run, (&link.data, &self.provers.link), assign, ProveError::Link)
        })?;
        let joined = run.step(Step::Join, info_span!("join"), |run| {
            let assign = || {
                let fold = &recursion.fold.data.verifier_only;
                recursion.join.assign(root, &proof, fold)
            };
            let circuit = (&recursion.join.data, &self.provers.join);
            self.proof(run, circuit, assign, ProveError::Recursion)
        })?;
        run.step(Step::Compress, info_span!("compress"), |run| {
            let compress = &recursion.compress;
            let assign = || compress.assign_joined(&JoinedProof(joined));
            let circuit = (&compress.data, &self.provers.compress);
            self.proof(run, circuit, assign, ProveError::Recursion)
        })
    }

    pub(crate) fn run_wrap(&self, run: &mut Run<'_>, proof: &CompressedProof) -> Result<Snark, ProveError> {
        let kit = self.wrap.as_ref().ok_or(ProveError::NoWrapKeys)?;
        let compress = &self.circuits.recursion.compress.data;
        let wrapped = run.step(Step::Wrap, info_span!("wrap"), |run| {
            compress
                .verify(proof.clone())
                .map_err(|source| ProveError::Input(VerifyError::Compressed(source)))?;
            // Whole, in a child, too: no other proof takes cores and memory beside it.
            let wrapped = run.in_turn(|| kit.prove(compress, proof))??;
            for step in &wrapped.steps.steps {
                tracing::debug!(step = step.name, seconds = step.time.as_secs_f64(), "wrapped");
            }
            tracing::info!(
                backend = wrapped.backend,
                isolated = kit.is_isolated(),
                fallback = wrapped.fallback.as_ref().map(tracing::field::display),
                "wrapped"
            );
            Ok(wrapped)
        })?;
        if let Some(child) = wrapped.child {
            run.add(child.cpu, child.device);
        }
        run.fallback = wrapped.fallback;
        Ok(wrapped.snark)
    }

    /// The proof of one circuit: witness and verification on this thread, the rest in a turn.
    fn proof<O: GenericConfig<D, F = F> + 'static>(
        &self,
        run: &mut Run<'_>,
        (data, provable): (&CircuitData<F, O, D>, &Provable<P, O>),
        assign: impl FnOnce() -> anyhow::Result<PartialWitness<F>>,
        failed: fn(CircuitError) -> ProveError,
    ) -> Result<ProofWithPublicInputs<F, O, D>, ProveError> {
        let witness = provable.witness(&self.provers.prover, data, assign);
        let witness = witness.map_err(failed)?;
        let unverified = run.in_turn(|| witness.prove())?.map_err(failed)?;
        unverified.verify().map_err(failed)
    }
}
