// The terms of the permutation, and those of gates whose constraints are read from code.
#include "quotient.cuh"

namespace KERNELS {
// A product of `chunk` factors over another, from one column to the next: before * numerator - after * denominator.
DEVICE Fp step(const Row& row, u32 challenge, u32 chunk, Fp before, Fp after)
{
    const Quotient& of = row.of;
    const Fp* drawn = row.challenge(challenge);
    Fp beta = drawn[0], gamma = drawn[1], x = of.xs[row.point];
    u32 end = (chunk + 1) * of.chunk;
    if (end > of.routed) end = of.routed;
    for (u32 i = chunk * of.chunk; i < end; i++) {
        Fp wire = row.wire(i) + gamma;
        before = before * multiply_add(drawn[2 + i], x, wire);
        after = after * multiply_add(beta, row.column(of.sigmas + i), wire);
    }
    return before - after;
}

__global__ void quotient_permutation(const Quotient of)
{
    size_t point = thread_number();
    if (point >= of.points()) return;
    Row row(of, blockIdx.y, (u32)point);
    const Fp* next = row.products - point + row.next();
    u32 partial = of.partial();
    Terms terms(row, first_challenge(), 0);
    for (u32 i = 0; i < of.challenges; i++) terms(i, of.first[point] * (row.product(i) - Fp{1}));
    for (u32 chunk = 0; chunk <= partial; chunk++) {
        for (u32 i = 0; i < of.challenges; i++) {
            u32 column = of.challenges + i * partial + chunk;
            Fp before = row.product(chunk == 0 ? i : column - 1);
            Fp after = chunk == partial ? next[i * of.leaves] : row.product(column);
            terms(of.challenges + i * (partial + 1) + chunk, step(row, i, chunk, before, after));
        }
    }
    UNROLL for (u32 i = 0; i < CHALLENGES; i++) // a plain loop would keep the sums in memory
    {
        Fp* sum = row.sums + (size_t)(first_challenge() + i) * of.points();
        if (i < terms.count) *sum = reduce(terms.sums[i]) * row.inverse();
    }
}

// Instructions, as ashlar_lanes::program::Code has them.
enum Opcode { ADD, SUB, MUL, MUL_ADD, PRODUCTS, LOW, HIGH, JOIN, PLUS, MINUS, SHIFTED, EMIT };
enum Place { REGISTER, WIRE, CONSTANT, PUBLIC_INPUTS_HASH, VALUE };
const u32 OPCODE_BITS = 8, INDEX_BITS = 28;

// A gate as code, whose values are in so many registers or fewer. All threads are at the same word.
template <u32 REGISTERS> struct Code {
    const u32* words;
    const Fp* values;
    u32 length;

    struct State {
        const Code& code;
        const Row& row;
        const u32* next;
        Fp registers[REGISTERS];

        DEVICE State(const Code& code, const Row& row) : code(code), row(row), next(code.words) {}

        DEVICE Fp operand()
        {
            u32 word = *next++;
            u32 index = word & ((1u << INDEX_BITS) - 1);
            switch (word >> INDEX_BITS) {
            case REGISTER: return registers[index];
            case WIRE: return row.wire(index);
            case CONSTANT: return row.constant(index);
            case PUBLIC_INPUTS_HASH: return row.public_inputs_hash(index);
            default: return code.values[index];
            }
        }

        DEVICE Fp products()
        {
            Wide sum = no_products();
            for (u32 groups = *next++; groups != 0; groups--) {
                u32 weight = *next++;
                Wide group = no_products();
                for (u32 count = *next++; count != 0; count--) {
                    Fp a = operand();
                    group = group + KERNELS::product(a, operand());
                }
                sum = sum + group * weight;
            }
            return reduce(sum);
        }

        DEVICE Fp value(u32 opcode)
        {
            if (opcode == PRODUCTS) return products();
            Fp a = operand();
            switch (opcode) {
            case LOW: return low_half(a);
            case HIGH: return high_half(a);
            case SHIFTED: return shifted(a, *next++);
            }
            Fp b = operand();
            switch (opcode) {
            case ADD: return a + b;
            case SUB: return a - b;
            case MUL: return a * b;
            case MUL_ADD: return multiply_add(a, b, operand());
            case JOIN: return joined(a, b);
            case PLUS: return plus(a, b);
            default: return minus(a, b);
            }
        }
    };

    DEVICE void evaluate(const Row& row, Terms& terms) const
    {
        State state(*this, row);
        KEEP_ROLLED while (state.next != words + length)
        {
            u32 head = *state.next++;
            u32 opcode = head & ((1u << OPCODE_BITS) - 1), of = head >> OPCODE_BITS;
            if (opcode == EMIT) {
                terms(of, state.operand());
            } else {
                state.registers[of] = state.value(opcode);
            }
        }
    }
};

template <u32 REGISTERS>
__global__ void quotient_code(const Quotient quotient, const Selection selection, const Code<REGISTERS> code)
{
    add_gate(quotient, selection, code);
}

template <u32 REGISTERS>
void launch_code(cudaStream_t stream, const Quotient& quotient, u32 proofs, const Selection& selection,
                 const u32* words, u32 length, const Fp* values)
{
    auto* kernel = quotient_code<REGISTERS>;
    Code<REGISTERS> code{words, values, length};
    LAUNCH(kernel, over_points(quotient, proofs), BLOCK, 0, stream, quotient, selection, code);
}
} // namespace KERNELS

using namespace KERNELS;

ENTRY(quotient_permutation)(cudaStream_t stream, const Quotient* quotient, u32 proofs)
{
    LAUNCH(quotient_permutation, over_points(*quotient, proofs), BLOCK, 0, stream, *quotient);
    return LAUNCHED();
}

// For code with at most 256 registers.
ENTRY(quotient_code)(cudaStream_t stream, const Quotient* quotient, u32 proofs, const Selection* selection,
                     u32 registers, const u32* words, u32 length, const Fp* values)
{
    auto* launch = registers <= 16 ? launch_code<16> : registers <= 64 ? launch_code<64> : launch_code<256>;
    launch(stream, *quotient, proofs, *selection, words, length, values);
    return LAUNCHED();
}
