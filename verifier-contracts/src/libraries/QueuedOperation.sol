// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Records of the operations that L1 queues, and what the queue keeps of one
/// @notice In 7-byte big-endian words; *what stands so* is found when a batch executes the operation, and zero here:
///
/// | word    | 1: deposit | 4: auth change | 5: forced withdrawal | 6: forced transfer | 7: flags |
/// |---------|------------|----------------|----------------------|--------------------|----------|
/// | 0       | head       | head           | head                 | head               | head     |
/// | 1       | amount     | 0              | amount asked for     | amount asked for   |          |
/// | 2, 3, 4 | owner      | sender         | sender               | sender             |          |
/// | 5       | auth       | auth           | *amount paid*        | *amount paid*      |          |
/// | 6       | auth       | auth           |                      | receiver           |          |
/// | 7, 8, 9 | auth       | auth           |                      |                    |          |
///
/// * head: kind (1 byte) ‖ account (4; *a deposit's*) ‖ token (1; 0 in kinds 4 and 7) ‖ flags (1; 0 but in kind 7)
/// * owner, sender: address bytes 0 to 7, and 7 to 14, and 0 (1) ‖ address bytes 14 to 20
/// * auth: low 56 bits of elements 0 to 3, and 0 (3) ‖ high bytes of elements 0 to 3
/// * receiver: 0 (3) ‖ account (4)
library QueuedOperation {
    uint8 internal constant DEPOSIT = 1;
    uint8 internal constant SET_AUTH = 4;
    uint8 internal constant FORCED_WITHDRAWAL = 5;
    uint8 internal constant FORCED_TRANSFER = 6;
    uint8 internal constant SET_FLAGS = 7;

    /// The word of a forced withdrawal that says what it paid.
    uint256 internal constant PAID_WORD = 5;
    /// An amount is below this: it fits one word.
    uint256 internal constant AMOUNT_LIMIT = 1 << 56;

    /// @return size Bytes of a record of this kind; zero if there is no such kind.
    /// @return blank Where in the record the bytes begin that are found at execution.
    /// @return blankSize How many they are.
    function layout(uint256 kind) internal pure returns (uint256 size, uint256 blank, uint256 blankSize) {
        if (kind == DEPOSIT) return (70, 1, 4);
        if (kind == SET_AUTH) return (70, 0, 0);
        if (kind == FORCED_WITHDRAWAL) return (42, 35, 7);
        if (kind == FORCED_TRANSFER) return (49, 35, 7);
        if (kind == SET_FLAGS) return (7, 0, 0);
    }

    /// @return What the queue keeps: the upper 216 bits of the record's hash, then when it expires, in tenths of a second.
    function entry(bytes memory record, uint40 expires) internal pure returns (bytes32) {
        return bytes32((uint256(keccak256(record)) & ~uint256(type(uint40).max)) | expires);
    }

    /// @return Whether the queue keeps `kept` of a record with this hash, whenever it expires.
    function matches(bytes32 kept, bytes32 recordHash) internal pure returns (bool) {
        return (kept ^ recordHash) >> 40 == 0;
    }

    /// @return When the operation that the queue keeps this of expires, in tenths of a second since the Unix epoch.
    function expiry(bytes32 kept) internal pure returns (uint64) {
        return uint40(uint256(kept));
    }

    /// @notice Reads a deposit's record, which must be whole.
    function readDeposit(bytes calldata record) internal pure returns (uint8 token, uint64 units, address owner) {
        token = uint8(record[5]);
        units = uint56(bytes7(record[7:14]));
        owner = address(bytes20(abi.encodePacked(record[14:28], record[29:35])));
    }

    function deposit(uint8 token, uint256 units, address owner, uint256 auth) internal pure returns (bytes memory) {
        (uint256 low, uint256 high) = _auth(auth);
        return _record(_head(DEPOSIT, 0, token), units, owner, low, high, 70);
    }

    function setAuth(uint32 account, address sender, uint256 auth) internal pure returns (bytes memory) {
        (uint256 low, uint256 high) = _auth(auth);
        return _record(_head(SET_AUTH, account, 0), 0, sender, low, high, 70);
    }

    function forcedWithdrawal(uint32 account, uint8 token, uint256 units, address sender)
        internal
        pure
        returns (bytes memory)
    {
        return _record(_head(FORCED_WITHDRAWAL, account, token), units, sender, 0, 0, 42);
    }

    function forcedTransfer(uint32 account, uint32 to, uint8 token, uint256 units, address sender)
        internal
        pure
        returns (bytes memory)
    {
        return _record(_head(FORCED_TRANSFER, account, token), units, sender, uint256(to) << 112, 0, 49);
    }

    function setFlags(uint32 account, uint8 flags) internal pure returns (bytes memory) {
        return abi.encodePacked(uint56(_head(SET_FLAGS, account, 0) | flags));
    }

    /// Words 0 to 4, then `low`, 28 bytes, and `high`, 7 bytes; `size` bytes of all that, behind which are zeros.
    function _record(uint256 head, uint256 units, address whose, uint256 low, uint256 high, uint256 size)
        private
        pure
        returns (bytes memory record)
    {
        uint256 word = uint160(whose);
        assembly ("memory-safe") {
            record := mload(0x40)
            mstore(0x40, add(record, 0x80))
            mstore(record, size)
            let start := or(shl(200, head), shl(144, units))
            let owner := or(shl(32, shr(48, word)), and(shr(24, word), 0xffffff))
            mstore(add(record, 0x20), or(start, owner))
            mstore(add(record, 0x40), or(shl(232, word), or(shl(8, low), shr(48, high))))
            mstore(add(record, 0x60), shl(208, high))
        }
    }

    function _head(uint256 kind, uint256 account, uint256 token) private pure returns (uint256) {
        return (kind << 48) | (account << 16) | (token << 8);
    }

    /// The low 56 bits of the four elements, and their high bytes.
    function _auth(uint256 auth) private pure returns (uint256 low, uint256 high) {
        uint256 mask = type(uint56).max;
        low = ((auth & mask) << 168) | (((auth >> 64) & mask) << 112) | (((auth >> 128) & mask) << 56)
            | ((auth >> 192) & mask);
        high = (uint256(uint8(auth >> 56)) << 24) | (uint256(uint8(auth >> 120)) << 16)
            | (uint256(uint8(auth >> 184)) << 8) | (auth >> 248);
    }
}
