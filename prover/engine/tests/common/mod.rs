//! One batch of two chunks, proved once per test binary with the production circuits.

use std::{path::PathBuf, sync::OnceLock};

use ashlar_engine::{Proved, TimedStep, WrapKit, load_or_build};
use ashlar_kzg::{Snark, srs::Srs};
use ashlar_payments::{
    auth,
    batch::{BlockBuilder, BlockConfig, SHAPES},
    leaves::{PaymentCircuits, PaymentWitness},
    packing::{PackedAmount, PackedFee},
    state::MemoryStore,
    transaction::{Deposit, Domain, Operation, SecretKey, Served, Transaction, Transfer, Withdraw},
};
use ashlar_recursion::{CompressedProof, SpanProof};
use ashlar_statement::{ClosedBatch, SealedBatch, Security};
use ashlar_wrap::circuit::WRAP_K;

pub const DOMAIN: Domain = Domain {
    chain_id: 31337,
    rollup: [0x42; 20],
};

fn key(account: u32) -> SecretKey {
    SecretKey::from_seed(&account.to_be_bytes())
}

/// L1 owner of an account.
fn owner(account: u32) -> [u8; 20] {
    [account as u8 + 1; 20]
}

fn signed(tx: Transaction) -> Operation {
    tx.sign(&DOMAIN, &key(tx.from())).into()
}

/// Deposits for three accounts, transfers up to the end of the first chunk, then one transfer and one withdrawal.
pub fn batch(number: u64) -> SealedBatch<PaymentWitness> {
    let builder = filled(SHAPES.largest() as u32 - 2);
    builder.seal(number).expect("not empty").0.map(Into::into)
}

/// The same with as many transfers, not sealed yet.
pub fn closed(transfers: u32) -> ClosedBatch<PaymentWitness> {
    filled(transfers).close().expect("in memory").0.map(Into::into)
}

fn filled(transfers: u32) -> BlockBuilder<MemoryStore> {
    let config = BlockConfig {
        domain: DOMAIN,
        fee_owner: owner(0),
        shapes: SHAPES,
    };
    let mut builder = BlockBuilder::new(MemoryStore::new(), config).expect("in memory");
    builder.set_time(29_700_000); // in minutes since 1970
    for account in 0..3 {
        let deposit = Deposit {
            token: 0,
            amount: 1_000_000,
            owner: owner(account),
            auth: auth::of_key(key(account).public_key().key_hash()),
        };
        builder.push(Served::deposit(account, deposit)).expect("valid");
    }
    for nonce in 0..transfers {
        let amount = PackedAmount::exact(100).expect("small");
        let fee = PackedFee::exact(3).expect("small");
        let transfer = Transfer {
            from: 1,
            to: 2,
            to_owner: owner(2),
            token: 0,
            amount,
            fee,
            nonce,
        };
        builder
            .push(signed(Transaction::Transfer(transfer)))
            .expect("valid");
    }
    let fee = PackedFee::exact(2).expect("small");
    let withdraw = Withdraw {
        from: 2,
        to_l1: [0xab; 20],
        token: 0,
        amount: 5_000,
        fee,
        nonce: 0,
    };
    builder
        .push(signed(Transaction::Withdraw(withdraw)))
        .expect("valid");
    builder
}

/// Where circuits and keys are kept between test runs.
pub fn cache_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/ashlar") // as all tests
}

/// The engine of payments.
pub type Engine = ashlar_engine::Engine<PaymentCircuits>;

/// The engine, without wrap keys.
pub fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        Engine::new(load_or_build(&cache_dir(), Security::default(), None).expect("circuits"))
    })
}

/// The engine with wrap keys, of the development string, and the wrap of the compressed proof.
pub fn wrapped() -> &'static (Engine, Snark) {
    static WRAPPED: OnceLock<(Engine, Snark)> = OnceLock::new();
    WRAPPED.get_or_init(|| {
        let circuits = load_or_build(&cache_dir(), Security::default(), None).expect("circuits");
        let srs = Srs::load_or_generate_insecure(&cache_dir(), WRAP_K).expect("reference string");
        let kit = WrapKit::load_or_generate(&cache_dir(), srs, &circuits.recursion).expect("keys");
        let engine = Engine::new(circuits)
            .with_wrap(kit)
            .expect("keys of these circuits");
        let proved = engine.wrap(&proofs().compressed).expect("valid proof");
        println!("wrap: {:.2} s", proved.steps[0].time.as_secs_f64());
        (engine, proved.proof)
    })
}

/// All proofs of [`batch`] 1.
pub struct Proofs {
    pub batch: SealedBatch<PaymentWitness>,
    pub chunks: [SpanProof; 2],
    pub root: SpanProof,
    pub compressed: CompressedProof,
    pub steps: Vec<TimedStep>,
}

pub fn proofs() -> &'static Proofs {
    static PROOFS: OnceLock<Proofs> = OnceLock::new();
    PROOFS.get_or_init(|| {
        let (engine, batch) = (engine(), batch(1));
        let mut steps = Vec::new();
        assert_eq!(batch.chunks.len(), 2);
        let chunks = [0, 1].map(|i| {
            take(
                &mut steps,
                engine.prove_chunk(&batch.chunks[i]).expect("valid witness"),
            )
        });
        let root = take(
            &mut steps,
            engine.fold(&chunks[0], &chunks[1]).expect("neighbours"),
        );
        let compressed = take(&mut steps, engine.compress(&root).expect("valid root"));
        for TimedStep { step, time, .. } in &steps {
            println!("{step}: {:.2} s", time.as_secs_f64());
        }
        Proofs {
            batch,
            chunks,
            root,
            compressed,
            steps,
        }
    })
}

pub fn take<T>(steps: &mut Vec<TimedStep>, proved: Proved<T>) -> T {
    steps.extend(proved.steps);
    proved.proof
}
