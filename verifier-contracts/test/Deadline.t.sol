// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../src/IRollup.sol";
import {IVerifierRouter} from "../src/IVerifierRouter.sol";
import {Rollup} from "../src/Rollup.sol";
import {VerifierRouter} from "../src/VerifierRouter.sol";
import {Listings} from "./support/Listings.sol";
import {EXIT_DEADLINE} from "./support/PathDouble.sol";
import {Pubdata} from "./support/Pubdata.sol";
import {RollupTest} from "./support/RollupTest.sol";
import {Routing} from "./support/Routing.sol";

/// @title How long an operation of the queue may wait for its proof, and who opens exit mode when it waited longer
contract DeadlineTest is RollupTest {
    function test_anOperationExpiresAfterTheDeadline() external {
        uint64 first = _expiry();
        _depositEth(5, AUTH);
        VM.warp(block.timestamp + 77);
        VM.expectEmit(address(rollup));
        emit IRollup.OperationQueued(
            1,
            4,
            ALICE,
            uint32(block.timestamp),
            first + 770,
            Pubdata.encode(Pubdata.SetAuth({account: 1, sender: ALICE, auth: AUTH}))
        );
        VM.prank(ALICE);
        rollup.setAuth(1, AUTH);
        VM.assertEq(_expiryOf(0), first);
        VM.assertEq(_expiryOf(1), first + 770);
    }

    /// A hundred operations of one second expire a tenth of a second after each other; what comes when the queue has
    /// calmed down waits no longer than the deadline.
    function test_aFloodStretchesOnlyWhatIsBehindIt() external {
        uint64 start = _expiry();
        _depositEth(5, AUTH);
        for (uint256 i = 1; i <= 100; ++i) {
            rollup.setAuth(1, AUTH);
            VM.assertEq(_expiryOf(i), start + i);
        }
        VM.warp(block.timestamp + 3);
        _depositEth(5, AUTH); // while the flood lasts
        VM.assertEq(_expiryOf(101), start + 101);
        VM.warp(block.timestamp + 8);
        _depositEth(5, AUTH); // eleven seconds after its start
        VM.assertEq(_expiryOf(102), start + 110);
        VM.assertEq(_expiryOf(0), start); // what was before it
    }

    function test_exitModeIsOpenWhenTheOldestOperationHasExpired() external {
        uint64 expiry = _expiry();
        _depositEth(5, AUTH);
        VM.warp(block.timestamp + 1 hours);
        _depositEth(6, AUTH);
        VM.warp(expiry / 10 - 1);
        _expectRefused(abi.encodeWithSelector(IRollup.OperationNotExpired.selector, 0, expiry));
        VM.warp(expiry / 10);
        VM.expectEmit(address(rollup));
        emit IRollup.ExitModeEntered(0, expiry);
        _enter(_noHeader());
        VM.snapshotGasLastCall("Rollup", "enterExitMode, nothing to take back");
        VM.assertTrue(rollup.exitMode());
    }

    /// Expiries are in tenths of a second, the chain's clock is not.
    function test_aTenthOfASecondCounts() external {
        _depositEth(5, AUTH);
        _depositEth(6, AUTH);
        uint64 second = _expiry() + 1;
        _prove(_commit(_depositRecord(0, 5, AUTH), ""));
        VM.warp(second / 10);
        _expectRefused(abi.encodeWithSelector(IRollup.OperationNotExpired.selector, 1, second));
        VM.warp(second / 10 + 1);
        _enter(_noHeader());
    }

    /// An operator who executes operations and never proves it holds nobody.
    function test_committingWithoutAProofDoesNotSaveTheOperator() external {
        uint64 expiry = _expiry();
        _depositEth(5, AUTH);
        IRollup.BatchHeader memory empty = _commit("", "");
        IRollup.BatchHeader memory second = _commit(_depositRecord(0, 5, AUTH), "");
        _commit("", "");
        VM.assertEq(rollup.committedOperations(), 1);
        VM.warp(expiry / 10);
        // The oldest batch that is not proven says which operation is the oldest: no other one does.
        _expect(abi.encodeWithSelector(IRollup.BatchNotProvable.selector, 2, 1, 3));
        _enter(second);
        _expect(abi.encodeWithSelector(IRollup.BatchNotProvable.selector, 0, 1, 3));
        _enter(_noHeader());
        IRollup.BatchHeader memory changed = abi.decode(abi.encode(empty), (IRollup.BatchHeader));
        changed.firstOperation = 1;
        _expect(
            abi.encodeWithSelector(
                IRollup.HeaderMismatch.selector, 1, keccak256(abi.encode(changed)), keccak256(abi.encode(empty))
            )
        );
        _enter(changed);
        VM.expectEmit(address(rollup));
        emit IRollup.BatchesReverted(1, 3);
        VM.expectEmit(address(rollup));
        emit IRollup.ExitModeEntered(0, expiry);
        _enter(empty);
        VM.snapshotGasLastCall("Rollup", "enterExitMode, unproven batches taken back");
        VM.assertEq(rollup.committedBatches(), 0);
        VM.assertEq(rollup.committedOperations(), 0);
        VM.assertEq(rollup.committedRoot(), GENESIS_ROOT);
        VM.assertEq(rollup.committedTime(), 0);
        VM.assertEq(rollup.stateRoot(), GENESIS_ROOT);
    }

    /// What counts is the oldest one that is not proven; what was proven in time is done with.
    function test_aProofInTimeSavesTheOperator() external {
        _depositEth(5, AUTH);
        IRollup.BatchHeader memory header = _commit(_depositRecord(0, 5, AUTH), "");
        VM.warp(block.timestamp + 1 days);
        uint64 second = _expiry();
        _depositEth(6, AUTH);
        VM.warp(block.timestamp + EXIT_DEADLINE - 1 days);
        _prove(header);
        _expectRefused(abi.encodeWithSelector(IRollup.OperationNotExpired.selector, 1, second));
        header = _commit(_depositRecord(0, 6, AUTH), "");
        _prove(header);
        VM.warp(block.timestamp + 365 days);
        _expectRefused(abi.encodeWithSelector(IRollup.OperationNotQueued.selector, 2));
    }

    /// Neither committing anew nor reverting gives an operation more time.
    function test_revertingGivesNoMoreTime() external {
        uint64 expiry = _expiry();
        _depositEth(5, AUTH);
        IRollup.BatchHeader memory header = _commit(_depositRecord(0, 5, AUTH), "");
        VM.warp(expiry / 10);
        VM.prank(OPERATOR);
        rollup.revertBatches(header);
        header = _commit(_depositRecord(0, 5, AUTH), "");
        _enter(header);
        VM.assertTrue(rollup.exitMode());
    }

    function test_exitModeIsEnteredOnce() external {
        _depositEth(5, AUTH);
        VM.warp(block.timestamp + EXIT_DEADLINE);
        _enter(_noHeader());
        _expectRefused(abi.encodeWithSelector(IRollup.RefusedInExitMode.selector));
    }

    function test_revertExitDeadlineOutOfRange() external {
        uint64[4] memory bad = [uint64(0), 59, 30 days + 1, type(uint64).max];
        VerifierRouter slow = _router(365 days);
        for (uint256 i = 0; i < bad.length; ++i) {
            _expect(abi.encodeWithSelector(IRollup.ExitDeadlineOutOfRange.selector, bad[i], 60, 30 days));
            new Rollup(slow, Routing.CIRCUIT_SET, GENESIS_ROOT, OPERATOR, bad[i], path, Listings.none());
        }
        VM.assertEq(_deploy(slow, 60).EXIT_DEADLINE(), 60);
        VM.assertEq(_deploy(slow, 30 days).EXIT_DEADLINE(), 30 days);
    }

    /// Users who do not trust an announced circuit set must be able to leave before it proves.
    function test_revertNoticeNotLonger() external {
        VerifierRouter quick = _router(EXIT_DEADLINE);
        _expect(abi.encodeWithSelector(IRollup.NoticeNotLonger.selector, EXIT_DEADLINE, EXIT_DEADLINE));
        new Rollup(quick, Routing.CIRCUIT_SET, GENESIS_ROOT, OPERATOR, EXIT_DEADLINE, path, Listings.none());
        _deploy(quick, EXIT_DEADLINE - 1);
    }

    function _deploy(VerifierRouter with, uint64 deadline) private returns (Rollup) {
        return new Rollup(with, Routing.CIRCUIT_SET, GENESIS_ROOT, OPERATOR, deadline, path, Listings.none());
    }

    function _router(uint64 notice) private returns (VerifierRouter) {
        IVerifierRouter.InitialRoute[] memory routes = new IVerifierRouter.InitialRoute[](1);
        routes[0] = IVerifierRouter.InitialRoute(Routing.CIRCUIT_SET, verifier);
        return new VerifierRouter(Routing.OWNER, notice, routes);
    }

    function _expiryOf(uint256 index) private view returns (uint256) {
        return uint40(uint256(rollup.queuedOperation(uint64(index))));
    }

    function _expectRefused(bytes memory expected) private {
        _expect(expected);
        _enter(_noHeader());
    }
}
