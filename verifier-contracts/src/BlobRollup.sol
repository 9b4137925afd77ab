// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPoseidonPath} from "./IPoseidonPath.sol";
import {IRollup} from "./IRollup.sol";
import {IVerifierRouter} from "./IVerifierRouter.sol";
import {Rollup} from "./Rollup.sol";
import {BlobBinding} from "./libraries/BlobBinding.sol";
import {PublicData} from "./libraries/PubdataBinding.sol";

/// @title Ashlar rollup with its rollup streams in blobs
/// @notice A batch with a rollup stream is committed by a transaction with one blob, and its proof is of the blob's words
/// too. A batch without one, as of deposits alone, is what it is in `Rollup`; so are exits.
contract BlobRollup is Rollup {
    constructor(
        IVerifierRouter router,
        bytes32 firstCircuitSet,
        uint256 genesisRoot,
        address operator,
        uint64 exitDeadline,
        IPoseidonPath path,
        TokenListing[] memory tokens
    ) Rollup(router, firstCircuitSet, genesisRoot, operator, exitDeadline, path, tokens) {}

    /// @inheritdoc IRollup
    function dataMode() external pure override returns (bytes32) {
        return "blob";
    }

    function _bind(uint64 number, uint256 dataHash, bytes calldata bridge, bytes calldata rollup)
        internal
        view
        override
        returns (PublicData memory)
    {
        if (rollup.length == 0) return super._bind(number, dataHash, bridge, rollup);
        return BlobBinding.inBlob(CHAIN_ID, number, dataHash, bridge, rollup);
    }

    function _blobs() internal pure override returns (bool) {
        return true;
    }
}
