// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CircuitSets} from "./CircuitSets.sol";
import {IRollup} from "./IRollup.sol";
import {IVerifierRouter} from "./IVerifierRouter.sol";
import {Operated} from "./Operated.sol";
import {RollupBase} from "./RollupBase.sol";
import {TokenVault} from "./TokenVault.sol";
import {Goldilocks} from "./libraries/Goldilocks.sol";
import {PubdataPolynomial} from "./libraries/PubdataPolynomial.sol";

/// @title Ashlar rollup with its public data in calldata
contract Rollup is RollupBase {
    /// @param tokens ERC-20 tokens to register as numbers 1, 2, ….
    constructor(
        IVerifierRouter router,
        bytes32 firstCircuitSet,
        uint256 genesisRoot,
        address operator,
        TokenListing[] memory tokens
    ) Operated(operator) CircuitSets(router, firstCircuitSet) TokenVault(tokens) RollupBase(genesisRoot) {}

    /// @inheritdoc IRollup
    function dataMode() external pure returns (bytes32) {
        return "calldata";
    }

    /// Both streams are evaluated as polynomials: to a proof, streams with other words differ at the point.
    function _bind(CommitData calldata batch) internal view override returns (PublicData memory data) {
        data.bridgeWords = PubdataPolynomial.wordCount(batch.bridge);
        data.rollupWords = PubdataPolynomial.wordCount(batch.rollup);
        uint256 z = _evaluationPoint(batch);
        (uint256 bridgeEval, uint256 rollupEval) = PubdataPolynomial.evaluate(batch.bridge, batch.rollup, z);
        (data.z, data.bridgeEval, data.rollupEval) = (uint128(z), uint128(bridgeEval), uint128(rollupEval));
    }

    function _evaluationPoint(CommitData calldata batch) private view returns (uint256) {
        bytes32 digest = keccak256(
            abi.encodePacked(
                "ashlar/eval/v1",
                CHAIN_ID,
                address(this),
                batch.number,
                batch.dataHash,
                keccak256(batch.bridge),
                keccak256(batch.rollup)
            )
        );
        return Goldilocks.extensionFromDigest(digest);
    }
}
