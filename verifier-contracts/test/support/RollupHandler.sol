// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPoseidonPath} from "../../src/IPoseidonPath.sol";
import {IRollup} from "../../src/IRollup.sol";
import {Rollup} from "../../src/Rollup.sol";
import {VerifierRouter} from "../../src/VerifierRouter.sol";
import {MintableToken} from "../../src/demo/MintableToken.sol";
import {Listings} from "./Listings.sol";
import {PathOracle} from "./PathOracle.sol";
import {Pubdata} from "./Pubdata.sol";
import {Routing} from "./Routing.sol";
import {Test} from "./Test.sol";
import {VerifierDouble} from "./VerifierDouble.sol";
import {Withdrawals} from "./Withdrawals.sol";

/// @title Everybody who acts on a rollup, in the order that the fuzzer picks
/// @notice Plays a sound circuit: no batch withdraws more of a token than its deposits put into L2. `ExitHandler` goes
/// on when the operator has let an operation expire.
abstract contract RollupHandler is Test {
    struct Queued {
        uint8 token;
        uint64 amount;
        /// As the queue has it: zero where a batch fills in.
        bytes record;
        /// In tenths of a second.
        uint256 expiry;
        bool refunded;
    }

    struct Batch {
        IRollup.BatchHeader header;
        Withdrawals withdrawals;
        /// L2's supply per token before the batch, for when it is reverted.
        uint256[2] supplyBefore;
        /// What the batch's deposits bring into L2.
        uint256[2] deposits;
    }

    bytes internal constant PROOF = "proof";
    /// Owns accounts on L2, and orders from L1.
    address internal constant OWNER = address(0xb0b);
    uint64 internal constant DEADLINE = 1 days;

    VerifierDouble internal immutable VERIFIER;
    PathOracle internal immutable PATH;
    Rollup public immutable ROLLUP;
    MintableToken public immutable TOKEN;

    Queued[] internal queue;
    Batch[] internal batches; // batches[i] has number i + 1
    /// What L2 holds after the last committed batch, and after the last proven one.
    uint256[2] internal supply;
    uint256[2] internal provenSupply;

    /// What the contract owes besides: deposits that no proven batch executed, withdrawals that were not claimed.
    uint256[2] internal unprovenDeposits;
    uint256[2] internal unclaimed;
    bool public frozen;

    mapping(uint64 batch => mapping(uint32 index => uint256)) public payments;
    uint256 public mostPaymentsOfOneWithdrawal;
    uint256 public approvedRoot;

    constructor(uint256 genesisRoot) {
        VM.warp(1_800_000_000);
        VERIFIER = new VerifierDouble();
        TOKEN = new MintableToken("Token", "TKN", 18);
        PATH = new PathOracle();
        ROLLUP = _newRollup(Routing.single(VERIFIER), genesisRoot, PATH, Listings.one(address(TOKEN)));
        approvedRoot = genesisRoot;
        TOKEN.approve(address(ROLLUP), type(uint256).max);
    }

    /// Of the kind under test, with this contract for its operator.
    function _newRollup(
        VerifierRouter router,
        uint256 genesisRoot,
        IPoseidonPath path,
        IRollup.TokenListing[] memory tokens
    ) internal virtual returns (Rollup) {
        return new Rollup(router, Routing.CIRCUIT_SET, genesisRoot, address(this), DEADLINE, path, tokens);
    }

    /// What a commit hands over for a rollup stream of so many words, all zero, in this data mode.
    function _published(IRollup.CommitData memory, uint32 words) internal view virtual returns (bytes memory) {
        return new bytes(7 * words);
    }

    /// Whether the operator may commit now.
    function _mayCommit() internal view virtual returns (bool) {
        return true;
    }

    function _committed(uint64 number) internal virtual {}

    /// Whether a proof of the oldest unproven batch is in time.
    function _mayProve(uint64) internal view virtual returns (bool) {
        return true;
    }

    modifier beforeExitMode() {
        if (frozen) return;
        _;
    }

    function deposit(uint256 tokenSeed, uint256 amountSeed, uint256 authSeed) external beforeExitMode {
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
        unprovenDeposits[id] += amount;
    }

    /// Orders one of the operations that bring nothing in.
    function order(uint256 seed, uint256 kind) external beforeExitMode {
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
    function commit(uint256 seed) external beforeExitMode {
        if (!_mayCommit()) return;
        uint32 time = uint32(_bound(seed >> 64, _earliest(), block.timestamp / 1 minutes));
        Batch storage batch = batches.push();
        batch.supplyBefore = supply;
        batch.withdrawals = new Withdrawals();
        bytes memory bridge = "";
        uint256 next = ROLLUP.committedOperations();
        for (uint256 i = 0; i < seed % 4 && next < queue.length; ++i) {
            bridge = bytes.concat(bridge, _execute(batch, queue[next++], seed >> (24 + i)));
        }
        for (uint256 i = 0; i < (seed >> 8) % 4; ++i) {
            uint8 id = uint8((seed >> (16 + i)) & 1);
            if (supply[id] == 0) continue;
            uint64 amount = uint64(_bound(seed >> (32 + i), 1, supply[id]));
            supply[id] -= amount;
            batch.withdrawals.push(IRollup.Withdrawal(id, amount, address(uint160(0x10000 + i))));
        }
        uint64 number = uint64(batches.length);
        IRollup.CommitData memory data = IRollup.CommitData({
            number: number,
            time: time,
            newRoot: Pubdata.canonicalHash(uint256(keccak256(abi.encode(seed, number)))),
            dataHash: Pubdata.canonicalHash(seed),
            feeAccount: 1,
            bridge: bytes.concat(bridge, batch.withdrawals.stream()),
            rollup: ""
        });
        data.rollup = _published(data, uint32(seed % 5));
        batch.header = ROLLUP.commitBatch(data);
        _committed(number);
    }

    /// Proves the oldest unproven batch with a proof that the verifier approves.
    function prove() external beforeExitMode {
        uint256 proven = ROLLUP.provenBatches();
        if (proven == batches.length || !_mayProve(uint64(proven) + 1)) return;
        IRollup.BatchHeader memory header = batches[proven].header;
        VERIFIER.accept(PROOF, ROLLUP.instances(header));
        ROLLUP.proveBatch(header, PROOF);
        _proven(proven);
    }

    /// Tries to prove a batch, or a header made up for it, without the verifier's approval.
    function proveUnapproved(uint256 which, uint256 newRoot, bool forge) external beforeExitMode {
        if (batches.length == 0) return;
        IRollup.BatchHeader memory header = batches[which % batches.length].header;
        if (forge) {
            header.newRoot = Pubdata.canonicalHash(newRoot);
            VERIFIER.accept("forged", ROLLUP.instances(header)); // approved, but never committed
        }
        try ROLLUP.proveBatch(header, forge ? bytes("forged") : bytes("unapproved")) {
            // A made-up root that equals the committed one would be the committed header.
            require(forge && header.newRoot == batches[which % batches.length].header.newRoot, "unapproved proof");
            _proven(which % batches.length);
        } catch {}
    }

    function revertBatches(uint256 which) external virtual beforeExitMode {
        uint256 proven = ROLLUP.provenBatches();
        if (proven == batches.length) return;
        uint256 first = _bound(which, proven, batches.length - 1);
        ROLLUP.revertBatches(batches[first].header);
        _takenBack(first);
    }

    /// The batches from this place on are no longer committed.
    function _takenBack(uint256 first) internal {
        supply = batches[first].supplyBefore;
        while (batches.length > first) batches.pop();
    }

    /// Claims any withdrawal of any committed batch: it must pay exactly when proven and not yet paid.
    function claim(uint256 which, uint256 indexSeed) public {
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
            unclaimed[withdrawal.token] -= withdrawal.amount;
            uint256 count = ++payments[number][index];
            if (count > mostPaymentsOfOneWithdrawal) mostPaymentsOfOneWithdrawal = count;
        } catch {
            require(!due, "refused a withdrawal that was due");
        }
    }

    /// Claims some withdrawals of a batch at once: exactly those are paid that are due, and without one it is refused.
    function claimSeveral(uint256 which, uint256 mask) external {
        if (batches.length == 0) return;
        Batch storage batch = batches[which % batches.length];
        (uint64 number, uint32 count) = (batch.header.number, batch.header.withdrawalCount);
        uint32[] memory indices = new uint32[](count);
        uint256 used = 0;
        uint256 due = 0;
        for (uint32 i = 0; i < count; ++i) {
            if ((mask >> i) & 1 == 0) continue;
            indices[used++] = i;
            if (number <= ROLLUP.provenBatches() && payments[number][i] == 0) ++due;
        }
        assembly {
            mstore(indices, used)
        }
        uint256[2] memory before = [ROLLUP.outstanding(0), ROLLUP.outstanding(1)];
        IRollup.Claim[] memory claims = batch.withdrawals.claims(indices);
        try ROLLUP.claimWithdrawals(batch.header, claims, batch.withdrawals.proofOf(indices)) returns (uint256 paid) {
            require(paid == due && due > 0, "paid others than were due");
            for (uint256 i = 0; i < used; ++i) {
                if (payments[number][indices[i]] > 0) continue;
                IRollup.Withdrawal memory withdrawal = batch.withdrawals.get(indices[i]);
                unclaimed[withdrawal.token] -= withdrawal.amount;
                before[withdrawal.token] -= withdrawal.amount;
                payments[number][indices[i]] = 1;
            }
            for (uint8 id = 0; id < 2; ++id) {
                require(ROLLUP.outstanding(id) == before[id], "paid another amount");
            }
        } catch {
            require(due == 0, "refused withdrawals that were due");
        }
    }

    /// Time of the last committed batch.
    function lastTime() public view returns (uint32) {
        return batches.length == 0 ? 0 : batches[batches.length - 1].header.time;
    }

    function _proven(uint256 index) internal virtual {
        Batch storage batch = batches[index];
        approvedRoot = batch.header.newRoot;
        provenSupply = index + 1 < batches.length ? batches[index + 1].supplyBefore : supply;
        for (uint256 id = 0; id < 2; ++id) {
            unprovenDeposits[id] -= batch.deposits[id];
        }
        _due(batch.withdrawals);
    }

    /// From now on the contract owes these.
    function _due(Withdrawals withdrawals) internal {
        for (uint256 i = 0; i < withdrawals.count(); ++i) {
            IRollup.Withdrawal memory withdrawal = withdrawals.get(i);
            unclaimed[withdrawal.token] += withdrawal.amount;
        }
    }

    /// The record with what the batch fills in; keeps the supply and the withdrawals up to date.
    function _execute(Batch storage batch, Queued memory operation, uint256 seed)
        private
        returns (bytes memory record)
    {
        record = operation.record;
        (uint8 id, uint8 kind) = (operation.token, uint8(record[0]));
        if (kind == 1) {
            record[4] = bytes1(uint8(seed));
            supply[id] += operation.amount;
            batch.deposits[id] += operation.amount;
        } else if (kind == 5) {
            uint256 most = operation.amount < supply[id] ? operation.amount : supply[id];
            uint64 paid = seed % 4 == 0 ? 0 : uint64(most); // an account with nothing, or with enough
            _pay(record, paid);
            supply[id] -= paid;
            if (paid > 0) batch.withdrawals.pushForced(IRollup.Withdrawal(id, paid, OWNER));
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
        uint256 expiry = (block.timestamp + DEADLINE) * 10;
        if (queue.length > 0 && queue[queue.length - 1].expiry >= expiry) expiry = queue[queue.length - 1].expiry + 1;
        queue.push(Queued({token: id, amount: amount, record: record, expiry: expiry, refunded: false}));
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

    function _balance(IRollup.Withdrawal memory withdrawal) internal view returns (uint256) {
        return withdrawal.token == 0 ? withdrawal.to.balance : TOKEN.balanceOf(withdrawal.to);
    }
}
