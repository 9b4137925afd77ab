// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BlobRollup} from "../src/BlobRollup.sol";
import {IRollup} from "../src/IRollup.sol";
import {Rollup} from "../src/Rollup.sol";
import {Vectors} from "./support/Vectors.sol";

/// @title The contract derives from each batch of test/vectors/batches.json what the independent computation does
contract VectorsTest is Vectors {
    function setUp() external {
        json = VM.readFile("test/vectors/batches.json");
    }

    function test_vectors() external {
        uint256 count = 0;
        for (; _exists("batches", count); ++count) {
            _select("batches", count);
            Rollup rollup = _rollup(type(Rollup).creationCode);
            IRollup.BatchHeader memory header = rollup.commitBatch(_data(_bytes("rollup")));
            _checkHeader(rollup, header);
            VM.assertEq(header.rollupEval, _word("rollup_eval"));
        }
        VM.assertEq(count, 7);
    }

    /// Without a blob in the transaction, and bound as in calldata.
    function test_aBatchWithoutARollupStreamIsTheSameInABlobRollup() external {
        uint256 count = 0;
        for (uint256 i = 0; _exists("batches", i); ++i) {
            _select("batches", i);
            if (_uint("rollup_words") > 0) continue;
            Rollup rollup = _rollup(type(BlobRollup).creationCode);
            _checkHeader(rollup, rollup.commitBatch(_data("")));
            ++count;
        }
        VM.assertEq(count, 3);
    }
}
