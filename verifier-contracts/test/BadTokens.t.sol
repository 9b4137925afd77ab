// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {MintableToken} from "../src/demo/MintableToken.sol";
import {IRollup} from "../src/IRollup.sol";
import {ExitTest} from "./support/ExitTest.sol";
import {CallingToken, Mood, MoodyToken} from "./support/OddTokens.sol";
import {Pubdata} from "./support/Pubdata.sol";
import {Withdrawals} from "./support/Withdrawals.sol";

/// @title Tokens that turn bad once they are in, on every way in and out
/// @notice A bad token decides of itself. What leaves of ETH and of another token is exactly what it is without it.
contract BadTokensTest is ExitTest {
    uint64 private constant UNITS = 100;
    /// What each way pays.
    uint64 private constant PART = 10;

    MoodyToken private moody;
    uint8 private id;
    IRollup.BatchHeader private header;
    Withdrawals private tree;
    uint64 private firstRefund;

    /// Balances in the state, withdrawals, and deposits that nobody executed: of ETH, the good token and the moody one.
    function setUp() public override {
        super.setUp();
        moody = new MoodyToken();
        id = _listed(moody);
        tree = new Withdrawals();
        bytes memory bridge = "";
        for (uint8 i = 0; i < 3; ++i) {
            uint8 of_ = _token(i);
            _fund(1, BOB, of_, UNITS);
            _fund(2, CAROL, of_, UNITS);
        }
        for (uint8 i = 0; i < 3; ++i) {
            uint8 of_ = _token(i);
            _deposit(of_, 4 * PART);
            bridge = bytes.concat(bridge, Pubdata.encode(_depositOf(of_, 4 * PART)));
        }
        for (uint8 round = 0; round < 4; ++round) {
            for (uint8 i = 0; i < 3; ++i) {
                tree.push(IRollup.Withdrawal(_token(i), PART, BOB));
            }
        }
        header = _commitAndProve(bytes.concat(bridge, tree.stream()));
        firstRefund = rollup.queuedOperations();
        for (uint8 i = 0; i < 3; ++i) {
            _deposit(_token(i), PART);
        }
    }

    function test_aTokenThatPaysIsPaid() external {
        for (uint256 i = 0; i < 2; ++i) {
            uint256 snapshot = VM.snapshotState();
            moody.setMood(i == 0 ? Mood.Good : Mood.ReturnsNothing);
            _leave(true);
            VM.assertEq(moody.balanceOf(BOB), UNITS + 4 * PART);
            VM.assertEq(moody.balanceOf(CAROL), UNITS);
            VM.assertEq(moody.balanceOf(address(rollup)), 0);
            VM.revertToState(snapshot);
        }
    }

    /// Its claims stay open until it pays again; nobody else waits.
    function test_aTokenThatRefusesHoldsUpOnlyItself() external {
        Mood[3] memory moods = [Mood.ReturnsFalse, Mood.Reverts, Mood.BurnsGas];
        for (uint256 i = 0; i < moods.length; ++i) {
            uint256 snapshot = VM.snapshotState();
            moody.setMood(moods[i]);
            _leave(false);
            VM.assertEq(rollup.outstanding(id), moody.balanceOf(address(rollup)));
            VM.assertEq(rollup.outstanding(id), 2 * UNITS + 5 * PART);
            moody.setMood(Mood.Good);
            _claimOne(2);
            rollup.exitByPath(state.path(1, id));
            rollup.exitByPath(state.path(2, id));
            VM.assertEq(moody.balanceOf(BOB), UNITS + PART);
            VM.revertToState(snapshot);
        }
    }

    /// A fee that it begins to take, or a transfer that it only claims, is its holders' loss.
    function test_aTokenThatPaysLessIsItsHoldersLoss() external {
        Mood[2] memory moods = [Mood.TakesFee, Mood.Lies];
        for (uint256 i = 0; i < moods.length; ++i) {
            uint256 snapshot = VM.snapshotState();
            moody.setMood(moods[i]);
            _leave(true);
            VM.assertEq(moody.balanceOf(BOB), i == 0 ? (UNITS + 4 * PART) / 2 : 0);
            VM.revertToState(snapshot);
        }
    }

    /// Half of it is gone: who comes first is paid, who comes last waits, of this token alone.
    function test_aTokenThatRebasesDownPaysWhoComesFirst() external {
        moody.rebase(address(rollup), UNITS);
        _freeze();
        rollup.exitByPath(state.path(1, id));
        IRollup.AccountPath memory way = state.path(2, id);
        _expect(abi.encodeWithSelector(IRollup.TokenTransferFailed.selector, address(moody)));
        rollup.exitByPath(way);
        VM.assertFalse(rollup.isExited(2, id));
        VM.assertEq(_exitAndPay(2), 2);
        VM.assertFalse(rollup.isExited(2, id));
        VM.assertEq(CAROL.balance, uint256(UNITS) * 1 gwei);
        moody.rebase(address(rollup), UNITS);
        rollup.exitByPath(way);
        VM.assertEq(moody.balanceOf(CAROL), UNITS);
    }

    /// What it adds is nobody's, and stays.
    function test_aTokenThatRebasesUpPaysNoMore() external {
        moody.rebase(address(rollup), 1e6);
        _leave(true);
        VM.assertEq(moody.balanceOf(BOB), UNITS + 4 * PART);
        VM.assertEq(moody.balanceOf(address(rollup)), 1e6 - (2 * UNITS + 5 * PART));
        VM.assertEq(rollup.outstanding(id), 0);
    }

    /// Nothing comes in of a token that does not move exactly what it is told to, whenever it began not to.
    function test_aTokenThatTurnedBadTakesNoDeposit() external {
        moody.mint(ALICE, UNITS);
        bytes memory failed = abi.encodeWithSelector(IRollup.TokenTransferFailed.selector, address(moody));
        Mood[5] memory moods = [Mood.ReturnsFalse, Mood.Reverts, Mood.BurnsGas, Mood.TakesFee, Mood.Lies];
        uint64 queued = rollup.queuedOperations();
        for (uint256 i = 0; i < moods.length; ++i) {
            moody.setMood(moods[i]);
            uint256 received = moods[i] == Mood.TakesFee ? PART / 2 : 0;
            _expect(
                i < 3
                    ? failed
                    : abi.encodeWithSelector(
                        IRollup.TokenTransferInexact.selector, address(moody), uint256(PART), received
                    )
            );
            VM.prank(ALICE);
            rollup.depositERC20{gas: 1_000_000}(address(moody), PART, ALICE, AUTH);
        }
        VM.assertEq(rollup.queuedOperations(), queued);
        VM.assertEq(rollup.outstanding(id), 2 * UNITS + 5 * PART);
    }

    /// Into all that pays or takes tokens, from a deposit, a claim, and an exit.
    function test_revertReentrantCallOfAToken() external {
        CallingToken calling = new CallingToken();
        uint8 number = _listed(calling);
        bytes memory waiting = "";
        for (uint8 i = 0; i < 3; ++i) {
            waiting = bytes.concat(waiting, Pubdata.encode(_depositOf(_token(i), PART)));
        }
        _commitAndProve(waiting);
        _fund(3, BOB, number, UNITS);
        _freeze();
        bytes[10] memory calls = [
            abi.encodeCall(IRollup.depositERC20, (address(calling), PART, ALICE, 0)),
            abi.encodeCall(IRollup.claimWithdrawal, (header, 0, tree.get(0), tree.proof(0))),
            abi.encodeCall(IRollup.claimWithdrawalTo, (header, 0, tree.get(0), tree.proof(0), CAROL)),
            abi.encodeCall(IRollup.claimWithdrawals, (header, tree.claims(_all()), new bytes32[](0))),
            abi.encodeCall(IRollup.exitByPath, (state.path(1, 0))),
            abi.encodeCall(IRollup.exitByPathTo, (state.path(3, number), CAROL)),
            abi.encodeCall(IRollup.refundDeposit, (firstRefund, Pubdata.encode(_depositOf(0, PART)))),
            abi.encodeCall(IRollup.refundDepositTo, (firstRefund, Pubdata.encode(_depositOf(0, PART)), CAROL)),
            abi.encodeCall(IRollup.exitBatch, (DATA_HASH, _exitRecord(1, 0), PROOF)),
            abi.encodeCall(IRollup.exitAndPay, (DATA_HASH, _exitRecord(1, 0), PROOF))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            uint256 snapshot = VM.snapshotState();
            calling.setCall(calls[i]);
            rollup.exitByPath(state.path(3, number));
            VM.assertEq(calling.answer(), abi.encodeWithSelector(IRollup.ReentrantCall.selector));
            VM.assertEq(calling.balanceOf(BOB), UNITS);
            VM.assertEq(BOB.balance, 0);
            VM.revertToState(snapshot);
        }
    }

    /// What is not guarded is the caller's own business, in the middle of a payment as at any time: the operator's is
    /// refused, an order from L1 is queued.
    function test_whatATokenCallsUnguardedIsACallLikeAnyOther() external {
        CallingToken calling = new CallingToken();
        _listed(calling);
        IRollup.BatchHeader memory none = _noHeader();
        bytes[4] memory calls = [
            abi.encodeCall(IRollup.commitBatch, (_batch("", ""))),
            abi.encodeCall(IRollup.revertBatches, (none)),
            abi.encodeCall(IRollup.registerToken, (address(calling), 0)),
            abi.encodeCall(IRollup.setFlags, (1, 1))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            calling.setCall(calls[i]);
            _depositOf(calling);
            VM.assertEq(calling.answer(), abi.encodeWithSelector(IRollup.CallerNotOperator.selector, address(calling)));
        }
        uint64 queued = rollup.queuedOperations();
        calling.setCall(abi.encodeCall(IRollup.forceWithdrawal, (1, 0, PART)));
        _depositOf(calling);
        VM.assertEq(abi.decode(calling.answer(), (uint64)), queued + 1); // behind the deposit that is being made
        VM.assertEq(rollup.queuedOperations(), queued + 2);
        calling.setCall(abi.encodeCall(IRollup.enterExitMode, (none)));
        _depositOf(calling);
        VM.assertTrue(bytes4(calling.answer()) == IRollup.OperationNotExpired.selector);
    }

    /// By a contract that dies, by whoever proposes a block: it is nobody's, and in nobody's way.
    function test_forcedEthIsNobodys() external {
        new Dying{value: 1 ether}(payable(address(rollup)));
        VM.coinbase(address(rollup));
        VM.deal(address(rollup), address(rollup).balance + 1 ether);
        VM.assertEq(address(rollup).balance, rollup.outstanding(0) * 1 gwei + 2 ether);
        _leave(true);
        VM.assertEq(rollup.outstanding(0), 0);
        VM.assertEq(address(rollup).balance, 2 ether);
    }

    /// One by one and several at once, by each way out; `paying` says whether the moody token pays.
    function _leave(bool paying) private {
        for (uint32 i = 0; i < 3; ++i) {
            if (i < 2 || paying) {
                _claimOne(i);
            } else {
                (IRollup.Withdrawal memory withdrawal, bytes32[] memory proof) = (tree.get(i), tree.proof(i));
                _expect(abi.encodeWithSelector(IRollup.TokenTransferFailed.selector, address(moody)));
                rollup.claimWithdrawal{gas: 1_000_000}(header, i, withdrawal, proof);
            }
        }
        VM.assertEq(rollup.claimWithdrawals(header, tree.claims(_all()), new bytes32[](0)), paying ? 9 : 6);
        _freeze();
        for (uint8 i = 0; i < 3; ++i) {
            IRollup.AccountPath memory way = state.path(1, _token(i));
            if (i == 2 && !paying) {
                _expect(abi.encodeWithSelector(IRollup.TokenTransferFailed.selector, address(moody)));
            }
            rollup.exitByPath{gas: 2_000_000}(way);
        }
        VM.assertEq(_exitAndPay(2), paying ? 3 : 2);
        for (uint8 i = 0; i < 3; ++i) {
            bytes memory record = Pubdata.encode(_depositOf(_token(i), PART));
            if (i == 2 && !paying) {
                _expect(abi.encodeWithSelector(IRollup.TokenTransferFailed.selector, address(moody)));
            }
            rollup.refundDeposit{gas: 1_000_000}(firstRefund + i, record);
        }
        VM.assertEq(BOB.balance, uint256(UNITS + 4 * PART) * 1 gwei);
        VM.assertEq(CAROL.balance, uint256(UNITS) * 1 gwei);
        VM.assertEq(token.balanceOf(BOB), uint256(UNITS + 4 * PART) * TOKEN_UNIT);
        VM.assertEq(token.balanceOf(CAROL), uint256(UNITS) * TOKEN_UNIT);
        VM.assertEq(rollup.outstanding(0), 0);
        VM.assertEq(rollup.outstanding(1), 0);
        VM.assertEq(token.balanceOf(address(rollup)), 0);
        if (paying) VM.assertEq(rollup.outstanding(id), 0);
    }

    function _claimOne(uint32 index) private {
        (IRollup.Withdrawal memory withdrawal, bytes32[] memory proof) = (tree.get(index), tree.proof(index));
        rollup.claimWithdrawal(header, index, withdrawal, proof);
    }

    /// All balances of an account, which the verifier accepts.
    function _exitAndPay(uint32 account) private returns (uint256) {
        bytes memory bridge = bytes.concat(_exitRecord(account, id), _exitRecord(account, 0), _exitRecord(account, 1));
        verifier.accept(PROOF, rollup.instances(_exitHeader(bridge, new Withdrawals())));
        return rollup.exitAndPay(DATA_HASH, bridge, PROOF);
    }

    function _listed(MintableToken odd) private returns (uint8) {
        odd.mint(ALICE, 1_000);
        VM.prank(ALICE);
        odd.approve(address(rollup), type(uint256).max);
        VM.prank(OPERATOR);
        return rollup.registerToken(address(odd), 0);
    }

    function _deposit(uint8 of_, uint64 units) private {
        if (of_ == 0) {
            _depositEth(units, AUTH);
        } else {
            IRollup.Token memory info = rollup.tokenInfo(of_);
            VM.prank(ALICE);
            rollup.depositERC20(info.token, units * info.unit, ALICE, AUTH);
        }
    }

    function _depositOf(CallingToken calling) private {
        VM.prank(ALICE);
        rollup.depositERC20(address(calling), PART, ALICE, AUTH);
    }

    /// As it is queued.
    function _depositOf(uint8 of_, uint64 units) private pure returns (Pubdata.Deposit memory) {
        return Pubdata.Deposit({account: 0, token: of_, amount: uint56(units), owner: ALICE, auth: AUTH});
    }

    function _token(uint8 i) private view returns (uint8) {
        return i < 2 ? i : id;
    }

    function _all() private pure returns (uint32[] memory result) {
        result = new uint32[](12);
        for (uint32 i = 0; i < 12; ++i) {
            result[i] = i;
        }
    }
}

/// Leaves what it was made with to whoever it is told, who is not asked.
contract Dying {
    constructor(address payable heir) payable {
        selfdestruct(heir);
    }
}
