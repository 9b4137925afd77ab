// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../../src/IRollup.sol";
import {Rollup} from "../../src/Rollup.sol";
import {MintableToken} from "../../src/demo/MintableToken.sol";
import {Listings} from "./Listings.sol";
import {Pubdata} from "./Pubdata.sol";
import {Routing} from "./Routing.sol";
import {Test} from "./Test.sol";
import {VerifierDouble} from "./VerifierDouble.sol";
import {Withdrawals} from "./Withdrawals.sol";

/// @title Everybody who acts on a rollup, in the order that the fuzzer picks
/// @notice Plays a sound circuit: no batch withdraws more of a token than its deposits put into L2.
contract RollupHandler is Test {
    struct Queued {
        uint8 token;
        uint64 amount;
        /// As the queue has it: zero where a batch fills in.
        bytes record;
    }

    struct Batch {
        IRollup.BatchHeader header;
        Withdrawals withdrawals;
        /// L2's supply per token before the batch, for when it is reverted.
        uint256[2] supplyBefore;
    }

    bytes private constant PROOF = "proof";
    /// Owns accounts on L2, and orders from L1.
    address private constant OWNER = address(0xb0b);

    VerifierDouble private immutable VERIFIER;
    Rollup public immutable ROLLUP;
    MintableToken public immutable TOKEN;

    Queued[] private queue;
    Batch[] private batches; // batches[i] has number i + 1
    uint256[2] private supply;

    uint256[2] public deposited;
    uint256[2] public claimed;
    mapping(uint64 batch => mapping(uint32 index => uint256)) public payments;
    uint256 public mostPaymentsOfOneWithdrawal;
    uint256 public approvedRoot;

    constructor(uint256 genesisRoot) {
        VM.warp(1_800_000_000);
        VERIFIER = new VerifierDouble();
        TOKEN = new MintableToken("Token", "TKN", 18);
        ROLLUP = new Rollup(
            Routing.single(VERIFIER), Routing.CIRCUIT_SET, genesisRoot, address(this), Listings.one(address(TOKEN))
        );
        approvedRoot = genesisRoot;
        TOKEN.approve(address(ROLLUP), type(uint256).max);
    }

    function deposit(uint256 tokenSeed, uint256 amountSeed, uint256 authSeed) external {
        uint8 id = uint8(tokenSeed % 2);
        uint64 amount = uint64(_bound(amountSeed, 1, 1 << 40));
        bool forAnother = authSeed % 3 == 0;
        address owner = forAnother ? OWNER : address(this);
        uint256 auth = forAnother ? 0 : Pubdata.canonicalHash(authSeed);
        if (id == 0) {
            VM.deal(address(this), uint256(amount) * 1 gwei);
            ROLLUP.depositETH{value: uint256(amount) * 1 gwei}(owner, auth);
        } else {
            TOKEN.mint(address(this), uint256(amount) * 1e9);
            ROLLUP.depositERC20(address(TOKEN), uint256(amount) * 1e9, owner, auth);
        }
        _queued(
            id,
            amount,
            Pubdata.encode(Pubdata.Deposit({account: 0, token: id, amount: uint56(amount), owner: owner, auth: auth}))
        );
        deposited[id] += amount;
    }

    /// Orders one of the operations that bring nothing in.
    function order(uint256 seed, uint256 kind) external {
        uint32 account = uint32(seed % (1 << 28));
        uint8 id = uint8((seed >> 28) & 1);
        uint64 amount = uint64(_bound(seed >> 32, 1, 1 << 40));
        if (kind % 4 != 3) VM.prank(OWNER);
        if (kind % 4 == 0) {
            uint256 auth = Pubdata.canonicalHash(seed);
            ROLLUP.setAuth(account, auth);
            _queued(0, 0, Pubdata.encode(Pubdata.SetAuth({account: account, sender: OWNER, auth: auth})));
        } else if (kind % 4 == 1) {
            ROLLUP.forceWithdrawal(account, id, amount);
            _queued(id, amount, _forcedWithdrawal(account, id, amount));
        } else if (kind % 4 == 2) {
            ROLLUP.forceTransfer(account, 7, id, amount);
            _queued(id, amount, _forcedTransfer(account, id, amount));
        } else {
            ROLLUP.setFlags(account, uint8(kind >> 8));
            _queued(0, 0, Pubdata.encode(Pubdata.SetFlags({account: account, flags: uint8(kind >> 8)})));
        }
    }

    function pass(uint256 seconds_) external {
        VM.warp(block.timestamp + _bound(seconds_, 1, 30 hours));
    }

    /// Commits a batch of up to three waiting operations and three signed withdrawals.
    function commit(uint256 seed) external {
        uint32 time = uint32(_bound(seed >> 64, _earliest(), block.timestamp / 1 minutes));
        Batch storage batch = batches.push();
        batch.supplyBefore = supply;
        batch.withdrawals = new Withdrawals();
        bytes memory bridge = "";
        uint256 next = ROLLUP.committedOperations();
        for (uint256 i = 0; i < seed % 4 && next < queue.length; ++i) {
            bridge = bytes.concat(bridge, _execute(batch.withdrawals, queue[next++], seed >> (24 + i)));
        }
        for (uint256 i = 0; i < (seed >> 8) % 4; ++i) {
            uint8 id = uint8((seed >> (16 + i)) & 1);
            if (supply[id] == 0) continue;
            uint64 amount = uint64(_bound(seed >> (32 + i), 1, supply[id]));
            supply[id] -= amount;
            batch.withdrawals.push(IRollup.Withdrawal(id, amount, address(uint160(0x10000 + i))));
        }
        uint64 number = uint64(batches.length);
        batch.header = ROLLUP.commitBatch(
            IRollup.CommitData({
                number: number,
                time: time,
                newRoot: Pubdata.canonicalHash(uint256(keccak256(abi.encode(seed, number)))),
                dataHash: Pubdata.canonicalHash(seed),
                feeAccount: 1,
                bridge: bytes.concat(bridge, batch.withdrawals.stream()),
                rollup: new bytes(7 * (seed % 5))
            })
        );
    }

    /// Proves the oldest unproven batch with a proof that the verifier approves.
    function prove() external {
        uint256 proven = ROLLUP.provenBatches();
        if (proven == batches.length) return;
        IRollup.BatchHeader memory header = batches[proven].header;
        VERIFIER.accept(PROOF, ROLLUP.instances(header));
        ROLLUP.proveBatch(header, PROOF);
        approvedRoot = header.newRoot;
    }

    /// Tries to prove a batch, or a header made up for it, without the verifier's approval.
    function proveUnapproved(uint256 which, uint256 newRoot, bool forge) external {
        if (batches.length == 0) return;
        IRollup.BatchHeader memory header = batches[which % batches.length].header;
        if (forge) {
            header.newRoot = Pubdata.canonicalHash(newRoot);
            VERIFIER.accept("forged", ROLLUP.instances(header)); // approved, but never committed
        }
        try ROLLUP.proveBatch(header, forge ? bytes("forged") : bytes("unapproved")) {
            // A made-up root that equals the committed one would be the committed header.
            require(forge && header.newRoot == batches[which % batches.length].header.newRoot, "unapproved proof");
            approvedRoot = header.newRoot;
        } catch {}
    }

    function revertBatches(uint256 which) external {
        uint256 proven = ROLLUP.provenBatches();
        if (proven == batches.length) return;
        uint256 first = _bound(which, proven, batches.length - 1);
        ROLLUP.revertBatches(batches[first].header);
        supply = batches[first].supplyBefore;
        while (batches.length > first) batches.pop();
    }

    /// Claims any withdrawal of any committed batch: it must pay exactly when proven and not yet paid.
    function claim(uint256 which, uint256 indexSeed) external {
        if (batches.length == 0) return;
        Batch storage batch = batches[which % batches.length];
        if (batch.header.withdrawalCount == 0) return;
        uint32 index = uint32(indexSeed % batch.header.withdrawalCount);
        IRollup.Withdrawal memory withdrawal = batch.withdrawals.get(index);
        uint64 number = batch.header.number;
        bool due = number <= ROLLUP.provenBatches() && payments[number][index] == 0;
        uint256 before = _balance(withdrawal);
        try ROLLUP.claimWithdrawal(batch.header, index, withdrawal, batch.withdrawals.proof(index)) {
            require(due, "paid a withdrawal that was not due");
            uint256 unit = 1e9;
            require(_balance(withdrawal) - before == uint256(withdrawal.amount) * unit, "paid another amount");
            claimed[withdrawal.token] += withdrawal.amount;
            uint256 count = ++payments[number][index];
            if (count > mostPaymentsOfOneWithdrawal) mostPaymentsOfOneWithdrawal = count;
        } catch {
            require(!due, "refused a withdrawal that was due");
        }
    }

    /// Time of the last committed batch.
    function lastTime() public view returns (uint32) {
        return batches.length == 0 ? 0 : batches[batches.length - 1].header.time;
    }

    /// The record with what the batch fills in; keeps the supply and the withdrawals up to date.
    function _execute(Withdrawals withdrawals, Queued memory operation, uint256 seed)
        private
        returns (bytes memory record)
    {
        record = operation.record;
        (uint8 id, uint8 kind) = (operation.token, uint8(record[0]));
        if (kind == 1) {
            record[4] = bytes1(uint8(seed));
            supply[id] += operation.amount;
        } else if (kind == 5) {
            uint256 most = operation.amount < supply[id] ? operation.amount : supply[id];
            uint64 paid = seed % 4 == 0 ? 0 : uint64(most); // an account with nothing, or with enough
            _pay(record, paid);
            supply[id] -= paid;
            if (paid > 0) withdrawals.pushForced(IRollup.Withdrawal(id, paid, OWNER));
        } else if (kind == 6) {
            _pay(record, uint64(seed % operation.amount));
        }
    }

    function _pay(bytes memory record, uint64 paid) private pure {
        for (uint256 i = 0; i < 7; ++i) {
            record[35 + i] = bytes1(uint8(paid >> (8 * (6 - i))));
        }
    }

    function _queued(uint8 id, uint64 amount, bytes memory record) private {
        queue.push(Queued({token: id, amount: amount, record: record}));
    }

    function _forcedWithdrawal(uint32 account, uint8 id, uint64 amount) private pure returns (bytes memory) {
        return Pubdata.encode(
            Pubdata.ForcedWithdrawal({account: account, token: id, amount: uint56(amount), sender: OWNER, paid: 0})
        );
    }

    function _forcedTransfer(uint32 account, uint8 id, uint64 amount) private pure returns (bytes memory) {
        return Pubdata.encode(
            Pubdata.ForcedTransfer({account: account, token: id, amount: uint56(amount), sender: OWNER, paid: 0, to: 7})
        );
    }

    function _earliest() private view returns (uint256) {
        uint256 dayAgo = block.timestamp / 1 minutes - 1440;
        return lastTime() > dayAgo ? lastTime() : dayAgo;
    }

    function _balance(IRollup.Withdrawal memory withdrawal) private view returns (uint256) {
        return withdrawal.token == 0 ? withdrawal.to.balance : TOKEN.balanceOf(withdrawal.to);
    }
}
