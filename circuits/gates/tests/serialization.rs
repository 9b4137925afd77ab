//! A circuit with the limb gate as bytes, around the serialisers of another gate.

use ashlar_ecgfp5::{EcGfp5GateSerializer, EcGfp5GeneratorSerializer};
use ashlar_gates::{Builder, D, F, LimbGateSerializer, LimbGeneratorSerializer, range_check};
use plonky2::{
    field::types::Field,
    iop::witness::{PartialWitness, WitnessWrite},
    plonk::{
        circuit_data::{CircuitConfig, CircuitData},
        config::PoseidonGoldilocksConfig,
    },
    util::serialization::{Buffer, GateSerializer, WitnessGeneratorSerializer},
};

type Data = CircuitData<F, PoseidonGoldilocksConfig, D>;

const GATES: LimbGateSerializer<EcGfp5GateSerializer> = LimbGateSerializer(EcGfp5GateSerializer);
const GENERATORS: LimbGeneratorSerializer<EcGfp5GeneratorSerializer> =
    LimbGeneratorSerializer(EcGfp5GeneratorSerializer);

#[test]
fn a_circuit_is_read_back_and_proves() {
    let mut builder = Builder::new(CircuitConfig::standard_recursion_config());
    let x = builder.add_virtual_target();
    // Rows of two widths, with two checks in one, and gates of plonky2's.
    range_check(&mut builder, x, 62);
    range_check(&mut builder, x, 48);
    builder.register_public_input(x);
    let data: Data = builder.build();
    let bytes = data.to_bytes(&GATES, &GENERATORS).expect("known gates");
    let read = Data::from_bytes(&bytes, &GATES, &GENERATORS).expect("own bytes");
    assert_eq!(read.verifier_only, data.verifier_only);
    assert_eq!(read.common, data.common);

    let mut inputs = PartialWitness::new();
    inputs.set_target(x, F::from_canonical_u64(77)).expect("set once");
    let proof = read.prove(inputs).expect("77 is narrow");
    data.verify(proof).expect("of the same circuit");

    assert!(
        data.to_bytes(&EcGfp5GateSerializer, &EcGfp5GeneratorSerializer)
            .is_err()
    );
}

#[test]
fn unknown_gates_and_generators_are_refused() {
    let data: Data = Builder::new(CircuitConfig::standard_recursion_config()).build();
    let unknown = [2; 9];
    assert!(GATES.read_gate(&mut Buffer::new(&unknown), &data.common).is_err());
    assert!(
        GENERATORS
            .read_generator(&mut Buffer::new(&unknown), &data.common)
            .is_err()
    );
}
