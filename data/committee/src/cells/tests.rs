use std::collections::BTreeSet;

use ashlar_blob::{BLOB_WORDS, stream::WORD_BYTES};
use rand::rngs::OsRng;

use super::*;

/// Words that are all different.
fn stream(words: usize) -> Vec<u8> {
    let bytes = (0..words as u64).flat_map(|word| {
        let [_, bytes @ ..] = (word.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_be_bytes();
        bytes
    });
    bytes.collect()
}

fn places(blob: u32, cells: impl IntoIterator<Item = usize>) -> Vec<Place> {
    let place = |cell: usize| Place {
        blob,
        cell: cell as u32,
    };
    cells.into_iter().map(place).collect()
}

#[test]
fn any_half_of_the_cells_gives_the_stream_back_and_less_does_not() {
    // The second blob has few words, and cells of all places nevertheless.
    let words = BLOB_WORDS + 3;
    let stream = stream(words);
    let proofs = CellProofs::of(&stream).expect("of words");
    let commitments = proofs.commitments();
    assert_eq!((commitments.len(), blobs_of(words as u32)), (2, 2));
    assert_eq!(
        CellProofs::from_bytes(proofs.as_bytes()).as_ref(),
        Some(&proofs),
        "as it is kept"
    );
    assert_eq!(CellProofs::from_bytes(&proofs.as_bytes()[POINT_BYTES..]), None);

    let of = |cells: Vec<Place>| {
        let cells = proofs.cells(&stream, &cells).expect("of words");
        assert!(are_of(&commitments, &cells));
        cells
    };
    let first = of(places(0, 0..64));
    let odd = of(places(1, (1..CELLS).step_by(2)));
    let cells = [first.clone(), odd.clone()].concat();
    assert_eq!(stream_of_cells(&cells, words as u32).expect("half"), stream);

    let few = [first, odd[1..].to_vec()].concat();
    let error = stream_of_cells(&few, words as u32).expect_err("one too few");
    assert_eq!(error.to_string(), "63 of 128 cells of blob 1, and 64 are needed");
    // One that is given twice is one.
    let twice = [few, vec![odd[1].clone()]].concat();
    let error = stream_of_cells(&twice, words as u32).expect_err("one too few");
    assert!(
        matches!(error, RecoverError::TooFew { blob: 1, found: 63 }),
        "{error}"
    );
    let shorter = stream_of_cells(&cells, words as u32 - 1).expect_err("a word more");
    assert!(matches!(shorter, RecoverError::Decode(_)), "{shorter}");
}

#[test]
fn a_cell_is_of_its_place_and_its_commitment_alone() {
    // So many words that no two cells are alike: few make a polynomial of low degree.
    let stream = stream(BLOB_WORDS + 8_001);
    let proofs = CellProofs::of(&stream).expect("of words");
    let commitments = proofs.commitments();
    let asked = [places(0, [3, 90]), places(1, [3, CELLS]), places(2, [3])].concat();
    let cells = proofs.cells(&stream, &asked).expect("of words");
    let found: Vec<_> = cells.iter().map(|cell| cell.place).collect();
    assert_eq!(found, asked[..3], "those that there are");
    for (index, cell) in cells.iter().enumerate() {
        let one = |change: &dyn Fn(&mut Cell)| {
            let mut cell = cell.clone();
            change(&mut cell);
            are_of(&commitments, &[cell])
        };
        assert!(one(&|_| ()));
        assert!(!one(&|of| of.data[40] ^= 1), "another value");
        assert!(!one(&|of| of.data[0] = 0xff), "no value below the modulus");
        assert!(
            !one(&|of| of.proof = cells[(index + 1) % 3].proof),
            "another proof"
        );
        assert!(!one(&|of| of.proof[5] ^= 1), "no proof");
        assert!(!one(&|of| of.place.cell ^= 1), "another place");
        assert!(!one(&|of| of.place.cell = CELLS as u32), "no place");
        assert!(!one(&|of| of.place.blob ^= 1), "another blob");
        assert!(!one(&|of| of.place.blob = 2), "no blob");
    }
    // One false one among true ones.
    let mut some = cells.clone();
    some[1].data[40] ^= 1;
    assert!(are_of(&commitments, &cells) && !are_of(&commitments, &some));
}

#[test]
fn an_empty_stream_has_no_cells_and_a_ragged_one_none_either() {
    let proofs = CellProofs::of(&[]).expect("of no words");
    assert!(proofs.as_bytes().is_empty() && proofs.commitments().is_empty());
    assert_eq!(proofs.cells(&[], &places(0, [0])).expect("none"), []);
    assert_eq!(stream_of_cells(&[], 0).expect("nothing"), [] as [u8; 0]);
    let ragged = CellProofs::of(&[0; WORD_BYTES + 1]).expect_err("no words");
    assert!(matches!(ragged, CellError::Stream(_)), "{ragged}");
}

/// Half of one blob is a twelfth of six: samples of all together would miss it.
#[test]
fn so_many_cells_of_each_blob_are_drawn_and_none_twice() {
    for (samples, each) in [(0, 0), (1, 1), (20, 20), (128, 128), (1_000, 128)] {
        let drawn = sample::draw(6, samples, &mut OsRng);
        for blob in 0..6 {
            let cells = drawn.iter().filter(|place| place.blob == blob);
            let cells: BTreeSet<_> = cells.map(|place| place.cell).collect();
            assert_eq!(cells.len(), each, "{samples} of blob {blob}");
            assert!(cells.iter().all(|cell| (*cell as usize) < CELLS));
        }
        assert_eq!(drawn.len(), 6 * each);
    }
}
