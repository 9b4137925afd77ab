// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Rollup} from "../src/Rollup.sol";
import {ExitHandler} from "./support/ExitHandler.sol";
import {Test} from "./support/Test.sol";

contract InvariantsTest is Test {
    ExitHandler internal handler;
    Rollup internal rollup;

    function setUp() external {
        handler = _newHandler();
        rollup = handler.ROLLUP();
    }

    /// Everybody who acts on the kind of rollup under test.
    function _newHandler() internal virtual returns (ExitHandler) {
        return new ExitHandler(42);
    }

    /// Forge calls only these.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// But not the end of it all, which comes in `afterInvariant`.
    function excludeSelectors() external view returns (FuzzSelector[] memory excluded) {
        excluded = new FuzzSelector[](1);
        excluded[0] = FuzzSelector(address(handler), new bytes4[](1));
        excluded[0].selectors[0] = ExitHandler.drain.selector;
    }

    /// When everybody has left, nothing is owed and nothing is left.
    function afterInvariant() external {
        if (!handler.frozen()) return;
        handler.drain();
        for (uint8 id = 0; id < 2; ++id) {
            VM.assertEq(rollup.outstanding(id), 0);
        }
        VM.assertEq(address(rollup).balance, 0);
        VM.assertEq(handler.TOKEN().balanceOf(address(rollup)), 0);
    }

    function invariant_contractHoldsWhatItOwes() external view {
        VM.assertGe(address(rollup).balance, rollup.outstanding(0) * 1 gwei, "ETH");
        VM.assertGe(handler.TOKEN().balanceOf(address(rollup)), rollup.outstanding(1) * 1e9, "token");
    }

    /// Balances under the proven root that have not left, deposits that no proven batch executed and that did not go
    /// back, withdrawals of proven batches that were not claimed: these, exactly.
    function invariant_outstandingIsWhatEverybodyIsOwed() external view {
        for (uint8 id = 0; id < 2; ++id) {
            VM.assertEq(rollup.outstanding(id), handler.owed(id));
        }
    }

    function invariant_rootAdvancesOnlyWithTheVerifier() external view {
        VM.assertEq(rollup.stateRoot(), handler.approvedRoot());
        VM.assertTrue(rollup.exitMode() == handler.frozen()); // for ever
    }

    function invariant_noWithdrawalIsPaidTwice() external view {
        VM.assertGe(1, handler.mostPaymentsOfOneWithdrawal(), "payments of one withdrawal");
    }

    function invariant_timeIsTheLastCommittedBatchs() external view {
        VM.assertEq(rollup.committedTime(), handler.lastTime());
    }

    function invariant_countersAreOrdered() external view {
        VM.assertGe(rollup.committedBatches(), rollup.provenBatches(), "batches");
        VM.assertGe(rollup.queuedOperations(), rollup.committedOperations(), "operations");
    }
}
