// Conversions that other units need.
#pragma once
#include <cstddef>
#include <cuda_runtime.h>

// `count` elements of BN254's base field, on the device, into Montgomery form or out of it. Throws cuda_error.
void convert_base_elements(void* device_data, size_t count, bool into, cudaStream_t stream);
