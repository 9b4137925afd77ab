// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../src/IRollup.sol";
import {Goldilocks} from "../src/libraries/Goldilocks.sol";
import {Pubdata} from "./support/Pubdata.sol";
import {RollupTest} from "./support/RollupTest.sol";

/// @title How operations other than deposits get into the queue, and what keeps them out
contract OperationQueueTest is RollupTest {
    uint32 private constant ACCOUNT_LIMIT = 1 << 28;
    uint64 private constant AMOUNT_LIMIT = 1 << 56;

    function test_setAuth() external {
        bytes memory record = _authRecord(9, ALICE, AUTH);
        _expectQueued(4, ALICE, record);
        VM.prank(ALICE);
        VM.assertEq(rollup.setAuth(9, AUTH), 0);
        VM.snapshotGasLastCall("Rollup", "setAuth, first");
        _assertQueued(record);
    }

    /// Zero locks the account until its owner sets another.
    function test_setAuthToZero() external {
        VM.prank(ALICE);
        rollup.setAuth(9, 0);
        _assertQueued(_authRecord(9, ALICE, 0));
    }

    function test_forceWithdrawal() external {
        bytes memory record =
            Pubdata.encode(Pubdata.ForcedWithdrawal({account: 9, token: 1, amount: 5, sender: ALICE, paid: 0}));
        _expectQueued(5, ALICE, record);
        VM.prank(ALICE);
        VM.assertEq(rollup.forceWithdrawal(9, 1, 5), 0);
        VM.snapshotGasLastCall("Rollup", "forceWithdrawal, first");
        _assertQueued(record);
    }

    function test_forceTransfer() external {
        bytes memory record =
            Pubdata.encode(Pubdata.ForcedTransfer({account: 9, token: 1, amount: 5, sender: ALICE, paid: 0, to: 8}));
        _expectQueued(6, ALICE, record);
        VM.prank(ALICE);
        VM.assertEq(rollup.forceTransfer(9, 8, 1, 5), 0);
        VM.snapshotGasLastCall("Rollup", "forceTransfer, first");
        _assertQueued(record);
    }

    function test_setFlags() external {
        bytes memory record = Pubdata.encode(Pubdata.SetFlags({account: 9, flags: 0x81}));
        _expectQueued(7, OPERATOR, record);
        VM.prank(OPERATOR);
        VM.assertEq(rollup.setFlags(9, 0x81), 0);
        _assertQueued(record);
    }

    /// All kinds share one queue: each index is the last one's successor.
    function test_kindsShareTheQueue() external {
        VM.assertEq(_depositEth(5, AUTH), 0);
        VM.prank(ALICE);
        VM.assertEq(rollup.setAuth(1, AUTH), 1);
        VM.prank(ALICE);
        VM.assertEq(rollup.forceWithdrawal(1, 0, 1), 2);
        VM.prank(ALICE);
        VM.assertEq(rollup.forceTransfer(1, 2, 0, 1), 3);
        VM.prank(OPERATOR);
        VM.assertEq(rollup.setFlags(1, 1), 4);
        VM.assertEq(_depositToken(5, AUTH), 5);
        VM.assertEq(rollup.queuedOperations(), 6);
    }

    function testFuzz_records(uint32 account, uint32 to, uint8 id, uint56 amount, address sender, uint256 auth)
        external
    {
        (account, to, id) = (account % ACCOUNT_LIMIT, to % ACCOUNT_LIMIT, id % 2);
        VM.assume(amount > 0 && sender != address(0));
        auth = Pubdata.canonicalHash(auth);
        VM.startPrank(sender);
        rollup.setAuth(account, auth);
        rollup.forceWithdrawal(account, id, amount);
        rollup.forceTransfer(account, to, id, amount);
        VM.stopPrank();
        VM.assertEq(rollup.queuedOperation(0), _entry(_authRecord(account, sender, auth)));
        Pubdata.ForcedWithdrawal memory withdrawal = Pubdata.ForcedWithdrawal(account, id, amount, sender, 0);
        VM.assertEq(rollup.queuedOperation(1), _entry(Pubdata.encode(withdrawal), 1));
        Pubdata.ForcedTransfer memory transfer = Pubdata.ForcedTransfer(account, id, amount, sender, 0, to);
        VM.assertEq(rollup.queuedOperation(2), _entry(Pubdata.encode(transfer), 2));
    }

    function test_revertAuthNotCanonical() external {
        for (uint256 limb = 0; limb < 4; ++limb) {
            uint256 bad = Goldilocks.P << (64 * limb);
            _expect(abi.encodeWithSelector(IRollup.AuthNotCanonical.selector, bad));
            VM.prank(ALICE);
            rollup.setAuth(1, bad);
            VM.prank(ALICE);
            rollup.setAuth(1, bad - (1 << (64 * limb))); // the largest canonical limb
        }
    }

    function test_revertAccountOutOfRange() external {
        uint32[2] memory beyond = [ACCOUNT_LIMIT, type(uint32).max];
        for (uint256 i = 0; i < beyond.length; ++i) {
            uint32 bad = beyond[i];
            _expectAllRevert(bad, 1, abi.encodeWithSelector(IRollup.AccountOutOfRange.selector, bad, ACCOUNT_LIMIT));
            _expect(abi.encodeWithSelector(IRollup.AccountOutOfRange.selector, bad, ACCOUNT_LIMIT));
            VM.prank(ALICE);
            rollup.forceTransfer(1, bad, 0, 1);
        }
        uint32 last = ACCOUNT_LIMIT - 1;
        rollup.setAuth(last, AUTH);
        rollup.forceWithdrawal(last, 0, 1);
        rollup.forceTransfer(last, last, 0, 1);
        VM.prank(OPERATOR);
        rollup.setFlags(last, 0);
    }

    function test_revertAmountOutOfRange() external {
        uint64[3] memory amounts = [0, AMOUNT_LIMIT, type(uint64).max];
        for (uint256 i = 0; i < amounts.length; ++i) {
            uint64 bad = amounts[i];
            bytes memory expected = abi.encodeWithSelector(IRollup.AmountOutOfRange.selector, bad, AMOUNT_LIMIT);
            _expect(expected);
            rollup.forceWithdrawal(1, 0, bad);
            _expect(expected);
            rollup.forceTransfer(1, 2, 0, bad);
        }
        rollup.forceWithdrawal(1, 0, AMOUNT_LIMIT - 1);
        rollup.forceTransfer(1, 2, 0, AMOUNT_LIMIT - 1);
    }

    function test_revertTokenNumberNotRegistered() external {
        for (uint256 id = 2; id < 256; ++id) {
            bytes memory expected = abi.encodeWithSelector(IRollup.TokenNumberNotRegistered.selector, id, 2);
            _expect(expected);
            rollup.forceWithdrawal(1, uint8(id), 1);
            _expect(expected);
            rollup.forceTransfer(1, 2, uint8(id), 1);
        }
    }

    function test_revertCallerNotOperator() external {
        _expect(abi.encodeWithSelector(IRollup.CallerNotOperator.selector, ALICE));
        VM.prank(ALICE);
        rollup.setFlags(1, 1);
    }

    /// Of operations that name `account`.
    function _expectAllRevert(uint32 account, uint64 amount, bytes memory expected) private {
        _expect(expected);
        rollup.setAuth(account, AUTH);
        _expect(expected);
        rollup.forceWithdrawal(account, 0, amount);
        _expect(expected);
        rollup.forceTransfer(account, 1, 0, amount);
        _expect(expected);
        VM.prank(OPERATOR);
        rollup.setFlags(account, 1);
    }

    function _expectQueued(uint8 kind, address sender, bytes memory record) private {
        VM.expectEmit(address(rollup));
        emit IRollup.OperationQueued(0, kind, sender, uint32(block.timestamp), _expiry(), record);
    }

    function _assertQueued(bytes memory record) private view {
        VM.assertEq(rollup.queuedOperation(0), _entry(record));
        VM.assertEq(rollup.queuedOperations(), 1);
    }

    function _authRecord(uint32 account, address sender, uint256 auth) private pure returns (bytes memory) {
        return Pubdata.encode(Pubdata.SetAuth({account: account, sender: sender, auth: auth}));
    }
}
