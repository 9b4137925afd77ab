// Powers of a coset's shift.
#pragma once
#include <cstdint>

// data[i] *= shift^i, or shift^rev(i) when the data are in bit-reversed order; lg_size is at least 1.
//
// A thread computes its first power and the step once and then multiplies from one to the next. Elements of 32 bytes
// fill a memory sector each, so the scattered order costs no bandwidth.
template<class F> __launch_bounds__(256) __global__
void scale_by_powers(F* data, const F shift, uint32_t lg_size, bool reversed)
{
#ifdef __CUDA_ARCH__
    const uint32_t size = 1u << lg_size;
    const uint32_t threads = gridDim.x * blockDim.x;
    const uint32_t first = threadIdx.x + blockIdx.x * blockDim.x;
    if (first >= size) return;
    F power = shift ^ first;
    const F step = shift ^ threads;
    for (uint32_t exponent = first; exponent < size; exponent += threads) {
        const uint32_t i = reversed ? __brev(exponent) >> (32 - lg_size) : exponent;
        const F value = data[i];
        data[i] = value * power;
        power *= step;
    }
#endif
}

#ifndef __CUDA_ARCH__
template<class F> void launch_scale_by_powers(F* data, const F& shift, uint32_t lg_size, bool reversed, cudaStream_t stream)
{
    if (lg_size == 0) return; // shift^0
    const uint32_t blocks = lg_size <= 8 ? 1 : lg_size <= 16 ? 1u << (lg_size - 8) : 256;
    scale_by_powers<F><<<blocks, 256, 0, stream>>>(data, shift, lg_size, reversed);
    CUDA_OK(cudaGetLastError());
}
#endif
