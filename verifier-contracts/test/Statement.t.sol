// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INSTANCE_COUNT} from "../src/IProofVerifier.sol";
import {IRollup} from "../src/IRollup.sol";
import {Statement} from "../src/libraries/Statement.sol";
import {Test} from "./support/Test.sol";

/// @title Where each public input stands, for headers of any content
contract StatementTest is Test {
    uint256 private constant ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;

    function testFuzz_aCalldataStatementIsNeverLinked(IRollup.BatchHeader memory header, uint256 domain) external pure {
        _bounds(header);
        header.rollupEval = uint128(header.rollupEval);
        _check(header, domain, false, false);
    }

    function testFuzz_aStatementOfABlobIsLinked(IRollup.BatchHeader memory header, uint256 domain) external pure {
        _bounds(header);
        header.rollupWords = uint32(_bound(header.rollupWords, 1, 16_384));
        header.rollupEval %= ORDER;
        _check(header, domain, true, true);
    }

    function testFuzz_withoutARollupStreamNothingIsLinked(IRollup.BatchHeader memory header, uint256 domain)
        external
        pure
    {
        _bounds(header);
        header.rollupWords = 0;
        header.rollupEval = uint128(header.rollupEval);
        _check(header, domain, true, false);
        _check(header, domain, false, false);
    }

    function test_theLargestValueOfABlobHasFiveWords() external pure {
        IRollup.BatchHeader memory header;
        header.rollupWords = 1;
        header.rollupEval = ORDER - 1;
        uint256[] memory elements = _elements(Statement.instances(header, 0, true));
        VM.assertEq(elements[20], 0xffffff00000000);
        VM.assertEq(elements[21], 0xa402fffe5bfeff);
        VM.assertEq(elements[26], 0x73eda753);
        _check(header, 0, true, true);
    }

    function _check(IRollup.BatchHeader memory h, uint256 domain, bool blobs, bool linked) private pure {
        uint256[] memory elements = _elements(Statement.instances(h, domain, blobs));
        for (uint256 i = 0; i < 4; ++i) {
            VM.assertEq(elements[i], uint64(h.oldRoot >> (64 * i)));
            VM.assertEq(elements[4 + i], uint64(h.newRoot >> (64 * i)));
            VM.assertEq(elements[8 + i], uint64(domain >> (64 * i)));
            VM.assertEq(elements[12 + i], uint64(h.dataHash >> (64 * i)));
        }
        for (uint256 i = 0; i < 2; ++i) {
            VM.assertEq(elements[16 + i], uint64(h.z >> (64 * i)));
            VM.assertEq(elements[18 + i], uint64(h.bridgeEval >> (64 * i)));
        }
        uint256[5] memory places = [uint256(20), 21, 24, 25, 26];
        uint256 y = h.rollupEval;
        for (uint256 i = 0; i < 5; ++i) {
            uint256 expected = linked ? y % (1 << 56) : i < 2 ? uint64(h.rollupEval >> (64 * i)) : 0;
            VM.assertEq(elements[places[i]], expected);
            y >>= 56;
        }
        VM.assertEq(elements[22], (linked ? 1 << 56 : 0) + uint256(h.feeAccount) * (1 << 28) + h.time);
        VM.assertEq(elements[23], uint256(h.bridgeWords) * (1 << 31) + h.rollupWords);
    }

    function _elements(uint256[INSTANCE_COUNT] memory instances) private pure returns (uint256[] memory elements) {
        elements = new uint256[](27);
        for (uint256 i = 0; i < INSTANCE_COUNT; ++i) {
            (elements[3 * i], elements[3 * i + 1]) = (uint64(instances[i]), uint64(instances[i] >> 64));
            elements[3 * i + 2] = instances[i] >> 128; // with whatever stands above
        }
    }

    /// As a contract that commits takes them.
    function _bounds(IRollup.BatchHeader memory header) private pure {
        header.feeAccount %= 1 << 28;
        header.time %= 1 << 28;
        header.bridgeWords %= 1 << 31;
        header.rollupWords %= 1 << 31;
    }
}
