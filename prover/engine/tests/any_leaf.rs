//! The engine over another application's leaf circuits, of two kinds and shapes, and with a prover of the caller's.

use std::{
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
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

/// plonky2's prover, watched.
#[derive(Default)]
struct Watched {
    witnesses: AtomicUsize,
    proofs: AtomicUsize,
    computing: AtomicUsize,
    /// A proof is not computed before there are so many witnesses.
    wanted: AtomicUsize,
    panics: AtomicBool,
}

impl ProveCircuit for &'static Watched {
    type Prepared<O: GenericConfig<D, F = F> + 'static> = ();

    fn prepare<O: GenericConfig<D, F = F> + 'static>(&self, _: &CircuitData<F, O, D>) {}

    fn witness<'a, O: GenericConfig<D, F = F> + 'static>(
        &self,
        circuit: &'a CircuitData<F, O, D>,
        (): &(),
        inputs: PartialWitness<F>,
    ) -> anyhow::Result<PartitionWitness<'a, F>> {
        let witness = StockProver.witness(circuit, &(), inputs);
        self.witnesses.fetch_add(1, Ordering::SeqCst);
        witness
    }

    fn prove<O: GenericConfig<D, F = F> + 'static>(
        &self,
        circuit: &CircuitData<F, O, D>,
        (): &(),
        witness: PartitionWitness<'_, F>,
    ) -> anyhow::Result<ProofWithPublicInputs<F, O, D>> {
        let others = self.computing.fetch_add(1, Ordering::SeqCst);
        let start = Instant::now();
        while self.witnesses.load(Ordering::SeqCst) < self.wanted.load(Ordering::SeqCst) {
            assert!(start.elapsed() < Duration::from_secs(60), "no other's witness");
            thread::sleep(Duration::from_millis(1));
        }
        self.proofs.fetch_add(1, Ordering::SeqCst);
        let proof = StockProver.prove(circuit, &(), witness);
        self.computing.fetch_sub(1, Ordering::SeqCst);
        assert_eq!(others, 0, "two compute at once");
        assert!(!self.panics.swap(false, Ordering::SeqCst), "a bug");
        proof
    }
}

type Watching = Engine<Adders, &'static Watched>;

/// The engine and what its prover has seen, for one test at a time.
fn engine() -> (MutexGuard<'static, ()>, &'static Watching, &'static Watched) {
    static ALONE: Mutex<()> = Mutex::new(());
    static SHARED: OnceLock<(Watching, &Watched)> = OnceLock::new();
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (engine, seen) = SHARED.get_or_init(|| {
        let seen: &Watched = Box::leak(Box::default());
        let circuits = CircuitSet::<Adders>::build(Security::default()).expect("the leaves fit");
        (Engine::with_prover(circuits, seen), seen)
    });
    for count in [&seen.witnesses, &seen.proofs, &seen.wanted] {
        count.store(0, Ordering::SeqCst);
    }
    (alone, engine, seen)
}

const DOMAIN: Domain = Domain {
    chain_id: 1,
    rollup: [7; 20],
};

fn chunk(start: u64, additions: &[u64]) -> AdderWitness {
    AdderWitness {
        domain: DOMAIN,
        z: [F::ZERO; 2],
        time: 0,
        start,
        additions: additions.to_vec(),
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
    let (_alone, engine, seen) = engine();
    let elements = [F::from_canonical_u64(21), F::ZERO, F::ZERO, F::ZERO];
    let chunks = vec![chunk(0, &[1, 2, 3, 4]), chunk(10, &[5, 6])];
    let batch = seal(1, 29_700_000, &DOMAIN, chunks, Hash { elements }).expect("neighbours");

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
    assert_eq!(seen.proofs.load(Ordering::SeqCst), 6);

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

#[test]
fn another_job_s_witness_is_made_while_one_has_its_turn_and_no_two_have_it() {
    let (_alone, engine, seen) = engine();
    seen.wanted.store(2, Ordering::SeqCst); // of the other, whichever comes first
    let proofs = thread::scope(|scope| {
        let jobs = [chunk(0, &[1, 2, 3, 4]), chunk(10, &[5, 6])].map(|witness| {
            scope.spawn(move || {
                let proved = engine.prove_chunk(&witness).expect("valid");
                assert_eq!(proved.steps.len(), 2);
                (proved.waited, proved.proof)
            })
        });
        jobs.map(|job| job.join().expect("two never compute at once"))
    });
    assert_eq!(seen.proofs.load(Ordering::SeqCst), 4);
    assert!(
        proofs.iter().any(|(waited, _)| *waited > Duration::ZERO),
        "the one came while the other computed"
    );
    let kinds = proofs.map(|(_, proof)| {
        engine.verify_span(&proof).expect("valid");
        proof.kind
    });
    assert_eq!(kinds, [0, 1].map(SpanKind::Lift));
}

#[test]
fn who_is_not_wanted_any_more_is_not_proved_and_a_panic_leaves_the_turn_to_others() {
    let (_alone, engine, seen) = engine();
    let job = Job::Chunk(Box::new(chunk(10, &[5, 6])));
    let refused = engine.prove_if(&job, &|| false);
    assert!(matches!(refused, Err(ProveError::Withdrawn)), "{refused:?}");
    let counts = || [&seen.witnesses, &seen.proofs].map(|count| count.load(Ordering::SeqCst));
    assert_eq!(counts(), [1, 0]);

    seen.panics.store(true, Ordering::SeqCst);
    let panicked = engine.prove(&job);
    assert!(matches!(panicked, Err(ProveError::Chunk(_))), "{panicked:?}");
    let asked = AtomicUsize::new(0);
    let wanted = || asked.fetch_add(1, Ordering::SeqCst) < 1;
    let given_up = engine.prove_if(&job, &wanted);
    assert!(
        matches!(given_up, Err(ProveError::Withdrawn)),
        "before its second turn"
    );
    engine.prove(&job).expect("the turn is free");
    assert_eq!(counts(), [1 + 1 + 2 + 2, 1 + 1 + 2]);
}
