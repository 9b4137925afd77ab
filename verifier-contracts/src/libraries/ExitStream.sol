// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../IRollup.sol";
import {BridgeStream} from "./BridgeStream.sol";
import {WithdrawalTree} from "./WithdrawalTree.sol";

/// @title Which balances have left, and the bridge stream of a batch that lets balances leave
/// @notice The stream is a sequence of records laid out as a withdrawal's (see `BridgeStream`), with the tag `03` and, in
/// place of the fee, what of the amount is above 2^56: all that an account holds of a token, paid to its L1 owner. What
/// has left already is skipped, so that two batches of the same balances are both good.
library ExitStream {
    uint256 private constant RECORD_BYTES = 35;
    uint256 private constant AMOUNT_WORD = 1;
    uint256 private constant AMOUNT_WORD_BITS = 56;
    /// Balances are below 2^62.
    uint256 private constant AMOUNT_TOP_LIMIT = 1 << 6;
    /// Head of a record down to the account's upper four bits, which the account tree has no places for.
    uint256 private constant TAG_AND_ACCOUNT_TOP = BridgeStream.EXIT_TAG << 4;
    uint256 private constant ACCOUNT_TOP_SHIFT = 44;

    /// Bit `account % 256` of the word under `token · 2^20 + account / 256`: the balance has left.
    struct Exited {
        mapping(uint256 key => uint256 bits) words;
    }

    function contains(Exited storage exited, uint32 account, uint8 token) internal view returns (bool) {
        return (exited.words[_key(token, account)] >> (account % 256)) & 1 == 1;
    }

    function add(Exited storage exited, uint32 account, uint8 token) internal {
        // forge-lint: disable-next-line(incorrect-shift)
        exited.words[_key(token, account)] |= 1 << (account % 256);
    }

    /// For a balance that could not be paid: it has not left after all.
    function remove(Exited storage exited, uint32 account, uint8 token) internal {
        // forge-lint: disable-next-line(incorrect-shift)
        exited.words[_key(token, account)] &= ~(1 << (account % 256));
    }

    /// @notice Takes all balances of the stream that have not left, and notes them.
    /// @return offsets Where in the stream their records begin.
    function take(bytes calldata stream, Exited storage exited) internal returns (uint256[] memory offsets) {
        offsets = new uint256[](stream.length / RECORD_BYTES);
        uint256 count = 0;
        // The last word that was looked at: in the order of accounts, most records share it with their neighbour.
        uint256 key = type(uint256).max;
        uint256 bits = 0;
        unchecked {
            for (uint256 offset = 0; offset < stream.length; offset += RECORD_BYTES) {
                BridgeStream.requireRecord(stream, offset, RECORD_BYTES);
                uint256 head = BridgeStream.word(stream, offset, 0);
                if (
                    head >> ACCOUNT_TOP_SHIFT != TAG_AND_ACCOUNT_TOP || uint8(head) >= AMOUNT_TOP_LIMIT
                        || BridgeStream.word(stream, offset, 4) >> 48 != 0
                ) revert IRollup.ExitRecordInvalid(offset);
                uint256 account = uint32(head >> 16);
                uint256 found = _key(uint8(head >> 8), account);
                if (found != key) {
                    if (key != type(uint256).max) exited.words[key] = bits;
                    key = found;
                    bits = exited.words[key];
                }
                uint256 bit = 1 << (account % 256);
                if (bits & bit != 0) continue;
                bits |= bit;
                offsets[count++] = offset;
            }
        }
        if (key != type(uint256).max) exited.words[key] = bits;
        assembly ("memory-safe") {
            mstore(offsets, count)
        }
    }

    /// @notice Root of the tree of the withdrawals that these records are (see `WithdrawalTree`). Overwrites `offsets`.
    function root(bytes calldata stream, uint256[] memory offsets) internal pure returns (bytes32) {
        bytes32[] memory leaves;
        assembly ("memory-safe") {
            leaves := offsets
        }
        for (uint256 i = 0; i < offsets.length; ++i) {
            uint256 offset = offsets[i];
            leaves[i] = BridgeStream.leaf(stream, offset, _amount(stream, offset), i);
        }
        return WithdrawalTree.root(leaves, leaves.length);
    }

    /// @notice What the record at `offset` says, which must have been taken.
    function read(bytes calldata stream, uint256 offset)
        internal
        pure
        returns (uint32 account, uint8 token, uint64 amount, address owner)
    {
        uint256 head = BridgeStream.word(stream, offset, 0);
        (account, token) = (uint32(head >> 16), uint8(head >> 8));
        amount = uint64(_amount(stream, offset));
        owner = BridgeStream.payee(stream, offset);
    }

    function _amount(bytes calldata stream, uint256 offset) private pure returns (uint256) {
        uint256 top = uint8(BridgeStream.word(stream, offset, 0));
        return (top << AMOUNT_WORD_BITS) | BridgeStream.word(stream, offset, AMOUNT_WORD);
    }

    /// Accounts are below 2^28.
    function _key(uint256 token, uint256 account) private pure returns (uint256) {
        return (token << 20) | (account >> 8);
    }
}
