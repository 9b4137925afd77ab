// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "./IRollup.sol";
import {RollupState} from "./RollupState.sol";
import {Statement} from "./libraries/Statement.sol";

/// @title Batches as they are kept: known by the hash of their header, and taken back
abstract contract Headers is RollupState {
    /// The batches from `first`, which must not be proven, to `last`, the last committed one, are no longer committed.
    function _takeBack(IRollup.BatchHeader calldata first, uint64 last) internal {
        _requireHeader(first);
        _committedRoot = first.oldRoot;
        _committedOperations = uint48(first.firstOperation);
        _committedTime = first.previousTime;
        _committedBatches = uint40(first.number - 1);
        emit IRollup.BatchesReverted(first.number, last);
    }

    /// The header in memory. Copied without a look at each field: with the hash of a committed header, it is that one.
    function _requireHeader(IRollup.BatchHeader calldata given)
        internal
        view
        returns (IRollup.BatchHeader memory header)
    {
        assembly ("memory-safe") {
            calldatacopy(header, given, 0x1e0)
        }
        bytes32 hash = Statement.hash(header);
        bytes32 committed = _headerHash[header.number];
        if (hash != committed) revert IRollup.HeaderMismatch(header.number, hash, committed);
    }

    /// Of a proven batch.
    function _requireProven(IRollup.BatchHeader calldata header) internal view {
        if (header.number > _provenBatches) revert IRollup.BatchNotProven(header.number, _provenBatches);
        _requireHeader(header);
    }
}
