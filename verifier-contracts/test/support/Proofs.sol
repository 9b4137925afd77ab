// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INSTANCE_COUNT} from "../../src/IProofVerifier.sol";
import {Test} from "./Test.sol";

/// @title Stored proofs: see test/fixtures/README.md
abstract contract Proofs is Test {
    function _load(string memory path)
        internal
        view
        returns (bytes memory proof, uint256[INSTANCE_COUNT] memory instances)
    {
        string memory snark = VM.readFile(path);
        proof = VM.parseJsonBytes(snark, ".proof");
        uint256[] memory words = VM.parseJsonUintArray(snark, ".instances");
        require(words.length == INSTANCE_COUNT, "fixture: instance count");
        for (uint256 i = 0; i < INSTANCE_COUNT; ++i) {
            instances[i] = words[i];
        }
    }
}
