//! A batch whose rollup stream is in a blob: link, join, compress and wrap.

use std::sync::OnceLock;

use ashlar_blob::stream::InputError;
use ashlar_blob_link::{COEFFICIENTS, LinkWitness, words_hash};
use ashlar_engine::{DecodeError, Job, JobKind, Proof, ProveError, VerifyError, blob_input};
use ashlar_payments::leaves::PaymentWitness;
use ashlar_recursion::{CompressCircuit, CompressedProof, F, SpanProof};
use ashlar_statement::{SealedBatch, blob_evaluation_point, hash::Hash, linked_data_hash};
use plonky2::field::types::Field;

use crate::common::{DOMAIN, closed, engine, take, wrapped};

/// Any: nothing here opens a commitment.
const VERSIONED_HASH: [u8; 32] = [1; 32];
const TIME: u32 = 29_700_000;

pub struct Linked {
    pub batch: SealedBatch<PaymentWitness>,
    pub words: Vec<u64>,
    pub root: SpanProof,
    pub compressed: CompressedProof,
    steps: Vec<&'static str>,
}

fn words_of(stream: &[u8]) -> Vec<u64> {
    let (words, rest) = stream.as_chunks::<7>();
    assert!(rest.is_empty());
    let word = |bytes: &[u8; 7]| bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    words.iter().map(word).collect()
}

/// One chunk, sealed for a blob.
pub fn linked() -> &'static Linked {
    static LINKED: OnceLock<Linked> = OnceLock::new();
    LINKED.get_or_init(|| {
        let sealed = closed(1).seal_at(1, TIME, |data| {
            let words = words_of(data.rollup);
            let data_hash = linked_data_hash(data.data_hash, words_hash(&words, COEFFICIENTS));
            let count = u32::try_from(words.len()).expect("of one blob");
            blob_evaluation_point(&DOMAIN, 1, &data_hash, &VERSIONED_HASH, count, data.bridge)
        });
        let sealed = sealed.expect("not empty");
        let words = words_of(&sealed.rollup);
        let link = LinkWitness::of_batch(DOMAIN.words(), sealed.public_inputs.z, words.clone())
            .expect("drawn for a blob")
            .statement(COEFFICIENTS)
            .expect("a blob's words");
        let elements = link.words_hash;
        let batch = sealed.linked(Hash { elements }, link.value);
        let engine = engine();
        let mut steps = Vec::new();
        let root = take(
            &mut steps,
            engine.prove_chunk(&batch.chunks[0]).expect("valid witness"),
        );
        let compressed = take(
            &mut steps,
            engine.compress_linked(&root, &words).expect("its stream"),
        );
        for step in &steps {
            println!("{}: {:.2} s", step.step, step.time.as_secs_f64());
        }
        Linked {
            batch,
            words,
            root,
            compressed,
            steps: steps.iter().map(|step| step.step.name()).collect(),
        }
    })
}

#[test]
fn a_batch_in_a_blob_states_what_its_sealing_said() {
    let Linked {
        batch,
        words,
        root,
        compressed,
        steps,
    } = linked();
    assert_eq!(CompressCircuit::batch(compressed), Ok(batch.public_inputs));
    assert_eq!(steps, &["prove_chunk", "lift", "link", "join", "compress"]);
    let engine = engine();
    engine
        .verify_compressed_linked(root, words, compressed)
        .expect("both agree");
    assert!(matches!(
        engine.verify_compressed(root, compressed),
        Err(VerifyError::Statement)
    ));
    let (wrapping, _) = wrapped();
    let snark = wrapping.wrap(compressed).expect("valid").proof;
    wrapping.verify_snark(compressed, &snark).expect("of it");
}

#[test]
fn words_that_are_not_the_batch_s_are_a_verdict_on_the_job() {
    let Linked {
        words,
        root,
        compressed,
        ..
    } = linked();
    let engine = engine();
    let mut other = words.clone();
    other[1] ^= 1;
    let longer = [&words[..], &[0]].concat();
    for wrong in [&other, &longer] {
        let error = engine.compress_linked(root, wrong).expect_err("another stream");
        assert!(
            matches!(error, ProveError::Blob(VerifyError::OtherStream)),
            "{error:?}"
        );
        assert!(!error.is_retryable());
        assert!(matches!(
            engine.verify_compressed_linked(root, wrong, compressed),
            Err(VerifyError::OtherStream)
        ));
    }
    // A batch that was sealed for calldata, whose point happens to be none of a blob.
    let mut elsewhere = root.clone();
    elsewhere.proof.public_inputs[16] = F::from_canonical_u64(1 << 63);
    assert!(matches!(
        engine.verify_compressed_linked(&elsewhere, words, compressed),
        Err(VerifyError::Link(_))
    ));
}

#[test]
fn the_job_has_the_words_behind_the_root() {
    let Linked {
        batch,
        words,
        root,
        compressed,
        ..
    } = linked();
    let engine = engine();
    let root_bytes = Proof::Span(root.clone()).to_bytes();
    let decode = |inputs: &[Vec<u8>]| engine.decode_job(JobKind::Compress, inputs);
    let job = decode(&[root_bytes.clone(), blob_input(&batch.rollup)]).expect("own encoding");
    assert!(matches!(&job, Job::CompressLinked { words: read, .. } if read == words));
    engine
        .verify(&job, &Proof::Compressed(compressed.clone()))
        .expect("its result");
    assert!(matches!(
        decode(std::slice::from_ref(&root_bytes)),
        Ok(Job::Compress(_))
    ));
    for malformed in [vec![], vec![0; 8], vec![0; 7 * 16_385]] {
        let error = decode(&[root_bytes.clone(), blob_input(&malformed)]).expect_err("no words");
        assert!(
            matches!(
                error,
                DecodeError::Stream(InputError::Empty | InputError::Stream(_))
            ),
            "{error:?}"
        );
    }
    let error = decode(&[root_bytes.clone(), vec![2, 0, 0, 0, 0, 0, 0, 1]]).expect_err("a version");
    assert!(
        matches!(error, DecodeError::Stream(InputError::Version { found: Some(2) })),
        "{error:?}"
    );
    let three = [root_bytes, blob_input(&batch.rollup), vec![]];
    assert!(matches!(
        decode(&three),
        Err(DecodeError::InputCount { actual: 3, .. })
    ));
}
