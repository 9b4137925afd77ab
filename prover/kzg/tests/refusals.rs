//! What our prover refuses, by name; and that a seed determines a proof.

use ashlar_accel::cpu::{CpuBackend, Level};
use ashlar_kzg::{
    prover::{PreparedKey, ProverError, Seed, Unsupported, Witness},
    testing::{Flaw, INPUTS, Setup, Shape, Synthetic, prove},
};
use halo2_proofs::{
    arithmetic::Field,
    circuit::{Layouter, SimpleFloorPlanner, Value},
    halo2curves::bn256::Fr,
    plonk::{
        Advice, Assigned, Challenge, Circuit, Column, ConstraintSystem, Error, FirstPhase, SecondPhase,
        Selector,
    },
    poly::Rotation,
    transcript::{Blake2bWrite, Challenge255, TranscriptWriterBuffer},
};

const K: u32 = 6;

/// What is peculiar about a circuit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Peculiar {
    #[default]
    Nothing,
    /// A second phase, with a challenge in the gate.
    Challenge,
    /// Computes with the value of a cell that it assigned before.
    ReadsBack,
    /// Assigns a row that is kept for blinding.
    Outside,
    /// A gate of degree 6 without saying so.
    HidesDegree,
    /// Assigns fractions, one of them twice, one with denominator zero.
    Fractions,
}

#[derive(Clone, Copy, Debug)]
struct Small(Peculiar);

#[derive(Clone, Debug)]
struct SmallConfig {
    a: Column<Advice>,
    b: Column<Advice>,
    selector: Selector,
    challenge: Option<Challenge>,
}

impl Circuit<Fr> for Small {
    type Config = SmallConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Peculiar;

    fn params(&self) -> Peculiar {
        self.0
    }

    fn without_witnesses(&self) -> Self {
        *self
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> SmallConfig {
        unreachable!("configured with parameters")
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, peculiar: Peculiar) -> SmallConfig {
        let a = meta.advice_column();
        let two_phases = peculiar == Peculiar::Challenge;
        let challenge = two_phases.then(|| meta.challenge_usable_after(FirstPhase));
        let b = if two_phases {
            meta.advice_column_in(SecondPhase)
        } else {
            meta.advice_column()
        };
        let selector = meta.selector();
        meta.create_gate("b = 2a", |meta| {
            let selector = meta.query_selector(selector);
            let a = meta.query_advice(a, Rotation::cur());
            let b = meta.query_advice(b, Rotation::cur());
            let factor = match challenge {
                Some(challenge) => meta.query_challenge(challenge),
                None => halo2_proofs::plonk::Expression::Constant(Fr::from(2)),
            };
            let difference = b - a.clone() * factor;
            if peculiar == Peculiar::HidesDegree {
                vec![selector * difference * a.clone() * a.clone() * a.clone() * a]
            } else {
                vec![selector * difference]
            }
        });
        SmallConfig {
            a,
            b,
            selector,
            challenge,
        }
    }

    fn synthesize(&self, config: SmallConfig, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let challenge = config
            .challenge
            .map(|challenge| layouter.get_challenge(challenge));
        layouter.assign_region(
            || "small",
            |mut region| {
                config.selector.enable(&mut region, 0)?;
                let known = |value: u64| Value::known(Fr::from(value));
                let a = region.assign_advice(config.a, 0, known(3));
                let fraction = |numerator: u64, denominator: u64| {
                    Value::known(Assigned::Rational(Fr::from(numerator), Fr::from(denominator)))
                };
                match self.0 {
                    Peculiar::Challenge => {
                        let b = known(3) * challenge.expect("there is one");
                        region.assign_advice(config.b, 0, b);
                    }
                    Peculiar::ReadsBack => {
                        let a = a.value().map(|a| Assigned::from(a.evaluate().double()));
                        region.assign_advice(config.b, 0, a);
                    }
                    Peculiar::Outside => {
                        region.assign_advice(config.b, 0, known(6));
                        region.assign_advice(config.b, (1 << K) - 2, known(1));
                    }
                    Peculiar::Fractions => {
                        region.assign_advice(config.b, 0, fraction(18, 5));
                        region.assign_advice(config.b, 0, fraction(18, 3));
                        region.assign_advice(config.a, 1, fraction(1, 7));
                        region.assign_advice(config.a, 1, known(5));
                        region.assign_advice(config.b, 1, known(10));
                        config.selector.enable(&mut region, 1)?;
                        region.assign_advice(config.b, 2, fraction(4, 0)); // zero, as in halo2
                        config.selector.enable(&mut region, 2)?;
                    }
                    Peculiar::Nothing | Peculiar::HidesDegree => {
                        region.assign_advice(config.b, 0, known(6));
                    }
                }
                Ok(())
            },
        )
    }
}

fn outcome(peculiar: Peculiar) -> Result<bool, ProverError> {
    // Compressing selectors would notice the degree itself.
    let setup = Setup::new(K, &Small(peculiar), peculiar != Peculiar::HidesDegree);
    let key = PreparedKey::new(setup.pk.clone(), &setup.params, CpuBackend::new())?;
    let (proof, _) = prove(&key, &Small(peculiar), &[], 1)?;
    Ok(setup.verify(&proof, &[]))
}

#[test]
fn unsupported_circuits_are_named() {
    assert!(outcome(Peculiar::Nothing).unwrap());
    assert!(matches!(
        outcome(Peculiar::Challenge),
        Err(ProverError::Unsupported(Unsupported::Phases {
            challenges: 1,
            later_columns: 1
        }))
    ));
    assert!(matches!(
        outcome(Peculiar::HidesDegree),
        Err(ProverError::Unsupported(Unsupported::Degree {
            needed: 6,
            used: 5
        }))
    ));
    assert!(matches!(
        outcome(Peculiar::ReadsBack),
        Err(ProverError::CellUnknown { column: 1, row: 0 })
    ));
    let row = (1 << K) - 2;
    assert!(matches!(
        outcome(Peculiar::Outside),
        Err(ProverError::CellOutside { column: 1, row: r }) if r == row
    ));
}

#[test]
fn a_witness_of_another_circuit_is_refused() {
    let setups = [5, 6].map(|k| Setup::new(k, &Small(Peculiar::Nothing), true));
    let [five, six] = setups.each_ref().map(|setup| setup.pk.get_vk());
    let key = setups[0].prepare_cpu();
    let refused = |vk| {
        let witness = Witness::synthesize(vk, &Small(Peculiar::Nothing), &[]).unwrap();
        let mut transcript = Blake2bWrite::<_, _, Challenge255<_>>::init(Vec::new());
        let result = key.prove_witness(&witness, &[], Seed::fixed([1; 32]), &mut transcript);
        matches!(result, Err(ProverError::ForeignWitness))
    };
    assert!(refused(six) && !refused(five));
}

#[test]
fn fractions_are_what_halo2_makes_of_them() {
    assert!(outcome(Peculiar::Fractions).unwrap());
}

#[test]
fn instances_that_do_not_fit_are_refused() {
    let shape = Shape::default();
    let (setup, circuit) = (Setup::of(&shape), shape.circuit());
    let key = setup.prepare_cpu();
    let refused = |instances: &[&[Fr]]| prove(&key, &circuit, instances, 1).unwrap_err();
    assert!(matches!(
        refused(&[]),
        ProverError::InstanceColumns {
            expected: 1,
            actual: 0
        }
    ));
    assert!(matches!(
        refused(&[&[], &[]]),
        ProverError::InstanceColumns {
            expected: 1,
            actual: 2
        }
    ));
    let long = vec![Fr::ONE; (1 << shape.k) - 5];
    assert!(matches!(
        refused(&[&long]),
        ProverError::InstanceTooLong { column: 0, actual, usable } if actual == long.len() && usable < actual
    ));
}

#[test]
fn an_srs_of_another_size_is_refused() {
    let setup = Setup::of(&Shape::default());
    let other = ashlar_kzg::srs::insecure_development(7);
    assert!(matches!(
        PreparedKey::new(setup.pk.clone(), &other, CpuBackend::new()),
        Err(ProverError::Size { keys: 6, srs: 7 })
    ));
}

#[test]
fn witnesses_without_a_value_or_outside_a_table_are_refused() {
    let shape = Shape {
        lookups: 2,
        stated_degree: 6,
        ..Shape::default()
    };
    let setup = Setup::of(&shape);
    let key = setup.prepare_cpu();
    let refused = |flaw| {
        let circuit = Synthetic {
            flaw,
            ..shape.circuit()
        };
        prove(&key, &circuit, &circuit.instance_slices(), 1).unwrap_err()
    };
    assert!(matches!(
        refused(Flaw::Unknown { row: 4 }),
        ProverError::CellUnknown { column: 0, row: 4 }
    ));
    // The largest entry of the table, plus one.
    let row = shape.row_of_largest_input();
    assert!(matches!(
        refused(Flaw::Cell { column: INPUTS[0], row }),
        ProverError::NotInTable { lookup: 0, row: r } if r == row
    ));
}

/// One seed, one proof: with any number of threads and on every path of the CPU.
#[test]
fn a_seed_determines_the_proof() {
    let shape = Shape {
        k: 9,
        lookups: 2,
        stated_degree: 6,
        copies: true,
        ..Shape::default()
    };
    let (setup, circuit) = (Setup::of(&shape), shape.circuit());
    let instances = circuit.instance_slices();
    let (expected, _) = prove(&setup.prepare_cpu(), &circuit, &instances, 9).unwrap();
    for level in [Level::Portable, Level::Avx512Ifma] {
        let Some(backend) = CpuBackend::with_level(level) else {
            continue;
        };
        let key = setup.prepare(backend);
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let (proof, _) = pool.install(|| prove(&key, &circuit, &instances, 9)).unwrap();
            assert_eq!(proof, expected, "{level:?}, {threads} threads");
        }
    }
}
