// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Batches} from "./Batches.sol";
import {CircuitSets} from "./CircuitSets.sol";
import {Exits} from "./Exits.sol";
import {IPoseidonPath} from "./IPoseidonPath.sol";
import {IRollup} from "./IRollup.sol";
import {IVerifierRouter} from "./IVerifierRouter.sol";
import {Operated} from "./Operated.sol";
import {Progress} from "./Progress.sol";
import {RollupBase} from "./RollupBase.sol";
import {TokenVault} from "./TokenVault.sol";
import {PubdataBinding, PublicData} from "./libraries/PubdataBinding.sol";

/// @title Ashlar rollup with its public data in calldata
contract Rollup is Exits {
    /// @param exitDeadline Seconds that an operation may wait unproven: from a minute to 30 days, and less than the
    /// router's notice.
    /// @param path Computes roots for exits by path.
    /// @param tokens ERC-20 tokens to register as numbers 1, 2, ….
    constructor(
        IVerifierRouter router,
        bytes32 firstCircuitSet,
        uint256 genesisRoot,
        address operator,
        uint64 exitDeadline,
        IPoseidonPath path,
        TokenListing[] memory tokens
    )
        Operated(operator)
        Progress(exitDeadline)
        Batches(router, address(this))
        CircuitSets(firstCircuitSet)
        TokenVault(tokens)
        RollupBase(genesisRoot)
        Exits(path)
    {}

    /// @inheritdoc IRollup
    function dataMode() external pure virtual returns (bytes32) {
        return "calldata";
    }

    function _bind(uint64 number, uint256 dataHash, bytes calldata bridge, bytes calldata rollup)
        internal
        view
        virtual
        override
        returns (PublicData memory)
    {
        return PubdataBinding.inCalldata(CHAIN_ID, number, dataHash, bridge, rollup);
    }
}
