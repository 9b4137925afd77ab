// Transforms of many polynomials of one size. They lie one behind the other, so that a tile of small ones has several.
//
// Not sppark's: its kernels use what the emulation has not (cooperative launches, warp shuffles), and take one polynomial
// at a time.
#include "goldilocks.cuh"

namespace KERNELS {
// Some layers of butterflies, on tiles in shared memory.
struct Pass {
    u32 bits;      // of the transform
    u32 first;     // layers of greater distance
    u32 layers;    // at most `tile_bits`
    u32 tile_bits; // elements that a block has at once
    size_t total;  // elements of all transforms
};

// A tile has groups of 2^layers elements at the distance of the smallest of its layers. Its groups are neighbours within a
// transform, then of one block of the layers before after the other.
//
// Bits of an element's place in all transforms: of the group's block, of the element in its group, of the group in its
// block (`low`, in all `low_bits`); in the tile the same, but for those of the tile's number.
struct Tile {
    u32 layers, low_bits, near_bits;
    size_t block, low;

    DEVICE Tile(const Pass& pass, size_t number)
    {
        layers = pass.layers;
        low_bits = pass.bits - pass.first - layers;
        near_bits = low_bits < pass.tile_bits - layers ? low_bits : pass.tile_bits - layers;
        const u32 far_bits = low_bits - near_bits;
        low = (number & (((size_t)1 << far_bits) - 1)) << near_bits;
        block = number >> far_bits << (pass.tile_bits - layers - near_bits);
    }

    // Where an element of the tile is.
    DEVICE size_t place(u32 local) const
    {
        const u32 near = local & ((1u << near_bits) - 1), in_group = local >> near_bits & ((1u << layers) - 1);
        return (block + (local >> (near_bits + layers))) << (layers + low_bits) | (size_t)in_group << low_bits | low | near;
    }
};

// Forwards, from the natural order to the reversed one: the greatest distance first. Backwards the other way round.
//
// `roots`: powers of the root of unity, or of its inverse. Forwards elements come from polynomials that are copied
// 2^copies_bits times, each copy with factors of its own (`scale`, if there is any: by copy and place). Backwards they
// come from `from` in the natural order if `is_natural`, and what is written is multiplied by factors by place.
template <bool FORWARDS>
__global__ void butterflies(Pass pass, const Fp* from, Fp* to, const Fp* roots, const Fp* scale, u32 copies_bits,
                            bool is_natural)
{
    SHARED_ARRAY(Fp, tile);
    const Tile places(pass, blockIdx.x);
    const u32 elements = 1u << pass.tile_bits;
    const size_t mask = ((size_t)1 << pass.bits) - 1;
    for (u32 i = threadIdx.x; i < elements; i += blockDim.x) {
        const size_t place = places.place(i);
        if (place >= pass.total) continue;
        const size_t row = place & mask;
        size_t source = place;
        if (FORWARDS) source = place >> (pass.bits + copies_bits) << pass.bits | row;
        if (!FORWARDS && is_natural) source = place - row + reverse_bits((u32)row, pass.bits);
        Fp element = from[source];
        if (FORWARDS && scale != nullptr) {
            const size_t copy = place >> pass.bits & (((size_t)1 << copies_bits) - 1);
            element = element * scale[copy << pass.bits | row];
        }
        tile[i] = element;
    }
    for (u32 step = 0; step < pass.layers; step++) {
        const u32 layer = FORWARDS ? step : pass.layers - 1 - step;
        const u32 position = places.near_bits + pass.layers - 1 - layer;
        const size_t half = (mask + 1) >> (pass.first + layer + 1);
        BARRIER();
        for (u32 i = threadIdx.x; i < elements / 2; i += blockDim.x) {
            const u32 a = i >> position << (position + 1) | (i & ((1u << position) - 1)), b = a | 1u << position;
            const size_t place = places.place(a);
            if (place >= pass.total) continue;
            const Fp root = roots[(place & (half - 1)) << (pass.first + layer)];
            const Fp x = tile[a], y = FORWARDS ? tile[b] : tile[b] * root;
            tile[a] = x + y;
            tile[b] = FORWARDS ? (x - y) * root : x - y;
        }
    }
    BARRIER();
    for (u32 i = threadIdx.x; i < elements; i += blockDim.x) {
        const size_t place = places.place(i);
        if (place >= pass.total) continue;
        Fp element = tile[i];
        if (!FORWARDS && scale != nullptr) element = element * scale[place & mask];
        to[place] = element;
    }
}

// How many layers come together after `done` of all: those of the smallest distances as many as a tile has, and of the
// others so few that a tile's groups are still eight neighbours.
inline u32 layers_from(u32 bits, u32 tile_bits, u32 done)
{
    const u32 near = bits < tile_bits ? bits : tile_bits, most = tile_bits > 3 ? tile_bits - 3 : 1;
    if (done == bits - near) return near;
    const u32 rest = bits - near - done;
    return rest < most ? rest : most;
}

template <bool FORWARDS>
void run(cudaStream_t stream, const Pass& pass, const Fp* from, Fp* to, const Fp* roots, const Fp* scale,
         u32 copies_bits, bool is_natural)
{
    const u32 elements = 1u << pass.tile_bits, threads = elements / 2 < BLOCK ? elements / 2 : BLOCK;
    LAUNCH(butterflies<FORWARDS>, blocks(pass.total, elements), threads, elements * sizeof(Fp), stream, pass, from, to,
           roots, scale, copies_bits, is_natural);
}
} // namespace KERNELS

using namespace KERNELS;

// Values of each of `count` polynomials of 2^bits coefficients on 2^copies_bits cosets, whose powers `scale` has, each in
// the reversed order: [polynomial][coset][place].
ENTRY(extend)(cudaStream_t stream, const Fp* from, Fp* to, size_t count, u32 bits, u32 copies_bits, u32 tile_bits,
              const Fp* roots, const Fp* scale)
{
    Pass pass = {bits, 0, 0, tile_bits, count << (bits + copies_bits)};
    for (; pass.first == 0 || pass.first < bits; pass.first += pass.layers) {
        pass.layers = layers_from(bits, tile_bits, pass.first);
        if (pass.first == 0) {
            run<true>(stream, pass, from, to, roots, scale, copies_bits, false);
        } else {
            run<true>(stream, pass, to, to, roots, nullptr, 0, false);
        }
        if (pass.layers == 0) break;
    }
    return LAUNCHED();
}

// The `count` polynomials with these values, in the natural order or the reversed one, multiplied by `scale`. `from` and
// `to` may be the same if the order is reversed.
ENTRY(interpolate)(cudaStream_t stream, const Fp* from, Fp* to, size_t count, u32 bits, u32 tile_bits,
                   const Fp* roots, const Fp* scale, int is_natural)
{
    u32 firsts[32], passes = 0;
    for (u32 first = 0; passes == 0 || first < bits; first += layers_from(bits, tile_bits, first)) firsts[passes++] = first;
    for (u32 i = passes; i-- > 0;) {
        const Pass pass = {bits, firsts[i], layers_from(bits, tile_bits, firsts[i]), tile_bits, count << bits};
        const bool is_first = i + 1 == passes;
        run<false>(stream, pass, is_first ? from : to, to, roots, i == 0 ? scale : nullptr, 0, is_first && is_natural != 0);
    }
    return LAUNCHED();
}
