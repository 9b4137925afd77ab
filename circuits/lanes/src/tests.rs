//! Every operation beside plonky2's, on words of every kind.

use plonky2::{
    field::types::{Field, Field64, PrimeField64},
    hash::poseidon::{Poseidon, SPONGE_WIDTH},
};
use proptest::{collection::vec, prelude::*};

use crate::{F, Kind, Lanes, MAX_COUNT, MAX_PRODUCTS, Work, mds, sbox, widest};

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

proptest! {
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
