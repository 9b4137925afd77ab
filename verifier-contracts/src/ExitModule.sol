// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Batches} from "./Batches.sol";
import {IPoseidonPath} from "./IPoseidonPath.sol";
import {IRollup} from "./IRollup.sol";
import {IVerifierRouter} from "./IVerifierRouter.sol";
import {Payments} from "./Payments.sol";
import {ExitStream} from "./libraries/ExitStream.sol";
import {PubdataBinding} from "./libraries/PubdataBinding.sol";
import {QueuedOperation} from "./libraries/QueuedOperation.sol";
import {Statement} from "./libraries/Statement.sol";
import {WithdrawalTree} from "./libraries/WithdrawalTree.sol";

/// @title The ways out that need no operator
/// @notice Once an operation of the queue has waited for too long unproven, the state root stands still for ever. What
/// it says of balances is paid to the accounts' L1 owners, by a proof for many or by a Merkle path for one, and the
/// deposits that no proven batch executed go back. Exits read the state and note here what has left, so none of them can
/// make another's proof worthless.
///
/// A rollup creates its module and runs the module's code on its own storage. Called directly, the module does nothing:
/// it has neither funds nor state. `IRollup` documents the functions. Their bridge stream is in calldata whatever the
/// rollup's data mode is, and their rollup stream is empty.
contract ExitModule is Batches, Payments {
    /// Number of any exit batch in its evaluation point: who proves it cannot know how many others land before.
    uint64 private constant EXIT_BATCH = 0;
    uint256 private constant BALANCE_LIMIT = 1 << 62;

    address private immutable ROLLUP;
    IPoseidonPath private immutable PATH;

    /// Only as the rollup's code.
    modifier delegated() {
        if (address(this) != ROLLUP) revert IRollup.ModuleCalledDirectly(ROLLUP);
        _;
    }

    constructor(IVerifierRouter router, IPoseidonPath path) Batches(router, msg.sender) {
        ROLLUP = msg.sender;
        PATH = path;
    }

    function enterExitMode(IRollup.BatchHeader calldata firstUnproven) external delegated beforeExitMode {
        (uint64 proven, uint64 committed) = (_provenBatches, _committedBatches);
        if (proven < committed) {
            uint64 next = proven + 1;
            if (firstUnproven.number != next) revert IRollup.BatchNotProvable(firstUnproven.number, next, committed);
            _takeBack(firstUnproven, committed);
        }
        uint64 index = _committedOperations;
        if (index == _queuedOperations) revert IRollup.OperationNotQueued(index);
        uint64 expiry = QueuedOperation.expiry(_queue[index]);
        if (block.timestamp * 10 < expiry) revert IRollup.OperationNotExpired(index, expiry);
        _exitMode = true;
        emit IRollup.ExitModeEntered(index, expiry);
    }

    /// Not in the middle of payments: what left before a batch must be told by the events before its own.
    function exitBatch(uint256 dataHash, bytes calldata bridge, bytes calldata proof)
        external
        delegated
        nonReentrant
        inExitMode
    {
        _requireCanonical(dataHash);
        uint256[] memory offsets = ExitStream.take(bridge, _exited);
        IRollup.BatchHeader memory header;
        header.number = _provenBatches + 1;
        header.withdrawalCount = uint32(offsets.length);
        header.withdrawalsRoot = ExitStream.root(bridge, offsets);
        header.firstOperation = _committedOperations;
        header.time = _committedTime;
        header.newRoot = _stateRoot;
        header.dataHash = dataHash;
        _append(header, PubdataBinding.inCalldata(CHAIN_ID, EXIT_BATCH, dataHash, bridge, bridge[:0]));
        emit IRollup.BalancesExited(header.number, bridge);
        _prove(header, proof);
    }

    function exitAndPay(uint256 dataHash, bytes calldata bridge, bytes calldata proof)
        external
        delegated
        nonReentrant
        inExitMode
        returns (uint256 paid)
    {
        _requireCanonical(dataHash);
        uint256[] memory offsets = ExitStream.take(bridge, _exited);
        IRollup.BatchHeader memory header;
        header.time = _committedTime;
        (header.oldRoot, header.newRoot) = (_stateRoot, _stateRoot);
        header.dataHash = dataHash;
        _describe(header, PubdataBinding.inCalldata(CHAIN_ID, EXIT_BATCH, dataHash, bridge, bridge[:0]));
        _verify(header, proof);
        for (uint256 i = 0; i < offsets.length; ++i) {
            (uint32 account, uint8 token, uint64 amount, address owner) = ExitStream.read(bridge, offsets[i]);
            if (_tryPay(token, amount, owner)) {
                emit IRollup.BalanceExited(account, token, owner, amount);
                ++paid;
            } else {
                ExitStream.remove(_exited, account, token);
            }
        }
        if (paid == 0) revert IRollup.NothingPaid();
    }

    function exitByPath(IRollup.AccountPath calldata path) external delegated nonReentrant {
        _exit(path, path.owner);
    }

    function exitByPathTo(IRollup.AccountPath calldata path, address to) external delegated nonReentrant {
        _requirePayee(path.owner, to);
        _exit(path, to);
    }

    function refundDeposit(uint64 index, bytes calldata record) external delegated nonReentrant {
        (uint8 token, uint64 units, address sender) = _refund(index, record);
        _payRefund(index, token, units, sender);
    }

    function refundDepositTo(uint64 index, bytes calldata record, address to) external delegated nonReentrant {
        (uint8 token, uint64 units, address sender) = _refund(index, record);
        _requirePayee(sender, to);
        _payRefund(index, token, units, to);
    }

    function claimWithdrawals(
        IRollup.BatchHeader calldata header,
        IRollup.Claim[] calldata claims,
        bytes32[] calldata proof
    ) external delegated nonReentrant returns (uint256 paid) {
        _requireProven(header);
        _requireMembers(header, claims, proof);
        for (uint256 i = 0; i < claims.length; ++i) {
            if (_claim(header.number, claims[i])) ++paid;
        }
        if (paid == 0) revert IRollup.NothingPaid();
    }

    /// Pays, unless the withdrawal was paid before or cannot be paid now.
    function _claim(uint64 batch, IRollup.Claim calldata claim) private returns (bool paid) {
        (uint256 word, uint256 bit) = (claim.index / 256, 1 << (claim.index % 256));
        uint256 bits = _claimed[batch][word];
        if (bits & bit != 0) return false;
        _claimed[batch][word] = bits | bit;
        paid = _tryPay(claim.token, claim.amount, claim.to);
        if (paid) emit IRollup.WithdrawalClaimed(batch, claim.index, claim.token, claim.to, claim.amount);
        else _claimed[batch][word] = bits; // nothing else wrote it: claims are not re-entered
    }

    function _requireMembers(
        IRollup.BatchHeader calldata header,
        IRollup.Claim[] calldata claims,
        bytes32[] calldata proof
    ) private pure {
        uint32 count = header.withdrawalCount;
        uint256[] memory positions = new uint256[](claims.length);
        bytes32[] memory leaves = new bytes32[](claims.length);
        uint256 next = 0;
        for (uint256 i = 0; i < claims.length; ++i) {
            IRollup.Claim calldata claim = claims[i];
            if (claim.index >= count) revert IRollup.WithdrawalIndexOutOfRange(claim.index, count);
            if (claim.index < next) revert IRollup.ClaimsNotAscending(claim.index);
            next = uint256(claim.index) + 1;
            positions[i] = claim.index;
            leaves[i] = WithdrawalTree.leaf(claim.index, claim.token, claim.amount, claim.to);
        }
        if (!WithdrawalTree.areMembers(leaves, positions, count, proof, header.withdrawalsRoot)) {
            revert IRollup.WithdrawalsProofInvalid(header.number);
        }
    }

    function _exit(IRollup.AccountPath calldata path, address to) private inExitMode {
        // Beyond either limit, other numbers would lead to the same root: a balance would leave twice, or grow.
        if (path.account >= Statement.ACCOUNT_LIMIT) {
            revert IRollup.AccountOutOfRange(path.account, Statement.ACCOUNT_LIMIT);
        }
        if (path.balance == 0 || path.balance >= BALANCE_LIMIT) {
            revert IRollup.AmountOutOfRange(path.balance, BALANCE_LIMIT);
        }
        if (ExitStream.contains(_exited, path.account, path.token)) {
            revert IRollup.AlreadyExited(path.account, path.token);
        }
        uint256 root = PATH.root(
            path.account,
            path.token,
            path.balance,
            path.auth,
            path.owner,
            path.meta,
            path.balanceSiblings,
            path.accountSiblings
        );
        if (root != _stateRoot) revert IRollup.PathInvalid(root, _stateRoot);
        ExitStream.add(_exited, path.account, path.token);
        emit IRollup.BalanceExited(path.account, path.token, to, path.balance);
        _pay(path.token, path.balance, to);
    }

    /// Forgets an operation that no proven batch executed, if it is a deposit.
    function _refund(uint64 index, bytes calldata record)
        private
        inExitMode
        returns (uint8 token, uint64 units, address sender)
    {
        (uint64 first, uint64 queued) = (_committedOperations, _queuedOperations);
        if (index < first || index >= queued) revert IRollup.OperationNotRefundable(index, first, queued);
        bytes32 kept = _queue[index];
        if (kept == 0) revert IRollup.DepositAlreadyRefunded(index);
        if (!QueuedOperation.matches(kept, keccak256(record))) revert IRollup.OperationMismatch(index);
        // Whole, because it was queued.
        if (uint8(record[0]) != QueuedOperation.DEPOSIT) revert IRollup.OperationNotDeposit(index);
        address owner;
        (token, units, owner) = QueuedOperation.readDeposit(record);
        sender = _depositorOf[index];
        if (sender == address(0)) sender = owner;
        _queue[index] = 0;
    }

    function _payRefund(uint64 index, uint8 token, uint64 units, address to) private {
        emit IRollup.DepositRefunded(index, token, to, units);
        _pay(token, units, to);
    }
}
