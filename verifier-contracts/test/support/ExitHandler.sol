// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../../src/IRollup.sol";
import {ExitBatches} from "./ExitBatches.sol";
import {RollupHandler} from "./RollupHandler.sol";
import {Withdrawals} from "./Withdrawals.sol";

/// @title Everybody who acts on a rollup whose operator may stop
/// @notice What the proven state holds of a token is, from exit mode on, shared out among three accounts.
contract ExitHandler is RollupHandler {
    uint32 private constant ACCOUNTS = 3;
    uint256 private constant DATA_HASH = 77;

    /// Of the frozen state: by account and token.
    mapping(uint32 account => mapping(uint8 id => bool)) private exited;
    uint256 private firstUnproven;

    constructor(uint256 genesisRoot) RollupHandler(genesisRoot) {}

    receive() external payable {}

    /// What the contract owes of a token, by what everybody did.
    function owed(uint8 id) external view returns (uint256 units) {
        units = unprovenDeposits[id] + unclaimed[id] + provenSupply[id];
        for (uint32 account = 0; account < ACCOUNTS; ++account) {
            if (exited[account][id]) units -= share(account, id);
        }
    }

    /// Tries to enter exit mode: it must open exactly when the oldest unproven operation has expired.
    function enter() external {
        uint256 proven = ROLLUP.provenBatches();
        IRollup.BatchHeader memory header;
        uint256 oldest = ROLLUP.committedOperations();
        if (!frozen && proven < batches.length) {
            header = batches[proven].header;
            oldest = header.firstOperation;
        }
        bool due = !frozen && oldest < queue.length && queue[oldest].expiry <= block.timestamp * 10;
        try ROLLUP.enterExitMode(header) {
            require(due, "entered exit mode too early");
            frozen = true;
            firstUnproven = oldest;
            while (batches.length > proven) batches.pop();
            for (uint32 i = 0; i < 2 * ACCOUNTS; ++i) {
                (uint32 account, uint8 id) = (i / 2, uint8(i % 2));
                PATH.accept(account, id, share(account, id), OWNER, approvedRoot);
            }
        } catch {
            require(!due, "refused to enter exit mode");
        }
    }

    /// One to four balances leave by a batch, among them such as have left.
    function exitBatch(uint256 seed) external {
        if (!frozen) return;
        bytes memory bridge = "";
        Batch storage batch = batches.push();
        batch.withdrawals = new Withdrawals();
        for (uint256 i = 0; i <= seed % 4; ++i) {
            (uint32 account, uint8 id) = (uint32((seed >> (8 * i + 8)) % ACCOUNTS), uint8((seed >> (8 * i + 12)) & 1));
            uint64 units = share(account, id);
            bridge = bytes.concat(bridge, ExitBatches.record(account, id, units, OWNER));
            if (exited[account][id]) continue;
            exited[account][id] = true;
            batch.withdrawals.push(IRollup.Withdrawal(id, units, OWNER));
        }
        IRollup.BatchHeader memory header = ExitBatches.header(ROLLUP, DATA_HASH, bridge, batch.withdrawals);
        batch.header = header;
        _due(batch.withdrawals);
        VERIFIER.accept(PROOF, ROLLUP.instances(header));
        ROLLUP.exitBatch(DATA_HASH, bridge, PROOF);
        require(ROLLUP.headerHash(header.number) == keccak256(abi.encode(header)), "another header");
    }

    /// One to four balances leave by a proof that pays at once, among them such as have left; refused if all have.
    function exitAndPay(uint256 seed) external {
        if (!frozen) return;
        bytes memory bridge = "";
        uint256[2] memory due;
        uint256 count = 0;
        for (uint256 i = 0; i <= seed % 4; ++i) {
            (uint32 account, uint8 id) = (uint32((seed >> (8 * i + 8)) % ACCOUNTS), uint8((seed >> (8 * i + 12)) & 1));
            bridge = bytes.concat(bridge, ExitBatches.record(account, id, share(account, id), OWNER));
            if (exited[account][id]) continue;
            exited[account][id] = true;
            due[id] += share(account, id);
            ++count;
        }
        IRollup.BatchHeader memory header = ExitBatches.header(ROLLUP, DATA_HASH, bridge, new Withdrawals());
        VERIFIER.accept(PROOF, ROLLUP.instances(header));
        uint256[2] memory before = [OWNER.balance, TOKEN.balanceOf(OWNER)];
        try ROLLUP.exitAndPay(DATA_HASH, bridge, PROOF) returns (uint256 paid) {
            require(paid == count && count > 0, "paid others than were due");
            require(OWNER.balance - before[0] == due[0] * 1e9, "paid other ETH");
            require(TOKEN.balanceOf(OWNER) - before[1] == due[1] * 1e9, "paid other tokens");
        } catch {
            require(count == 0, "refused balances that were due");
        }
    }

    /// A balance leaves by its path, exactly if it is there, is stated as it is, and has not left.
    function exitByPath(uint256 seed, bool lie) public {
        (uint32 account, uint8 id) = (uint32(seed % ACCOUNTS), uint8((seed >> 8) & 1));
        IRollup.AccountPath memory way;
        (way.account, way.token, way.owner) = (account, id, OWNER);
        way.balance = share(account, id) + (lie ? 1 : 0);
        bool due = frozen && !lie && !exited[account][id] && way.balance > 0;
        IRollup.Withdrawal memory payment = IRollup.Withdrawal(id, way.balance, OWNER);
        uint256 before = _balance(payment);
        try ROLLUP.exitByPath(way) {
            require(due, "paid a balance that was not due");
            require(_balance(payment) - before == uint256(way.balance) * 1e9, "paid another amount");
            exited[account][id] = true;
        } catch {
            require(!due, "refused a balance that was due");
        }
    }

    /// A deposit goes back to who made it, exactly if no proven batch executed it and it has not gone back.
    function refund(uint256 which) public {
        if (queue.length == 0) return;
        uint64 index = uint64(which % queue.length);
        Queued storage operation = queue[index];
        bool due = frozen && index >= firstUnproven && operation.record[0] == 0x01 && !operation.refunded;
        IRollup.Withdrawal memory payment = IRollup.Withdrawal(operation.token, operation.amount, address(this));
        uint256 before = _balance(payment);
        try ROLLUP.refundDeposit(index, operation.record) {
            require(due, "refunded a deposit that was not due");
            require(_balance(payment) - before == uint256(operation.amount) * 1e9, "refunded another amount");
            operation.refunded = true;
            unprovenDeposits[operation.token] -= operation.amount;
        } catch {
            require(!due, "refused a refund that was due");
        }
    }

    /// Nothing comes in any more, and nothing is executed.
    function tryToGoOn(uint256 seed) external {
        if (!frozen) return;
        IRollup.BatchHeader memory header;
        if (batches.length > 0) header = batches[seed % batches.length].header;
        IRollup.CommitData memory batch;
        batch.number = ROLLUP.committedBatches() + 1;
        batch.time = ROLLUP.committedTime();
        bytes[6] memory calls = [
            abi.encodeCall(IRollup.commitBatch, (batch)),
            abi.encodeCall(IRollup.proveBatch, (header, PROOF)),
            abi.encodeCall(IRollup.revertBatches, (header)),
            abi.encodeCall(IRollup.depositERC20, (address(TOKEN), 1e9, address(this), 0)),
            abi.encodeCall(IRollup.forceWithdrawal, (0, 0, 1)),
            abi.encodeCall(IRollup.announceCircuitSet, (bytes32(seed)))
        ];
        TOKEN.mint(address(this), 1e9);
        (bool done, bytes memory answer) = address(ROLLUP).call(calls[seed % calls.length]);
        require(!done && bytes4(answer) == IRollup.RefusedInExitMode.selector, "went on in exit mode");
    }

    /// Everybody leaves.
    function drain() external virtual {
        _drain();
    }

    function _drain() internal {
        for (uint256 i = 0; i < 2 * ACCOUNTS; ++i) {
            exitByPath((i / 2) | ((i % 2) << 8), false);
        }
        for (uint256 i = 0; i < queue.length; ++i) {
            refund(i);
        }
        for (uint256 i = 0; i < batches.length; ++i) {
            for (uint256 j = 0; j < batches[i].header.withdrawalCount; ++j) {
                claim(i, j);
            }
        }
    }

    /// What an account holds in the frozen state: a third, the last one the rest.
    function share(uint32 account, uint8 id) public view returns (uint64) {
        uint256 third = provenSupply[id] / ACCOUNTS;
        return uint64(account + 1 < ACCOUNTS ? third : provenSupply[id] - third * (ACCOUNTS - 1));
    }
}
