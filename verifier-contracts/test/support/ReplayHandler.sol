// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../../src/IRollup.sol";
import {Rollup} from "../../src/Rollup.sol";
import {Listings} from "./Listings.sol";
import {EXIT_DEADLINE, PathDouble} from "./PathDouble.sol";
import {Pubdata} from "./Pubdata.sol";
import {Routing} from "./Routing.sol";
import {Test} from "./Test.sol";
import {VerifierDouble} from "./VerifierDouble.sol";
import {Withdrawals} from "./Withdrawals.sol";

/// @title An attacker who keeps every header ever committed with a proof of it, and uses them everywhere
/// @notice Counts in `wrong` each call that should have been refused and was not, or the other way round.
contract ReplayHandler is Test {
    struct Kept {
        IRollup.BatchHeader header;
        Withdrawals withdrawals;
        uint64 operationEnd;
        bool proven;
    }

    bytes private constant PROOF = "kept proof";

    VerifierDouble private immutable VERIFIER = new VerifierDouble();
    Rollup public immutable ROLLUP;

    Kept[] private kept;
    /// Of the batches committed now: live[n - 1] is the place in `kept` of batch n.
    uint256[] private live;
    uint256[] private auths;
    uint64[] private amounts;
    mapping(uint256 place => mapping(uint32 index => bool)) private claimed;

    uint256 public wrong;
    uint256 public deposited;
    uint256 public paid;
    uint256 public provenWithdrawals;

    constructor() {
        ROLLUP = new Rollup(
            Routing.single(VERIFIER),
            Routing.CIRCUIT_SET,
            42,
            address(this),
            EXIT_DEADLINE,
            new PathDouble(),
            Listings.none()
        );
    }

    function deposit(uint256 seed) external {
        uint64 amount = uint64(1 + seed % 1000);
        uint256 auth = uint256(uint32(seed >> 20));
        VM.deal(address(this), uint256(amount) * 1 gwei);
        ROLLUP.depositETH{value: uint256(amount) * 1 gwei}(address(this), auth);
        auths.push(auth);
        amounts.push(amount);
        deposited += amount;
    }

    function commit(uint256 seed) external {
        Withdrawals withdrawals = new Withdrawals();
        bytes memory bridge = "";
        uint256 next = ROLLUP.committedOperations();
        uint256 supply = _supply();
        for (uint256 i = 0; i < seed % 5 && next < auths.length; ++i) {
            bridge = bytes.concat(
                bridge,
                Pubdata.encode(
                    Pubdata.Deposit({
                        account: uint32(i),
                        token: 0,
                        amount: uint56(amounts[next]),
                        owner: address(this),
                        auth: auths[next]
                    })
                )
            );
            supply += amounts[next++];
        }
        for (uint256 i = 0; i < (seed >> 8) % 6 && supply > 0; ++i) {
            uint64 amount = uint64(1 + (seed >> (16 + i)) % supply);
            supply -= amount;
            withdrawals.push(IRollup.Withdrawal(0, amount, address(uint160(0x20000 + (seed >> 40) % 7 + i))));
        }
        Kept storage entry = kept.push();
        entry.header = ROLLUP.commitBatch(
            IRollup.CommitData({
                number: uint64(live.length + 1),
                time: ROLLUP.committedTime(),
                newRoot: Pubdata.canonicalHash(uint256(keccak256(abi.encode(seed, kept.length)))),
                dataHash: Pubdata.canonicalHash(seed),
                feeAccount: 1,
                bridge: bytes.concat(bridge, withdrawals.stream()),
                rollup: new bytes(7 * (seed % 3))
            })
        );
        entry.withdrawals = withdrawals;
        entry.operationEnd = uint64(next);
        live.push(kept.length - 1);
        VERIFIER.accept(PROOF, ROLLUP.instances(entry.header));
    }

    function prove(uint256 which) external {
        if (kept.length > 0) _tryProve(which % kept.length);
    }

    /// So that most runs get to proven batches.
    function proveNext() external {
        uint256 proven = ROLLUP.provenBatches();
        if (proven < live.length) _tryProve(live[proven]);
    }

    function revertBatches(uint256 which) external {
        if (kept.length == 0) return;
        uint256 place = which % kept.length;
        bool due = _isLive(place) && !kept[place].proven;
        try ROLLUP.revertBatches(kept[place].header) {
            if (!due) ++wrong;
            while (live.length >= kept[place].header.number) live.pop();
        } catch {
            if (due) ++wrong;
        }
    }

    /// Claims rightly, or with one thing changed, by the recipient or by anybody.
    function claim(uint256 which, uint32 index, uint256 change, bool redirect) external {
        if (kept.length == 0) return;
        uint256 place = which % kept.length;
        Kept storage entry = kept[place];
        uint256 count = entry.withdrawals.count();
        if (count == 0) return;
        index = uint32(index % count);
        IRollup.Withdrawal memory withdrawal = entry.withdrawals.get(index);
        bytes32[] memory proof = entry.withdrawals.proof(index);
        IRollup.BatchHeader memory header = entry.header;
        bool due = _isLive(place) && entry.proven && !claimed[place][index];
        change %= 8;
        if (change == 1) withdrawal.amount += 1;
        else if (change == 2) withdrawal.to = address(0xbad);
        else if (change == 3) index = uint32((index + 1) % (count + 1));
        else if (change == 4) header.withdrawalCount += 1;
        else if (change == 5) proof = new bytes32[](proof.length + 1);
        if (change >= 1 && change <= 5) due = false;

        uint256 before = address(ROLLUP).balance;
        if (redirect) VM.prank(change == 6 ? address(0xbad) : withdrawal.to);
        if (redirect && change == 6) due = false;
        bytes memory data = redirect
            ? abi.encodeCall(IRollup.claimWithdrawalTo, (header, index, withdrawal, proof, address(0xca401)))
            : abi.encodeCall(IRollup.claimWithdrawal, (header, index, withdrawal, proof));
        (bool done,) = address(ROLLUP).call(data);
        if (done != due) ++wrong;
        if (!done) return;
        claimed[place][index] = true;
        paid += withdrawal.amount;
        if (before - address(ROLLUP).balance != uint256(withdrawal.amount) * 1 gwei) ++wrong;
    }

    function _tryProve(uint256 place) private {
        Kept storage entry = kept[place];
        bool due = _isLive(place) && entry.header.number == ROLLUP.provenBatches() + 1;
        try ROLLUP.proveBatch(entry.header, PROOF) {
            if (!due) ++wrong;
            entry.proven = true;
            for (uint256 i = 0; i < entry.withdrawals.count(); ++i) {
                provenWithdrawals += entry.withdrawals.get(i).amount;
            }
        } catch {
            if (due) ++wrong;
        }
    }

    function _isLive(uint256 place) private view returns (bool) {
        uint64 number = kept[place].header.number;
        return number <= live.length && live[number - 1] == place;
    }

    /// What L2 holds after the committed batches.
    function _supply() private view returns (uint256 supply) {
        uint64 end = live.length == 0 ? 0 : kept[live[live.length - 1]].operationEnd;
        for (uint256 i = 0; i < end; ++i) {
            supply += amounts[i];
        }
        for (uint256 i = 0; i < live.length; ++i) {
            Withdrawals withdrawals = kept[live[i]].withdrawals;
            for (uint256 j = 0; j < withdrawals.count(); ++j) {
                supply -= withdrawals.get(j).amount;
            }
        }
    }
}
