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

    /// @return What the queue keeps: the upper 224 bits of the record's hash, then the time in seconds.
    function entry(bytes memory record, uint32 time) internal pure returns (bytes32) {
        return bytes32((uint256(keccak256(record)) & ~uint256(type(uint32).max)) | time);
    }

    /// @return Whether the queue keeps `kept` of a record with this hash, whatever its time.
    function matches(bytes32 kept, bytes32 recordHash) internal pure returns (bool) {
        return (kept ^ recordHash) >> 32 == 0;
    }

    function deposit(uint8 token, uint256 units, address owner, uint256 auth) internal pure returns (bytes memory) {
        return _record(_head(DEPOSIT, 0, token, 0), units, owner, _auth(auth));
    }

    function setAuth(uint32 account, address sender, uint256 auth) internal pure returns (bytes memory) {
        return _record(_head(SET_AUTH, account, 0, 0), 0, sender, _auth(auth));
    }

    function forcedWithdrawal(uint32 account, uint8 token, uint256 units, address sender)
        internal
        pure
        returns (bytes memory)
    {
        return _record(_head(FORCED_WITHDRAWAL, account, token, 0), units, sender, new bytes(7));
    }

    function forcedTransfer(uint32 account, uint32 to, uint8 token, uint256 units, address sender)
        internal
        pure
        returns (bytes memory)
    {
        bytes memory paidAndReceiver = abi.encodePacked(uint56(0), uint56(to));
        return _record(_head(FORCED_TRANSFER, account, token, 0), units, sender, paidAndReceiver);
    }

    function setFlags(uint32 account, uint8 flags) internal pure returns (bytes memory) {
        return abi.encodePacked(_head(SET_FLAGS, account, 0, flags));
    }

    /// The words after the address are `rest`.
    function _record(uint56 head, uint256 units, address whose, bytes memory rest) private pure returns (bytes memory) {
        return abi.encodePacked(head, uint56(units), _address(whose), rest);
    }

    function _head(uint8 kind, uint32 account, uint8 token, uint8 last) private pure returns (uint56) {
        return (uint56(kind) << 48) | (uint56(account) << 16) | (uint56(token) << 8) | last;
    }

    /// An address in three words.
    function _address(address whose) private pure returns (uint168) {
        uint168 word = uint160(whose);
        return ((word >> 48) << 56) | uint48(word);
    }

    /// An auth in five words.
    function _auth(uint256 auth) private pure returns (bytes memory) {
        uint224 low = 0;
        uint56 high = 0;
        for (uint256 i = 0; i < 4; ++i) {
            low = (low << 56) | uint56(auth >> (64 * i));
            high = (high << 8) | uint8(auth >> (64 * i + 56));
        }
        return abi.encodePacked(low, high);
    }
}
