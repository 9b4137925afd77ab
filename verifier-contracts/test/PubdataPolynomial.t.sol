// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../src/IRollup.sol";
import {Goldilocks} from "../src/libraries/Goldilocks.sol";
import {PubdataPolynomial} from "../src/libraries/PubdataPolynomial.sol";
import {Pubdata} from "./support/Pubdata.sol";
import {Test} from "./support/Test.sol";

contract Evaluator {
    function evaluate(bytes calldata first, bytes calldata second, uint256 z) external pure returns (uint256, uint256) {
        return PubdataPolynomial.evaluate(first, second, z);
    }

    /// The words of a stream of any length: no calldata is as long as the limit.
    function wordCount(uint256 length) external pure returns (uint32) {
        bytes calldata stream = msg.data;
        assembly {
            stream.length := length
        }
        return PubdataPolynomial.wordCount(stream);
    }

    function gasOf(bytes calldata first, bytes calldata second, uint256 z) external view returns (uint256) {
        uint256 before = gasleft();
        PubdataPolynomial.evaluate(first, second, z);
        return before - gasleft();
    }
}

contract PubdataPolynomialTest is Test {
    Evaluator private evaluator = new Evaluator();

    function testFuzz_evaluateEqualsSlowTwin(bytes memory first, bytes memory second, uint128 point) external view {
        first = _wholeWords(first);
        second = _wholeWords(second);
        uint256 z = uint256(Pubdata.canonicalHash(point));
        (uint256 firstEval, uint256 secondEval) = evaluator.evaluate(first, second, z);
        VM.assertEq(firstEval, Pubdata.evaluate(first, z));
        VM.assertEq(secondEval, Pubdata.evaluate(second, z));
    }

    /// Every remainder of the word count modulo the step, with the largest words and coefficients.
    function test_evaluateLargestValues() external view {
        uint256 z = (Goldilocks.P - 1) | ((Goldilocks.P - 1) << 64);
        for (uint256 words = 0; words < 40; ++words) {
            bytes memory stream = new bytes(7 * words);
            for (uint256 i = 0; i < stream.length; ++i) {
                stream[i] = 0xff;
            }
            uint256 expected = Pubdata.evaluate(stream, z);
            _expectEvaluations(stream, "", z, expected, 0);
            _expectEvaluations("", stream, z, 0, expected);
            _expectEvaluations(stream, stream, z, expected, expected);
        }
    }

    function test_wordCount() external {
        uint256 limit = 1 << 31;
        VM.assertEq(evaluator.wordCount(0), 0);
        VM.assertEq(evaluator.wordCount(7), 1);
        VM.assertEq(evaluator.wordCount(7 * (limit - 1)), limit - 1);
        VM.expectRevert(abi.encodeWithSelector(IRollup.StreamTooLong.selector, limit, limit));
        evaluator.wordCount(7 * limit);
        VM.expectRevert(abi.encodeWithSelector(IRollup.StreamTooLong.selector, limit << 32, limit));
        evaluator.wordCount(7 * (limit << 32));
        for (uint256 length = 1; length < 7; ++length) {
            VM.expectRevert(abi.encodeWithSelector(IRollup.StreamNotWholeWords.selector, 7 + length));
            evaluator.wordCount(7 + length);
        }
    }

    /// The price per word that the README states, over streams long enough to drown the set-up.
    function test_evaluationGasPerWord() external {
        uint256 z = 0x0123456789abcdef_1122334455667788;
        uint256 short = evaluator.gasOf("", new bytes(7 * 1024), z);
        uint256 long = evaluator.gasOf("", new bytes(7 * 2048), z);
        uint256 perWord = (long - short) / 1024;
        VM.snapshotValue("PubdataPolynomial", "evaluate, gas per word", perWord);
        VM.assertGe(60, perWord, "gas per word");
    }

    function testFuzz_mul(uint128 a, uint128 b) external pure {
        uint256 x = Pubdata.canonicalHash(a);
        uint256 y = Pubdata.canonicalHash(b);
        uint256 product = Goldilocks.mul(x, y);
        uint256 c0 = (uint256(uint64(x)) * uint64(y) + 7 * (x >> 64) * (y >> 64)) % Pubdata.P;
        uint256 c1 = ((x >> 64) * uint64(y) + uint256(uint64(x)) * (y >> 64)) % Pubdata.P;
        VM.assertEq(product, c0 | (c1 << 64));
    }

    function testFuzz_isCanonicalHash(uint256 hash, uint8 limb, uint256 excess) external pure {
        hash = Pubdata.canonicalHash(hash);
        VM.assertTrue(Goldilocks.isCanonicalHash(hash));
        uint256 shift = 64 * (limb % 4);
        uint256 bad = _bound(excess, Goldilocks.P, type(uint64).max);
        hash = (hash & ~(uint256(type(uint64).max) << shift)) | (bad << shift);
        VM.assertFalse(Goldilocks.isCanonicalHash(hash));
    }

    function _expectEvaluations(
        bytes memory first,
        bytes memory second,
        uint256 z,
        uint256 firstEval,
        uint256 secondEval
    ) private view {
        (uint256 e0, uint256 e1) = evaluator.evaluate(first, second, z);
        VM.assertEq(e0, firstEval);
        VM.assertEq(e1, secondEval);
    }

    function _wholeWords(bytes memory stream) private pure returns (bytes memory) {
        uint256 length = stream.length / 7 * 7;
        assembly {
            mstore(stream, length)
        }
        return stream;
    }
}
