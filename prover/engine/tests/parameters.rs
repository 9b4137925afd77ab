//! `docs/soundness.toml`, from which `scripts/soundness` computes the bits, describes the production circuits.

use std::{any::TypeId, collections::HashMap, path::Path};

use ashlar_bn254::Bn254Hasher;
use ashlar_engine::load_or_build;
use ashlar_payments::{batch::SHAPES, leaves::PaymentCircuits};
use ashlar_recursion::CircuitSet;
use ashlar_statement::Security;
use ashlar_wrap::circuit::{WRAP_K, WrapConfig, config::INSTANCE_ROWS};
use halo2_proofs::{halo2curves::bn256::Fr, plonk::ConstraintSystem};
use plonky2::{
    field::goldilocks_field::GoldilocksField as F,
    hash::{hash_types::NUM_HASH_OUT_ELTS, hashing::PlonkyPermutation, poseidon::PoseidonPermutation},
    iop::target::Target,
    plonk::{
        circuit_data::{CircuitConfig, CircuitData},
        config::{GenericConfig, Hasher},
    },
};
use toml::{Table, Value};

/// What stands in the file besides parameters of circuits: figures of papers and of other machines.
const CITED: &str = "cited";

#[test]
fn the_document_describes_the_circuits() {
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/ashlar");
    let circuits: CircuitSet<PaymentCircuits> =
        load_or_build(&cache, Security::default(), None).expect("circuits");
    let CircuitSet { leaf, recursion, .. } = &circuits;
    let mut stages = table([
        ("fold", plonky2_stage(&recursion.fold.data)),
        ("link", plonky2_stage(&circuits.link.data)),
        ("join", plonky2_stage(&recursion.join.data)),
        ("compress", plonky2_stage(&recursion.compress.data)),
    ]);
    for (kind, chunk) in leaf.chunks().iter().enumerate() {
        let lift = recursion.lift_of(kind).expect("every leaf circuit has a lift");
        let lift = &recursion.lifts[usize::from(lift)].data;
        for (stage, data) in [("chunk", &chunk.data), ("lift", lift)] {
            stages.insert(stage_of(stage, chunk.slots()), plonky2_stage(data).into());
        }
    }
    let actual = table([
        ("stages", stages),
        ("proven-100", proven_100()),
        ("wrap", wrap()),
        ("hashes", hashes()),
    ]);
    let mut described: Table = include_str!("../../../docs/soundness.toml")
        .parse()
        .expect("TOML");
    described.remove(CITED).expect("the cited figures");
    assert!(
        described == actual,
        "docs/soundness.toml is to say, and scripts/soundness --markdown then has other tables:\n\n{actual}"
    );
}

/// As the script names what there is for each size of chunks.
fn stage_of(stage: &str, slots: usize) -> String {
    format!("{stage}-{slots}")
}

fn table<T: Into<Value>, const N: usize>(entries: [(&str, T); N]) -> Table {
    let entries = entries.map(|(key, value)| (key.to_owned(), value.into()));
    entries.into_iter().collect()
}

fn numbers<const N: usize>(entries: [(&str, usize); N]) -> Table {
    table(entries.map(|(key, value)| (key, i64::try_from(value).expect("a small number"))))
}

fn plonky2_stage<C: GenericConfig<2, F = F> + 'static>(data: &CircuitData<F, C, 2>) -> Table {
    let common = &data.common;
    let (config, params) = (&common.config, &common.fri_params);
    assert_eq!(common.num_lookup_polys, 0, "the script counts no lookups here");
    assert!(!params.hiding, "the script counts no salts");
    let (copied_wires, copy_classes) = copies(data);
    let mut stage = numbers([
        ("degree_bits", common.degree_bits()),
        ("wires", config.num_wires),
        ("routed_wires", config.num_routed_wires),
        ("copied_wires", copied_wires),
        ("copy_classes", copy_classes),
        ("constants", common.num_constants),
        ("gate_constraints", common.num_gate_constraints),
        ("quotient_degree_factor", common.quotient_degree_factor),
        ("partial_products", common.num_partial_products),
        ("num_challenges", config.num_challenges),
        ("rate_bits", params.config.rate_bits),
        ("cap_height", params.config.cap_height),
        ("queries", params.config.num_query_rounds),
        ("grinding_bits", params.config.proof_of_work_bits as usize),
    ]);
    let arities = params
        .reduction_arity_bits
        .iter()
        .map(|bits| Value::from(*bits as i64));
    stage.insert("arity_bits".to_owned(), Value::Array(arities.collect()));
    stage.insert("hash".to_owned(), hash_name::<C>().into());
    stage
}

/// What the other set of parameters changes of each stage.
fn proven_100() -> Table {
    let set = Security::Proven100;
    let stage = |config: CircuitConfig| {
        numbers([
            ("num_challenges", config.num_challenges),
            ("rate_bits", config.fri_config.rate_bits),
            ("queries", config.fri_config.num_query_rounds),
            ("grinding_bits", config.fri_config.proof_of_work_bits as usize),
        ])
    };
    let of_degree = |mut stage: Table, degree_bits: usize| {
        stage.insert("degree_bits".to_owned(), Value::from(degree_bits as i64));
        stage
    };
    let fold = of_degree(stage(set.fold()), set.fold_degree_bits());
    let compress = of_degree(stage(set.compress()), set.compress_degree_bits());
    let mut stages = table([
        ("fold", fold.clone()),
        ("link", stage(set.fold())), // it has as many rows as in the other set
        ("join", fold.clone()),
        ("compress", compress),
    ]);
    for slots in SHAPES.sizes() {
        // A chunk has as many rows as in the other set.
        for (name, stage) in [("chunk", stage(set.leaf())), ("lift", fold.clone())] {
            stages.insert(stage_of(name, *slots), stage.into());
        }
    }
    stages
}

fn hash_name<C: GenericConfig<2, F = F> + 'static>() -> &'static str {
    if TypeId::of::<C::Hasher>() == TypeId::of::<Bn254Hasher>() {
        "poseidon2"
    } else {
        "poseidon"
    }
}

/// Routed wires that the circuit ties to others, and the classes that they form.
fn copies<C: GenericConfig<2, F = F>>(data: &CircuitData<F, C, 2>) -> (usize, usize) {
    let (config, degree) = (&data.common.config, data.common.degree());
    let mut sizes: HashMap<usize, usize> = HashMap::new();
    for row in 0..degree {
        for column in 0..config.num_routed_wires {
            let index = Target::wire(row, column).index(config.num_wires, degree);
            let class = data.prover_only.representative_map[index];
            *sizes.entry(class).or_default() += 1;
        }
    }
    let classes = || sizes.values().filter(|size| **size > 1);
    (classes().sum(), classes().count())
}

fn wrap() -> Table {
    let mut cs = ConstraintSystem::<Fr>::default();
    WrapConfig::configure(&mut cs);
    let [lookup] = &cs.lookups()[..] else {
        panic!("the script knows one lookup");
    };
    let gate_polynomials = cs.gates().iter().map(|gate| gate.polynomials().len()).sum();
    numbers([
        ("rows_log2", WRAP_K as usize),
        ("degree", cs.degree()),
        ("permuted_columns", cs.permutation().get_columns().len()),
        ("gate_polynomials", gate_polynomials),
        ("lookup_columns", lookup.input_expressions().len()),
        ("advice_openings", cs.advice_queries().len()),
        ("fixed_openings", cs.fixed_queries().len()),
        ("instances", INSTANCE_ROWS),
    ])
}

fn hashes() -> Table {
    let (width, rate) = (PoseidonPermutation::<F>::WIDTH, PoseidonPermutation::<F>::RATE);
    numbers([
        ("poseidon_digest_elements", NUM_HASH_OUT_ELTS),
        ("poseidon_capacity_elements", width - rate),
        ("poseidon2_digest_bytes", <Bn254Hasher as Hasher<F>>::HASH_SIZE),
    ])
}
