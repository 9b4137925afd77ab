// PublicInputGate: made of what the processor evaluates, by the test `gate_kernels` of ashlar-plonky2. Not to be edited.
#include "quotient.cuh"

namespace KERNELS {
struct gate_public_input_constraints {
    DEVICE void evaluate(const Row& row, Terms& terms) const
    {
        Fp v0 = row.wire(0); Fp v4 = row.public_inputs_hash(0); Fp v8 = v0 - v4; terms(0, v8); Fp v1 = row.wire(1);
        Fp v5 = row.public_inputs_hash(1); Fp v9 = v1 - v5; terms(1, v9); Fp v2 = row.wire(2);
        Fp v6 = row.public_inputs_hash(2); Fp v10 = v2 - v6; terms(2, v10); Fp v3 = row.wire(3);
        Fp v7 = row.public_inputs_hash(3); Fp v11 = v3 - v7; terms(3, v11);
    }
};

__global__ void __launch_bounds__(BLOCK, BLOCKS_OF_GATES) gate_public_input(const Quotient quotient, const Selection selection)
{
    add_gate(quotient, selection, gate_public_input_constraints());
}
} // namespace KERNELS

using namespace KERNELS;

ENTRY(gate_public_input)(cudaStream_t stream, const Quotient* quotient, u32 proofs, const Selection* selection)
{
    LAUNCH(gate_public_input, over_points(*quotient, proofs), BLOCK, 0, stream, *quotient, *selection);
    return LAUNCHED();
}
