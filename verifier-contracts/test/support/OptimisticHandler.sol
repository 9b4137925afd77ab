// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPoseidonPath} from "../../src/IPoseidonPath.sol";
import {IRollup} from "../../src/IRollup.sol";
import {OptimisticRollup} from "../../src/OptimisticRollup.sol";
import {Rollup} from "../../src/Rollup.sol";
import {VerifierRouter} from "../../src/VerifierRouter.sol";
import {ExitHandler} from "./ExitHandler.sol";
import {Optimism} from "./Optimism.sol";

/// @title Everybody who acts on an optimistic rollup: its operator answers, is late or gives up, as the fuzzer picks
/// @notice Keeps its own books of every bond, by the letter of `IOptimistic`, and tries each call whether it is due or not.
contract OptimisticHandler is ExitHandler {
    /// Of a committed batch, by number; what was taken back stays until the number is committed again.
    struct Kept {
        uint256 committedAt;
        uint256 answerBy;
        bool answered;
        address challenger;
    }

    uint256 private constant WATCHERS = 3;

    mapping(uint64 number => Kept) private kept;
    uint64 private highest;
    uint256 private lastAnswerBy;
    bool public bonded;
    mapping(address account => uint256) public due;
    /// Open challenges: of batches that stand, and void ones.
    uint256 private challenges;

    constructor(uint256 genesisRoot) ExitHandler(genesisRoot) {
        postBond();
    }

    function _newRollup(
        VerifierRouter router,
        uint256 genesisRoot,
        IPoseidonPath path,
        IRollup.TokenListing[] memory tokens
    ) internal override returns (Rollup) {
        return Optimism.deploy(router, genesisRoot, address(this), DEADLINE, path, tokens);
    }

    /// ETH of bonds that the rollup must have, in wei.
    function bonds() external view returns (uint256 sum) {
        sum = (bonded ? Optimism.OPERATOR_BOND : 0) + challenges * Optimism.CHALLENGE_BOND + due[address(this)];
        for (uint256 i = 0; i < WATCHERS; ++i) {
            sum += due[watcher(i)];
        }
    }

    /// Less than a window.
    function passSome(uint256 seconds_) external {
        VM.warp(block.timestamp + _bound(seconds_, 1, 2 hours));
    }

    function postBond() public {
        bool expected = !bonded && !frozen;
        VM.deal(address(this), Optimism.OPERATOR_BOND);
        try _optimistic().postBond{value: Optimism.OPERATOR_BOND}() {
            require(expected, "posted a bond twice");
            bonded = true;
        } catch {
            require(!expected, "refused a bond");
        }
    }

    function withdrawBond() public {
        bool expected = bonded && (frozen || ROLLUP.provenBatches() == batches.length);
        try _optimistic().withdrawBond() {
            require(expected, "withdrew a bond that was not free");
            bonded = false;
            due[address(this)] += Optimism.OPERATOR_BOND;
        } catch {
            require(!expected, "refused to withdraw a bond");
        }
    }

    function challenge(uint256 who, uint256 which) external {
        if (batches.length == 0) return;
        IRollup.BatchHeader memory header = batches[_recent(which)].header;
        Kept storage batch = kept[header.number];
        bool expected = _stands(header.number) && !batch.answered && batch.challenger == address(0)
            && block.timestamp < batch.committedAt + Optimism.WINDOW;
        address challenger = watcher(who);
        VM.deal(challenger, Optimism.CHALLENGE_BOND);
        VM.prank(challenger);
        try _optimistic().challenge{value: Optimism.CHALLENGE_BOND}(header) {
            require(expected, "challenged in vain");
            ++challenges;
            uint256 from = lastAnswerBy > block.timestamp ? lastAnswerBy : block.timestamp;
            lastAnswerBy = _min(from + Optimism.ANSWER_TIME, block.timestamp + Optimism.WINDOW);
            (batch.challenger, batch.answerBy) = (challenger, lastAnswerBy);
        } catch {
            require(!expected, "refused a challenge");
        }
        VM.deal(challenger, 0);
    }

    function answer(uint256 which) external {
        if (batches.length == 0) return;
        IRollup.BatchHeader memory header = batches[_recent(which)].header;
        bool expected = _stands(header.number) && _open(header.number) && _inTime(header.number);
        VERIFIER.accept(PROOF, ROLLUP.instances(header));
        try _optimistic().answerChallenge(header, PROOF) {
            require(expected, "took an answer that was not due");
            _answered(header.number);
            kept[header.number].answered = true;
        } catch {
            require(!expected, "refused an answer");
        }
    }

    function revertUnanswered(uint256 which) external {
        if (batches.length == 0) return;
        uint256 place = _recent(which);
        IRollup.BatchHeader memory header = batches[place].header;
        uint64 number = header.number;
        bool expected = _stands(number) && _open(number) && !_inTime(number);
        try _optimistic().revertUnanswered(header) {
            require(expected, "took back a batch without a reason");
            _won(number);
            _takenBack(place);
        } catch {
            require(!expected, "refused to take back an unanswered batch");
        }
    }

    function revertBatches(uint256 which) external override beforeExitMode {
        uint256 proven = ROLLUP.provenBatches();
        if (proven == batches.length) return;
        uint256 first = _bound(which, proven, batches.length - 1);
        ROLLUP.revertBatches(batches[first].header);
        for (uint256 place = first; place < batches.length; ++place) {
            if (_open(uint64(place) + 1)) _won(uint64(place) + 1);
        }
        _takenBack(first);
    }

    function finalize(uint256 skip) external {
        uint256 place = ROLLUP.provenBatches() + (skip % 8 == 0 ? 1 : 0);
        if (place >= batches.length) return;
        IRollup.BatchHeader memory header = batches[place].header;
        Kept storage batch = kept[header.number];
        bool expected = _stands(header.number) && skip % 8 != 0
            && (batch.answered
                || (batch.challenger == address(0) && block.timestamp >= batch.committedAt + Optimism.WINDOW));
        try _optimistic().finalizeBatch(header) {
            require(expected, "final without a reason");
            _proven(place);
        } catch {
            require(!expected, "refused to be final");
        }
    }

    function voidChallenge(uint256 which) public {
        uint64 number = uint64(which % (uint256(highest) + 2));
        bool expected = _open(number) && (frozen || number > batches.length);
        try _optimistic().voidChallenge(number) {
            require(expected, "took a challenge for void");
            _void(number);
        } catch {
            require(!expected, "refused to give a bond back");
        }
    }

    function collect(uint256 who) public {
        address account = who % (WATCHERS + 1) == WATCHERS ? address(this) : watcher(who % (WATCHERS + 1));
        address to = address(0x7a4e);
        uint256 before = to.balance;
        VM.prank(account);
        try _optimistic().collect(to) {
            require(due[account] > 0 && to.balance - before == due[account], "paid another amount");
            due[account] = 0;
        } catch {
            require(due[account] == 0, "refused what was due");
        }
    }

    /// And all bonds go back.
    function drain() external override {
        _drain();
        if (bonded) withdrawBond();
        for (uint64 number = 1; number <= highest; ++number) {
            voidChallenge(number);
        }
        for (uint256 i = 0; i <= WATCHERS; ++i) {
            collect(i);
        }
    }

    function watcher(uint256 i) public pure returns (address) {
        return address(uint160(0x3a7c40 + i % WATCHERS));
    }

    function _mayCommit() internal view override returns (bool) {
        return bonded;
    }

    function _committed(uint64 number) internal override {
        if (_open(number)) _void(number);
        kept[number] = Kept(block.timestamp, 0, false, address(0));
        if (number > highest) highest = number;
    }

    function _mayProve(uint64 number) internal view override returns (bool) {
        return !_open(number) || _inTime(number);
    }

    function _proven(uint256 place) internal override {
        super._proven(place);
        if (_open(uint64(place) + 1)) _answered(uint64(place) + 1);
        delete kept[uint64(place) + 1];
    }

    function _stands(uint64 number) private view returns (bool) {
        return !frozen && number > ROLLUP.provenBatches() && number <= batches.length;
    }

    function _open(uint64 number) private view returns (bool) {
        return kept[number].challenger != address(0);
    }

    function _inTime(uint64 number) private view returns (bool) {
        return block.timestamp < kept[number].answerBy;
    }

    function _answered(uint64 number) private {
        kept[number].challenger = address(0);
        --challenges;
        due[address(this)] += Optimism.CHALLENGE_BOND;
    }

    function _won(uint64 number) private {
        address challenger = kept[number].challenger;
        _void(number);
        if (bonded) due[challenger] += Optimism.OPERATOR_BOND;
        bonded = false;
    }

    function _void(uint64 number) private {
        due[kept[number].challenger] += Optimism.CHALLENGE_BOND;
        kept[number].challenger = address(0);
        --challenges;
    }

    /// Mostly one that is not final.
    function _recent(uint256 which) private view returns (uint256) {
        uint256 proven = ROLLUP.provenBatches();
        if (proven >= batches.length || which % 8 == 0) return which % batches.length;
        return _bound(which, proven, batches.length - 1);
    }

    function _optimistic() private view returns (OptimisticRollup) {
        return OptimisticRollup(address(ROLLUP));
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
