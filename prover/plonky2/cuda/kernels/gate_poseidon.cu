// PoseidonGate: a permutation of inputs of which two digests may be swapped. Its rounds are loops, which its program does
// not have, so this one is written by hand. The inputs of the S-boxes are wires, but for the first round's.
#include "poseidon.cuh"
#include "quotient.cuh"

namespace KERNELS {
struct gate_poseidon_constraints {
    static const u32 OUTPUT = WIDTH, SWAP = 2 * WIDTH, DELTA = SWAP + 1, SBOXES = DELTA + DIGEST;

    // The state is what is on the wires from `wire` on, and goes on as that.
    static DEVICE void given(const Row& row, Terms& terms, u32& number, Fp state[WIDTH], u32 wire)
    {
        UNROLL for (u32 i = 0; i < WIDTH; i++)
        {
            Fp input = row.wire(wire + i);
            terms(number + i, state[i] - input);
            state[i] = input;
        }
        number += WIDTH;
    }

    DEVICE void evaluate(const Row& row, Terms& terms) const
    {
        Fp swap = row.wire(SWAP), state[WIDTH];
        terms(0, swap * (swap - Fp{1}));
        UNROLL for (u32 i = 0; i < DIGEST; i++)
        {
            Fp left = row.wire(i), right = row.wire(DIGEST + i), delta = row.wire(DELTA + i);
            terms(1 + i, swap * (right - left) - delta);
            state[i] = left + delta;
            state[DIGEST + i] = right - delta;
            state[2 * DIGEST + i] = row.wire(2 * DIGEST + i);
        }
        u32 number = 1 + DIGEST, wire = SBOXES;
        UNROLL for (u32 i = 0; i < WIDTH; i++) state[i] = state[i] + Fp{FULL_CONSTANTS[0][i]};
        KEEP_ROLLED for (u32 half = 0; half < 2; half++)
        {
            KEEP_ROLLED for (u32 round = 0; round < HALF_FULL_ROUNDS; round++)
            {
                if (half + round > 0) {
                    given(row, terms, number, state, wire);
                    wire += WIDTH;
                }
                UNROLL for (u32 i = 0; i < WIDTH; i++) state[i] = sbox(state[i]);
                mds(state, FULL_CONSTANTS[half * (HALF_FULL_ROUNDS + 1) + round + 1]);
            }
            if (half == 1) break;
            KEEP_ROLLED for (u32 round = 0; round < PARTIAL_ROUNDS; round++)
            {
                Fp input = row.wire(wire++);
                terms(number++, state[0] - input);
                state[0] = sbox(input) + Fp{PARTIAL_CONSTANTS[round]};
                mds(state, nullptr);
            }
            UNROLL for (u32 i = 0; i < WIDTH; i++) state[i] = state[i] + Fp{FULL_CONSTANTS[HALF_FULL_ROUNDS + 1][i]};
        }
        given(row, terms, number, state, OUTPUT);
    }
};

__global__ void __launch_bounds__(BLOCK, BLOCKS_OF_GATES) gate_poseidon(const Quotient quotient, const Selection selection)
{
    add_gate(quotient, selection, gate_poseidon_constraints());
}
} // namespace KERNELS

using namespace KERNELS;

ENTRY(gate_poseidon)(cudaStream_t stream, const Quotient* quotient, u32 proofs, const Selection* selection)
{
    LAUNCH(gate_poseidon, over_points(*quotient, proofs), BLOCK, 0, stream, *quotient, *selection);
    return LAUNCHED();
}
