// Merkle trees. The digests of a tree lie layer by layer, those of the leaves first and the cap last.
#include "bn254.cuh"
#include "poseidon.cuh"

namespace KERNELS {
const unsigned HASH_BLOCK = 128; // threads: a state takes many registers

// Where the elements of leaves are, for one proof of a batch.
//
// All columns at a point: column by column.
struct Columns {
    const Fp* values;
    size_t count;

    DEVICE Fp operator()(size_t leaf, u32 element) const { return values[element * count + leaf]; }

    static DEVICE Columns of(const Fp* values, u32 proof, u32 width, size_t count)
    {
        return Columns{values + (size_t)proof * width * count, count};
    }
};

// Neighbouring elements of the extension: the first parts of all, then the second ones.
struct Neighbours {
    const Fp* values;
    size_t count;
    u32 arity;

    DEVICE Fp operator()(size_t leaf, u32 element) const
    {
        return values[(element % 2) * count * arity + leaf * arity + element / 2];
    }

    static DEVICE Neighbours of(const Fp* values, u32 proof, u32 width, size_t count)
    {
        return Neighbours{values + (size_t)proof * width * count, count, width / 2};
    }
};

// Words from one tree to the next, for so many leaves and digests of the cap.
DEVICE size_t tree_words(size_t count, size_t cap) { return DIGEST * (2 * count - cap); }

// Where the layer begins that has so many digests.
DEVICE size_t layer_start(size_t count, size_t digests) { return DIGEST * 2 * (count - digests); }

template <class Hash, class Source>
__global__ void __launch_bounds__(HASH_BLOCK)
    hash_leaves(const Fp* values, u32 width, size_t count, size_t cap, u64* digests)
{
    size_t leaf = thread_number();
    if (leaf >= count) return;
    const u32 proof = blockIdx.y;
    const Source source = Source::of(values, proof, width, count);
    Hash::leaf(width, [&](u32 element) { return source(leaf, element); },
               digests + proof * tree_words(count, cap) + leaf * DIGEST);
}

// The layer of so many parents.
template <class Hash>
__global__ void __launch_bounds__(HASH_BLOCK) hash_pairs(size_t parents, size_t count, size_t cap, u64* digests)
{
    size_t parent = thread_number();
    if (parent >= parents) return;
    u64* tree = digests + blockIdx.y * tree_words(count, cap);
    Hash::pair(tree + layer_start(count, 2 * parents) + parent * 2 * DIGEST,
               tree + layer_start(count, parents) + parent * DIGEST);
}

// Elements of the leaves that are asked for, below p: [proof][query][element].
template <class Source>
__global__ void read_leaves(const Fp* values, u32 width, size_t count, const u64* queried, u32 queries, u64* out)
{
    size_t place = thread_number();
    if (place >= (size_t)queries * width) return;
    const u32 proof = blockIdx.y, query = (u32)(place / width), element = (u32)(place % width);
    const Source source = Source::of(values, proof, width, count);
    const size_t all = (size_t)proof * queries;
    out[all * width + place] = canonical(source(queried[all + query], element)).word;
}

// The siblings on the way from each leaf to the cap: [proof][query][level][word].
__global__ void read_paths(const u64* digests, size_t count, size_t cap, u32 levels, const u64* queried, u32 queries,
                           u64* out)
{
    size_t place = thread_number();
    const u32 length = levels * DIGEST;
    if (place >= (size_t)queries * length) return;
    const u32 proof = blockIdx.y, query = (u32)(place / length), level = (u32)(place % length / DIGEST);
    const size_t all = (size_t)proof * queries, sibling = (queried[all + query] >> level) ^ 1;
    const u64* tree = digests + proof * tree_words(count, cap);
    out[all * length + place] = tree[layer_start(count, count >> level) + sibling * DIGEST + place % DIGEST];
}

template <class Hash, class Source>
int tree(cudaStream_t stream, const Fp* values, u32 batch, u32 width, size_t count, size_t cap, u64* digests)
{
    auto* leaves = hash_leaves<Hash, Source>;
    LAUNCH(leaves, dim3(blocks(count, HASH_BLOCK), batch), HASH_BLOCK, 0, stream, values, width, count, cap, digests);
    for (size_t parents = count / 2; parents >= cap; parents /= 2) {
        LAUNCH(hash_pairs<Hash>, dim3(blocks(parents, HASH_BLOCK), batch), HASH_BLOCK, 0, stream, parents, count, cap,
               digests);
    }
    return LAUNCHED();
}
} // namespace KERNELS

using namespace KERNELS;

// `hash`: 0, Poseidon; 1, BN254's Poseidon2. `source`: 0, columns; 1, neighbours.
ENTRY(tree)(cudaStream_t stream, int hash, int source, const Fp* values, u32 batch, u32 width, size_t count, size_t cap,
            u64* digests)
{
    if (hash != 0 && hash != 1) return (int)cudaErrorInvalidValue;
    auto* of_columns = hash == 0 ? tree<Poseidon, Columns> : tree<Poseidon2, Columns>;
    auto* of_neighbours = hash == 0 ? tree<Poseidon, Neighbours> : tree<Poseidon2, Neighbours>;
    return (source == 0 ? of_columns : of_neighbours)(stream, values, batch, width, count, cap, digests);
}

ENTRY(leaves)(cudaStream_t stream, int source, const Fp* values, u32 batch, u32 width, size_t count,
              const u64* queried, u32 queries, u64* out)
{
    auto* kernel = source == 0 ? read_leaves<Columns> : read_leaves<Neighbours>;
    LAUNCH(kernel, dim3(blocks((size_t)queries * width), batch), BLOCK, 0, stream, values, width, count, queried, queries,
           out);
    return LAUNCHED();
}

ENTRY(paths)(cudaStream_t stream, const u64* digests, u32 batch, size_t count, size_t cap, u32 levels,
             const u64* queried, u32 queries, u64* out)
{
    LAUNCH(read_paths, dim3(blocks((size_t)queries * levels * DIGEST), batch), BLOCK, 0, stream, digests, count, cap,
           levels, queried, queries, out);
    return LAUNCHED();
}
