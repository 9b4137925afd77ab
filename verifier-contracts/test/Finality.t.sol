// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IOptimistic} from "../src/IOptimistic.sol";
import {IProofVerifier} from "../src/IProofVerifier.sol";
import {IRollup} from "../src/IRollup.sol";
import {IVerifierRouter} from "../src/IVerifierRouter.sol";
import {OptimisticTest} from "./support/OptimisticTest.sol";
import {Routing} from "./support/Routing.sol";
import {VerifierDouble} from "./support/VerifierDouble.sol";

/// @title How batches become final without a proof, and beside proofs
contract FinalityTest is OptimisticTest {
    function test_aBatchIsFinalWhenItsWindowIsOver() external {
        IRollup.BatchHeader memory header = _commit("", new bytes(14));
        VM.assertEq(optimistic.pending(1).committedAt, block.timestamp);
        _pass(WINDOW);
        VM.expectEmit(address(rollup));
        emit IRollup.BatchProven(1, header.newRoot);
        VM.prank(ALICE); // anybody
        optimistic.finalizeBatch(header);
        VM.snapshotGasLastCall("OptimisticRollup", "finalizeBatch, by time");
        VM.assertEq(rollup.stateRoot(), header.newRoot);
        VM.assertEq(rollup.provenBatches(), 1);
        VM.assertEq(optimistic.pending(1).committedAt, 0);
        VM.assertEq(rollup.dataMode(), bytes32("calldata"));
    }

    /// As `ProveGasTest` measures with a proof: later batches find no slot empty but those of their own number.
    function test_finalityGas() external {
        _finalize(_commit("", ""));
        bytes memory stream = new bytes(14 * 64);
        for (uint256 i = 0; i < stream.length; ++i) {
            stream[i] = bytes1(uint8(uint256(keccak256(abi.encode(i)))) | 1);
        }
        IRollup.BatchHeader memory header = _commit("", stream);
        uint256 gas_ = VM.lastCallGas().gasTotalUsed;
        VM.snapshotValue("OptimisticRollup", "commitBatch, 64 transfers", gas_);
        _pass(WINDOW);
        optimistic.finalizeBatch(header);
        gas_ += VM.lastCallGas().gasTotalUsed;
        VM.snapshotValue("OptimisticRollup", "commitBatch and finalizeBatch of 64 transfers", gas_);
        VM.assertEq(rollup.provenBatches(), 2);
    }

    function test_revertWindowOpen() external {
        IRollup.BatchHeader memory header = _commit("", "");
        uint256 until = block.timestamp + WINDOW;
        _expectNotFinal(header, _error(IOptimistic.WindowOpen.selector, 1, until));
        VM.warp(until - 1);
        _expectNotFinal(header, _error(IOptimistic.WindowOpen.selector, 1, until));
        VM.assertEq(rollup.stateRoot(), GENESIS_ROOT);
        VM.warp(until);
        optimistic.finalizeBatch(header);
    }

    /// Each batch has a window of its own, counted from its own commit.
    function test_batchesAreFinalInOrder() external {
        IRollup.BatchHeader memory first = _commit("", "");
        _pass(WINDOW / 2);
        IRollup.BatchHeader memory second = _commit("", "");
        uint256 until = block.timestamp + WINDOW;
        VM.warp(until);
        _expectNotFinal(second, _error(IRollup.BatchNotProvable.selector, 2, 1, 2));
        optimistic.finalizeBatch(first);
        VM.warp(until - 1);
        _expectNotFinal(second, _error(IOptimistic.WindowOpen.selector, 2, until));
        VM.warp(until);
        optimistic.finalizeBatch(second);
        _expectNotFinal(second, _error(IRollup.BatchNotProvable.selector, 2, 3, 2)); // once
        VM.assertEq(rollup.stateRoot(), second.newRoot);
    }

    /// The time since it was committed for the last time, whatever was committed before under its number.
    function test_committingAgainOpensAnotherWindow() external {
        IRollup.BatchHeader memory header = _commit("", "");
        _revertBatches(header);
        _pass(WINDOW - 60);
        IRollup.BatchHeader memory again = _commit("", "");
        _pass(60);
        uint256 until = block.timestamp + WINDOW - 60;
        _expectNotFinal(again, _error(IOptimistic.WindowOpen.selector, 1, until));
        VM.warp(until);
        _expectMismatch(header, again);
        optimistic.finalizeBatch(again);
    }

    function test_aProofEndsTheWindowAtOnce() external {
        IRollup.BatchHeader memory first = _commit("", "");
        IRollup.BatchHeader memory second = _commit("", "");
        IRollup.BatchHeader memory third = _commit("", "");
        _prove(first);
        _prove(second);
        VM.assertEq(rollup.stateRoot(), second.newRoot);
        VM.assertEq(optimistic.pending(2).committedAt, 0);
        _pass(WINDOW); // and the other way goes on behind it
        optimistic.finalizeBatch(third);
        _prove(_commit("", ""));
        VM.assertEq(rollup.provenBatches(), 4);
    }

    function test_commitAndProveBatchLeavesNothingPending() external {
        IRollup.CommitData memory batch = _batch("", "");
        VM.prank(OPERATOR);
        IRollup.BatchHeader memory header = rollup.commitBatch(batch);
        verifier.accept(PROOF, rollup.instances(header));
        _revertBatches(header);
        VM.prank(OPERATOR);
        rollup.commitAndProveBatch(batch, PROOF);
        VM.assertEq(rollup.provenBatches(), 1);
        VM.assertEq(optimistic.pending(1).committedAt, 0);
        _expectChallengeRefused(header, _error(IRollup.BatchNotRevertible.selector, 1, 1, 1));
    }

    /// Each field of the header is bound by the stored hash.
    function test_revertFinalizeHeaderMismatch() external {
        IRollup.BatchHeader memory header = _commit("", new bytes(14));
        _pass(WINDOW);
        bytes memory whole = abi.encode(header);
        for (uint256 field = 1; field < 15; ++field) {
            bytes memory changed = bytes.concat(whole);
            changed[32 * field + 31] ^= 0x01;
            _expectMismatch(abi.decode(changed, (IRollup.BatchHeader)), header);
        }
        optimistic.finalizeBatch(header);
    }

    /// Only what is final pays.
    function test_withdrawalsAreClaimedWhenTheirBatchIsFinal() external {
        _depositEth(100, AUTH);
        bytes memory bridge = bytes.concat(_depositRecord(0, 100, AUTH), _withdrawRecord(0, 10, OTHER));
        IRollup.BatchHeader memory header = _commit(bridge, "");
        _pass(WINDOW);
        _expect(_error(IRollup.BatchNotProven.selector, 1, 0));
        rollup.claimWithdrawal(header, 0, IRollup.Withdrawal(0, 10, OTHER), new bytes32[](0));
        optimistic.finalizeBatch(header);
        uint256 before = OTHER.balance;
        rollup.claimWithdrawal(header, 0, IRollup.Withdrawal(0, 10, OTHER), new bytes32[](0));
        VM.assertEq(OTHER.balance - before, 10 gwei);
    }

    /// An operation that is committed at once is final long before it expires, without any proof; also if its batch is
    /// challenged in the last second.
    function test_anHonestRollupNeverGetsIntoExitMode() external {
        uint64 expiry = _expiry();
        _depositEth(5, AUTH);
        IRollup.BatchHeader memory header = _commit(_depositRecord(0, 5, AUTH), "");
        _pass(WINDOW - 1);
        _challenge(header);
        _pass(ANSWER_TIME - 1);
        _answer(header);
        optimistic.finalizeBatch(header);
        VM.warp(expiry / 10);
        _expect(_error(IRollup.OperationNotQueued.selector, 1));
        _enter(_noHeader());
    }

    /// A batch that waits for its window is no excuse: an operation that is not final when it expires opens exit mode.
    function test_exitModeVoidsWhatIsNotFinal() external {
        uint64 expiry = _expiry();
        _depositEth(5, AUTH);
        VM.warp(expiry / 10 - WINDOW + 1);
        IRollup.BatchHeader memory header = _commit(_depositRecord(0, 5, AUTH), "");
        VM.warp(expiry / 10);
        _enter(header);
        _pass(WINDOW);
        _expectNotFinal(header, _error(IRollup.RefusedInExitMode.selector));
        VM.assertEq(rollup.stateRoot(), GENESIS_ROOT);
        VM.assertEq(rollup.committedBatches(), 0);
    }

    /// So each batch is answered for by the circuit set under which it was committed.
    function test_aCircuitSetIsAdoptedWhenAllBatchesAreFinal() external {
        VerifierDouble added = new VerifierDouble();
        VM.prank(OPERATOR);
        rollup.announceCircuitSet("new");
        VM.prank(Routing.OWNER);
        router.announce("new", added);
        _pass(Routing.NOTICE);
        router.activate("new");
        IRollup.BatchHeader memory first = _commit("", "");
        IRollup.BatchHeader memory second = _commit("", "");
        _expect(_error(IOptimistic.BatchesUnfinal.selector, 0, 2));
        rollup.adoptCircuitSet();
        _challenge(second);
        _answer(second); // by the set under which it was committed
        _expect(_error(IOptimistic.BatchesUnfinal.selector, 0, 2));
        rollup.adoptCircuitSet();
        _prove(first);
        _expect(_error(IOptimistic.BatchesUnfinal.selector, 1, 2));
        rollup.adoptCircuitSet();
        optimistic.finalizeBatch(second);
        rollup.adoptCircuitSet();
        VM.assertEq(rollup.circuitSet(), bytes32("new"));

        IRollup.BatchHeader memory third = _commit("", "");
        _challenge(third);
        verifier.accept(PROOF, rollup.instances(third));
        _expect(_error(IProofVerifier.ProofInvalid.selector));
        optimistic.answerChallenge(third, PROOF);
        added.accept(PROOF, rollup.instances(third));
        optimistic.answerChallenge(third, PROOF);
    }

    /// What the router's owner can do to the operator: his answers are worth nothing any more. Batches become final by time,
    /// and the state stays what it is.
    function test_aRemovedVerifierAnswersNothing() external {
        IRollup.BatchHeader memory first = _commit("", "");
        IRollup.BatchHeader memory second = _commit("", "");
        _challenge(second);
        VM.prank(Routing.OWNER);
        router.remove(Routing.CIRCUIT_SET);
        verifier.accept(PROOF, rollup.instances(second));
        _expect(abi.encodeWithSelector(IVerifierRouter.RouteNotActive.selector, Routing.CIRCUIT_SET));
        optimistic.answerChallenge(second, PROOF);
        _pass(WINDOW);
        optimistic.finalizeBatch(first);
        optimistic.revertUnanswered(second);
        VM.assertEq(rollup.stateRoot(), first.newRoot);
    }

    function _expectNotFinal(IRollup.BatchHeader memory header, bytes memory expected) private {
        _expect(expected);
        optimistic.finalizeBatch(header);
    }

    function _expectMismatch(IRollup.BatchHeader memory given, IRollup.BatchHeader memory committed) private {
        _expect(
            abi.encodeWithSelector(
                IRollup.HeaderMismatch.selector,
                given.number,
                keccak256(abi.encode(given)),
                keccak256(abi.encode(committed))
            )
        );
        optimistic.finalizeBatch(given);
    }

    function _expectChallengeRefused(IRollup.BatchHeader memory header, bytes memory expected) private {
        VM.prank(WATCHER);
        _expect(expected);
        optimistic.challenge{value: CHALLENGE_BOND}(header);
    }
}
