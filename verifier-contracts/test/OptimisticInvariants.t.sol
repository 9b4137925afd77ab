// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {OptimisticRollup} from "../src/OptimisticRollup.sol";
import {InvariantsTest} from "./Invariants.t.sol";
import {ExitHandler} from "./support/ExitHandler.sol";
import {OptimisticHandler} from "./support/OptimisticHandler.sol";

/// @title What holds of every rollup, of an optimistic one; and of its bonds
/// forge-config: default.invariant.runs = 8
contract OptimisticInvariantsTest is InvariantsTest {
    function _newHandler() internal override returns (ExitHandler) {
        return new OptimisticHandler(42);
    }

    /// What users are owed and what bonds there are, to the wei: neither pays for the other.
    function invariant_ethIsUsersAndBonds() external view {
        OptimisticHandler books = OptimisticHandler(payable(address(handler)));
        VM.assertEq(address(rollup).balance, rollup.outstanding(0) * 1 gwei + books.bonds());
    }

    /// Of each account by itself.
    function invariant_bondsAreWhoseTheBooksSay() external view {
        OptimisticHandler books = OptimisticHandler(payable(address(handler)));
        OptimisticRollup optimistic = OptimisticRollup(address(rollup));
        VM.assertTrue(optimistic.bonded() == books.bonded());
        VM.assertEq(optimistic.due(address(books)), books.due(address(books)));
        for (uint256 i = 0; i < 3; ++i) {
            VM.assertEq(optimistic.due(books.watcher(i)), books.due(books.watcher(i)));
        }
    }
}
