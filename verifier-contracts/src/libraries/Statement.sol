// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INSTANCE_COUNT} from "../IProofVerifier.sol";
import {IRollup} from "../IRollup.sol";

/// @title What the SNARK of a batch proves
/// @notice 27 public inputs, three to an instance, the first one in the low 64 bits: old root (4), new root (4),
/// domain (4), data hash (4), z (2), value of the bridge stream (2), value of the rollup stream (2),
/// `fee account · 2^28 + time`, `bridge words · 2^31 + rollup words`, three that are zero.
///
/// In a batch that is *linked* to a blob, the value `y = Σ y_i 2^(56 i)` of the blob's polynomial stands in place of the
/// rollup stream's: y_0 and y_1 where that has its two elements, y_2 to y_4 in the last three. And 2^56 is added to the fee
/// account and time: so the proof is of a linked batch, whose data hash covers the blob's words.
library Statement {
    uint256 private constant TIME_BITS = 28;
    uint256 private constant WORDS_BITS = 31;
    /// Words of y, and what stands above fee account and time.
    uint256 private constant WORD_BITS = 56;
    uint256 private constant WORD = type(uint56).max;
    uint256 private constant LINKED = 1 << 56;

    /// Fees go to an account below this: the account tree has depth 28.
    uint256 internal constant ACCOUNT_LIMIT = 1 << 28;
    /// A time is below this, until the year 2480: it shares its public input with the fee account.
    uint256 internal constant TIME_LIMIT = 1 << TIME_BITS;

    /// @param blobs Whether rollup streams are in blobs: then a batch is linked if it has such a stream.
    /// @return result The instances of the proof of `header`, for the deployment with this domain.
    function instances(IRollup.BatchHeader memory header, uint256 domainWord, bool blobs)
        internal
        pure
        returns (uint256[INSTANCE_COUNT] memory result)
    {
        result[0] = header.oldRoot & type(uint192).max;
        result[1] = (header.oldRoot >> 192) | (uint256(uint128(header.newRoot)) << 64);
        result[2] = (header.newRoot >> 128) | (uint256(uint64(domainWord)) << 128);
        result[3] = domainWord >> 64;
        result[4] = header.dataHash & type(uint192).max;
        result[5] = (header.dataHash >> 192) | (uint256(header.z) << 64);
        uint256 feeAccountAndTime = (uint256(header.feeAccount) << TIME_BITS) | header.time;
        uint256 words = (uint256(header.bridgeWords) << WORDS_BITS) | header.rollupWords;
        (uint256 low, uint256 high) = (uint64(header.rollupEval), uint64(header.rollupEval >> 64));
        if (blobs && header.rollupWords > 0) {
            feeAccountAndTime |= LINKED;
            uint256 y = header.rollupEval;
            (low, high) = (y & WORD, (y >> WORD_BITS) & WORD);
            y >>= 2 * WORD_BITS;
            result[8] = (y & WORD) | (((y >> WORD_BITS) & WORD) << 64) | ((y >> (2 * WORD_BITS)) << 128);
        }
        result[6] = uint256(header.bridgeEval) | (low << 128);
        result[7] = high | (feeAccountAndTime << 64) | (words << 128);
    }

    /// @return result Bytes 0 to 28 of `keccak256("ashlar/v1" ‖ chainId ‖ rollup)` as four words of 56 bits.
    function domain(uint256 chainId, address rollup) internal pure returns (uint256 result) {
        uint256 digest = uint256(keccak256(abi.encodePacked("ashlar/v1", chainId, rollup)));
        for (uint256 i = 0; i < 4; ++i) {
            result |= ((digest >> (200 - 56 * i)) & type(uint56).max) << (64 * i);
        }
    }

    /// @return result `keccak256(abi.encode(header))`: in memory, a struct of words lies as its encoding does.
    function hash(IRollup.BatchHeader memory header) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            result := keccak256(header, 0x1e0)
        }
    }
}
