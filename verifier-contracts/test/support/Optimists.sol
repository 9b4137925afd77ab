// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../../src/IRollup.sol";
import {OptimisticRollup} from "../../src/OptimisticRollup.sol";
import {Rollup} from "../../src/Rollup.sol";
import {VerifierRouter} from "../../src/VerifierRouter.sol";
import {Optimism} from "./Optimism.sol";
import {EXIT_DEADLINE, PathDouble} from "./PathDouble.sol";
import {Test} from "./Test.sol";

/// @title What suites need to run over an optimistic rollup
abstract contract Optimists is Test {
    OptimisticRollup internal optimistic;

    /// With the operator's bond.
    function _optimisticRollup(
        VerifierRouter router,
        uint256 genesisRoot,
        address operator,
        PathDouble path,
        IRollup.TokenListing[] memory tokens
    ) internal returns (Rollup) {
        optimistic = Optimism.deploy(router, genesisRoot, operator, EXIT_DEADLINE, path, tokens);
        _post();
        return optimistic;
    }

    function _post() internal {
        address operator = optimistic.OPERATOR();
        VM.deal(operator, Optimism.OPERATOR_BOND);
        VM.prank(operator);
        optimistic.postBond{value: Optimism.OPERATOR_BOND}();
    }

    /// Makes the next batch final by time.
    function _finalize(IRollup.BatchHeader memory header) internal {
        VM.warp(optimistic.pending(header.number).committedAt + Optimism.WINDOW);
        optimistic.finalizeBatch(header);
    }
}
