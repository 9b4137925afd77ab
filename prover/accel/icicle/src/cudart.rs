//! What `icicle-cuda-runtime` 1.3.0 keeps to itself or does not bind. Statuses are plain integers here: its enumeration
//! has the values of one toolkit, and any other would be undefined behaviour.
#![allow(unsafe_code, reason = "declares the CUDA runtime's functions")]

use std::ffi::{c_char, c_int, c_uint, c_void};

unsafe extern "C" {
    #[link_name = "cudaGetDeviceCount"]
    pub fn get_device_count(count: *mut c_int) -> c_int;
    #[link_name = "cudaSetDevice"]
    pub fn set_device(device: c_int) -> c_int;
    #[link_name = "cudaMemGetInfo"]
    pub fn mem_get_info(free: *mut usize, total: *mut usize) -> c_int;
    /// The structure grows from toolkit to toolkit; its first 256 bytes are the name.
    #[link_name = "cudaGetDeviceProperties"]
    pub fn get_device_properties(properties: *mut c_void, device: c_int) -> c_int;
    #[link_name = "cudaDeviceGetAttribute"]
    pub fn device_get_attribute(value: *mut c_int, attribute: c_int, device: c_int) -> c_int;
    #[link_name = "cudaDeviceGetPCIBusId"]
    pub fn device_get_pci_bus_id(text: *mut c_char, length: c_int, device: c_int) -> c_int;
    #[link_name = "cudaDriverGetVersion"]
    pub fn driver_get_version(version: *mut c_int) -> c_int;
    #[link_name = "cudaRuntimeGetVersion"]
    pub fn runtime_get_version(version: *mut c_int) -> c_int;
    #[link_name = "cudaMalloc"]
    pub fn malloc(pointer: *mut *mut c_void, bytes: usize) -> c_int;
    #[link_name = "cudaFree"]
    pub fn free(pointer: *mut c_void) -> c_int;
    #[link_name = "cudaHostAlloc"]
    pub fn host_alloc(pointer: *mut *mut c_void, bytes: usize, flags: c_uint) -> c_int;
    #[link_name = "cudaFreeHost"]
    pub fn free_host(pointer: *mut c_void) -> c_int;
    #[link_name = "cudaMemcpy"]
    pub fn memcpy(to: *mut c_void, from: *const c_void, bytes: usize, kind: c_int) -> c_int;
    #[link_name = "cudaMemcpyAsync"]
    pub fn memcpy_async(
        to: *mut c_void,
        from: *const c_void,
        bytes: usize,
        kind: c_int,
        stream: *mut c_void,
    ) -> c_int;
    #[link_name = "cudaGetLastError"]
    pub fn get_last_error() -> c_int;
    #[link_name = "cudaGetErrorName"]
    pub fn get_error_name(status: c_int) -> *const c_char;
    #[link_name = "cudaGetErrorString"]
    pub fn get_error_string(status: c_int) -> *const c_char;
}

/// `cudaMemcpyHostToDevice`
pub const HOST_TO_DEVICE: c_int = 1;
/// `cudaMemcpyDeviceToHost`
pub const DEVICE_TO_HOST: c_int = 2;
/// `cudaMemcpyDeviceToDevice`
pub const DEVICE_TO_DEVICE: c_int = 3;
/// `cudaHostAllocDefault`
pub const HOST_ALLOC_DEFAULT: c_uint = 0;
