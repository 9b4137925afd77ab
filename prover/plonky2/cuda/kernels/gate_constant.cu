// ConstantGate { num_consts: 2 }: made of what the processor evaluates, by the test `gate_kernels` of ashlar-plonky2. Not to be edited.
#include "quotient.cuh"

namespace KERNELS {
struct gate_constant_constraints {
    DEVICE void evaluate(const Row& row, Terms& terms) const
    {
        Fp v2 = row.constant(0); Fp v0 = row.wire(0); Fp v4 = v2 - v0; terms(0, v4); Fp v3 = row.constant(1);
        Fp v1 = row.wire(1); Fp v5 = v3 - v1; terms(1, v5);
    }
};

__global__ void __launch_bounds__(BLOCK, BLOCKS_OF_GATES) gate_constant(const Quotient quotient, const Selection selection)
{
    add_gate(quotient, selection, gate_constant_constraints());
}
} // namespace KERNELS

using namespace KERNELS;

ENTRY(gate_constant)(cudaStream_t stream, const Quotient* quotient, u32 proofs, const Selection* selection)
{
    LAUNCH(gate_constant, over_points(*quotient, proofs), BLOCK, 0, stream, *quotient, *selection);
    return LAUNCHED();
}
