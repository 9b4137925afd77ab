// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IOptimistic} from "../src/IOptimistic.sol";
import {IProofVerifier} from "../src/IProofVerifier.sol";
import {IRollup} from "../src/IRollup.sol";
import {OptimisticTest} from "./support/OptimisticTest.sol";

/// @title Challenges: who may make one, who may answer it until when, and what becomes of the batch
contract ChallengeTest is OptimisticTest {
    function test_challenge() external {
        IRollup.BatchHeader memory header = _commit("", "");
        uint256 answerBy = block.timestamp + ANSWER_TIME;
        VM.expectEmit(address(rollup));
        emit IOptimistic.BatchChallenged(1, WATCHER, uint64(answerBy));
        _challenge(header);
        VM.snapshotGasLastCall("OptimisticRollup", "challenge, first");
        _assertOpen(1, WATCHER, answerBy);
        _assertBonds(true, 0, 0, 0);
        VM.assertEq(address(rollup).balance, OPERATOR_BOND + CHALLENGE_BOND);
    }

    /// The batch does not become final by time, however long nobody answers.
    function test_aChallengedBatchIsNotFinalByTime() external {
        IRollup.BatchHeader memory header = _commit("", "");
        uint256 answerBy = block.timestamp + ANSWER_TIME;
        _challenge(header);
        bytes memory open = _error(IOptimistic.ChallengeOpen.selector, 1, answerBy);
        VM.warp(answerBy - 1);
        _expectNotFinal(header, open);
        _pass(10 * WINDOW);
        _expectNotFinal(header, open);
        VM.assertEq(rollup.stateRoot(), GENESIS_ROOT);
    }

    function test_aFalseBatchIsTakenBackWithAllAfterIt() external {
        _depositEth(100, AUTH);
        IRollup.BatchHeader memory first = _commit("", "");
        IRollup.BatchHeader memory second = _commit(_depositRecord(0, 100, AUTH), "");
        _commit(_withdrawRecord(0, 99, OTHER), "");
        uint256 answerBy = block.timestamp + ANSWER_TIME;
        _challenge(second);
        VM.warp(answerBy);
        VM.expectEmit(address(rollup));
        emit IRollup.BatchesReverted(2, 3);
        VM.expectEmit(address(rollup));
        emit IOptimistic.ChallengeWon(2, WATCHER, OPERATOR_BOND + CHALLENGE_BOND);
        VM.prank(ALICE); // anybody
        optimistic.revertUnanswered(second);
        VM.snapshotGasLastCall("OptimisticRollup", "revertUnanswered");
        VM.assertEq(rollup.committedBatches(), 1);
        VM.assertEq(rollup.committedRoot(), first.newRoot);
        VM.assertEq(rollup.committedOperations(), 0);
        VM.assertEq(optimistic.pending(2).challenger, address(0));
        _assertBonds(false, 0, OPERATOR_BOND + CHALLENGE_BOND, 0);
        _expect(_error(IRollup.BatchNotRevertible.selector, 2, 0, 1)); // once
        optimistic.revertUnanswered(second);
    }

    function test_revertUnansweredTooEarly() external {
        IRollup.BatchHeader memory header = _commit("", "");
        uint256 answerBy = block.timestamp + ANSWER_TIME;
        _challenge(header);
        VM.warp(answerBy - 1);
        bytes memory open = _error(IOptimistic.ChallengeOpen.selector, 1, answerBy);
        _expect(open);
        optimistic.revertUnanswered(header);
        VM.prank(OPERATOR);
        _expect(open);
        optimistic.revertUnanswered(header);
        VM.assertEq(rollup.committedBatches(), 1);
    }

    /// Whoever waits for the end of a challenge is not overtaken there.
    function test_revertChallengeLapsed() external {
        IRollup.BatchHeader memory header = _commit("", "");
        uint256 answerBy = block.timestamp + ANSWER_TIME;
        _challenge(header);
        verifier.accept(PROOF, rollup.instances(header));
        VM.warp(answerBy);
        bytes memory late = _error(IOptimistic.ChallengeLapsed.selector, 1, answerBy);
        _expect(late);
        optimistic.answerChallenge(header, PROOF);
        _expect(late);
        rollup.proveBatch(header, PROOF);
        VM.warp(answerBy - 1);
        optimistic.answerChallenge(header, PROOF);
    }

    function test_anAnswerMakesABatchFinalWithoutItsWindow() external {
        IRollup.BatchHeader memory header = _commit("", "");
        _challenge(header);
        verifier.accept(PROOF, rollup.instances(header));
        VM.expectEmit(address(rollup));
        emit IOptimistic.ChallengeAnswered(1, WATCHER);
        VM.prank(ALICE); // anybody
        optimistic.answerChallenge(header, PROOF);
        VM.snapshotGasLastCall("OptimisticRollup", "answerChallenge, without the verifier");
        VM.assertTrue(optimistic.pending(1).answered);
        VM.assertEq(rollup.stateRoot(), GENESIS_ROOT);
        _assertBonds(true, CHALLENGE_BOND, 0, 0);
        VM.expectEmit(address(rollup));
        emit IRollup.BatchProven(1, header.newRoot);
        optimistic.finalizeBatch(header);
        VM.snapshotGasLastCall("OptimisticRollup", "finalizeBatch, answered");
        VM.assertEq(rollup.stateRoot(), header.newRoot);
    }

    function test_aProofOfTheNextBatchAnswersItsChallenge() external {
        IRollup.BatchHeader memory header = _commit("", "");
        _challenge(header);
        verifier.accept(PROOF, rollup.instances(header));
        VM.expectEmit(address(rollup));
        emit IOptimistic.ChallengeAnswered(1, WATCHER);
        rollup.proveBatch(header, PROOF);
        VM.snapshotGasLastCall("OptimisticRollup", "proveBatch, challenged, without the verifier");
        VM.assertEq(rollup.stateRoot(), header.newRoot);
        VM.assertEq(optimistic.pending(1).challenger, address(0));
        _assertBonds(true, CHALLENGE_BOND, 0, 0);
    }

    /// The proof is of the step from the root that the header names: the batches before it need not be final. They get no
    /// later for it, and it becomes final after them.
    function test_anAnswerDoesNotWaitForEarlierBatches() external {
        IRollup.BatchHeader memory first = _commit("", "");
        IRollup.BatchHeader memory second = _commit("", "");
        _challenge(second);
        _answer(second);
        _expectNotFinal(second, _error(IRollup.BatchNotProvable.selector, 2, 1, 2));
        _expectNotFinal(first, _error(IOptimistic.WindowOpen.selector, 1, block.timestamp + WINDOW));
        _challenge(first); // which is still possible
        _pass(ANSWER_TIME - 1);
        _answer(first);
        optimistic.finalizeBatch(first);
        optimistic.finalizeBatch(second);
        VM.assertEq(rollup.stateRoot(), second.newRoot);
        _assertBonds(true, 2 * CHALLENGE_BOND, 0, 0);
    }

    /// That its own step is right does not make it final on top of a false one.
    function test_anAnsweredBatchGoesWithAFalseOneBeforeIt() external {
        IRollup.BatchHeader memory first = _commit("", "");
        IRollup.BatchHeader memory second = _commit("", "");
        _challengeBy(OTHER, second);
        _answer(second);
        _challenge(first);
        _pass(2 * ANSWER_TIME);
        optimistic.revertUnanswered(first);
        VM.assertEq(rollup.committedBatches(), 0);
        _assertBonds(false, CHALLENGE_BOND, OPERATOR_BOND + CHALLENGE_BOND, 0);

        // And what comes under its number is not answered for.
        _post();
        _commit("", "");
        IRollup.BatchHeader memory again = _commit("", new bytes(7));
        VM.assertFalse(optimistic.pending(2).answered);
        _challenge(again);
        VM.assertEq(optimistic.pending(2).challenger, WATCHER);
    }

    function test_revertProofInvalid() external {
        IRollup.BatchHeader memory header = _commit("", "");
        IRollup.BatchHeader memory other = _commit("", "");
        verifier.accept(PROOF, rollup.instances(other));
        _challenge(header);
        _expect(_error(IProofVerifier.ProofInvalid.selector));
        optimistic.answerChallenge(header, PROOF);
        _assertOpen(1, WATCHER, block.timestamp + ANSWER_TIME);
    }

    /// As a call to an address without code would succeed.
    function test_revertVerifierWithoutCode() external {
        IRollup.BatchHeader memory header = _commit("", "");
        _challenge(header);
        VM.etch(address(verifier), "");
        (bool done,) = address(rollup).call(abi.encodeCall(IOptimistic.answerChallenge, (header, PROOF)));
        VM.assertFalse(done);
        VM.assertEq(optimistic.pending(1).challenger, WATCHER);
    }

    function test_challengesAreOpenUntilTheWindowEnds() external {
        IRollup.BatchHeader memory header = _commit("", "");
        uint256 until = block.timestamp + WINDOW;
        VM.warp(until);
        _expectRefused(header, _error(IOptimistic.WindowOver.selector, 1, until));
        VM.warp(until - 1);
        _challenge(header);
        VM.warp(until);
        _expectNotFinal(header, _error(IOptimistic.ChallengeOpen.selector, 1, until - 1 + ANSWER_TIME));
    }

    function test_oneChallengeOfABatchIsOpen() external {
        IRollup.BatchHeader memory header = _commit("", "");
        _challenge(header);
        bytes memory open = _error(IOptimistic.ChallengeOpen.selector, 1, block.timestamp + ANSWER_TIME);
        _expectRefused(header, open);
        _answer(header);
        _expectRefused(header, _error(IOptimistic.ChallengeWasAnswered.selector, 1));
    }

    function test_revertBondUnfit() external {
        IRollup.BatchHeader memory header = _commit("", "");
        uint256[4] memory amounts = [uint256(0), 1, CHALLENGE_BOND - 1, CHALLENGE_BOND + 1];
        for (uint256 i = 0; i < amounts.length; ++i) {
            VM.prank(WATCHER);
            _expect(_error(IOptimistic.BondUnfit.selector, amounts[i], CHALLENGE_BOND));
            optimistic.challenge{value: amounts[i]}(header);
        }
    }

    function test_onlyBatchesThatAreNotFinalAreChallenged() external {
        IRollup.BatchHeader memory header = _commit("", "");
        header.number = 0;
        _expectRefused(header, _error(IRollup.BatchNotRevertible.selector, 0, 0, 1));
        header.number = 2;
        _expectRefused(header, _error(IRollup.BatchNotRevertible.selector, 2, 0, 1));
        header.number = 1;
        _prove(header);
        bytes memory refused = _error(IRollup.BatchNotRevertible.selector, 1, 1, 1);
        _expectRefused(header, refused);
        _expect(refused);
        optimistic.answerChallenge(header, PROOF);
        _expect(refused);
        optimistic.revertUnanswered(header);
    }

    function test_revertChallengeMissing() external {
        IRollup.BatchHeader memory header = _commit("", "");
        bytes memory missing = _error(IOptimistic.ChallengeMissing.selector, 1);
        _expect(missing);
        optimistic.answerChallenge(header, PROOF);
        _expect(missing);
        optimistic.revertUnanswered(header);
        _expect(missing);
        optimistic.voidChallenge(1);
        _challenge(header);
        _answer(header); // it is open no more
        _expect(missing);
        optimistic.answerChallenge(header, PROOF);
        _pass(ANSWER_TIME);
        _expect(missing);
        optimistic.revertUnanswered(header);
    }

    /// Of another batch under the same number: what was taken back, or never was.
    function test_revertHeaderMismatch() external {
        IRollup.BatchHeader memory dead = _commit("", new bytes(7));
        _revertBatches(dead);
        IRollup.BatchHeader memory live = _commit("", "");
        bytes memory mismatch = abi.encodeWithSelector(
            IRollup.HeaderMismatch.selector, 1, keccak256(abi.encode(dead)), keccak256(abi.encode(live))
        );
        _expectRefused(dead, mismatch);
        _challenge(live);
        verifier.accept(PROOF, rollup.instances(dead));
        _expect(mismatch);
        optimistic.answerChallenge(dead, PROOF);
        _pass(ANSWER_TIME);
        _expect(mismatch);
        optimistic.revertUnanswered(dead);
    }

    /// Challenges at once ask for one proof in each answer time, and for all in a window at most.
    function test_challengesAtOnceQueueForTheOperatorsTime() external {
        uint256 count = WINDOW / ANSWER_TIME + 3;
        IRollup.BatchHeader[] memory headers = new IRollup.BatchHeader[](count);
        for (uint256 i = 0; i < count; ++i) {
            headers[i] = _commit("", "");
        }
        uint256 start = block.timestamp;
        for (uint256 i = count; i > 0; --i) {
            _challenge(headers[i - 1]); // in whatever order
            uint256 before = count + 1 - i;
            uint256 answerBy = before * ANSWER_TIME < WINDOW ? before * ANSWER_TIME : WINDOW;
            _assertOpen(uint64(i), WATCHER, start + answerBy);
        }
        for (uint256 i = 0; i < count; ++i) {
            _answer(headers[i]);
        }
        _assertBonds(true, count * CHALLENGE_BOND, 0, 0);
        for (uint256 i = 0; i < count; ++i) {
            optimistic.finalizeBatch(headers[i]);
        }
        // When the queue has run off, a challenge gives its own time again.
        _pass(WINDOW);
        _challenge(_commit("", ""));
        _assertOpen(uint64(count) + 1, WATCHER, block.timestamp + ANSWER_TIME);
    }

    /// An operator who challenges himself puts off the end of a false batch by a window at most, and nothing is final
    /// meanwhile.
    function test_anOperatorWhoChallengesHimselfGainsAWindowAtMost() external {
        IRollup.BatchHeader[] memory headers = new IRollup.BatchHeader[](20);
        for (uint256 i = 0; i < headers.length; ++i) {
            headers[i] = _commit("", "");
        }
        for (uint256 i = 1; i < headers.length; ++i) {
            VM.deal(OPERATOR, CHALLENGE_BOND);
            _challengeBy(OPERATOR, headers[i]);
        }
        _challenge(headers[0]);
        _assertOpen(1, WATCHER, block.timestamp + WINDOW);
        _pass(WINDOW);
        _expectNotFinal(headers[0], _error(IOptimistic.ChallengeOpen.selector, 1, block.timestamp));
        optimistic.revertUnanswered(headers[0]);
        VM.assertEq(rollup.committedBatches(), 0);
        _assertBonds(false, 0, OPERATOR_BOND + CHALLENGE_BOND, 0);
    }

    function _expectRefused(IRollup.BatchHeader memory header, bytes memory expected) private {
        VM.prank(OTHER);
        _expect(expected);
        optimistic.challenge{value: CHALLENGE_BOND}(header);
    }

    function _expectNotFinal(IRollup.BatchHeader memory header, bytes memory expected) private {
        _expect(expected);
        optimistic.finalizeBatch(header);
    }
}
