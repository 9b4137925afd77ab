// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../IRollup.sol";
import {WithdrawalTree} from "./WithdrawalTree.sol";

/// @title Parser of a batch's bridge stream
/// @notice Records follow each other without gaps, in 7-byte big-endian words:
///
/// | word | deposit, 49 bytes                                 | withdrawal, 35 bytes                    |
/// |------|---------------------------------------------------|-----------------------------------------|
/// | 0    | `01` ‖ account (4 bytes) ‖ token (1) ‖ 0 (1)      | `02` ‖ account (4) ‖ token (1) ‖ fee (1) |
/// | 1    | amount                                            | amount                                  |
/// | 2, 3 | low 56 bits of the key hash's elements 0 and 1    | address bytes 0 to 7, and 7 to 14       |
/// | 4    | low 56 bits of element 2                          | 0 (1) ‖ address bytes 14 to 20          |
/// | 5    | low 56 bits of element 3                          |                                         |
/// | 6    | 0 (3) ‖ high bytes of elements 0 to 3             |                                         |
///
/// Tag `03` is reserved for emergency exits and refused.
library BridgeStream {
    uint256 internal constant DEPOSIT_TAG = 1;
    uint256 internal constant DEPOSIT_BYTES = 49;
    uint256 internal constant WITHDRAWAL_TAG = 2;
    uint256 internal constant WITHDRAWAL_BYTES = 35;
    uint256 internal constant EMERGENCY_TAG = 3;

    struct Summary {
        uint32 depositCount;
        uint32 withdrawalCount;
        bytes32 withdrawalsRoot;
    }

    /// @notice Parses the stream; its deposits must be those of `queue` from `firstDeposit` on, of which `queued`
    /// exist.
    function parse(
        bytes calldata stream,
        mapping(uint64 index => bytes32 hash) storage queue,
        uint64 firstDeposit,
        uint64 queued
    ) internal view returns (Summary memory summary) {
        bytes32[] memory leaves = new bytes32[](stream.length / WITHDRAWAL_BYTES);
        uint64 nextDeposit = firstDeposit;
        uint32 withdrawals = 0;
        for (uint256 offset = 0; offset < stream.length;) {
            uint256 tag = uint8(stream[offset]);
            if (tag == DEPOSIT_TAG) {
                _requireRecord(stream, offset, DEPOSIT_BYTES);
                if (nextDeposit >= queued) revert IRollup.DepositNotQueued(nextDeposit);
                if (_depositHash(stream, offset) != queue[nextDeposit]) revert IRollup.DepositMismatch(nextDeposit);
                ++nextDeposit;
                offset += DEPOSIT_BYTES;
            } else if (tag == WITHDRAWAL_TAG) {
                _requireRecord(stream, offset, WITHDRAWAL_BYTES);
                leaves[withdrawals] = _withdrawalLeaf(stream, offset, withdrawals);
                ++withdrawals;
                offset += WITHDRAWAL_BYTES;
            } else if (tag == EMERGENCY_TAG) {
                revert IRollup.EmergencyRecordRefused(offset);
            } else {
                revert IRollup.BridgeRecordTagUnknown(offset, tag);
            }
        }
        summary.depositCount = uint32(nextDeposit - firstDeposit);
        summary.withdrawalCount = withdrawals;
        summary.withdrawalsRoot = WithdrawalTree.root(leaves, withdrawals);
    }

    /// @return result The queue's hash of a deposit: `keccak256(abi.encode(token, amount, keyHash))`.
    function depositHash(uint256 token, uint256 amount, uint256 keyHash) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore(buffer, token)
            mstore(add(buffer, 0x20), amount)
            mstore(add(buffer, 0x40), keyHash)
            result := keccak256(buffer, 0x60)
        }
    }

    function _depositHash(bytes calldata stream, uint256 offset) private pure returns (bytes32) {
        uint256 head = _word(stream, offset, 0);
        uint256 highBytes = _word(stream, offset, 6);
        if (head & 0xff != 0 || highBytes >> 32 != 0) revert IRollup.BridgeRecordPaddingNonzero(offset);
        uint256 keyHash = 0;
        for (uint256 i = 0; i < 4; ++i) {
            uint256 element = _word(stream, offset, 2 + i) | (((highBytes >> (8 * (3 - i))) & 0xff) << 56);
            keyHash |= element << (64 * i);
        }
        return depositHash(_token(head), _word(stream, offset, 1), keyHash);
    }

    function _withdrawalLeaf(bytes calldata stream, uint256 offset, uint256 index) private pure returns (bytes32) {
        uint256 addressLow = _word(stream, offset, 4);
        if (addressLow >> 48 != 0) revert IRollup.BridgeRecordPaddingNonzero(offset);
        uint256 to = (_word(stream, offset, 2) << 104) | (_word(stream, offset, 3) << 48) | addressLow;
        return
            WithdrawalTree.leaf(index, _token(_word(stream, offset, 0)), _word(stream, offset, 1), address(uint160(to)));
    }

    function _requireRecord(bytes calldata stream, uint256 offset, uint256 recordBytes) private pure {
        if (stream.length - offset < recordBytes) revert IRollup.BridgeRecordTruncated(offset);
    }

    /// Word 0 of both records has the token in its last byte but one.
    function _token(uint256 head) private pure returns (uint256) {
        return (head >> 8) & 0xff;
    }

    /// Word `i` of the record at `offset`; the caller has checked that the record is whole.
    function _word(bytes calldata stream, uint256 offset, uint256 i) private pure returns (uint256 word) {
        assembly {
            word := shr(200, calldataload(add(add(stream.offset, offset), mul(i, 7))))
        }
    }
}
