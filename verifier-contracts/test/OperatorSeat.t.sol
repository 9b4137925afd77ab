// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../src/IRollup.sol";
import {Rollup} from "../src/Rollup.sol";
import {IOperated, OperatorSeat} from "../src/owners/OperatorSeat.sol";
import {EXIT_DEADLINE} from "./support/PathDouble.sol";
import {RollupTest} from "./support/RollupTest.sol";
import {Routing} from "./support/Routing.sol";

/// @title A rollup whose operator is a seat: who may do what there, and that users need nobody
contract OperatorSeatTest is RollupTest {
    address private constant HOLDER = address(0x401de4);
    address private constant OWNER = address(0x0e4);
    address private constant GUARDIAN = address(0x6a4d);
    address private constant NEXT = address(0x4e87);
    address private constant STRANGER = address(0x574a);
    uint64 private constant NOTICE = 2 hours;

    OperatorSeat private seat;

    function _newRollup(IRollup.TokenListing[] memory tokens) internal override returns (Rollup driven) {
        seat = new OperatorSeat(HOLDER, OWNER, GUARDIAN, NOTICE);
        driven = new Rollup(router, Routing.CIRCUIT_SET, GENESIS_ROOT, address(seat), EXIT_DEADLINE, path, tokens);
        seat.setRollup(IOperated(address(driven)));
    }

    /// The rollup's interface at the seat.
    function _atSeat() private view returns (IRollup) {
        return IRollup(address(seat));
    }

    function _commitBy(address who) private returns (IRollup.BatchHeader memory header) {
        IRollup.CommitData memory batch = _batch("", "");
        VM.prank(who);
        header = _atSeat().commitBatch(batch);
    }

    function _revertCommit(address who, bytes memory reason) private {
        IRollup.CommitData memory batch = _batch("", "");
        VM.prank(who);
        VM.expectRevert(reason);
        _atSeat().commitBatch(batch);
    }

    function _nominate(address who) private {
        VM.prank(OWNER);
        seat.nominateHolder(who);
    }

    function _takeSeat(address who) private {
        VM.prank(who);
        seat.takeSeat();
    }

    function _suspend() private {
        VM.prank(GUARDIAN);
        seat.suspend();
    }

    function _notNominated(address caller, address nominated, uint64 from) private pure returns (bytes memory) {
        return abi.encodeWithSelector(OperatorSeat.NotNominated.selector, caller, nominated, from);
    }

    function _isNot(address caller, address expected) private pure returns (bytes memory) {
        return abi.encodeWithSelector(OperatorSeat.CallerIsNot.selector, caller, expected);
    }

    /// The header that the rollup answers comes back, and the proof is anybody's to bring.
    function test_theHolderCommitsAndRevertsInTheSeatsName() external {
        IRollup.BatchHeader memory header = _commitBy(HOLDER);
        VM.assertEq(keccak256(abi.encode(header)), rollup.headerHash(1));
        _prove(header);
        VM.assertEq(rollup.provenBatches(), 1);
        header = _commitBy(HOLDER);
        VM.prank(HOLDER);
        _atSeat().revertBatches(header);
        VM.assertEq(rollup.committedBatches(), 1);
    }

    function test_theRollupsReasonToRefuseComesBack() external {
        IRollup.CommitData memory batch = _batch("", "");
        batch.number = 5;
        VM.prank(HOLDER);
        VM.expectRevert(abi.encodeWithSelector(IRollup.BatchNumberUnexpected.selector, 5, 1));
        _atSeat().commitBatch(batch);
    }

    /// Neither the holder himself nor anybody else is the rollup's operator.
    function test_revertAnybodyElse() external {
        address[4] memory others = [OWNER, GUARDIAN, NEXT, STRANGER];
        for (uint256 i = 0; i < others.length; ++i) {
            _revertCommit(others[i], _isNot(others[i], HOLDER));
        }
        IRollup.CommitData memory batch = _batch("", "");
        VM.prank(HOLDER);
        VM.expectRevert(abi.encodeWithSelector(IRollup.CallerNotOperator.selector, HOLDER));
        rollup.commitBatch(batch);
    }

    function test_anotherTakesTheSeatAfterTheNotice() external {
        _nominate(NEXT);
        uint64 from = uint64(block.timestamp) + NOTICE;
        VM.warp(from - 1);
        VM.prank(NEXT);
        VM.expectRevert(_notNominated(NEXT, NEXT, from));
        seat.takeSeat();
        _commitBy(HOLDER);
        VM.warp(from);
        VM.prank(STRANGER);
        VM.expectRevert(_notNominated(STRANGER, NEXT, from));
        seat.takeSeat();
        _takeSeat(NEXT);
        _revertCommit(HOLDER, _isNot(HOLDER, NEXT));
        _commitBy(NEXT);
        VM.assertEq(rollup.committedBatches(), 2);
        // A nomination is good once.
        VM.prank(NEXT);
        VM.expectRevert(_notNominated(NEXT, address(0), 0));
        seat.takeSeat();
    }

    /// Who was nominated in good time is there at once when the holder's key is stolen.
    function test_aSuccessorInWaitingTakesASuspendedSeatAtOnce() external {
        _nominate(NEXT);
        VM.warp(block.timestamp + 10 * NOTICE);
        _suspend();
        _revertCommit(HOLDER, abi.encodeWithSelector(OperatorSeat.HolderSuspended.selector));
        _takeSeat(NEXT);
        VM.assertFalse(seat.isSuspended());
        _commitBy(NEXT);
    }

    function test_theOwnerResumesAndTakesNominationsBack() external {
        _suspend();
        VM.prank(GUARDIAN);
        VM.expectRevert(_isNot(GUARDIAN, OWNER));
        seat.resume();
        VM.prank(OWNER);
        seat.resume();
        _commitBy(HOLDER);
        _nominate(NEXT);
        _nominate(address(0));
        VM.warp(block.timestamp + NOTICE);
        VM.prank(NEXT);
        VM.expectRevert(_notNominated(NEXT, address(0), 0));
        seat.takeSeat();
    }

    /// Another nomination begins another notice.
    function test_aNoticeIsForWhomItNames() external {
        _nominate(STRANGER);
        VM.warp(block.timestamp + NOTICE);
        _nominate(NEXT);
        uint64 from = uint64(block.timestamp) + NOTICE;
        VM.prank(NEXT);
        VM.expectRevert(_notNominated(NEXT, NEXT, from));
        seat.takeSeat();
        VM.prank(STRANGER);
        VM.expectRevert(_notNominated(STRANGER, NEXT, from));
        seat.takeSeat();
    }

    function test_theOwnerIsReplacedAfterTheNoticeAndTheGuardianAtOnce() external {
        VM.prank(OWNER);
        seat.nominateOwner(NEXT);
        uint64 from = uint64(block.timestamp) + NOTICE;
        VM.prank(NEXT);
        VM.expectRevert(_notNominated(NEXT, NEXT, from));
        seat.takeOwnership();
        VM.warp(from);
        VM.prank(NEXT);
        seat.takeOwnership();
        VM.prank(OWNER);
        VM.expectRevert(_isNot(OWNER, NEXT));
        seat.setGuardian(STRANGER);
        VM.prank(NEXT);
        seat.setGuardian(STRANGER);
        VM.prank(GUARDIAN);
        VM.expectRevert(_isNot(GUARDIAN, STRANGER));
        seat.suspend();
        VM.prank(STRANGER);
        seat.suspend();
        VM.assertTrue(seat.isSuspended());
    }

    function test_revertNoRoleOfTheCallers() external {
        address[3] memory others = [HOLDER, GUARDIAN, STRANGER];
        for (uint256 i = 0; i < others.length; ++i) {
            bytes memory reason = _isNot(others[i], OWNER);
            VM.startPrank(others[i]);
            VM.expectRevert(reason);
            seat.nominateHolder(others[i]);
            VM.expectRevert(reason);
            seat.nominateOwner(others[i]);
            VM.expectRevert(reason);
            seat.setGuardian(others[i]);
            VM.expectRevert(reason);
            seat.resume();
            VM.stopPrank();
        }
        VM.prank(OWNER);
        VM.expectRevert(_isNot(OWNER, GUARDIAN));
        seat.suspend();
        VM.prank(OWNER);
        VM.expectRevert(abi.encodeWithSelector(OperatorSeat.AddressMissing.selector));
        seat.setGuardian(address(0));
    }

    /// The pause that stops no way out: deposits, orders and claims go on, and exit mode opens in its time.
    function test_aSuspendedSeatHoldsUpNoWayOut() external {
        _depositEth(50, AUTH);
        IRollup.CommitData memory batch =
            _batch(abi.encodePacked(_depositRecord(0, 50, AUTH), _withdrawRecord(0, 20, ALICE)), "");
        VM.prank(HOLDER);
        IRollup.BatchHeader memory header = _atSeat().commitBatch(batch);
        _suspend();
        _prove(header);
        IRollup.Withdrawal memory withdrawal = IRollup.Withdrawal({token: 0, amount: 20, to: ALICE});
        uint256 before = ALICE.balance;
        rollup.claimWithdrawal(header, 0, withdrawal, new bytes32[](0));
        VM.assertEq(ALICE.balance - before, 20 gwei);
        _depositEth(30, AUTH);
        VM.warp(block.timestamp + EXIT_DEADLINE + 1);
        _enter(_noHeader());
        VM.assertTrue(rollup.exitMode());
    }

    function test_etherGoesWithTheHoldersCallsAndStaysNowhere() external {
        VM.deal(STRANGER, 1 ether);
        VM.prank(STRANGER);
        (bool taken,) = address(seat).call{value: 1 ether}("");
        VM.assertFalse(taken);
        VM.deal(HOLDER, 1 ether);
        VM.prank(HOLDER);
        _atSeat().depositETH{value: 1 gwei}(ALICE, 0);
        VM.assertEq(address(seat).balance, 0);
        VM.assertEq(rollup.queuedOperations(), 1);
    }

    function test_aSeatIsOneRollupsForEver() external {
        OperatorSeat other = new OperatorSeat(HOLDER, OWNER, GUARDIAN, NOTICE);
        bytes memory invalid = abi.encodeWithSelector(OperatorSeat.RollupInvalid.selector, address(rollup));
        VM.expectRevert(invalid);
        other.setRollup(IOperated(address(rollup)));
        VM.expectRevert(invalid);
        seat.setRollup(IOperated(address(rollup)));
        VM.expectRevert(abi.encodeWithSelector(OperatorSeat.RollupInvalid.selector, STRANGER));
        other.setRollup(IOperated(STRANGER));
        VM.prank(STRANGER);
        VM.expectRevert(_isNot(STRANGER, address(this)));
        other.setRollup(IOperated(address(rollup)));
    }

    function test_revertSeatWithoutANameOrWithANoticeOutOfRange() external {
        bytes memory missing = abi.encodeWithSelector(OperatorSeat.AddressMissing.selector);
        VM.expectRevert(missing);
        new OperatorSeat(address(0), OWNER, GUARDIAN, NOTICE);
        VM.expectRevert(missing);
        new OperatorSeat(HOLDER, address(0), GUARDIAN, NOTICE);
        VM.expectRevert(missing);
        new OperatorSeat(HOLDER, OWNER, address(0), NOTICE);
        uint64[2] memory wrong = [uint64(1 hours - 1), uint64(30 days + 1)];
        for (uint256 i = 0; i < wrong.length; ++i) {
            VM.expectRevert(
                abi.encodeWithSelector(
                    OperatorSeat.NoticeOutOfRange.selector, wrong[i], uint64(1 hours), uint64(30 days)
                )
            );
            new OperatorSeat(HOLDER, OWNER, GUARDIAN, wrong[i]);
        }
    }
}
