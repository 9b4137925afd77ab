// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ChallengeModule} from "../../src/ChallengeModule.sol";
import {IOptimistic} from "../../src/IOptimistic.sol";
import {IPoseidonPath} from "../../src/IPoseidonPath.sol";
import {IRollup} from "../../src/IRollup.sol";
import {OptimisticRollup} from "../../src/OptimisticRollup.sol";
import {VerifierRouter} from "../../src/VerifierRouter.sol";
import {Routing} from "./Routing.sol";

/// @title The optimistic rollup of the tests
library Optimism {
    uint64 internal constant WINDOW = 8 hours;
    uint64 internal constant ANSWER_TIME = 1 hours;
    uint96 internal constant OPERATOR_BOND = 5 ether;
    uint96 internal constant CHALLENGE_BOND = 1 ether;

    function terms(uint64 exitDeadline) internal returns (IOptimistic.Terms memory) {
        return IOptimistic.Terms({
            exitDeadline: exitDeadline,
            window: WINDOW,
            answerTime: ANSWER_TIME,
            operatorBond: OPERATOR_BOND,
            challengeBond: CHALLENGE_BOND,
            challengeModule: address(new ChallengeModule())
        });
    }

    /// Without a bond.
    function deploy(
        VerifierRouter router,
        uint256 genesisRoot,
        address operator,
        uint64 exitDeadline,
        IPoseidonPath path,
        IRollup.TokenListing[] memory tokens
    ) internal returns (OptimisticRollup) {
        return new OptimisticRollup(
            router, Routing.CIRCUIT_SET, genesisRoot, operator, terms(exitDeadline), path, tokens
        );
    }
}
