// Constants of plonky2's Poseidon. The test `constants_are_plonky2_s` says what they are.
#pragma once
#include "platform.cuh"

namespace KERNELS {
// What is added before the first full round, by each of the first four, after the partial rounds, and by each of the last.
__constant__ const u64 FULL_CONSTANTS[10][12] = {
    {0xb585f766f2144405ull, 0x7746a55f43921ad7ull, 0xb2fb0d31cee799b4ull, 0x0f6760a4803427d7ull,
     0xe10d666650f4e012ull, 0x8cae14cb07d09bf1ull, 0xd438539c95f63e9full, 0xef781c7ce35b4c3dull,
     0xcdc4a239b0c44426ull, 0x277fa208bf337bffull, 0xe17653a29da578a1ull, 0xc54302f225db2c76ull},
    {0x86287821f722c881ull, 0x59cd1a8a41c18e55ull, 0xc3b919ad495dc574ull, 0xa484c4c5ef6a0781ull,
     0x308bbd23dc5416ccull, 0x6e4a40c18f30c09cull, 0x9a2eedb70d8f8cfaull, 0xe360c6e0ae486f38ull,
     0xd5c7718fbfc647fbull, 0xc35eae071903ff0bull, 0x849c2656969c4be7ull, 0xc0572c8c08cbbbadull},
    {0xe9fa634a21de0082ull, 0xf56f6d48959a600dull, 0xf7d713e806391165ull, 0x8297132b32825dafull,
     0xad6805e0e30b2c8aull, 0xac51d9f5fcf8535eull, 0x502ad7dc18c2ad87ull, 0x57a1550c110b3041ull,
     0x66bbd30e6ce0e583ull, 0x0da2abef589d644eull, 0xf061274fdb150d61ull, 0x28b8ec3ae9c29633ull},
    {0x92a756e67e2b9413ull, 0x70e741ebfee96586ull, 0x019d5ee2af82ec1cull, 0x6f6f2ed772466352ull,
     0x7cf416cfe7e14ca1ull, 0x61df517b86a46439ull, 0x85dc499b11d77b75ull, 0x4b959b48b9c10733ull,
     0xe8be3e5da8043e57ull, 0xf5c0bc1de6da8699ull, 0x40b12cbf09ef74bfull, 0xa637093ecb2ad631ull},
    {0x3cc3f892184df408ull, 0xe993fd841e7e97f1ull, 0xf2831d3575f0f3afull, 0xd2500e0a350994caull,
     0xc5571f35d7288633ull, 0x91d89c5184109a02ull, 0xf37f925d04e5667bull, 0x2d6e448371955a69ull,
     0x740ef19ce01398a1ull, 0x694d24c0752fdf45ull, 0x60936af96ee2f148ull, 0xc33448feadc78f0cull},
    {0x475cd3205a3bdcdeull, 0x18a42105c31b7e88ull, 0x023e7414af663068ull, 0x15147108121967d7ull,
     0xe4a3dff1d7d6fef9ull, 0x01a8d1a588085737ull, 0x11b4c74eda62beefull, 0xe587cc0d69a73346ull,
     0x1ff7327017aa2a6eull, 0x594e29c42473d06bull, 0xf6f31db1899b12d5ull, 0xc02ac5e47312d3caull},
    {0xe70201e960cb78b8ull, 0x6f90ff3b6a65f108ull, 0x42747a7245e7fa84ull, 0xd1f507e43ab749b2ull,
     0x1c86d265f15750cdull, 0x3996ce73dd832c1cull, 0x8e7fba02983224bdull, 0xba0dec7103255dd4ull,
     0x9e9cbd781628fc5bull, 0xdae8645996edd6a5ull, 0xdebe0853b1a1d378ull, 0xa49229d24d014343ull},
    {0x7be5b9ffda905e1cull, 0xa3c95eaec244aa30ull, 0x0230bca8f4df0544ull, 0x4135c2bebfe148c6ull,
     0x166fc0cc438a3c72ull, 0x3762b59a8ae83efaull, 0xe8928a4c89114750ull, 0x2a440b51a4945ee5ull,
     0x80cefd2b7d99ff83ull, 0xbb9879c6e61fd62aull, 0x6e7c8f1a84265034ull, 0x164bb2de1bbeddc8ull},
    {0xf3c12fe54d5c653bull, 0x40b9e922ed9771e2ull, 0x551f5b0fbe7b1840ull, 0x25032aa7c4cb1811ull,
     0xaaed34074b164346ull, 0x8ffd96bbf9c9c81dull, 0x70fc91eb5937085cull, 0x7f795e2a5f915440ull,
     0x4543d9df5476d3cbull, 0xf172d73e004fc90dull, 0xdfd1c4febcc81238ull, 0xbc8dfb627fe558fcull},
    {0x0000000000000000ull, 0x0000000000000000ull, 0x0000000000000000ull, 0x0000000000000000ull,
     0x0000000000000000ull, 0x0000000000000000ull, 0x0000000000000000ull, 0x0000000000000000ull,
     0x0000000000000000ull, 0x0000000000000000ull, 0x0000000000000000ull, 0x0000000000000000ull},
};

// What each partial round adds to the first element.
__constant__ const u64 PARTIAL_CONSTANTS[22] = {
    0x74cb2e819ae421abull, 0xd2559d2370e7f663ull, 0x62bf78acf843d17cull, 0xd5ab7b67e14d1fb4ull,
    0xb9fe2ae6e0969bdcull, 0xe33fdf79f92a10e8ull, 0x0ea2bb4c2b25989bull, 0xca9121fbf9d38f06ull,
    0xbdd9b0aa81f58fa4ull, 0x83079fa4ecf20d7eull, 0x650b838edfcc4ad3ull, 0x77180c88583c76acull,
    0xaf8c20753143a180ull, 0xb8ccfe9989a39175ull, 0x954a1729f60cc9c5ull, 0xdeb5b550c4dca53bull,
    0xf01bb0b00f77011eull, 0xa1ebb404b676afd9ull, 0x860b6e1597a0173eull, 0x308bb65a036acbceull,
    0x1aca78f31c97c876ull, 0x0000000000000000ull,
};
} // namespace KERNELS
