// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../IRollup.sol";
import {QueuedOperation} from "./QueuedOperation.sol";
import {WithdrawalTree} from "./WithdrawalTree.sol";

/// @title Parser of a batch's bridge stream
/// @notice Records follow each other without gaps, in 7-byte big-endian words: those of queued operations, which
/// `QueuedOperation` lays out, and the withdrawals that L2 signed, of 35 bytes:
///
/// | word | withdrawal                               |
/// |------|------------------------------------------|
/// | 0    | `02` ‖ account (4) ‖ token (1) ‖ fee (1) |
/// | 1    | amount                                   |
/// | 2, 3 | address bytes 0 to 7, and 7 to 14        |
/// | 4    | 0 (1) ‖ address bytes 14 to 20           |
///
/// A forced withdrawal that paid anything is one of the batch's withdrawals too, of what it paid to its sender.
/// Tag `03` is an exit's, see `ExitStream`: it pays what no account is debited for, so it is refused here.
library BridgeStream {
    uint256 internal constant WITHDRAWAL_TAG = 2;
    uint256 internal constant WITHDRAWAL_BYTES = 35;
    uint256 internal constant EXIT_TAG = 3;
    uint256 private constant AMOUNT_WORD = 1;

    struct Summary {
        uint64 operationCount;
        uint32 withdrawalCount;
        bytes32 withdrawalsRoot;
    }

    /// @notice Parses the stream; its operations must be those of `queue` from `firstOperation` on, of which `queued`
    /// exist.
    function parse(
        bytes calldata stream,
        mapping(uint64 index => bytes32 entry) storage queue,
        uint64 firstOperation,
        uint64 queued
    ) internal view returns (Summary memory summary) {
        // No record with a leaf is shorter than a withdrawal's.
        bytes32[] memory leaves = new bytes32[](stream.length / WITHDRAWAL_BYTES);
        uint64 next = firstOperation;
        uint32 withdrawals = 0;
        for (uint256 offset = 0; offset < stream.length;) {
            uint256 tag = uint8(stream[offset]);
            if (tag == WITHDRAWAL_TAG) {
                requireRecord(stream, offset, WITHDRAWAL_BYTES);
                if (word(stream, offset, 4) >> 48 != 0) revert IRollup.BridgeRecordPaddingNonzero(offset);
                leaves[withdrawals] = _leaf(stream, offset, AMOUNT_WORD, withdrawals);
                ++withdrawals;
                offset += WITHDRAWAL_BYTES;
                continue;
            }
            (uint256 size, bytes32 hash) = _operation(stream, offset, tag);
            if (next >= queued) revert IRollup.OperationNotQueued(next);
            if (!QueuedOperation.matches(queue[next], hash)) revert IRollup.OperationMismatch(next);
            ++next;
            if (tag == QueuedOperation.FORCED_WITHDRAWAL && word(stream, offset, QueuedOperation.PAID_WORD) > 0) {
                leaves[withdrawals] = _leaf(stream, offset, QueuedOperation.PAID_WORD, withdrawals);
                ++withdrawals;
            }
            offset += size;
        }
        summary.operationCount = next - firstOperation;
        summary.withdrawalCount = withdrawals;
        summary.withdrawalsRoot = WithdrawalTree.root(leaves, withdrawals);
    }

    /// @return size Bytes of the record of a queued operation.
    /// @return hash Hash of it as it was queued: with zeros in place of what was found at execution.
    function _operation(bytes calldata stream, uint256 offset, uint256 tag)
        private
        pure
        returns (uint256 size, bytes32 hash)
    {
        if (tag == EXIT_TAG) revert IRollup.ExitRecordRefused(offset);
        uint256 blank;
        uint256 blankSize;
        (size, blank, blankSize) = QueuedOperation.layout(tag);
        if (size == 0) revert IRollup.BridgeRecordTagUnknown(offset, tag);
        requireRecord(stream, offset, size);
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            calldatacopy(buffer, add(stream.offset, offset), size)
            calldatacopy(add(buffer, blank), calldatasize(), blankSize) // beyond calldata are zeros
            hash := keccak256(buffer, size)
        }
    }

    /// Leaf `index`, of the amount in this word.
    function _leaf(bytes calldata stream, uint256 offset, uint256 amountWord, uint256 index)
        private
        pure
        returns (bytes32)
    {
        return leaf(stream, offset, word(stream, offset, amountWord), index);
    }

    /// Leaf `index`, of a record with the token in its last byte of word 0 but one and the address in words 2 to 4.
    function leaf(bytes calldata stream, uint256 offset, uint256 amount, uint256 index)
        internal
        pure
        returns (bytes32)
    {
        uint256 token = (word(stream, offset, 0) >> 8) & 0xff;
        return WithdrawalTree.leaf(index, token, amount, payee(stream, offset));
    }

    /// The address in words 2 to 4 of a record.
    function payee(bytes calldata stream, uint256 offset) internal pure returns (address) {
        uint256 low = word(stream, offset, 4); // below 2^48
        return address(uint160((word(stream, offset, 2) << 104) | (word(stream, offset, 3) << 48) | low));
    }

    function requireRecord(bytes calldata stream, uint256 offset, uint256 size) internal pure {
        if (stream.length - offset < size) revert IRollup.BridgeRecordTruncated(offset);
    }

    /// Word `i` of the record at `offset`; the caller has checked that the record is whole.
    function word(bytes calldata stream, uint256 offset, uint256 i) internal pure returns (uint256 result) {
        assembly {
            result := shr(200, calldataload(add(add(stream.offset, offset), mul(i, 7))))
        }
    }
}
