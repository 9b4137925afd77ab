//! Our prover over many small circuits: stock verification accepts its proofs, and nothing else.

use ashlar_kzg::testing::{Flaw, RESULT, Setup, Shape, prove};
use halo2_proofs::{arithmetic::Field, halo2curves::bn256::Fr};

/// Proves a shape honestly, twice with one seed, then with each flaw that the shape must notice.
fn check(shape: &Shape) {
    let setup = Setup::of(shape);
    let key = setup.prepare_cpu();
    let circuit = shape.circuit();
    let instances = circuit.instance_slices();

    let (proof, steps) = prove(&key, &circuit, &instances, 1).expect("a proof");
    assert!(setup.verify(&proof, &instances), "{shape:?}");
    assert!(steps.msm > std::time::Duration::ZERO && steps.total() >= steps.msm);
    let stock = setup.prove_stock(shape.circuit(), &instances);
    assert!(setup.verify(&stock, &instances));
    assert_eq!(proof.len(), stock.len());
    assert_eq!(prove(&key, &circuit, &instances, 1).unwrap().0, proof);
    assert_ne!(prove(&key, &circuit, &instances, 2).unwrap().0, proof);

    for column in 0..shape.instance_columns {
        let mut changed = circuit.instances.clone();
        changed[column][4] += Fr::ONE;
        let changed: Vec<&[Fr]> = changed.iter().map(Vec::as_slice).collect();
        assert!(!setup.verify(&proof, &changed), "instance column {column}");
        let of_changed = prove(&key, &circuit, &changed, 1).expect("proving does not check");
        assert!(!setup.verify(&of_changed.0, &changed), "instance column {column}");
    }

    let flawed = ashlar_kzg::testing::Synthetic {
        flaw: Flaw::Cell {
            column: RESULT,
            row: shape.gate_rows().start + 1,
        },
        ..circuit.clone()
    };
    let (proof, _) = prove(&key, &flawed, &instances, 1).expect("proving does not check");
    assert!(!setup.verify(&proof, &instances), "{shape:?}");
}

#[test]
fn gates_alone() {
    check(&Shape::default());
    check(&Shape {
        instance_columns: 0,
        ..Shape::default()
    });
    check(&Shape {
        instance_columns: 3,
        compress_selectors: false,
        ..Shape::default()
    });
}

#[test]
fn degrees_from_three_to_nine() {
    for degree in 3..=9 {
        check(&Shape {
            k: 5 + degree as u32 % 3,
            gate_degree: degree,
            stated_degree: degree,
            copies: degree % 2 == 1,
            ..Shape::default()
        });
    }
}

#[test]
fn one_and_several_lookups() {
    for lookups in [1, 2, 3] {
        check(&Shape {
            k: 7,
            lookups,
            gate_degree: 4,
            stated_degree: 6,
            copies: lookups == 2,
            ..Shape::default()
        });
    }
}

#[test]
fn several_rotations() {
    check(&Shape {
        rotations: vec![-3, -1, 0, 1, 3],
        lookups: 1,
        stated_degree: 4,
        copies: true,
        ..Shape::default()
    });
}

#[test]
fn copies_over_all_kinds_of_columns_in_several_products() {
    for (spare_columns, degree) in [(0, 3), (4, 3), (4, 4), (5, 6)] {
        check(&Shape {
            copies: true,
            spare_columns,
            stated_degree: degree,
            instance_columns: 2,
            ..Shape::default()
        });
    }
}

#[test]
fn larger_circuits() {
    for k in [5, 9, 11] {
        check(&Shape {
            k,
            lookups: 2,
            copies: true,
            gate_degree: 6,
            stated_degree: 6,
            rotations: vec![0, 1, -1],
            ..Shape::default()
        });
    }
}

/// Large enough for every parallel path; no flaws tried.
#[test]
fn a_circuit_of_several_chunks() {
    let shape = Shape {
        k: 14,
        lookups: 1,
        gate_degree: 5,
        stated_degree: 5,
        copies: true,
        ..Shape::default()
    };
    let (setup, circuit) = (Setup::of(&shape), shape.circuit());
    let instances = circuit.instance_slices();
    let (proof, _) = prove(&setup.prepare_cpu(), &circuit, &instances, 1).expect("a proof");
    assert!(setup.verify(&proof, &instances));
}
