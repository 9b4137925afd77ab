// The structures of icicle-core and icicle-cuda-runtime 1.3.0 as C++ sees them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cuda_runtime.h>

namespace icicle {

struct DeviceContext {
    cudaStream_t* stream; // pointer to a handle
    size_t device_id;
    cudaMemPool_t mempool;
};

// 256 bits, least significant word first.
struct Words {
    uint64_t words[4];
};

// Coordinates are canonical integers unless a flag says Montgomery form. (0, 0) is the point at infinity.
struct Affine {
    Words x, y;
};

// Homogeneous coordinates: (x/z, y/z).
struct Projective {
    Words x, y, z;
};

struct MsmConfig {
    DeviceContext context;
    int points_size;
    int precompute_factor;
    int c;
    int bitsize;
    int large_bucket_factor;
    int batch_size;
    bool are_scalars_on_device;
    bool are_scalars_montgomery_form;
    bool are_points_on_device;
    bool are_points_montgomery_form;
    bool are_results_on_device;
    bool is_big_triangle;
    bool is_async;
};

enum class Ordering : int { NaturalNatural, NaturalReversed, ReversedNatural, ReversedReversed };
enum class Direction : int { Forward, Inverse };

struct NttConfig {
    DeviceContext context;
    Words coset_generator; // canonical
    int batch_size;
    Ordering ordering;
    bool are_inputs_on_device;
    bool are_outputs_on_device;
    bool is_async;
    bool is_force_radix2;
};

static_assert(sizeof(DeviceContext) == 24, "DeviceContext");
static_assert(sizeof(MsmConfig) == 56 && offsetof(MsmConfig, are_scalars_on_device) == 48, "MSMConfig");
static_assert(sizeof(NttConfig) == 72 && offsetof(NttConfig, coset_generator) == 24, "NTTConfig");
static_assert(offsetof(NttConfig, are_inputs_on_device) == 64, "NTTConfig");

} // namespace icicle
