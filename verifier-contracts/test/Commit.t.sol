// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../src/IRollup.sol";
import {Goldilocks} from "../src/libraries/Goldilocks.sol";
import {Pubdata} from "./support/Pubdata.sol";
import {RollupTest} from "./support/RollupTest.sol";

contract CommitTest is RollupTest {
    function test_commit() external {
        _depositEth(5, AUTH);
        _depositToken(6, AUTH);
        bytes memory bridge =
            bytes.concat(_depositRecord(0, 5, AUTH), _withdrawRecord(1, 4, ALICE), _depositRecord(1, 6, AUTH));
        bytes memory transfers = _randomWords(5);
        IRollup.CommitData memory batch = _batch(bridge, transfers);
        VM.prank(OPERATOR);
        IRollup.BatchHeader memory header = rollup.commitBatch(batch);

        VM.assertEq(header.number, 1);
        VM.assertEq(header.firstOperation, 0);
        VM.assertEq(header.withdrawalCount, 1);
        VM.assertEq(header.feeAccount, 7);
        VM.assertEq(header.time, NOW);
        VM.assertEq(header.previousTime, 0);
        VM.assertEq(header.bridgeWords, 10 + 5 + 10);
        VM.assertEq(header.rollupWords, 5);
        VM.assertEq(header.oldRoot, GENESIS_ROOT);
        VM.assertEq(header.newRoot, batch.newRoot);
        VM.assertEq(header.dataHash, batch.dataHash);
        VM.assertEq(header.withdrawalsRoot, keccak256(abi.encode(0, 1, 4, ALICE)));
        VM.assertEq(header.bridgeEval, Pubdata.evaluate(bridge, header.z));
        VM.assertEq(header.rollupEval, Pubdata.evaluate(transfers, header.z));
        VM.assertEq(rollup.headerHash(1), keccak256(abi.encode(header)));
        VM.assertEq(rollup.committedBatches(), 1);
        VM.assertEq(rollup.committedOperations(), 2);
        VM.assertEq(rollup.committedRoot(), batch.newRoot);
        VM.assertEq(rollup.committedTime(), NOW);
        VM.assertEq(rollup.provenBatches(), 0);
        VM.assertEq(rollup.stateRoot(), GENESIS_ROOT);
    }

    function test_commitChainsRootsOperationsAndTimes() external {
        _depositEth(5, AUTH);
        _depositEth(6, AUTH);
        IRollup.BatchHeader memory first = _commit(_depositRecord(0, 5, AUTH), "");
        IRollup.BatchHeader memory second = _commit(_depositRecord(0, 6, AUTH), "");
        VM.assertEq(second.number, 2);
        VM.assertEq(second.oldRoot, first.newRoot);
        VM.assertEq(second.firstOperation, 1);
        VM.assertEq(second.previousTime, first.time);
    }

    function test_commitEmitsHeader() external {
        IRollup.CommitData memory batch = _batch("", new bytes(14));
        // What the contract will answer, from a call whose effects are undone.
        (bool committed, bytes memory answer) = address(this).call(abi.encodeCall(this.commitAndUndo, (batch)));
        VM.assertFalse(committed);
        IRollup.BatchHeader memory header = abi.decode(answer, (IRollup.BatchHeader));
        VM.expectEmit(address(rollup));
        emit IRollup.BatchCommitted(1, keccak256(abi.encode(header)), header);
        VM.prank(OPERATOR);
        rollup.commitBatch(batch);
    }

    function commitAndUndo(IRollup.CommitData memory batch) external {
        VM.prank(OPERATOR);
        bytes memory answer = abi.encode(rollup.commitBatch(batch));
        assembly {
            revert(add(answer, 0x20), mload(answer))
        }
    }

    /// The gas figures of the README: a batch of 64 and of 1,000 transfers with realistic (non-zero) bytes.
    function test_commitGas() external {
        _depositEth(5, AUTH);
        VM.assertEq(rollup.queuedOperations(), 1);
        IRollup.CommitData memory batch = _batch("", _randomWords(2 * 64));
        VM.prank(OPERATOR);
        rollup.commitBatch(batch);
        VM.snapshotGasLastCall("Rollup", "commitBatch, 64 transfers");
        batch = _batch("", _randomWords(2 * 1000));
        VM.prank(OPERATOR);
        rollup.commitBatch(batch);
        VM.snapshotGasLastCall("Rollup", "commitBatch, 1000 transfers");
        batch = _batch(bytes.concat(_depositRecord(0, 5, AUTH), _withdrawRecord(0, 1, ALICE)), "");
        VM.prank(OPERATOR);
        rollup.commitBatch(batch);
        VM.snapshotGasLastCall("Rollup", "commitBatch, 1 deposit and 1 withdrawal");
    }

    /// Random streams of records: counts, withdrawals root and evaluations agree with the plain twins.
    function testFuzz_commitRandomStream(uint256 seed, uint8 records, uint8 words) external {
        uint256 count = _bound(records, 0, 24);
        bytes memory bridge = "";
        uint256 deposits = 0;
        bytes32[] memory leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            uint8 id = uint8(random & 1);
            uint64 amount = uint64(_bound(random >> 1, 1, (1 << 56) - 1));
            if (random & 2 == 0) {
                uint256 auth = Pubdata.canonicalHash(random);
                id == 0 ? _depositEth(amount, auth) : _depositToken(amount, auth);
                bridge = bytes.concat(bridge, _depositRecord(id, amount, auth));
                ++deposits;
            } else {
                address to = address(uint160(random >> 90));
                leaves[i - deposits] = keccak256(abi.encode(i - deposits, id, amount, to));
                bridge = bytes.concat(bridge, _withdrawRecord(id, amount, to));
            }
        }
        bytes memory rollupStream = _randomWords(words);
        IRollup.BatchHeader memory header = _commit(bridge, rollupStream);
        VM.assertEq(rollup.committedOperations(), deposits);
        VM.assertEq(header.withdrawalCount, count - deposits);
        VM.assertEq(header.bridgeWords, 10 * deposits + 5 * (count - deposits));
        VM.assertEq(header.rollupWords, words);
        VM.assertEq(header.withdrawalsRoot, _slowRoot(leaves, 0, count - deposits));
        VM.assertEq(header.bridgeEval, Pubdata.evaluate(bridge, header.z));
        VM.assertEq(header.rollupEval, Pubdata.evaluate(rollupStream, header.z));
    }

    /// Arbitrary bytes either are refused by a named error or are exactly the queue's operations and withdrawals.
    function testFuzz_commitArbitraryBytes(bytes calldata bridge) external {
        IRollup.CommitData memory batch = _batch(bridge, "");
        VM.prank(OPERATOR);
        try rollup.commitBatch(batch) returns (IRollup.BatchHeader memory header) {
            VM.assertEq(rollup.committedOperations(), 0); // nothing is queued
            VM.assertEq(uint256(header.withdrawalCount) * 35, bridge.length);
        } catch (bytes memory reason) {
            bytes4 selector = bytes4(reason);
            VM.assertTrue(
                selector == IRollup.BridgeRecordTruncated.selector || selector == IRollup.ExitRecordRefused.selector
                    || selector == IRollup.BridgeRecordTagUnknown.selector
                    || selector == IRollup.BridgeRecordPaddingNonzero.selector
                    || selector == IRollup.OperationNotQueued.selector
            );
        }
    }

    function test_revertCallerNotOperator() external {
        IRollup.CommitData memory batch = _batch("", "");
        _expect(abi.encodeWithSelector(IRollup.CallerNotOperator.selector, ALICE));
        VM.prank(ALICE);
        rollup.commitBatch(batch);
    }

    function test_revertBatchNumberUnexpected() external {
        IRollup.CommitData memory batch = _batch("", "");
        for (uint64 number = 0; number < 4; ++number) {
            if (number == 1) continue;
            batch.number = number;
            _expectCommitRevert(batch, abi.encodeWithSelector(IRollup.BatchNumberUnexpected.selector, number, 1));
        }
    }

    function test_revertHashNotCanonical() external {
        for (uint256 limb = 0; limb < 4; ++limb) {
            uint256 bad = Goldilocks.P << (64 * limb);
            bytes memory expected = abi.encodeWithSelector(IRollup.HashNotCanonical.selector, bad);
            IRollup.CommitData memory batch = _batch("", "");
            batch.newRoot = bad;
            _expectCommitRevert(batch, expected);
            batch = _batch("", "");
            batch.dataHash = bad;
            _expectCommitRevert(batch, expected);
        }
    }

    function test_revertFeeAccountOutOfRange() external {
        IRollup.CommitData memory batch = _batch("", "");
        batch.feeAccount = 1 << 28;
        bytes4 selector = IRollup.FeeAccountOutOfRange.selector;
        _expectCommitRevert(batch, abi.encodeWithSelector(selector, batch.feeAccount, 1 << 28));
        batch.feeAccount = type(uint32).max;
        _expectCommitRevert(batch, abi.encodeWithSelector(selector, batch.feeAccount, 1 << 28));
        batch.feeAccount = (1 << 28) - 1;
        VM.prank(OPERATOR);
        VM.assertEq(rollup.commitBatch(batch).feeAccount, batch.feeAccount);
    }

    function test_revertStreamNotWholeWords() external {
        for (uint256 length = 8; length < 14; ++length) {
            _expectCommitRevert(
                _batch("", new bytes(length)), abi.encodeWithSelector(IRollup.StreamNotWholeWords.selector, length)
            );
        }
        _commit("", new bytes(21)); // the contract knows no records of the rollup stream
    }

    function test_revertBridgeRecordTruncated() external {
        _depositEth(5, AUTH);
        bytes memory deposit = _depositRecord(0, 5, AUTH);
        bytes memory withdrawal = _withdrawRecord(0, 5, ALICE);
        for (uint256 length = 1; length < deposit.length; ++length) {
            _expectCommitRevert(
                _batch(bytes.concat(withdrawal, _head(deposit, length)), ""),
                abi.encodeWithSelector(IRollup.BridgeRecordTruncated.selector, 35)
            );
        }
        for (uint256 length = 1; length < withdrawal.length; ++length) {
            _expectCommitRevert(
                _batch(_head(withdrawal, length), ""), abi.encodeWithSelector(IRollup.BridgeRecordTruncated.selector, 0)
            );
        }
    }

    function test_revertBridgeRecordTagUnknown() external {
        for (uint256 tag = 0; tag < 256; ++tag) {
            if (tag >= 1 && tag <= 7) continue;
            bytes memory record = _withdrawRecord(0, 5, ALICE);
            record[0] = bytes1(uint8(tag));
            _expectCommitRevert(
                _batch(record, ""), abi.encodeWithSelector(IRollup.BridgeRecordTagUnknown.selector, 0, tag)
            );
        }
    }

    /// An exit's record would pay what nobody is debited for: before exit mode, no length and no content makes it
    /// acceptable.
    function test_revertExitRecordRefused() external {
        for (uint256 words = 1; words < 9; ++words) {
            bytes memory record = _randomWords(words);
            record[0] = 0x03;
            _expectCommitRevert(
                _batch(bytes.concat(_withdrawRecord(0, 5, ALICE), record), ""),
                abi.encodeWithSelector(IRollup.ExitRecordRefused.selector, 35)
            );
        }
    }

    function test_revertBridgeRecordPaddingNonzero() external {
        bytes memory expected = abi.encodeWithSelector(IRollup.BridgeRecordPaddingNonzero.selector, 0);
        bytes memory withdrawal = _withdrawRecord(0, 5, ALICE);
        withdrawal[28] = 0x01;
        _expectCommitRevert(_batch(withdrawal, ""), expected);
    }

    function _expectCommitRevert(IRollup.CommitData memory batch, bytes memory expected) private {
        _expect(expected);
        VM.prank(OPERATOR);
        rollup.commitBatch(batch);
    }

    function _head(bytes memory data, uint256 length) private pure returns (bytes memory result) {
        result = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            result[i] = data[i];
        }
    }

    function _randomWords(uint256 count) private pure returns (bytes memory stream) {
        stream = new bytes(7 * count);
        for (uint256 i = 0; i < stream.length; ++i) {
            stream[i] = bytes1(uint8(uint256(keccak256(abi.encode(i)))) | 1);
        }
    }

    /// Recursive twin of `WithdrawalTree.root`: the left subtree is the largest full one that leaves something over.
    function _slowRoot(bytes32[] memory leaves, uint256 from, uint256 count) private pure returns (bytes32) {
        if (count == 0) return 0;
        if (count == 1) return leaves[from];
        uint256 left = 1;
        while (left * 2 < count) left *= 2;
        return keccak256(abi.encode(_slowRoot(leaves, from, left), _slowRoot(leaves, from + left, count - left)));
    }
}
