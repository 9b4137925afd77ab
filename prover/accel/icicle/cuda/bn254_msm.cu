// Multi-scalar multiplication over BN254 by sppark's Pippenger. ICICLE 1.3.0's symbols.
#include <cuda.h>
#include <ff/alt_bn128.hpp>
using namespace alt_bn128;
#include <ec/jacobian_t.hpp>
#include <ec/xyzz_t.hpp>
// The names under which pippenger.cuh instantiates its kernels, in the device pass too. Do not define
// SPPARK_DONT_INSTANTIATE_TEMPLATES: the library would link without any kernel inside.
typedef jacobian_t<fp_t> point_t;
typedef xyzz_t<fp_t> bucket_t;
typedef bucket_t::affine_t affine_t;
typedef fr_t scalar_t;
#include <msm/pippenger.cuh>

#ifndef __CUDA_ARCH__
#include <memory>
#include <mutex>
#include <vector>
#include "bn254_host.hpp"
#include "convert.hpp"
#include "guard.hpp"

typedef msm_t<bucket_t, point_t, affine_t, scalar_t> Pippenger;

// Pippenger's destructor synchronises and throws when it cannot: that would end the process. Where the device does not
// answer any more its memory is lost anyway, so leave the object.
struct DestroyIfDeviceAnswers {
    const gpu_t* gpu;

    void operator()(Pippenger* msm) const noexcept
    {
        try {
            gpu->sync();
        } catch (...) {
            return;
        }
        delete msm;
    }
};

static icicle::Projective run(Pippenger& msm, const affine_t* points, bool points_on_device, const scalar_t* scalars,
                              bool scalars_on_device, size_t count, bool montgomery)
{
    // These do not own: sppark asks the type where the data are.
    dev_ptr_t<affine_t> device_points{(affine_t*)points};
    dev_ptr_t<scalar_t> device_scalars{(scalar_t*)scalars};
    point_t sum;
    RustError error;
    if (points_on_device && scalars_on_device)
        error = msm.invoke(sum, device_points, count, device_scalars, montgomery);
    else if (points_on_device)
        error = msm.invoke(sum, device_points, count, scalars, montgomery);
    else if (scalars_on_device)
        error = msm.invoke(sum, points, count, device_scalars, montgomery);
    else
        error = msm.invoke(sum, points, count, scalars, montgomery);
    if (error.code != 0) {
        std::free(error.message);
        throw cuda_error{error.code};
    }
    static_assert(sizeof sum == 3 * sizeof(fp_t), "X, Y and Z");
    fp_t coordinates[3];
    std::memcpy((void*)coordinates, (const void*)&sum, sizeof sum);
    return to_projective(coordinates[0], coordinates[1], coordinates[2]);
}

extern "C" icicle::MsmConfig bn254DefaultMSMConfig()
{
    static cudaStream_t default_stream = nullptr;
    icicle::MsmConfig config = {};
    config.context.stream = &default_stream;
    config.precompute_factor = 1;
    config.large_bucket_factor = 10;
    config.batch_size = 1;
    return config;
}

// `count` scalars per sum. The points are those of all sums one after another, or `count` that all sums share. Blocks
// whatever `is_async` says: the last additions are the host's. `c`, `bitsize` and the like are hints and not followed.
extern "C" cudaError_t bn254MSMCuda(const scalar_t* scalars, const affine_t* points, int count,
                                    const icicle::MsmConfig* config, icicle::Projective* results)
{
    // sppark has one set of streams per card.
    static std::mutex one_at_a_time;
    return guarded([&] {
        require(count > 0, cudaErrorInvalidValue);
        require(config->precompute_factor <= 1, cudaErrorNotSupported);
        const size_t size = (size_t)count;
        const size_t batch = config->batch_size > 0 ? (size_t)config->batch_size : 1;
        const size_t points_size = config->points_size > 0 ? (size_t)config->points_size : size;
        require(points_size == size || points_size == size * batch, cudaErrorInvalidValue);

        std::lock_guard<std::mutex> lock{one_at_a_time};
        const gpu_t& gpu = gpu_of(config->context.device_id);
        stream_t& stream = gpu;
        CUDA_OK(cudaStreamSynchronize(*config->context.stream));

        const bool convert = !config->are_points_montgomery_form;
        dev_ptr_t<affine_t> converted{convert ? points_size : 0, stream};
        if (convert) {
            CUDA_OK(cudaMemcpyAsync(converted.data(), points, points_size * sizeof(affine_t), cudaMemcpyDefault, stream));
            convert_base_elements(converted.data(), 2 * points_size, true, stream);
            stream.sync();
            points = converted.data();
        }

        std::unique_ptr<Pippenger, DestroyIfDeviceAnswers> msm{
            new Pippenger{nullptr, size, sizeof(affine_t), gpu.id()}, DestroyIfDeviceAnswers{&gpu}};
        std::vector<icicle::Projective> sums(batch);
        for (size_t i = 0; i < batch; i++)
            sums[i] = run(*msm, points + (points_size == size ? 0 : i * size), convert || config->are_points_on_device,
                          scalars + i * size, config->are_scalars_on_device, size, config->are_scalars_montgomery_form);
        if (config->are_results_on_device)
            CUDA_OK(cudaMemcpy(results, sums.data(), batch * sizeof sums[0], cudaMemcpyHostToDevice));
        else
            std::copy(sums.begin(), sums.end(), results);
    });
}
#endif
