//! The engine over another application's leaf circuits, of two kinds and shapes, and with a prover of the caller's.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use ashlar_engine::{Engine, Job, JobKind, Proof, ProveError, VerifyError};
use ashlar_recursion::{CircuitSet, CompressCircuit, SpanKind};
use ashlar_statement::{
    Domain, LeafCircuits, LeafWitness, ProveCircuit, Security, SpanPublicInputs, StockProver,
    hash::{C, D, F, Hash},
    seal,
    testing::{Adder, AdderFault, AdderWitness, NoAdder, OutOfRange, SLOTS},
    witness_to_bytes,
};
use plonky2::{
    field::types::Field,
    iop::witness::{PartialWitness, PartitionWitness},
    plonk::{circuit_data::CircuitData, config::GenericConfig, proof::ProofWithPublicInputs},
};

/// plonky2's prover, counted.
struct Counted(Arc<AtomicUsize>);

impl ProveCircuit for Counted {
    type Prepared<O: GenericConfig<D, F = F> + 'static> = ();

    fn prepare<O: GenericConfig<D, F = F> + 'static>(&self, _: &CircuitData<F, O, D>) {}

    fn prove<O: GenericConfig<D, F = F> + 'static>(
        &self,
        circuit: &CircuitData<F, O, D>,
        (): &(),
        witness: PartitionWitness<'_, F>,
    ) -> anyhow::Result<ProofWithPublicInputs<F, O, D>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        StockProver.prove(circuit, &(), witness)
    }
}

/// Full chunks and others, which have a smaller circuit here.
#[derive(Debug)]
struct Adders([Adder; 2]);

impl LeafCircuits for Adders {
    type Witness = AdderWitness;
    type BytesError = NoAdder;

    const SOURCE_FINGERPRINT: &'static str = "adders";

    fn build(security: Security) -> Self {
        Self([Adder::build(security), Adder::of_rows(security, 1 << 10)])
    }

    fn circuits(&self) -> Vec<&CircuitData<F, C, D>> {
        self.0.iter().map(Adder::data).collect()
    }

    fn kind(witness: &AdderWitness) -> usize {
        usize::from(witness.additions.len() < SLOTS)
    }

    fn check(witness: &AdderWitness) -> Result<SpanPublicInputs<F>, AdderFault> {
        witness.replay()
    }

    fn assign(
        &self,
        witness: &AdderWitness,
        claim: &SpanPublicInputs<F>,
    ) -> anyhow::Result<PartialWitness<F>> {
        self.0[Self::kind(witness)].assign(witness, claim)
    }

    fn to_bytes(&self) -> Result<Vec<u8>, NoAdder> {
        Err(NoAdder) // never cached
    }

    fn from_bytes(_: &[u8]) -> Result<Self, NoAdder> {
        Err(NoAdder)
    }
}

#[test]
fn another_application_s_batch_is_proved_by_the_same_recursion() {
    let calls = Arc::new(AtomicUsize::new(0));
    let circuits = CircuitSet::<Adders>::build(Security::default()).expect("the leaves fit");
    let engine = Engine::with_prover(circuits, Counted(Arc::clone(&calls)));

    let domain = Domain {
        chain_id: 1,
        rollup: [7; 20],
    };
    let chunk = |start, additions: &[u64]| AdderWitness {
        domain,
        z: [F::ZERO; 2],
        time: 0,
        start,
        additions: additions.to_vec(),
    };
    let elements = [F::from_canonical_u64(21), F::ZERO, F::ZERO, F::ZERO];
    let chunks = vec![chunk(0, &[1, 2, 3, 4]), chunk(10, &[5, 6])];
    let batch = seal(1, 29_700_000, &domain, chunks, Hash { elements }).expect("neighbours");

    let jobs = batch.chunks.iter().map(|chunk| {
        let job = engine.decode_job(JobKind::Chunk, &[witness_to_bytes(chunk)]);
        job.expect("own encoding")
    });
    let proofs: Vec<_> = jobs.map(|job| engine.prove(&job).expect("valid").proof).collect();
    let [Proof::Span(left), Proof::Span(right)] = &proofs[..] else {
        panic!("chunks make spans")
    };
    assert_eq!([left.kind, right.kind], [0, 1].map(SpanKind::Lift));
    let root = engine.fold(left, right).expect("neighbours").proof;
    let compressed = engine.compress(&root).expect("a root").proof;
    assert_eq!(CompressCircuit::batch(&compressed), Ok(batch.public_inputs));
    // Two chunks, two lifts, a fold and a compression: every proof is this prover's.
    assert_eq!(calls.load(Ordering::Relaxed), 6);

    let second = Job::Chunk(Box::new(batch.chunks[1].clone()));
    let verdict = engine.verify(&second, &proofs[0]);
    assert!(matches!(verdict, Err(VerifyError::Statement)));
    let refused = engine
        .prove_chunk(&chunk(0, &[0; SLOTS]))
        .expect_err("out of range");
    let ProveError::Witness(fault) = refused else {
        panic!("{refused:?}")
    };
    let fault = fault.downcast_ref().expect("the application's own");
    assert_eq!(&AdderFault::Range(OutOfRange(0)), fault);
}
