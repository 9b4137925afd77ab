use ashlar_ecgfp5::{Builder, SignatureTarget, verify_signature};
use plonky2::{
    iop::witness::{PartialWitness, WitnessWrite},
    plonk::{circuit_data::CircuitConfig, config::PoseidonGoldilocksConfig},
};
use rand::{SeedableRng, rngs::StdRng};

use super::{group, message, sign};

#[test]
fn the_circuit_verifies_a_group_s_signature_as_any_other() {
    let signers = group(2, 3, 20);
    let key = signers[0].quorum().public_key();
    let signature = sign(
        &[&signers[2], &signers[0]],
        &message(1),
        &mut StdRng::seed_from_u64(1),
    )
    .expect("signs");

    let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
    let sig = SignatureTarget::add_virtual(&mut builder);
    let key_hash = builder.add_virtual_hash();
    let digest = builder.add_virtual_hash();
    let enabled = builder._true();
    verify_signature(&mut builder, &sig, key_hash, digest, enabled);
    let data = builder.build::<PoseidonGoldilocksConfig>();
    let prove = |of| {
        let mut witness = PartialWitness::new();
        witness
            .set_hash_target(key_hash, key.key_hash())
            .expect("set once");
        witness.set_hash_target(digest, of).expect("set once");
        sig.set_witness(&mut witness, &key, &signature).expect("set once");
        data.prove(witness)
    };
    let proof = prove(message(1)).expect("a satisfied circuit");
    data.verify(proof).expect("a valid proof");
    prove(message(2)).expect_err("another message");
}
