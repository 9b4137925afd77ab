// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "./IRollup.sol";
import {TokenVault} from "./TokenVault.sol";
import {QueuedOperation} from "./libraries/QueuedOperation.sol";
import {Statement} from "./libraries/Statement.sol";

/// @title The queue of operations, and those that an account's L1 owner or the operator puts there
/// @notice Who owns an account L1 does not know: batches execute what its owner asked for, and of others nothing.
abstract contract OperationQueue is TokenVault {
    /// @inheritdoc IRollup
    mapping(uint64 index => bytes32 entry) public queuedOperation;
    // The last variable, so that it shares a slot with the counters of `RollupBase`.
    /// @inheritdoc IRollup
    uint64 public queuedOperations;

    /// @inheritdoc IRollup
    function setAuth(uint32 account, uint256 auth) external returns (uint64 index) {
        _requireAccount(account);
        _requireAuth(auth);
        return _enqueue(QueuedOperation.setAuth(account, msg.sender, auth));
    }

    /// @inheritdoc IRollup
    function forceWithdrawal(uint32 account, uint8 token, uint64 amount) external returns (uint64 index) {
        _requireAccount(account);
        _requireToken(token);
        _requireAmount(amount);
        return _enqueue(QueuedOperation.forcedWithdrawal(account, token, amount, msg.sender));
    }

    /// @inheritdoc IRollup
    function forceTransfer(uint32 account, uint32 to, uint8 token, uint64 amount) external returns (uint64 index) {
        _requireAccount(account);
        _requireAccount(to);
        _requireToken(token);
        _requireAmount(amount);
        return _enqueue(QueuedOperation.forcedTransfer(account, to, token, amount, msg.sender));
    }

    /// @inheritdoc IRollup
    function setFlags(uint32 account, uint8 flags) external onlyOperator returns (uint64 index) {
        _requireAccount(account);
        return _enqueue(QueuedOperation.setFlags(account, flags));
    }

    function _enqueue(bytes memory record) internal override returns (uint64 index) {
        uint32 time = uint32(block.timestamp);
        index = queuedOperations++;
        queuedOperation[index] = QueuedOperation.entry(record, time);
        emit OperationQueued(index, uint8(record[0]), msg.sender, time, record);
    }

    function _requireAccount(uint32 account) private pure {
        if (account >= Statement.ACCOUNT_LIMIT) revert AccountOutOfRange(account, Statement.ACCOUNT_LIMIT);
    }

    function _requireToken(uint8 token) private view {
        if (token >= tokenCount) revert TokenNumberNotRegistered(token, tokenCount);
    }
}
