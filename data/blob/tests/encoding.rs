//! The encoding, against the reference implementation of EIP-4844.

use ashlar_blob::{
    BLOB_BYTES, BLOB_WORDS, Blob, DecodeError, EncodeError, Fr, MAX_BLOBS, WORD_BITS, decode, element,
    element_bytes, encode, evaluate,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn words(count: usize) -> Vec<u64> {
    let mut rng = ChaCha8Rng::seed_from_u64(count as u64);
    (0..count)
        .map(|_| rng.r#gen::<u64>() >> (64 - WORD_BITS))
        .collect()
}

fn point() -> Fr {
    Fr::from(0x1234_5678_9abc_def0_u64) * Fr::from(u64::MAX) * Fr::from(u64::MAX) * Fr::from(u64::MAX)
}

#[test]
fn what_is_encoded_is_decoded_at_every_border_of_a_blob() {
    for count in [
        0,
        1,
        3,
        4,
        5,
        BLOB_WORDS - 1,
        BLOB_WORDS,
        BLOB_WORDS + 1,
        MAX_BLOBS * BLOB_WORDS,
    ] {
        let words = words(count);
        let blobs = encode(&words).unwrap();
        assert_eq!(blobs.len(), count.div_ceil(BLOB_WORDS));
        assert_eq!(decode(&blobs, count).unwrap(), words, "{count} words");
    }
    let largest = vec![(1 << WORD_BITS) - 1; BLOB_WORDS];
    assert_eq!(decode(&encode(&largest).unwrap(), BLOB_WORDS).unwrap(), largest);
}

#[test]
fn horner_over_the_words_is_what_a_kzg_proof_opens() {
    let settings = c_kzg::ethereum_kzg_settings(0);
    let words = words(BLOB_WORDS + 777);
    let blobs = encode(&words).unwrap();
    for (blob, words) in blobs.iter().zip(words.chunks(BLOB_WORDS)) {
        let blob = c_kzg::Blob::from_bytes(blob.as_slice()).unwrap();
        let commitment = settings.blob_to_kzg_commitment(&blob).unwrap().to_bytes();
        let z = c_kzg::Bytes32::new(element_bytes(point()));
        let (proof, y) = settings.compute_kzg_proof(&blob, &z).unwrap();
        assert_eq!(*y, element_bytes(evaluate(words, point())));
        let holds = |y: Fr| {
            let y = c_kzg::Bytes32::new(element_bytes(y));
            settings
                .verify_kzg_proof(&commitment, &z, &y, &proof.to_bytes())
                .unwrap()
        };
        assert!(holds(evaluate(words, point())));
        let mut flipped = words.to_vec();
        flipped[5] ^= 1;
        assert!(!holds(evaluate(&flipped, point())));
    }
}

#[test]
fn words_that_fit_no_blobs_are_refused() {
    let found = MAX_BLOBS * BLOB_WORDS + 1;
    assert_eq!(
        encode(&vec![0; found]).unwrap_err(),
        EncodeError::TooMany { found }
    );
    let word = 1 << WORD_BITS;
    assert_eq!(
        encode(&[0, word]).unwrap_err(),
        EncodeError::Word { index: 1, word }
    );
}

/// The blob of a constant polynomial.
fn constant(value: Fr) -> Blob {
    let bytes = element_bytes(value).repeat(BLOB_BYTES / 32);
    bytes.into_boxed_slice().try_into().unwrap()
}

#[test]
fn a_coefficient_of_more_than_four_words_is_refused() {
    let below: Fr = (0..224).fold(Fr::from(1), |power, _| power + power) - Fr::from(1);
    let decoded = decode(&[constant(below)], 4).unwrap();
    assert_eq!(decoded, vec![(1 << WORD_BITS) - 1; 4]);
    assert_eq!(
        decode(&[constant(below + Fr::from(1))], 4).unwrap_err(),
        DecodeError::Coefficient { blob: 0, index: 0 }
    );
}

#[test]
fn padding_that_is_not_zero_is_refused() {
    let blobs = encode(&words(BLOB_WORDS + 10)).unwrap();
    for (asked, index) in [(9, 9), (7, 7), (1, 1)] {
        assert_eq!(
            decode(&blobs, BLOB_WORDS + asked).unwrap_err(),
            DecodeError::Padding { blob: 1, index }
        );
    }
    let longer = decode(&blobs, BLOB_WORDS + 12).unwrap();
    assert_eq!(longer[BLOB_WORDS + 10..], [0, 0]);
}

#[test]
fn blobs_of_the_wrong_number_or_field_are_refused() {
    let mut blobs = encode(&words(BLOB_WORDS + 1)).unwrap();
    assert_eq!(
        decode(&blobs, BLOB_WORDS).unwrap_err(),
        DecodeError::Count {
            found: 2,
            expected: 1,
            words: BLOB_WORDS
        }
    );
    blobs[1][64..96].fill(0xff);
    assert_eq!(
        decode(&blobs, BLOB_WORDS + 1).unwrap_err(),
        DecodeError::Element { blob: 1, index: 2 }
    );
    let modulus_less_one = element_bytes(-Fr::from(1));
    assert_eq!(element(&modulus_less_one), Some(-Fr::from(1)));
    let mut modulus = modulus_less_one;
    modulus[31] += 1;
    assert_eq!(element(&modulus), None);
}

#[test]
fn swapped_blobs_and_a_flipped_word_are_other_words() {
    let words = words(2 * BLOB_WORDS);
    let mut blobs = encode(&words).unwrap();
    blobs.swap(0, 1);
    assert_eq!(
        decode(&blobs, words.len()).unwrap()[..BLOB_WORDS],
        words[BLOB_WORDS..]
    );
    let mut flipped = words.clone();
    flipped[3] ^= 1 << 55;
    assert_ne!(
        evaluate(&flipped[..BLOB_WORDS], point()),
        evaluate(&words[..BLOB_WORDS], point())
    );
}
