//! Every operation beside plonky2's, on words of every kind.

use plonky2::{
    field::types::{Field, Field64, PrimeField64},
    hash::poseidon::{Poseidon, SPONGE_WIDTH},
};
use proptest::{collection::vec, prelude::*};

use crate::{
    BIAS, F, Kind, Lanes, MAX_COUNT, MAX_PRODUCTS, MOST_ADDED, SMALL_HALF, Work, mds, mds_with_bias, sbox,
    sbox_to_halves, widest,
};

/// Small, at the borders of halves and of p, not canonical, and any.
fn word() -> impl Strategy<Value = F> {
    let near = |edge: u64| (0..4u64).prop_map(move |i| edge.wrapping_sub(2).wrapping_add(i));
    let word = prop_oneof![
        3 => any::<u64>(),
        1 => near(0),
        1 => near(1 << 32),
        1 => near(F::ORDER),
        1 => near(0u64.wrapping_sub(1 << 32)),
    ];
    word.prop_map(F)
}

/// As many as any lanes have.
fn words() -> impl Strategy<Value = Vec<F>> {
    vec(word(), MAX_COUNT)
}

fn stored<L: Lanes>(lanes: L, vector: L::Vector) -> Vec<F> {
    let mut values = vec![F::ZERO; L::COUNT];
    lanes.store(vector, &mut values);
    values
}

/// Runs a check with every kind of lanes that there is.
fn with_all(check: impl Work<Output = ()> + Clone) {
    for kind in Kind::detect_all() {
        kind.run(check.clone());
    }
}

#[derive(Clone)]
struct Arithmetic([Vec<F>; 3], u32);

impl Work for Arithmetic {
    type Output = ();

    fn run<L: Lanes>(self, lanes: L) {
        let Self([a, b, c], small) = &self;
        let [x, y, z] = [a, b, c].map(|values| lanes.load(values));
        for (name, found, expected) in [
            (
                "sum",
                lanes.add(x, y),
                &(|i: usize| a[i] + b[i]) as &dyn Fn(usize) -> F,
            ),
            (
                "sum with a canonical word",
                lanes.add_canonical(x, lanes.splat(F(b[0].to_canonical_u64()))),
                &|i| a[i] + b[0],
            ),
            ("difference", lanes.sub(x, y), &|i| a[i] - b[i]),
            ("product", lanes.mul(x, y), &|i| a[i] * b[i]),
            ("square", lanes.square(x), &|i| a[i] * a[i]),
            ("seventh power", sbox(lanes, x), &|i| a[i].exp_u64(7)),
            ("product and sum", lanes.mul_add(x, y, z), &|i| a[i] * b[i] + c[i]),
            ("multiple", lanes.scale(x, *small), &|i| {
                a[i] * F::from_canonical_u32(*small)
            }),
            ("halves", lanes.join(lanes.split(x)), &|i| a[i]),
            ("one", lanes.splat(a[0]), &|_| a[0]),
        ] {
            let expected: Vec<F> = (0..L::COUNT).map(expected).collect();
            assert_eq!(stored(lanes, found), expected, "{name} of {:?}", (a, b, c, small));
        }
        let integers = |vector| {
            stored(lanes, vector)
                .into_iter()
                .map(|word| word.0)
                .collect::<Vec<_>>()
        };
        for (found, expected) in [
            (
                lanes.plus(x, y),
                &(|i: usize| a[i].0.wrapping_add(b[i].0)) as &dyn Fn(usize) -> u64,
            ),
            (lanes.minus(x, y), &|i| a[i].0.wrapping_sub(b[i].0)),
            (lanes.shifted::<5>(x), &|i| a[i].0 << 5),
            (lanes.split(x)[0], &|i| a[i].0 & 0xFFFF_FFFF),
            (lanes.split(x)[1], &|i| a[i].0 >> 32),
        ] {
            assert_eq!(integers(found), (0..L::COUNT).map(expected).collect::<Vec<_>>());
        }
        // Any low half, and the largest high one that is allowed.
        let high = lanes.splat(F(u64::MAX - (1 << 32)));
        let expected = |i: usize| a[i] + F(u64::MAX - (1 << 32)) * F::from_canonical_u64(1 << 32);
        let joined = stored(lanes, lanes.join([x, high]));
        assert_eq!(joined, (0..L::COUNT).map(expected).collect::<Vec<_>>());
    }
}

/// What full rounds of Poseidon are made of: halves of products, and elements of small halves and a constant.
#[derive(Clone)]
struct Halves([Vec<F>; 3]);

impl Work for Halves {
    type Output = ();

    fn run<L: Lanes>(self, lanes: L) {
        let Self([a, b, c]) = &self;
        let [x, y] = [a, b].map(|values| lanes.load(values));
        let power = |i: usize| a[i].exp_u64(7);
        let product = |i: usize| a[i] * b[i];
        for (found, expected) in [
            (lanes.mul_to_halves(x, y), &product as &dyn Fn(usize) -> F),
            (sbox_to_halves(lanes, x), &power),
        ] {
            let [low, high] = found.map(|half| stored(lanes, half));
            for i in 0..L::COUNT {
                let (low, high) = (low[i].0 as i64, high[i].0);
                assert!(
                    low > -(1 << 33) && low < 1 << 32 && high < 1 << 33,
                    "{low} {high}"
                );
                let value = F::from_noncanonical_i64(low) + F(high) * F(1 << 32);
                assert_eq!(value, expected(i), "halves for {} and {}", a[i], b[i]);
            }
        }
        let small = |values: &[F]| -> Vec<F> { values.iter().map(|value| F(value.0 % SMALL_HALF)).collect() };
        let added: Vec<F> = c.iter().map(|value| F(value.0.min(MOST_ADDED))).collect();
        let most = vec![F(SMALL_HALF - 1); MAX_COUNT];
        let most_added = vec![F(MOST_ADDED); MAX_COUNT];
        for (low, high, added) in [
            (&small(a), &small(b), &added),
            (&most, &small(b), &added),
            (&most, &most, &most_added),
        ] {
            let halves = [low, high].map(|values| lanes.load(values));
            let found = stored(lanes, lanes.join_and_add(halves, lanes.load(added)));
            for i in 0..L::COUNT {
                let expected = low[i] + high[i] * F(1 << 32) + added[i];
                assert_eq!(found[i], expected, "{} + 2^32 {} + {}", low[i], high[i], added[i]);
            }
        }
    }
}

/// Sums of as many products as are allowed, of the largest words and of these.
#[derive(Clone)]
struct Sums(Vec<F>, Vec<F>);

impl Work for Sums {
    type Output = ();

    fn run<L: Lanes>(self, lanes: L) {
        let Self(a, b) = self;
        let largest = F(u64::MAX);
        let (x, y) = (lanes.factor(lanes.load(&a)), lanes.factor(lanes.load(&b)));
        let most = lanes.factor(lanes.splat(largest));
        let mut sum = lanes.empty_sum();
        for _ in 0..MAX_PRODUCTS / 4 - 1 {
            sum = lanes.add_product(sum, most, most);
        }
        sum = lanes.add_product(sum, x, y);
        let twice = lanes.add_sums(sum, sum);
        let all = stored(lanes, lanes.reduce(lanes.add_sums(twice, twice)));
        let once = stored(lanes, lanes.reduce(lanes.add_product(lanes.empty_sum(), x, y)));
        for i in 0..L::COUNT {
            let count = F::from_canonical_usize(MAX_PRODUCTS / 4 - 1);
            assert_eq!(
                all[i],
                (largest * largest * count + a[i] * b[i]) * F::from_canonical_u32(4)
            );
            assert_eq!(once[i], a[i] * b[i]);
        }
    }
}

#[derive(Clone)]
struct Transposition(Vec<Vec<F>>);

impl Work for Transposition {
    type Output = ();

    fn run<L: Lanes>(self, lanes: L) {
        let rows: Vec<&[F]> = self.0[..L::COUNT].iter().map(Vec::as_slice).collect();
        let mut columns = vec![lanes.splat(F::ZERO); rows[0].len()];
        lanes.transpose(&rows, &mut columns);
        for (place, column) in columns.into_iter().enumerate() {
            let expected: Vec<F> = rows.iter().map(|row| row[place]).collect();
            assert_eq!(stored(lanes, column), expected, "column {place}");
        }
    }
}

#[derive(Clone)]
struct Matrix([F; SPONGE_WIDTH]);

impl Work for Matrix {
    type Output = ();

    fn run<L: Lanes>(self, lanes: L) {
        let split = self.0.map(|word| lanes.split(lanes.splat(word)));
        let [low, high] = [0, 1].map(|half| mds(lanes, &split.map(|halves| halves[half])));
        let found: [F; SPONGE_WIDTH] =
            std::array::from_fn(|i| stored(lanes, lanes.join([low[i], high[i]]))[0]);
        assert_eq!(found, F::mds_layer(&self.0));
    }
}

/// Halves of S-boxes, each the least, the most, or neither.
#[derive(Clone)]
struct MatrixOfHalves([[i64; SPONGE_WIDTH]; 2]);

impl Work for MatrixOfHalves {
    type Output = ();

    fn run<L: Lanes>(self, lanes: L) {
        let [low, high] = self.0.map(|half| half.map(|value| lanes.splat(F(value as u64))));
        for (half, found) in mds_with_bias(lanes, [&low, &high]).into_iter().enumerate() {
            let values = self.0[half].map(i128::from);
            for (row, found) in found.into_iter().enumerate() {
                let of = |i: usize| {
                    let diagonal = if i == row { F::MDS_MATRIX_DIAG[i] } else { 0 };
                    let entry = F::MDS_MATRIX_CIRC[(i + SPONGE_WIDTH - row) % SPONGE_WIDTH] + diagonal;
                    i128::from(entry) * values[i]
                };
                let expected = (0..SPONGE_WIDTH).map(of).sum::<i128>() + i128::from(BIAS[half]);
                let found = stored(lanes, found)[0].0;
                assert_eq!(i128::from(found), expected, "half {half} of row {row}");
                assert!(found < SMALL_HALF, "half {half} of row {row} is {found}");
            }
        }
    }
}

fn halves() -> impl Strategy<Value = [[i64; SPONGE_WIDTH]; 2]> {
    let half = |least: i64, most: i64| {
        let one = prop_oneof![Just(least), Just(most), least..=most];
        prop_oneof![
            Just([least; SPONGE_WIDTH]),
            Just([most; SPONGE_WIDTH]),
            proptest::array::uniform12(one),
        ]
    };
    (half(1 - (1 << 33), (1 << 32) - 1), half(0, (1 << 33) - 1)).prop_map(|(low, high)| [low, high])
}

proptest! {
    #[test]
    fn halves_are_those_of_the_product_and_make_the_element(a in words(), b in words(), c in words()) {
        with_all(Halves([a, b, c]));
    }

    #[test]
    fn the_matrix_of_halves_is_exact_and_leaves_small_ones(halves in halves()) {
        with_all(MatrixOfHalves(halves));
    }

    #[test]
    fn operations_are_those_of_the_field(a in words(), b in words(), c in words(), small: u32) {
        with_all(Arithmetic([a, b, c], small));
    }

    #[test]
    fn sums_of_products_are_exact(a in words(), b in words()) {
        with_all(Sums(a, b));
    }

    #[test]
    fn rows_become_columns(rows in (1usize..20).prop_flat_map(|length| vec(vec(word(), length), MAX_COUNT))) {
        with_all(Transposition(rows));
    }

    #[test]
    fn the_matrix_is_poseidon_s(state in vec(word(), SPONGE_WIDTH)) {
        with_all(Matrix(state.try_into().expect("twelve")));
    }
}

struct Count;

impl Work for Count {
    type Output = usize;

    fn run<L: Lanes>(self, _: L) -> usize {
        L::COUNT
    }
}

#[test]
fn the_widest_kind_that_is_there_has_the_most_lanes() {
    let counts: Vec<_> = Kind::detect_all().map(Kind::count).collect();
    let found: Vec<_> = Kind::detect_all().map(|kind| kind.run(Count)).collect();
    assert_eq!(found, counts, "{:?}", Kind::detect_all().collect::<Vec<_>>());
    assert!(counts.is_sorted() && counts.iter().all(|count| MAX_COUNT.is_multiple_of(*count)));
    assert_eq!(counts[0], 1, "one lane is on every processor");
    assert_eq!(counts.last(), Some(&widest(Count)));
}
