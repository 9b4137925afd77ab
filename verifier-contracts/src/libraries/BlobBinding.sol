// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../IRollup.sol";
import {PublicData} from "./PubdataBinding.sol";
import {PubdataPolynomial} from "./PubdataPolynomial.sol";

/// @title How a proof is bound to a rollup stream that is in a blob (EIP-4844)
/// @notice The blob's polynomial has the words for its coefficients, `c_j = Σ_k w_(4j+k) 2^(56 k)`, and is opened at a
/// point that depends on the words and on the blob. The proof says what value the words have there; L1 asks the point
/// evaluation precompile whether the blob has the same.
/// @dev An *opening* is `words (4) ‖ value (32) ‖ KZG commitment (48) ‖ KZG proof (48)`, big-endian as EIP-4844 has them.
library BlobBinding {
    uint256 private constant OPENING_BYTES = 132;
    uint256 private constant VALUE_OFFSET = 4;
    uint256 private constant POINTS_OFFSET = 36;
    uint256 private constant POINTS_BYTES = 96;
    /// 4,096 coefficients of four words.
    uint256 private constant WORD_LIMIT = 16_384;
    /// Coordinates of the point over GF(p^2). Below 2^63 they are elements of GF(p) and halves of the blob's point at once.
    uint256 private constant HALF_BITS = 63;
    uint256 private constant HALF = (1 << HALF_BITS) - 1;

    address private constant POINT_EVALUATION = address(0x0a);
    /// What the precompile answers: how many elements a blob has, and the order of BLS12-381's scalar field.
    uint256 private constant ELEMENTS = 4096;
    uint256 private constant ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;

    /// @param dataHash Commits to both streams and to the words in the blob.
    /// @param opening Of the transaction's only blob.
    function inBlob(uint256 chainId, uint64 number, uint256 dataHash, bytes calldata bridge, bytes calldata opening)
        internal
        view
        returns (PublicData memory data)
    {
        data.bridgeWords = PubdataPolynomial.wordCount(bridge);
        data.rollupWords = _words(opening);
        bytes32 blob = _onlyBlob();
        bytes32 digest = keccak256(
            abi.encodePacked(
                "ashlar/blob/v1", chainId, address(this), number, dataHash, blob, data.rollupWords, keccak256(bridge)
            )
        );
        uint256 z = uint256(digest) & (HALF | (HALF << 64));
        (data.z, data.bridgeEval) = (uint128(z), uint128(PubdataPolynomial.evaluate(bridge, z)));
        data.rollupEval = _open(blob, (z & HALF) | ((z >> 64) << HALF_BITS), opening);
    }

    function _words(bytes calldata opening) private pure returns (uint32 words) {
        if (opening.length != OPENING_BYTES) {
            revert IRollup.BlobOpeningLengthInvalid(opening.length, OPENING_BYTES);
        }
        words = uint32(bytes4(opening));
        if (words == 0 || words > WORD_LIMIT) revert IRollup.BlobWordsOutOfRange(words, WORD_LIMIT);
    }

    function _onlyBlob() private view returns (bytes32 versionedHash) {
        versionedHash = blobhash(0);
        if (versionedHash == 0) revert IRollup.BlobMissing();
        bytes32 second = blobhash(1);
        if (second != 0) revert IRollup.BlobUnexpected(second);
    }

    /// @return value Of the blob's polynomial at the point, below the field's order: the precompile refuses any other.
    function _open(bytes32 versionedHash, uint256 point, bytes calldata opening) private view returns (uint256 value) {
        value = uint256(bytes32(opening[VALUE_OFFSET:POINTS_OFFSET]));
        bytes calldata points = opening[POINTS_OFFSET:POINTS_OFFSET + POINTS_BYTES];
        // With all the gas, which a refusal burns: the operator loses it, while a limit could be below a later price.
        (bool done, bytes memory answer) =
            POINT_EVALUATION.staticcall(abi.encodePacked(versionedHash, point, value, points));
        // On a chain without the precompile a call of it succeeds, and answers nothing.
        if (!done || keccak256(answer) != keccak256(abi.encode(ELEMENTS, ORDER))) {
            revert IRollup.BlobOpeningInvalid(versionedHash, point, value);
        }
    }
}
