// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Goldilocks} from "./Goldilocks.sol";

/// @title Evaluation of public data as a polynomial over GF(p^2)
/// @notice A stream is a sequence of 7-byte big-endian words w_0 … w_{m-1}; its polynomial is `Σ w_i z^i`.
library PubdataPolynomial {
    uint256 internal constant WORD_BYTES = 7;

    /// Precomputed powers of z, loaded to the stack by `_horner`.
    struct Powers {
        /// z, z^2, z^3 with coefficients 128 bits apart: one multiplication by a 56-bit word multiplies both.
        uint256 z1;
        uint256 z2;
        uint256 z3;
        /// Coefficients of z^4, and 7 times the second.
        uint256 block0;
        uint256 block1;
        uint256 block1Times7;
    }

    /// @notice Evaluates the concatenation `first ‖ second` at `z`. Lengths must be multiples of 7.
    function evaluate(bytes calldata first, bytes calldata second, uint256 z) internal pure returns (uint256) {
        Powers memory powers = _powers(z);
        return _horner(_horner(0, second, z, powers), first, z, powers);
    }

    function _powers(uint256 z) private pure returns (Powers memory powers) {
        uint256 square = Goldilocks.mul(z, z);
        uint256 fourth = Goldilocks.mul(square, square);
        powers.z1 = _spread(z);
        powers.z2 = _spread(square);
        powers.z3 = _spread(Goldilocks.mul(square, z));
        powers.block0 = fourth & type(uint64).max;
        powers.block1 = fourth >> 64;
        powers.block1Times7 = mulmod(7, powers.block1, Goldilocks.P);
    }

    function _spread(uint256 element) private pure returns (uint256) {
        return (element & type(uint64).max) | ((element >> 64) << 128);
    }

    /// `eval·z^m + Σ w_i z^i` over the stream's m words, by Horner's rule from the last word, four words a step.
    function _horner(uint256 eval, bytes calldata stream, uint256 z, Powers memory powers)
        private
        pure
        returns (uint256)
    {
        uint256 start;
        uint256 cursor;
        assembly {
            start := stream.offset
            cursor := add(start, stream.length)
        }
        // The words above the last multiple of four, one by one.
        for (uint256 rest = (stream.length / WORD_BYTES) % 4; rest > 0; --rest) {
            uint256 word;
            assembly {
                cursor := sub(cursor, 7)
                word := shr(200, calldataload(cursor))
            }
            eval = Goldilocks.mul(eval, z);
            eval = ((eval & type(uint64).max) + word) % Goldilocks.P | (eval >> 64 << 64);
        }
        return _hornerBlocks(eval, start, cursor, powers);
    }

    /// The steps of four words. No sum overflows: a product of coefficients is below 2^128 and `sum` holds, in each
    /// half, three products below 2^120.
    function _hornerBlocks(uint256 eval, uint256 start, uint256 cursor, Powers memory powers)
        private
        pure
        returns (uint256 result)
    {
        assembly ("memory-safe") {
            let c0 := and(eval, 0xffffffffffffffff)
            let c1 := shr(64, eval)
            let z1 := mload(powers)
            let z2 := mload(add(powers, 0x20))
            let z3 := mload(add(powers, 0x40))
            let b0 := mload(add(powers, 0x60))
            let b1 := mload(add(powers, 0x80))
            let b7 := mload(add(powers, 0xa0))
            for {} gt(cursor, start) {} {
                cursor := sub(cursor, 28)
                let data := calldataload(cursor)
                let sum :=
                    add(
                        add(
                            add(shr(200, data), mul(and(shr(144, data), 0xffffffffffffff), z1)),
                            mul(and(shr(88, data), 0xffffffffffffff), z2)
                        ),
                        mul(and(shr(32, data), 0xffffffffffffff), z3)
                    )
                let low :=
                    mod(
                        add(add(mul(c0, b0), mul(c1, b7)), and(sum, 0xffffffffffffffffffffffffffffffff)),
                        0xffffffff00000001
                    )
                c1 := mod(add(add(mul(c0, b1), mul(c1, b0)), shr(128, sum)), 0xffffffff00000001)
                c0 := low
            }
            result := or(c0, shl(64, c1))
        }
    }
}
