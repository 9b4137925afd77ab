//! The suite of [`Ntt`].

use plonky2_field::goldilocks_field::GoldilocksField;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Check;
use crate::{AccelError, Direction, Ntt, NttField, Order, Transform, cpu::CpuBackend, reference};

/// All directions.
pub const DIRECTIONS: [Direction; 2] = [Direction::Forward, Direction::Inverse];
/// All orders.
pub const ORDERS: [Order; 3] = [
    Order::NaturalToNatural,
    Order::NaturalToReversed,
    Order::ReversedToNatural,
];

/// Everything below, for sizes up to `2^max_log_size`, as a list.
pub fn checks<F: NttField + 'static, B: Ntt<F> + 'static>(max_log_size: u32) -> Vec<Check<B>>
where
    CpuBackend: Ntt<F>,
{
    let small = max_log_size.min(12);
    let of_sizes = |what: &str, sizes: Vec<u32>, check: fn(&B, u32)| {
        Check::new(format!("{what} to 2^{max_log_size}"), move |backend| {
            sizes
                .iter()
                .for_each(|&log_size| check(backend, log_size.min(max_log_size)));
        })
    };
    let few = vec![0, 1, 5, 6, 9, 14, max_log_size];
    let large = (13..=max_log_size).step_by(2).chain([max_log_size]);
    vec![
        Check::new(
            format!("definition, every order and coset, to 2^{small}"),
            move |backend| {
                (0..=small).for_each(|log_size| agrees_with_reference(backend, log_size));
            },
        ),
        of_sizes(
            "CPU, every order and coset,",
            (10..max_log_size).step_by(4).chain([max_log_size]).collect(),
            agrees_with_cpu,
        ),
        of_sizes(
            "there and back in every order",
            large.collect(),
            returns_through_every_order,
        ),
        of_sizes("values of polynomials", few.clone(), evaluates_polynomials),
        of_sizes("known columns", few, maps_known_columns),
        Check::new("batches", batches_columns),
        Check::new("held columns", holds_columns),
        Check::new("refusals", refuses_bad_input),
    ]
}

/// Everything below, for sizes up to `2^max_log_size`.
pub fn suite<F: NttField + 'static, B: Ntt<F> + 'static>(backend: &B, max_log_size: u32)
where
    CpuBackend: Ntt<F>,
{
    checks::<F, B>(max_log_size)
        .iter()
        .for_each(|check| check.run(backend));
}

/// An element from all of the field.
pub fn random_element<F: NttField>(rng: &mut ChaCha8Rng) -> F {
    let word = F::from_integer(1 << 32) * F::from_integer(1 << 32);
    (0..4).fold(F::NTT_ZERO, |sum, _| sum * word + F::from_integer(rng.r#gen()))
}

/// Zeros, extremes, one element among zeros, random ones.
pub fn columns<F: NttField>(log_size: u32) -> Vec<Vec<F>> {
    let mut rng = ChaCha8Rng::seed_from_u64(u64::from(log_size));
    let size = 1 << log_size;
    let largest = F::NTT_ZERO - F::NTT_ONE;
    let mut delta = vec![F::NTT_ZERO; size];
    delta[rng.gen_range(0..size)] = largest;
    let alternating = (0..size).map(|i| if i % 2 == 0 { largest } else { F::NTT_ZERO });
    vec![
        vec![F::NTT_ZERO; size],
        vec![largest; size],
        alternating.collect(),
        delta,
        (0..size).map(|_| random_element(&mut rng)).collect(),
    ]
}

fn shifts<F: NttField>(log_size: u32) -> [F; 3] {
    let mut rng = ChaCha8Rng::seed_from_u64(1000 + u64::from(log_size));
    [
        F::NTT_ZERO - F::NTT_ONE,
        F::from_integer(7),
        random_element(&mut rng),
    ]
}

/// Runs one transform over copies of `columns`.
pub fn transformed<F: NttField, B: Ntt<F>>(
    backend: &B,
    domain: &B::Domain,
    transform: &Transform<'_, B::Coset>,
    columns: &[Vec<F>],
) -> Vec<Vec<F>> {
    let mut columns = columns.to_vec();
    let mut slices: Vec<&mut [F]> = columns.iter_mut().map(Vec::as_mut_slice).collect();
    let result = backend.ntt_batch(domain, *transform, &mut slices);
    result.expect("the backend refuses a transform that it prepared");
    columns
}

/// Every direction, order and kind of shift gives what [`reference::ntt`] gives.
pub fn agrees_with_reference<F: NttField, B: Ntt<F>>(backend: &B, log_size: u32) {
    let columns = columns::<F>(log_size);
    let domain = backend.prepare_domain(log_size).expect("a supported size");
    let coset = |shift| {
        let coset = backend.prepare_coset(&domain, shift).expect("not zero");
        (shift, Some(coset))
    };
    let cosets = shifts::<F>(log_size).map(coset).into_iter();
    for (shift, coset) in cosets.chain([(F::NTT_ONE, None)]) {
        for direction in DIRECTIONS {
            for order in ORDERS {
                let transform = Transform {
                    direction,
                    order,
                    coset: coset.as_ref(),
                };
                let actual = transformed(backend, &domain, &transform, &columns);
                for (column, actual) in columns.iter().zip(actual) {
                    let expected = reference::ntt::ntt(direction, order, shift, column);
                    assert!(
                        actual == expected,
                        "2^{log_size}, {direction:?}, {order:?}, shift {shift:?} of {:?}…",
                        &column[..column.len().min(4)],
                    );
                }
            }
        }
    }
}

/// Every direction and order, with a shift and without, gives what the CPU gives.
pub fn agrees_with_cpu<F: NttField, B: Ntt<F>>(backend: &B, log_size: u32)
where
    CpuBackend: Ntt<F>,
{
    let mut given = columns::<F>(log_size);
    given.drain(..3);
    let cpu = CpuBackend::new();
    let domain = backend.prepare_domain(log_size).expect("a supported size");
    let own_domain = cpu.prepare_domain(log_size).expect("a supported size");
    let shift = shifts::<F>(log_size)[2];
    let coset = backend.prepare_coset(&domain, shift).expect("not zero");
    let own_coset = cpu.prepare_coset(&own_domain, shift).expect("not zero");
    for direction in DIRECTIONS {
        for order in ORDERS {
            for (coset, own_coset) in [(None, None), (Some(&coset), Some(&own_coset))] {
                let transform = Transform {
                    direction,
                    order,
                    coset,
                };
                let own = transform.with_coset(own_coset);
                let expected = transformed(&cpu, &own_domain, &own, &given);
                let actual = transformed(backend, &domain, &transform, &given);
                assert!(
                    actual == expected,
                    "2^{log_size}, {direction:?}, {order:?}, coset: {}",
                    coset.is_some()
                );
            }
        }
    }
}

/// There and back again is the identity, through natural and reversed values; the two differ by order only.
pub fn returns_through_every_order<F: NttField, B: Ntt<F>>(backend: &B, log_size: u32) {
    let mut columns = columns::<F>(log_size);
    if log_size > 14 {
        columns.drain(..3);
    }
    let domain = backend.prepare_domain(log_size).expect("a supported size");
    let shift = shifts::<F>(log_size)[2];
    let coset = backend.prepare_coset(&domain, shift).expect("not zero");
    for coset in [None, Some(&coset)] {
        let run = |direction, order, columns: &[Vec<F>]| {
            let transform = Transform {
                direction,
                order,
                coset,
            };
            transformed(backend, &domain, &transform, columns)
        };
        for (there, back) in [
            (Direction::Forward, Direction::Inverse),
            (Direction::Inverse, Direction::Forward),
        ] {
            let natural = run(there, Order::NaturalToNatural, &columns);
            assert!(natural != columns, "2^{log_size}: {there:?} does nothing");
            assert!(
                run(back, Order::NaturalToNatural, &natural) == columns,
                "2^{log_size}: {there:?} and back in natural order",
            );
            let reversed = run(there, Order::NaturalToReversed, &columns);
            assert!(
                natural
                    .iter()
                    .zip(&reversed)
                    .all(|(n, r)| reference::ntt::reverse_bits(n) == *r),
                "2^{log_size}: {there:?} in both orders",
            );
            assert!(
                run(back, Order::ReversedToNatural, &reversed) == columns,
                "2^{log_size}: {there:?} and back through reversed order",
            );
        }
    }
}

/// Values are those of the polynomial at `shift * root^k`, for a few random `k`.
pub fn evaluates_polynomials<F: NttField, B: Ntt<F>>(backend: &B, log_size: u32) {
    let columns = columns::<F>(log_size);
    let mut rng = ChaCha8Rng::seed_from_u64(2000 + u64::from(log_size));
    let domain = backend.prepare_domain(log_size).expect("a supported size");
    let shift = random_element::<F>(&mut rng);
    let coset = backend.prepare_coset(&domain, shift).expect("not zero");
    let root = F::root(log_size);
    for (shift, coset) in [(F::NTT_ONE, None), (shift, Some(&coset))] {
        let transform = Transform {
            direction: Direction::Forward,
            order: Order::NaturalToNatural,
            coset,
        };
        let values = transformed(backend, &domain, &transform, &columns);
        for (column, values) in columns.iter().zip(values) {
            for _ in 0..4 {
                let k = rng.gen_range(0..column.len());
                let point = shift * root.power(k as u64);
                assert_eq!(
                    values[k],
                    reference::ntt::horner(column, point),
                    "2^{log_size}, value {k}"
                );
            }
        }
    }
}

/// A constant polynomial has one value, the monomial of degree one has the points of the domain.
pub fn maps_known_columns<F: NttField, B: Ntt<F>>(backend: &B, log_size: u32) {
    let size = 1usize << log_size;
    let domain = backend.prepare_domain(log_size).expect("a supported size");
    let coset = backend
        .prepare_coset(&domain, F::from_integer(5))
        .expect("not zero");
    let transform = Transform {
        direction: Direction::Forward,
        order: Order::NaturalToNatural,
        coset: Some(&coset),
    };
    let mut constant = vec![F::NTT_ZERO; size];
    constant[0] = F::from_integer(3);
    let values = transformed(backend, &domain, &transform, &[constant]);
    assert!(
        values[0].iter().all(|&value| value == F::from_integer(3)),
        "2^{log_size}"
    );
    if size > 1 {
        let mut monomial = vec![F::NTT_ZERO; size];
        monomial[1] = F::NTT_ONE;
        let values = transformed(backend, &domain, &transform, &[monomial]);
        let mut point = F::from_integer(5);
        for &value in &values[0] {
            assert_eq!(value, point, "2^{log_size}");
            point = point * F::root(log_size);
        }
    }
}

/// A batch is its columns one by one; no column is fine too.
pub fn batches_columns<F: NttField, B: Ntt<F>>(backend: &B) {
    for log_size in [0, 4, 8, 12] {
        let domain = backend.prepare_domain(log_size).expect("a supported size");
        let coset = backend
            .prepare_coset(&domain, F::from_integer(7))
            .expect("not zero");
        let columns: Vec<Vec<F>> = columns(log_size).into_iter().cycle().take(14).collect();
        for count in [0, 1, 3, 14] {
            for order in ORDERS {
                let transform = Transform {
                    direction: Direction::Inverse,
                    order,
                    coset: Some(&coset),
                };
                let together = transformed(backend, &domain, &transform, &columns[..count]);
                for (column, together) in columns.iter().zip(together) {
                    let alone = transformed(backend, &domain, &transform, std::slice::from_ref(column));
                    assert!(alone[0] == together, "2^{log_size}, {count} columns");
                }
            }
        }
    }
}

/// What is held is transformed as the columns themselves would be, again and again; no column is fine too.
pub fn holds_columns<F: NttField, B: Ntt<F>>(backend: &B) {
    for log_size in [0, 4, 8, 12] {
        let domain = backend.prepare_domain(log_size).expect("a supported size");
        let cosets =
            shifts::<F>(log_size).map(|shift| backend.prepare_coset(&domain, shift).expect("not zero"));
        let given: Vec<Vec<F>> = columns(log_size).into_iter().cycle().take(14).collect();
        let transform = |direction, order, coset| Transform {
            direction,
            order,
            coset,
        };
        for count in [0, 1, 3, 14] {
            let given = &given[..count];
            let first = transform(Direction::Inverse, Order::NaturalToNatural, None);
            let polynomials = transformed(backend, &domain, &first, given);
            let mut columns = given.to_vec();
            let slices = columns.iter_mut().map(Vec::as_mut_slice).collect();
            let held = backend.ntt_hold(&domain, first, slices).expect("a transform");
            let mut out = vec![vec![F::NTT_ONE; 1 << log_size]; count];
            for direction in DIRECTIONS {
                for order in ORDERS {
                    for coset in cosets.iter().map(Some).chain([None]) {
                        let mut slices: Vec<&mut [F]> = out.iter_mut().map(Vec::as_mut_slice).collect();
                        let second = transform(direction, order, coset);
                        backend
                            .ntt_from(&domain, second, &held, &mut slices)
                            .expect("a transform");
                        let expected = transformed(backend, &domain, &second, &polynomials);
                        assert!(
                            out == expected,
                            "2^{log_size}, {count} columns, {direction:?}, {order:?}"
                        );
                    }
                }
            }
            drop(held);
            assert!(
                columns == polynomials,
                "2^{log_size}, {count} columns as they were held"
            );
        }
    }
    refuses_what_is_not_held::<F, B>(backend);
}

fn refuses_what_is_not_held<F: NttField, B: Ntt<F>>(backend: &B) {
    let [domain, larger] = [7, 8].map(|log_size| backend.prepare_domain(log_size).expect("a supported size"));
    let plain = Transform {
        direction: Direction::Forward,
        order: Order::NaturalToNatural,
        coset: None,
    };
    let mut columns = vec![vec![F::NTT_ONE; 128]; 2];
    let slices = columns.iter_mut().map(Vec::as_mut_slice).collect();
    let held = backend.ntt_hold(&domain, plain, slices).expect("a transform");
    let from = |domain, lengths: &[usize]| {
        let mut out: Vec<Vec<F>> = lengths.iter().map(|&length| vec![F::NTT_ONE; length]).collect();
        let mut slices: Vec<&mut [F]> = out.iter_mut().map(Vec::as_mut_slice).collect();
        backend.ntt_from(domain, plain, &held, &mut slices)
    };
    for (lengths, (wanted, given)) in [
        (vec![], (2, 0)),
        (vec![128], (2, 1)),
        (vec![128; 3], (2, 3)),
        (vec![128, 64], (128, 64)),
    ] {
        let result = from(&domain, &lengths);
        assert!(
            matches!(result, Err(AccelError::LengthMismatch { operation: "ntt", expected, actual })
                if (expected, actual) == (wanted, given)),
            "{lengths:?}: {result:?}"
        );
    }
    let result = from(&larger, &[256; 2]);
    assert!(
        matches!(
            result,
            Err(AccelError::LengthMismatch { operation: "ntt", .. }
                | AccelError::InvalidInput { operation: "ntt", .. })
        ),
        "columns held for another size: {result:?}"
    );
    let mut short = [vec![F::NTT_ONE; 128], vec![F::NTT_ONE; 127]];
    let slices = short.iter_mut().map(Vec::as_mut_slice).collect();
    let result = backend.ntt_hold(&domain, plain, slices).map(|_| ());
    assert!(
        matches!(
            result,
            Err(AccelError::LengthMismatch {
                expected: 128,
                actual: 127,
                ..
            })
        ),
        "{result:?}"
    );
}

/// What is undefined is refused with the right error.
pub fn refuses_bad_input<F: NttField, B: Ntt<F>>(backend: &B) {
    for log_size in [F::MAX_LOG_SIZE + 1, u32::MAX] {
        let result = backend.prepare_domain(log_size).map(|_| ());
        assert!(
            matches!(&result, Err(AccelError::UnsupportedSize { operation: "ntt", max, .. })
                if *max <= 1 << F::MAX_LOG_SIZE),
            "{result:?}"
        );
    }
    let domain = backend.prepare_domain(7).expect("a supported size");
    let other = backend.prepare_domain(8).expect("a supported size");
    let result = backend.prepare_coset(&domain, F::NTT_ZERO).map(|_| ());
    assert!(
        matches!(&result, Err(AccelError::InvalidInput { operation: "ntt", .. })),
        "{result:?}"
    );

    let run = |coset: Option<&B::Coset>, lengths: &[usize]| {
        let mut columns: Vec<Vec<F>> = lengths.iter().map(|&length| vec![F::NTT_ONE; length]).collect();
        let mut slices: Vec<&mut [F]> = columns.iter_mut().map(Vec::as_mut_slice).collect();
        let transform = Transform {
            direction: Direction::Forward,
            order: Order::NaturalToNatural,
            coset,
        };
        backend.ntt_batch(&domain, transform, &mut slices)
    };
    for length in [0, 1, 127, 129, 256] {
        let result = run(None, &[128, length]);
        assert!(
            matches!(
                result,
                Err(AccelError::LengthMismatch { operation: "ntt", expected: 128, actual }) if actual == length
            ),
            "{result:?}"
        );
    }
    let foreign = backend
        .prepare_coset(&other, F::from_integer(7))
        .expect("not zero");
    let result = run(Some(&foreign), &[128]);
    assert!(
        matches!(&result, Err(AccelError::InvalidInput { operation: "ntt", .. })),
        "{result:?}"
    );
}

/// plonky2 may store elements unreduced: every word is one.
pub fn takes_unreduced_words<B: Ntt<GoldilocksField>>(backend: &B) {
    let words = [
        u64::MAX,
        u64::MAX - 1,
        0xffff_ffff_0000_0001,
        0xffff_ffff_0000_0000,
        1 << 63,
        0,
    ];
    for log_size in [0, 3, 7, 12] {
        let column: Vec<_> = words
            .iter()
            .cycle()
            .map(|&word| GoldilocksField(word))
            .take(1 << log_size)
            .collect();
        let transform = Transform {
            direction: Direction::Forward,
            order: Order::NaturalToNatural,
            coset: None,
        };
        let domain = backend.prepare_domain(log_size).expect("a supported size");
        let values = transformed(backend, &domain, &transform, std::slice::from_ref(&column));
        let expected = reference::ntt::ntt(
            Direction::Forward,
            Order::NaturalToNatural,
            GoldilocksField::NTT_ONE,
            &column,
        );
        assert!(values[0] == expected, "2^{log_size}");
    }
}
