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

    /// @inheritdoc IRollup
    function queuedOperation(uint64 index) external view returns (bytes32) {
        return _queue[index];
    }

    /// @inheritdoc IRollup
    function depositorOf(uint64 index) external view returns (address) {
        return _depositorOf[index];
    }

    function _enqueue(bytes memory record) internal override returns (uint64 index) {
        _requireBeforeExitMode();
        // One operation in a tenth of a second can always be proven: a flood delays only what is behind it.
        uint40 expiry = uint40((block.timestamp + EXIT_DEADLINE) * 10);
        if (expiry <= _lastExpiry) expiry = _lastExpiry + 1;
        index = _queuedOperations;
        _lastExpiry = expiry;
        _queuedOperations = uint48(index + 1);
        _queue[index] = QueuedOperation.entry(record, expiry);
        emit OperationQueued(index, uint8(record[0]), msg.sender, uint32(block.timestamp), expiry, record);
    }

    function _requireAccount(uint32 account) private pure {
        if (account >= Statement.ACCOUNT_LIMIT) revert AccountOutOfRange(account, Statement.ACCOUNT_LIMIT);
    }

    function _requireToken(uint8 token) private view {
        if (token >= _tokenCount) revert TokenNumberNotRegistered(token, _tokenCount);
    }
}
