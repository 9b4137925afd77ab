// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../src/IRollup.sol";
import {Pubdata} from "./support/Pubdata.sol";
import {RollupTest} from "./support/RollupTest.sol";

/// @title Batches execute the queue's operations as they were queued, in order, and leave none out
contract ExecutionTest is RollupTest {
    address private constant BOB = address(0xb0b);
    uint256 private constant KINDS = 5;
    uint256 private constant SLOT_QUEUE = 5;

    function test_everyKindIsExecutedInOrder() external {
        bytes memory bridge = "";
        for (uint256 kind = 0; kind < KINDS; ++kind) {
            _queue(kind);
            bridge = bytes.concat(bridge, _record(kind));
        }
        IRollup.BatchHeader memory header = _commit(bridge, "");
        VM.assertEq(header.bridgeWords, 10 + 10 + 6 + 7 + 1);
        VM.assertEq(header.bridgeEval, Pubdata.evaluate(bridge, header.z));
        VM.assertEq(header.withdrawalCount, 1);
        VM.assertEq(rollup.committedOperations(), KINDS);
    }

    function test_aBatchMayLeaveTheRestToTheNext() external {
        for (uint256 kind = 0; kind < KINDS; ++kind) {
            _queue(kind);
        }
        for (uint256 kind = 0; kind < KINDS; ++kind) {
            VM.assertEq(_commit(_record(kind), "").firstOperation, kind);
            VM.assertEq(rollup.committedOperations(), kind + 1);
        }
    }

    /// A batch says which account a deposit went to and what a forced operation paid; all else is as it was queued:
    /// account, token, amount, sender, auth, receiver, flags, padding.
    function test_revertOperationMismatch() external {
        for (uint64 kind = 0; kind < KINDS; ++kind) {
            _queue(kind);
            bytes memory record = _record(kind);
            for (uint256 bit = 8; bit < 8 * record.length; ++bit) {
                record[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
                if (_isFilledIn(kind, bit / 8)) _revert(_commit(record, ""));
                else _expectCommitRevert(record, abi.encodeWithSelector(IRollup.OperationMismatch.selector, kind));
                record[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
            }
            _commit(record, "");
        }
    }

    /// Records of the same length and content do not pass for each other.
    function test_revertAnotherKind() external {
        _queue(0);
        bytes memory record = _record(0);
        record[0] = 0x04;
        _expectMismatch(record, 0);
        _commit(_record(0), "");
        _queue(1);
        record = _record(1);
        record[0] = 0x01;
        _expectMismatch(record, 1);
    }

    function test_revertOutOfOrder() external {
        for (uint256 first = 0; first < KINDS; ++first) {
            uint64 next = rollup.queuedOperations();
            uint256 second = (first + 1) % KINDS;
            _queue(first);
            _queue(second);
            _expectMismatch(bytes.concat(_record(second), _record(first)), next);
            _commit(bytes.concat(_record(first), _record(second)), "");
        }
    }

    function test_revertMissingOne() external {
        for (uint256 kind = 0; kind < KINDS; ++kind) {
            _queue(kind);
        }
        for (uint64 missing = 0; missing < KINDS - 1; ++missing) {
            bytes memory bridge = "";
            for (uint256 kind = 0; kind < KINDS; ++kind) {
                if (kind != missing) bridge = bytes.concat(bridge, _record(kind));
            }
            _expectMismatch(bridge, missing);
        }
    }

    function test_revertOperationNotQueued() external {
        for (uint256 kind = 0; kind < KINDS; ++kind) {
            bytes memory record = _record(kind);
            uint64 next = rollup.queuedOperations();
            bytes memory expected = abi.encodeWithSelector(IRollup.OperationNotQueued.selector, next);
            _expectCommitRevert(record, expected);
            _queue(kind);
            expected = abi.encodeWithSelector(IRollup.OperationNotQueued.selector, next + 1);
            _expectCommitRevert(bytes.concat(record, record), expected);
            _commit(record, "");
            _expectCommitRevert(record, expected); // it is executed once
        }
    }

    function test_revertBridgeRecordTruncated() external {
        for (uint256 kind = 0; kind < KINDS; ++kind) {
            _queue(kind);
            bytes memory record = _record(kind);
            for (uint256 length = record.length - 1; length > 0; --length) {
                assembly {
                    mstore(record, length)
                }
                bytes memory expected = abi.encodeWithSelector(IRollup.BridgeRecordTruncated.selector, 35);
                _expectCommitRevert(bytes.concat(_withdrawRecord(0, 5, ALICE), record), expected);
            }
            _commit(_record(kind), "");
        }
    }

    /// When an entry expires is no part of what a batch must repeat.
    function test_operationsOfOneSecondAndOfAnotherAreExecutedAlike() external {
        _queue(1);
        VM.warp(block.timestamp + 1 days);
        _queue(1);
        VM.assertTrue(rollup.queuedOperation(0) != rollup.queuedOperation(1));
        _commit(bytes.concat(_record(1), _record(1)), "");
        VM.assertEq(rollup.committedOperations(), 2);
    }

    /// Each bit of an entry's hash counts, and none of its expiry.
    function test_allOfTheHashIsCompared() external {
        _queue(1);
        bytes32 slot = keccak256(abi.encode(uint256(0), SLOT_QUEUE));
        bytes32 entry = rollup.queuedOperation(0);
        for (uint256 bit = 0; bit < 256; ++bit) {
            bytes32 changed = bytes32(uint256(entry) ^ (uint256(1) << bit));
            VM.store(address(rollup), slot, changed);
            VM.assertEq(rollup.queuedOperation(0), changed);
            if (bit < 40) _revert(_commit(_record(1), ""));
            else _expectMismatch(_record(1), 0);
        }
    }

    /// What forced withdrawals pay stands among the signed withdrawals, in the order of the stream.
    function test_forcedWithdrawalsAreLeaves() external {
        _force(0, 100);
        _force(1, 100);
        bytes memory bridge = bytes.concat(
            _withdrawRecord(1, 3, BOB),
            _forcedRecord(0, 100, 40),
            _withdrawRecord(0, 4, BOB),
            _forcedRecord(1, 100, 100)
        );
        IRollup.BatchHeader memory header = _commit(bridge, "");
        bytes32 left = _parent(keccak256(abi.encode(0, 1, 3, BOB)), keccak256(abi.encode(1, 0, 40, ALICE)));
        bytes32 right = _parent(keccak256(abi.encode(2, 0, 4, BOB)), keccak256(abi.encode(3, 1, 100, ALICE)));
        VM.assertEq(header.withdrawalCount, 4);
        VM.assertEq(header.withdrawalsRoot, _parent(left, right));
    }

    function test_claimWhatAForcedWithdrawalPaid() external {
        _depositToken(50, AUTH);
        _force(1, 100);
        bytes memory bridge = bytes.concat(_depositRecord(1, 50, AUTH), _forcedRecord(1, 100, 50));
        IRollup.BatchHeader memory header = _commit(bridge, "");
        _prove(header);
        uint256 before = token.balanceOf(ALICE);
        rollup.claimWithdrawal(header, 0, IRollup.Withdrawal(1, 50, ALICE), new bytes32[](0));
        VM.assertEq(token.balanceOf(ALICE) - before, 50 * TOKEN_UNIT);
        VM.assertEq(rollup.outstanding(1), 0);
        _expect(abi.encodeWithSelector(IRollup.WithdrawalAlreadyClaimed.selector, 1, 0));
        rollup.claimWithdrawal(header, 0, IRollup.Withdrawal(1, 50, ALICE), new bytes32[](0));
    }

    /// Not the amount that was asked for, and not to somebody else.
    function test_revertClaimOfMoreThanWasPaid() external {
        _depositEth(50, AUTH);
        _force(0, 50);
        IRollup.BatchHeader memory header =
            _commit(bytes.concat(_depositRecord(0, 50, AUTH), _forcedRecord(0, 50, 20)), "");
        _prove(header);
        bytes memory invalid = abi.encodeWithSelector(IRollup.WithdrawalProofInvalid.selector, 1, 0);
        _expect(invalid);
        rollup.claimWithdrawal(header, 0, IRollup.Withdrawal(0, 50, ALICE), new bytes32[](0));
        _expect(invalid);
        rollup.claimWithdrawal(header, 0, IRollup.Withdrawal(0, 20, BOB), new bytes32[](0));
    }

    function test_whatPaysNothingOrPaysOnL2IsNoLeaf() external {
        _force(0, 100);
        _queue(3);
        IRollup.BatchHeader memory header = _commit(bytes.concat(_forcedRecord(0, 100, 0), _record(3)), "");
        VM.assertEq(header.withdrawalCount, 0);
        VM.assertEq(header.withdrawalsRoot, bytes32(0));
    }

    function test_revertedBatchesReturnTheirOperations() external {
        for (uint256 kind = 0; kind < KINDS; ++kind) {
            _queue(kind);
        }
        _commit(_record(0), "");
        IRollup.BatchHeader memory second = _commit(bytes.concat(_record(1), _record(2)), "");
        _commit(_record(3), "");
        _revert(second);
        VM.assertEq(rollup.committedOperations(), 1);
        VM.assertEq(rollup.queuedOperations(), KINDS);
        _expectMismatch(_record(3), 1);
        _commit(bytes.concat(_record(1), _record(2), _record(3), _record(4)), "");
        VM.assertEq(rollup.committedOperations(), KINDS);
    }

    /// Queues the operation whose record is `_record(kind)`.
    function _queue(uint256 kind) private {
        if (kind == 0) {
            _depositEth(5, AUTH);
        } else if (kind == 1) {
            VM.prank(ALICE);
            rollup.setAuth(0x0b0c0d0e, AUTH);
        } else if (kind == 2) {
            _force(1, 0x0a0b0c0d0e0f01);
        } else if (kind == 3) {
            VM.prank(ALICE);
            rollup.forceTransfer(0x0b0c0d0e, 0x01020304, 1, 0x0a0b0c0d0e0f01);
        } else {
            VM.prank(OPERATOR);
            rollup.setFlags(0x0b0c0d0e, 0x81);
        }
    }

    /// With something in all that a batch fills in.
    function _record(uint256 kind) private pure returns (bytes memory) {
        if (kind == 0) return _depositRecord(0, 5, AUTH);
        if (kind == 1) return Pubdata.encode(Pubdata.SetAuth({account: 0x0b0c0d0e, sender: ALICE, auth: AUTH}));
        if (kind == 2) return _forcedRecord(1, 0x0a0b0c0d0e0f01, 0x01020304050607);
        if (kind == 4) return Pubdata.encode(Pubdata.SetFlags({account: 0x0b0c0d0e, flags: 0x81}));
        return Pubdata.encode(
            Pubdata.ForcedTransfer({
                account: 0x0b0c0d0e,
                token: 1,
                amount: 0x0a0b0c0d0e0f01,
                sender: ALICE,
                paid: 0x01020304050607,
                to: 0x01020304
            })
        );
    }

    function _isFilledIn(uint256 kind, uint256 place) private pure returns (bool) {
        if (kind == 0) return place >= 1 && place < 5;
        return (kind == 2 || kind == 3) && place >= 35 && place < 42;
    }

    /// ALICE forces a withdrawal of account 0x0b0c0d0e.
    function _force(uint8 id, uint64 amount) private {
        VM.prank(ALICE);
        rollup.forceWithdrawal(0x0b0c0d0e, id, amount);
    }

    function _forcedRecord(uint8 id, uint56 amount, uint56 paid) private pure returns (bytes memory) {
        return Pubdata.encode(
            Pubdata.ForcedWithdrawal({account: 0x0b0c0d0e, token: id, amount: amount, sender: ALICE, paid: paid})
        );
    }

    function _expectMismatch(bytes memory bridge, uint64 index) private {
        _expectCommitRevert(bridge, abi.encodeWithSelector(IRollup.OperationMismatch.selector, index));
    }

    function _revert(IRollup.BatchHeader memory first) private {
        VM.prank(OPERATOR);
        rollup.revertBatches(first);
    }

    function _parent(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return keccak256(abi.encode(left, right));
    }
}
