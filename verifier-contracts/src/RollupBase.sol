// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INSTANCE_COUNT} from "./IProofVerifier.sol";
import {CircuitSets} from "./CircuitSets.sol";
import {IRollup} from "./IRollup.sol";
import {OperationQueue} from "./OperationQueue.sol";
import {Payments} from "./Payments.sol";
import {BridgeStream} from "./libraries/BridgeStream.sol";
import {PublicData} from "./libraries/PubdataBinding.sol";
import {Statement} from "./libraries/Statement.sol";
import {WithdrawalTree} from "./libraries/WithdrawalTree.sol";

/// @title Batches of the rollup: committed, proven, reverted, withdrawn from
/// @notice All but the data mode: how a proof is bound to the batch's public data, which `_bind` decides, and the mode's
/// name.
abstract contract RollupBase is CircuitSets, OperationQueue, Payments {
    constructor(uint256 genesisRoot) {
        _requireCanonical(genesisRoot);
        _stateRoot = genesisRoot;
        _committedRoot = genesisRoot;
    }

    /// @inheritdoc IRollup
    function commitBatch(CommitData calldata batch)
        external
        onlyOperator
        beforeExitMode
        returns (BatchHeader memory header)
    {
        return _commit(batch);
    }

    /// @inheritdoc IRollup
    function proveBatch(BatchHeader calldata header, bytes calldata proof) external beforeExitMode {
        (uint64 next, uint64 last) = (_provenBatches + 1, _committedBatches);
        if (header.number != next || next > last) revert BatchNotProvable(header.number, next, last);
        _prove(_requireHeader(header), proof);
    }

    /// @inheritdoc IRollup
    function commitAndProveBatch(CommitData calldata batch, bytes calldata proof) external onlyOperator beforeExitMode {
        (uint64 proven, uint64 committed) = (_provenBatches, _committedBatches);
        if (proven != committed) revert EarlierBatchesUnproven(proven, committed);
        _prove(_commit(batch), proof);
    }

    /// @inheritdoc IRollup
    function revertBatches(BatchHeader calldata firstReverted) external virtual onlyOperator beforeExitMode {
        uint64 first = firstReverted.number;
        (uint64 proven, uint64 last) = (_provenBatches, _committedBatches);
        if (first <= proven || first > last) revert BatchNotRevertible(first, proven, last);
        _takeBack(firstReverted, last);
    }

    /// @inheritdoc IRollup
    function claimWithdrawal(
        BatchHeader calldata header,
        uint32 index,
        Withdrawal calldata withdrawal,
        bytes32[] calldata proof
    ) external nonReentrant {
        _claim(header, index, withdrawal, proof, withdrawal.to);
    }

    /// @inheritdoc IRollup
    function claimWithdrawalTo(
        BatchHeader calldata header,
        uint32 index,
        Withdrawal calldata withdrawal,
        bytes32[] calldata proof,
        address to
    ) external nonReentrant {
        _requirePayee(withdrawal.to, to);
        _claim(header, index, withdrawal, proof, to);
    }

    /// @inheritdoc IRollup
    function isClaimed(uint64 batch, uint32 index) external view returns (bool) {
        return (_claimed[batch][index / 256] >> (index % 256)) & 1 == 1;
    }

    /// @inheritdoc IRollup
    function stateRoot() external view returns (uint256) {
        return _stateRoot;
    }

    /// @inheritdoc IRollup
    function committedRoot() external view returns (uint256) {
        return _committedRoot;
    }

    /// @inheritdoc IRollup
    function headerHash(uint64 number) external view returns (bytes32) {
        return _headerHash[number];
    }

    /// @inheritdoc IRollup
    function domain() external view returns (uint256) {
        return DOMAIN;
    }

    /// @inheritdoc IRollup
    function instances(BatchHeader calldata header) external view returns (uint256[INSTANCE_COUNT] memory) {
        return Statement.instances(header, DOMAIN, _blobs());
    }

    /// Binds a batch to its public data, of which `rollup` is the stream or says where it is. The point must depend on all
    /// the data and on `dataHash`, so that data cannot be chosen to fit it; both streams must be whole words, few enough for
    /// the public inputs.
    function _bind(uint64 number, uint256 dataHash, bytes calldata bridge, bytes calldata rollup)
        internal
        view
        virtual
        returns (PublicData memory);

    /// What else a kind of rollup asks for, or keeps, of a batch that was just committed.
    function _committed(BatchHeader memory header, CommitData calldata batch) internal virtual {}

    function _commit(CommitData calldata batch) private returns (BatchHeader memory header) {
        uint64 expected = _committedBatches + 1;
        if (batch.number != expected) revert BatchNumberUnexpected(batch.number, expected);
        _requireTime(batch.time);
        if (batch.feeAccount >= Statement.ACCOUNT_LIMIT) {
            revert FeeAccountOutOfRange(batch.feeAccount, Statement.ACCOUNT_LIMIT);
        }
        _requireCanonical(batch.newRoot);
        _requireCanonical(batch.dataHash);
        uint64 firstOperation = _committedOperations;
        BridgeStream.Summary memory bridge = BridgeStream.parse(batch.bridge, _queue, firstOperation, _queuedOperations);

        header.number = batch.number;
        header.firstOperation = firstOperation;
        header.withdrawalCount = bridge.withdrawalCount;
        header.feeAccount = batch.feeAccount;
        header.time = batch.time;
        header.newRoot = batch.newRoot;
        header.dataHash = batch.dataHash;
        header.withdrawalsRoot = bridge.withdrawalsRoot;
        _committedOperations = uint48(firstOperation + bridge.operationCount);
        _append(header, _bind(batch.number, batch.dataHash, batch.bridge, batch.rollup));
        _committed(header, batch);
    }

    function _claim(
        BatchHeader calldata header,
        uint32 index,
        Withdrawal calldata withdrawal,
        bytes32[] calldata proof,
        address to
    ) private {
        _requireProven(header);
        uint64 number = header.number;
        if (index >= header.withdrawalCount) revert WithdrawalIndexOutOfRange(index, header.withdrawalCount);
        bytes32 leaf = WithdrawalTree.leaf(index, withdrawal.token, withdrawal.amount, withdrawal.to);
        if (!WithdrawalTree.isMember(leaf, index, header.withdrawalCount, proof, header.withdrawalsRoot)) {
            revert WithdrawalProofInvalid(number, index);
        }
        uint256 bits = _claimed[number][index / 256];
        uint256 bit = 1 << (index % 256);
        if (bits & bit != 0) revert WithdrawalAlreadyClaimed(number, index);
        _claimed[number][index / 256] = bits | bit;
        emit WithdrawalClaimed(number, index, withdrawal.token, to, withdrawal.amount);
        _pay(withdrawal.token, withdrawal.amount, to);
    }

    /// No batch is too old: an operator who was away for long must still be able to commit what was sealed before.
    function _requireTime(uint32 time) private view {
        uint256 latest = block.timestamp / 1 minutes;
        uint256 earliest = _committedTime;
        if (latest >= Statement.TIME_LIMIT) latest = Statement.TIME_LIMIT - 1;
        if (time < earliest || time > latest) revert BatchTimeOutOfRange(time, earliest, latest);
    }
}
