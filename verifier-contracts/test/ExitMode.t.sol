// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../src/IRollup.sol";
import {MintableToken} from "../src/demo/MintableToken.sol";
import {ExitTest} from "./support/ExitTest.sol";
import {Pubdata} from "./support/Pubdata.sol";
import {Routing} from "./support/Routing.sol";
import {Withdrawals} from "./support/Withdrawals.sol";

/// @title What exit mode leaves, and what it refuses
contract ExitModeTest is ExitTest {
    /// All that would bring anything in, execute anything, or change who proves.
    function test_everythingButLeavingIsRefused() external {
        VM.prank(OPERATOR);
        rollup.announceCircuitSet("another");
        IRollup.BatchHeader memory header = _commit("", "");
        verifier.accept(PROOF, rollup.instances(header));
        IRollup.CommitData memory next = _batch("", "");
        rollup.setAuth(1, AUTH);
        VM.warp(block.timestamp + Routing.NOTICE + 1);
        _enter(header);

        MintableToken added = new MintableToken("", "", 9);
        bytes[13] memory calls = [
            abi.encodeCall(IRollup.commitBatch, (next)),
            abi.encodeCall(IRollup.commitAndProveBatch, (next, PROOF)),
            abi.encodeCall(IRollup.proveBatch, (header, PROOF)),
            abi.encodeCall(IRollup.revertBatches, (header)),
            abi.encodeCall(IRollup.registerToken, (address(added), 0)),
            abi.encodeCall(IRollup.announceCircuitSet, ("another")),
            abi.encodeCall(IRollup.adoptCircuitSet, ()),
            abi.encodeCall(IRollup.setFlags, (1, 1)),
            abi.encodeCall(IRollup.setAuth, (1, AUTH)),
            abi.encodeCall(IRollup.forceWithdrawal, (1, 0, 1)),
            abi.encodeCall(IRollup.forceTransfer, (1, 2, 0, 1)),
            abi.encodeCall(IRollup.depositERC20, (address(token), TOKEN_UNIT, OPERATOR, AUTH)),
            abi.encodeCall(IRollup.enterExitMode, (header))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            _expectRefused(calls[i], 0);
        }
        _expectRefused(abi.encodeCall(IRollup.depositETH, (OPERATOR, AUTH)), 1 gwei);
        VM.assertEq(rollup.stateRoot(), GENESIS_ROOT);
        VM.assertEq(rollup.circuitSet(), Routing.CIRCUIT_SET);
        VM.assertEq(rollup.queuedOperations(), 1);
    }

    /// Each of them is in order a moment before.
    function test_nothingIsRefusedBefore() external {
        rollup.setAuth(1, AUTH);
        VM.warp(block.timestamp + Routing.NOTICE); // exit mode is open, and nobody has entered it
        IRollup.BatchHeader memory header = _commit("", "");
        VM.prank(OPERATOR);
        rollup.revertBatches(header);
        _prove(_commit("", ""));
        _depositEth(1, AUTH);
        _depositToken(1, AUTH);
        address added = address(new MintableToken("", "", 9));
        VM.prank(OPERATOR);
        rollup.registerToken(added, 0);
        VM.assertFalse(rollup.exitMode());
    }

    /// Withdrawals of batches that were proven before are paid as ever.
    function test_earlierWithdrawalsAreClaimed() external {
        _depositEth(100, AUTH);
        bytes memory bridge = bytes.concat(_depositRecord(0, 100, AUTH), _withdrawRecord(0, 10, BOB));
        IRollup.BatchHeader memory header = _commitAndProve(bridge);
        _freeze();
        _claim(header, _withdrawals(0, 10, BOB), 0);
        VM.assertEq(BOB.balance, 10 gwei);
        VM.assertEq(rollup.outstanding(0), 90);
    }

    /// A withdrawal of a batch that was taken back was never made: the balance is still in the state.
    function test_withdrawalsOfUnprovenBatchesAreNotClaimed() external {
        _fund(1, BOB, 0, 100);
        IRollup.BatchHeader memory header = _commit(_withdrawRecord(0, 10, BOB), "");
        rollup.setAuth(1, AUTH);
        VM.warp(block.timestamp + 100 days);
        _enter(header);
        Withdrawals withdrawals = _withdrawals(0, 10, BOB);
        bytes32[] memory none = new bytes32[](0);
        _expect(abi.encodeWithSelector(IRollup.BatchNotProven.selector, 2, 1));
        rollup.claimWithdrawal(header, 0, IRollup.Withdrawal(0, 10, BOB), none);
        // Nor when an exit batch has taken its number.
        IRollup.BatchHeader memory exit = _exitBatch(_exitRecord(1, 0), _withdrawals(0, 100, BOB));
        VM.assertEq(exit.number, header.number);
        _expect(
            abi.encodeWithSelector(
                IRollup.HeaderMismatch.selector, 2, keccak256(abi.encode(header)), keccak256(abi.encode(exit))
            )
        );
        rollup.claimWithdrawal(header, 0, IRollup.Withdrawal(0, 10, BOB), none);
        VM.assertEq(withdrawals.count(), 1);
    }

    /// A claim, exits by both ways, one of them of what the other has taken, and refunds: nothing is owed, nothing left.
    function test_theLastOneOutLeavesNothing() external {
        _fund(1, BOB, 0, 100);
        _fund(1, BOB, 1, 20);
        _fund(2, CAROL, 1, 30);
        _fund(700, CAROL, 0, 9);
        _depositEth(40, AUTH);
        bytes memory bridge = bytes.concat(_depositRecord(0, 40, AUTH), _withdrawRecord(0, 40, BOB));
        IRollup.BatchHeader memory earlier = _commitAndProve(bridge);
        uint64 index = _depositEth(5, AUTH);
        VM.prank(ALICE);
        rollup.depositERC20(address(token), 8 * TOKEN_UNIT, BOB, 0);
        IRollup.BatchHeader memory unproven = _commit(_depositRecord(0, 5, AUTH), "");
        VM.warp(block.timestamp + 100 days);
        _enter(unproven);

        rollup.exitByPath(state.path(1, 0));
        Withdrawals left = _withdrawals(1, 30, CAROL);
        left.push(IRollup.Withdrawal(1, 20, BOB));
        IRollup.BatchHeader memory first =
            _exitBatch(bytes.concat(_exitRecord(2, 1), _exitRecord(1, 0), _exitRecord(1, 1)), left);
        Withdrawals rest = _withdrawals(0, 9, CAROL);
        IRollup.BatchHeader memory second =
            _exitBatch(bytes.concat(_exitRecord(1, 1), _exitRecord(700, 0), _exitRecord(1, 0)), rest);
        _claim(earlier, _withdrawals(0, 40, BOB), 0);
        _claim(first, left, 0);
        _claim(first, left, 1);
        _claim(second, rest, 0);
        Pubdata.Deposit memory deposit = Pubdata.Deposit({account: 0, token: 0, amount: 5, owner: ALICE, auth: AUTH});
        rollup.refundDeposit(index, Pubdata.encode(deposit));
        deposit = Pubdata.Deposit({account: 0, token: 1, amount: 8, owner: BOB, auth: 0});
        rollup.refundDeposit(index + 1, Pubdata.encode(deposit));

        VM.assertEq(address(rollup).balance, bonds);
        VM.assertEq(token.balanceOf(address(rollup)), 0);
        VM.assertEq(rollup.outstanding(0), 0);
        VM.assertEq(rollup.outstanding(1), 0);
        VM.assertEq(BOB.balance, 140 gwei);
        VM.assertEq(CAROL.balance, 9 gwei);
        VM.assertEq(token.balanceOf(BOB), 20 * TOKEN_UNIT);
        VM.assertEq(token.balanceOf(CAROL), 30 * TOKEN_UNIT);
    }

    /// By the operator, who may do all that anybody may.
    function _expectRefused(bytes memory data, uint256 value) private {
        VM.deal(OPERATOR, value);
        VM.prank(OPERATOR);
        (bool done, bytes memory answer) = address(rollup).call{value: value}(data);
        VM.assertFalse(done);
        VM.assertEq(answer, abi.encodeWithSelector(IRollup.RefusedInExitMode.selector));
    }
}
