// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IOptimistic} from "../../src/IOptimistic.sol";
import {IRollup} from "../../src/IRollup.sol";
import {Rollup} from "../../src/Rollup.sol";
import {Optimism} from "./Optimism.sol";
import {Optimists} from "./Optimists.sol";
import {RollupTest} from "./RollupTest.sol";

/// @title An optimistic rollup whose operator has posted his bond, and shorthands to challenge him
abstract contract OptimisticTest is RollupTest, Optimists {
    uint64 internal constant WINDOW = Optimism.WINDOW;
    uint64 internal constant ANSWER_TIME = Optimism.ANSWER_TIME;
    uint256 internal constant OPERATOR_BOND = Optimism.OPERATOR_BOND;
    uint256 internal constant CHALLENGE_BOND = Optimism.CHALLENGE_BOND;
    address internal constant WATCHER = address(0x3a7c4);
    address internal constant OTHER = address(0x07e4);

    function _newRollup(IRollup.TokenListing[] memory tokens) internal override returns (Rollup) {
        VM.deal(WATCHER, 100 ether);
        VM.deal(OTHER, 100 ether);
        return _optimisticRollup(router, GENESIS_ROOT, OPERATOR, path, tokens);
    }

    function _challenge(IRollup.BatchHeader memory header) internal {
        _challengeBy(WATCHER, header);
    }

    function _challengeBy(address who, IRollup.BatchHeader memory header) internal {
        VM.prank(who);
        optimistic.challenge{value: CHALLENGE_BOND}(header);
    }

    /// With a proof that the verifier accepts.
    function _answer(IRollup.BatchHeader memory header) internal {
        verifier.accept(PROOF, rollup.instances(header));
        optimistic.answerChallenge(header, PROOF);
    }

    function _revertBatches(IRollup.BatchHeader memory first) internal {
        VM.prank(OPERATOR);
        rollup.revertBatches(first);
    }

    function _pass(uint256 seconds_) internal {
        VM.warp(block.timestamp + seconds_);
    }

    function _error(bytes4 selector) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(selector);
    }

    function _error(bytes4 selector, uint256 a) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(selector, a);
    }

    function _error(bytes4 selector, uint256 a, uint256 b) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(selector, a, b);
    }

    function _error(bytes4 selector, uint256 a, uint256 b, uint256 c) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(selector, a, b, c);
    }

    /// What bonds there are, in whosever name.
    function _assertBonds(bool bonded, uint256 operator, uint256 watcher, uint256 other) internal view {
        VM.assertTrue(optimistic.bonded() == bonded);
        VM.assertEq(optimistic.due(OPERATOR), operator, "the operator's");
        VM.assertEq(optimistic.due(WATCHER), watcher, "the watcher's");
        VM.assertEq(optimistic.due(OTHER), other, "the other's");
    }

    function _assertOpen(uint64 number, address challenger, uint256 answerBy) internal view {
        IOptimistic.Pending memory kept = optimistic.pending(number);
        VM.assertEq(kept.challenger, challenger);
        VM.assertEq(kept.answerBy, answerBy);
        VM.assertFalse(kept.answered);
    }
}
