// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "./IRollup.sol";
import {Operated} from "./Operated.sol";
import {RollupState} from "./RollupState.sol";

/// @title How far the queue and the batches are, how long an operation may wait, and whether one waited too long
abstract contract Progress is RollupState, Operated {
    /// A minute for a chain of tests; more than a month would hold users for longer than they can be asked to wait.
    uint64 private constant LEAST_DEADLINE = 1 minutes;
    uint64 private constant MOST_DEADLINE = 30 days;

    /// @inheritdoc IRollup
    uint64 public immutable EXIT_DEADLINE;

    constructor(uint64 exitDeadline) {
        if (exitDeadline < LEAST_DEADLINE || exitDeadline > MOST_DEADLINE) {
            revert ExitDeadlineOutOfRange(exitDeadline, LEAST_DEADLINE, MOST_DEADLINE);
        }
        EXIT_DEADLINE = exitDeadline;
    }

    /// @inheritdoc IRollup
    function exitMode() external view returns (bool) {
        return _exitMode;
    }

    /// @inheritdoc IRollup
    function queuedOperations() external view returns (uint64) {
        return _queuedOperations;
    }

    /// @inheritdoc IRollup
    function committedOperations() external view returns (uint64) {
        return _committedOperations;
    }

    /// @inheritdoc IRollup
    function committedBatches() external view returns (uint64) {
        return _committedBatches;
    }

    /// @inheritdoc IRollup
    function committedTime() external view returns (uint32) {
        return _committedTime;
    }

    /// @inheritdoc IRollup
    function provenBatches() external view returns (uint64) {
        return _provenBatches;
    }
}
