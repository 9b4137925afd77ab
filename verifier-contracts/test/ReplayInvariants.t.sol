// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ReplayHandler} from "./support/ReplayHandler.sol";
import {Test} from "./support/Test.sol";

/// @title Whatever was ever committed, replayed in every order
contract ReplayInvariantsTest is Test {
    ReplayHandler private handler;

    function setUp() external {
        handler = new ReplayHandler();
    }

    /// Forge calls only these.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_exactlyTheDueCallsSucceed() external view {
        VM.assertEq(handler.wrong(), 0);
    }

    function invariant_onlyProvenWithdrawalsArePaid() external view {
        VM.assertGe(handler.provenWithdrawals(), handler.paid(), "paid");
    }

    function invariant_balanceIsDepositsLessPayments() external view {
        uint256 units = handler.deposited() - handler.paid();
        VM.assertEq(address(handler.ROLLUP()).balance, units * 1 gwei);
        VM.assertEq(handler.ROLLUP().outstanding(0), units);
    }
}
