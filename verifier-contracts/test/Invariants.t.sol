// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Rollup} from "../src/Rollup.sol";
import {RollupHandler} from "./support/RollupHandler.sol";
import {Test} from "./support/Test.sol";

contract InvariantsTest is Test {
    RollupHandler private handler;
    Rollup private rollup;

    function setUp() external {
        handler = new RollupHandler(42);
        rollup = handler.ROLLUP();
    }

    /// Forge calls only these.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_contractHoldsWhatItOwes() external view {
        VM.assertGe(address(rollup).balance, rollup.outstanding(0) * 1 gwei, "ETH");
        VM.assertGe(handler.TOKEN().balanceOf(address(rollup)), rollup.outstanding(1) * 1e9, "token");
    }

    function invariant_outstandingIsDepositsLessClaims() external view {
        for (uint8 id = 0; id < 2; ++id) {
            VM.assertEq(rollup.outstanding(id), handler.deposited(id) - handler.claimed(id));
        }
    }

    function invariant_rootAdvancesOnlyWithTheVerifier() external view {
        VM.assertEq(rollup.stateRoot(), handler.approvedRoot());
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
