// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Arithmetic over the Goldilocks field p = 2^64 - 2^32 + 1 and GF(p^2) = GF(p)[x]/(x^2 - 7)
/// @dev An extension element `a0 + a1·x` is the integer `a0 + a1·2^64`.
library Goldilocks {
    uint256 internal constant P = 0xffffffff00000001;
    uint256 private constant LIMB = type(uint64).max;

    /// @return Whether each of the four 64-bit limbs is below p.
    function isCanonicalHash(uint256 hash) internal pure returns (bool) {
        return (hash & LIMB) < P && ((hash >> 64) & LIMB) < P && ((hash >> 128) & LIMB) < P && (hash >> 192) < P;
    }

    /// @return An extension element from 256 uniform bits; each coefficient is within 2^-64 of uniform.
    function extensionFromDigest(bytes32 digest) internal pure returns (uint256) {
        uint256 low = uint256(uint128(uint256(digest))) % P;
        uint256 high = (uint256(digest) >> 128) % P;
        return low | (high << 64);
    }

    /// @return The product of two extension elements.
    function mul(uint256 a, uint256 b) internal pure returns (uint256) {
        unchecked {
            uint256 a0 = a & LIMB;
            uint256 a1 = a >> 64;
            uint256 b0 = b & LIMB;
            uint256 b1 = b >> 64;
            return ((a0 * b0 + 7 * a1 * b1) % P) | (((a0 * b1 + a1 * b0) % P) << 64);
        }
    }
}
