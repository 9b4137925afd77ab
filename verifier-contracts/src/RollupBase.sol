// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INSTANCE_COUNT} from "./IProofVerifier.sol";
import {CircuitSets} from "./CircuitSets.sol";
import {IRollup} from "./IRollup.sol";
import {OperationQueue} from "./OperationQueue.sol";
import {BridgeStream} from "./libraries/BridgeStream.sol";
import {Goldilocks} from "./libraries/Goldilocks.sol";
import {Statement} from "./libraries/Statement.sol";
import {WithdrawalTree} from "./libraries/WithdrawalTree.sol";

/// @title Batches of the rollup: committed, proven, reverted, withdrawn from
/// @notice All but the data mode: how a proof is bound to the batch's public data, which `_bind` decides, and the mode's
/// name.
abstract contract RollupBase is CircuitSets, OperationQueue {
    /// Public data as the proof's statement names it.
    struct PublicData {
        uint32 bridgeWords;
        uint32 rollupWords;
        /// Evaluation point, and the values of both streams there.
        uint128 z;
        uint128 bridgeEval;
        uint128 rollupEval;
    }

    uint256 internal immutable CHAIN_ID;
    uint256 private immutable DOMAIN;

    // One slot with `queuedOperations`, which `OperationQueue` declares last.
    /// @inheritdoc IRollup
    uint64 public committedOperations;
    uint48 private _committedBatches;
    uint48 private _provenBatches;
    /// @inheritdoc IRollup
    uint32 public committedTime;
    /// @inheritdoc IRollup
    uint256 public stateRoot;
    /// @inheritdoc IRollup
    uint256 public committedRoot;
    /// @inheritdoc IRollup
    mapping(uint64 number => bytes32 hash) public headerHash;
    mapping(uint64 batch => mapping(uint256 word => uint256 bits)) private _claimed;

    constructor(uint256 genesisRoot) {
        _requireCanonical(genesisRoot);
        CHAIN_ID = block.chainid;
        DOMAIN = Statement.domain(block.chainid, address(this));
        stateRoot = genesisRoot;
        committedRoot = genesisRoot;
    }

    /// @inheritdoc IRollup
    function commitBatch(CommitData calldata batch) external onlyOperator returns (BatchHeader memory header) {
        return _commit(batch);
    }

    /// @inheritdoc IRollup
    function proveBatch(BatchHeader calldata header, bytes calldata proof) external {
        uint64 next = provenBatches() + 1;
        uint64 last = committedBatches();
        if (header.number != next || next > last) revert BatchNotProvable(header.number, next, last);
        _prove(_requireHeader(header), proof);
    }

    /// @inheritdoc IRollup
    function commitAndProveBatch(CommitData calldata batch, bytes calldata proof) external onlyOperator {
        (uint64 proven, uint64 committed) = (provenBatches(), committedBatches());
        if (proven != committed) revert EarlierBatchesUnproven(proven, committed);
        _prove(_commit(batch), proof);
    }

    /// @inheritdoc IRollup
    function revertBatches(BatchHeader calldata firstReverted) external onlyOperator {
        uint64 first = firstReverted.number;
        (uint64 proven, uint64 last) = (provenBatches(), committedBatches());
        if (first <= proven || first > last) revert BatchNotRevertible(first, proven, last);
        _requireHeader(firstReverted);
        committedRoot = firstReverted.oldRoot;
        committedOperations = firstReverted.firstOperation;
        committedTime = firstReverted.previousTime;
        _committedBatches = uint48(first - 1);
        emit BatchesReverted(first, last);
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
        if (msg.sender != withdrawal.to) {
            revert CallerNotRecipient(msg.sender, withdrawal.to);
        }
        if (to == address(0) || to == address(this)) revert PayeeInvalid(to);
        _claim(header, index, withdrawal, proof, to);
    }

    /// @inheritdoc IRollup
    function committedBatches() public view returns (uint64) {
        return _committedBatches;
    }

    /// @inheritdoc IRollup
    function provenBatches() public view returns (uint64) {
        return _provenBatches;
    }

    /// @inheritdoc IRollup
    function isClaimed(uint64 batch, uint32 index) public view returns (bool) {
        return (_claimed[batch][index / 256] >> (index % 256)) & 1 == 1;
    }

    /// @inheritdoc IRollup
    function domain() external view returns (uint256) {
        return DOMAIN;
    }

    /// @inheritdoc IRollup
    function instances(BatchHeader calldata header) external view returns (uint256[INSTANCE_COUNT] memory) {
        return Statement.instances(header, DOMAIN);
    }

    /// Binds the batch to its public data. The point must depend on all the data and on `batch.dataHash`, so that data
    /// cannot be chosen to fit it; both streams must be whole words, few enough for the public inputs.
    function _bind(CommitData calldata batch) internal view virtual returns (PublicData memory);

    function _commit(CommitData calldata batch) private returns (BatchHeader memory header) {
        uint64 expected = committedBatches() + 1;
        if (batch.number != expected) revert BatchNumberUnexpected(batch.number, expected);
        _requireTime(batch.time);
        if (batch.feeAccount >= Statement.ACCOUNT_LIMIT) {
            revert FeeAccountOutOfRange(batch.feeAccount, Statement.ACCOUNT_LIMIT);
        }
        _requireCanonical(batch.newRoot);
        _requireCanonical(batch.dataHash);
        uint64 firstOperation = committedOperations;
        BridgeStream.Summary memory bridge =
            BridgeStream.parse(batch.bridge, queuedOperation, firstOperation, queuedOperations);
        PublicData memory data = _bind(batch);

        header.number = batch.number;
        header.firstOperation = firstOperation;
        header.withdrawalCount = bridge.withdrawalCount;
        header.feeAccount = batch.feeAccount;
        header.time = batch.time;
        header.previousTime = committedTime;
        header.bridgeWords = data.bridgeWords;
        header.rollupWords = data.rollupWords;
        header.oldRoot = committedRoot;
        header.newRoot = batch.newRoot;
        header.dataHash = batch.dataHash;
        header.z = data.z;
        header.bridgeEval = data.bridgeEval;
        header.rollupEval = data.rollupEval;
        header.withdrawalsRoot = bridge.withdrawalsRoot;

        bytes32 hash = Statement.hash(header);
        headerHash[batch.number] = hash;
        committedRoot = batch.newRoot;
        committedOperations = firstOperation + bridge.operationCount;
        committedTime = batch.time;
        _committedBatches = uint48(batch.number);
        emit BatchCommitted(batch.number, hash, header);
    }

    /// The header must be that of the next batch to prove.
    function _prove(BatchHeader memory header, bytes calldata proof) private {
        verifier().verify(proof, Statement.instances(header, DOMAIN)); // reverts on a bad proof
        stateRoot = header.newRoot;
        _provenBatches = uint48(header.number);
        emit BatchProven(header.number, header.newRoot);
    }

    function _claim(
        BatchHeader calldata header,
        uint32 index,
        Withdrawal calldata withdrawal,
        bytes32[] calldata proof,
        address to
    ) private {
        uint64 number = header.number;
        if (number > provenBatches()) revert BatchNotProven(number, provenBatches());
        _requireHeader(header);
        if (index >= header.withdrawalCount) revert WithdrawalIndexOutOfRange(index, header.withdrawalCount);
        if (isClaimed(number, index)) revert WithdrawalAlreadyClaimed(number, index);
        bytes32 leaf = WithdrawalTree.leaf(index, withdrawal.token, withdrawal.amount, withdrawal.to);
        if (!WithdrawalTree.isMember(leaf, index, header.withdrawalCount, proof, header.withdrawalsRoot)) {
            revert WithdrawalProofInvalid(number, index);
        }
        // forge-lint: disable-next-line(incorrect-shift)
        _claimed[number][index / 256] |= 1 << (index % 256);
        emit WithdrawalClaimed(number, index, withdrawal.token, to, withdrawal.amount);
        _pay(withdrawal.token, withdrawal.amount, to);
    }

    /// No batch is too old: an operator who was away for long must still be able to commit what was sealed before.
    function _requireTime(uint32 time) private view {
        uint256 latest = block.timestamp / 1 minutes;
        uint256 earliest = committedTime;
        if (latest >= Statement.TIME_LIMIT) latest = Statement.TIME_LIMIT - 1;
        if (time < earliest || time > latest) revert BatchTimeOutOfRange(time, earliest, latest);
    }

    /// The header in memory. Copied without a look at each field: with the hash of a committed header, it is that one.
    function _requireHeader(BatchHeader calldata given) private view returns (BatchHeader memory header) {
        assembly ("memory-safe") {
            calldatacopy(header, given, 0x1e0)
        }
        bytes32 hash = Statement.hash(header);
        bytes32 committed = headerHash[header.number];
        if (hash != committed) revert HeaderMismatch(header.number, hash, committed);
    }

    function _requireCanonical(uint256 hash) private pure {
        if (!Goldilocks.isCanonicalHash(hash)) revert HashNotCanonical(hash);
    }
}
