// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../IRollup.sol";
import {Goldilocks} from "./Goldilocks.sol";

/// @title Evaluation of public data as a polynomial over GF(p^2)
/// @notice A stream is a sequence of 7-byte big-endian words w_0 … w_{m-1}; its polynomial is `Σ w_i z^i`.
/// @dev Horner's rule from the last word, `STEP` words at a time: `eval = eval·z^STEP + Σ w_j z^j`. In the table of
/// powers the two coefficients are 128 bits apart, so one multiplication by a word multiplies both, and the sum of a
/// step's products, each below 2^120, stays below 2^128 in either half: only the sum is reduced.
library PubdataPolynomial {
    uint256 private constant WORD_BYTES = 7;
    uint256 private constant STEP = 16;
    uint256 private constant HALF = type(uint128).max;
    /// Two counts below this share a public input: `bridge words · 2^31 + rollup words` is below p.
    uint256 private constant WORD_LIMIT = 1 << 31;

    /// @return words The stream's length in words; reverts if it is not whole, or too long for the public inputs.
    function wordCount(bytes calldata stream) internal pure returns (uint32 words) {
        if (stream.length % WORD_BYTES != 0) revert IRollup.StreamNotWholeWords(stream.length);
        uint256 count = stream.length / WORD_BYTES;
        if (count >= WORD_LIMIT) revert IRollup.StreamTooLong(count, WORD_LIMIT);
        words = uint32(count);
    }

    /// @notice Evaluates two streams at `z`, each by itself. Lengths must be multiples of 7.
    function evaluate(bytes calldata first, bytes calldata second, uint256 z)
        internal
        pure
        returns (uint256 firstEval, uint256 secondEval)
    {
        uint256[STEP + 1] memory powers = _powers(z);
        firstEval = _horner(first, powers);
        secondEval = _horner(second, powers);
    }

    /// @notice Evaluates one stream at `z`. Its length must be a multiple of 7.
    function evaluate(bytes calldata stream, uint256 z) internal pure returns (uint256 eval) {
        if (stream.length > 0) eval = _horner(stream, _powers(z));
    }

    /// z^0 to z^STEP, each `a0 + a1·2^128`.
    function _powers(uint256 z) private pure returns (uint256[STEP + 1] memory powers) {
        uint256 power = 1;
        powers[0] = power;
        for (uint256 i = 1; i <= STEP; ++i) {
            power = Goldilocks.mul(power, z);
            powers[i] = (power & type(uint64).max) | ((power >> 64) << 128);
        }
    }

    /// `Σ w_i z^i` over the stream's words.
    function _horner(bytes calldata stream, uint256[STEP + 1] memory powers) private pure returns (uint256) {
        uint256 eval = 0;
        // The words above the last whole step come first.
        uint256 rest = (stream.length / WORD_BYTES) % STEP;
        uint256 start;
        uint256 cursor;
        assembly {
            start := stream.offset
            cursor := sub(add(start, stream.length), mul(rest, 7))
        }
        if (rest > 0) {
            uint256 sum = 0;
            for (uint256 j = 0; j < rest; ++j) {
                uint256 word;
                assembly {
                    word := shr(200, calldataload(add(cursor, mul(j, 7))))
                }
                sum += word * powers[j];
            }
            eval = (sum & HALF) % Goldilocks.P | ((sum >> 128) % Goldilocks.P) << 64;
        }
        return _hornerSteps(eval, start, cursor, powers);
    }

    /// The words of calldata from `start` to `end`, a whole number of steps.
    function _hornerSteps(uint256 eval, uint256 start, uint256 end, uint256[STEP + 1] memory powers)
        private
        pure
        returns (uint256 result)
    {
        assembly ("memory-safe") {
            let c0 := and(eval, 0xffffffffffffffff)
            let c1 := shr(64, eval)
            // z^STEP, and 7 times its second coefficient for x^2 = 7.
            let step0 := and(mload(add(powers, 0x200)), 0xffffffffffffffffffffffffffffffff)
            let step1 := shr(128, mload(add(powers, 0x200)))
            let step1Times7 := mul(7, step1)
            for { let cursor := end } gt(cursor, start) {} {
                cursor := sub(cursor, 112)
                let sum := shr(200, calldataload(cursor))
                sum := add(sum, mul(shr(200, calldataload(add(cursor, 7))), mload(add(powers, 0x20))))
                sum := add(sum, mul(shr(200, calldataload(add(cursor, 14))), mload(add(powers, 0x40))))
                sum := add(sum, mul(shr(200, calldataload(add(cursor, 21))), mload(add(powers, 0x60))))
                sum := add(sum, mul(shr(200, calldataload(add(cursor, 28))), mload(add(powers, 0x80))))
                sum := add(sum, mul(shr(200, calldataload(add(cursor, 35))), mload(add(powers, 0xa0))))
                sum := add(sum, mul(shr(200, calldataload(add(cursor, 42))), mload(add(powers, 0xc0))))
                sum := add(sum, mul(shr(200, calldataload(add(cursor, 49))), mload(add(powers, 0xe0))))
                sum := add(sum, mul(shr(200, calldataload(add(cursor, 56))), mload(add(powers, 0x100))))
                sum := add(sum, mul(shr(200, calldataload(add(cursor, 63))), mload(add(powers, 0x120))))
                sum := add(sum, mul(shr(200, calldataload(add(cursor, 70))), mload(add(powers, 0x140))))
                sum := add(sum, mul(shr(200, calldataload(add(cursor, 77))), mload(add(powers, 0x160))))
                sum := add(sum, mul(shr(200, calldataload(add(cursor, 84))), mload(add(powers, 0x180))))
                sum := add(sum, mul(shr(200, calldataload(add(cursor, 91))), mload(add(powers, 0x1a0))))
                sum := add(sum, mul(shr(200, calldataload(add(cursor, 98))), mload(add(powers, 0x1c0))))
                sum := add(sum, mul(shr(200, calldataload(add(cursor, 105))), mload(add(powers, 0x1e0))))
                let low := add(add(mul(c0, step0), mul(c1, step1Times7)), and(sum, 0xffffffffffffffffffffffffffffffff))
                c1 := mod(add(add(mul(c0, step1), mul(c1, step0)), shr(128, sum)), 0xffffffff00000001)
                c0 := mod(low, 0xffffffff00000001)
            }
            result := or(c0, shl(64, c1))
        }
    }
}
