// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Headers} from "./Headers.sol";
import {IOptimistic} from "./IOptimistic.sol";
import {IRollup} from "./IRollup.sol";
import {TokenTransfer} from "./libraries/TokenTransfer.sol";

/// @title Challenges and bonds of optimistic rollups
/// @notice Code for an optimistic rollup to run on its own storage; `IOptimistic` documents the functions, and
/// `OptimisticRollup` argues for their rules. It has no immutables, so that its code is the same wherever it is deployed:
/// what the rollup's are, it asks the rollup that it runs as. Called directly, it has nothing to ask and can do nothing.
contract ChallengeModule is Headers {
    modifier onlyOperator() {
        if (msg.sender != _rollup().OPERATOR()) revert IRollup.CallerNotOperator(msg.sender);
        _;
    }

    function postBond() external payable onlyOperator beforeExitMode {
        if (_bonded) revert IOptimistic.BondStands();
        _requireBond(_rollup().OPERATOR_BOND());
        _bonded = true;
        emit IOptimistic.BondPosted(msg.value);
    }

    function withdrawBond() external onlyOperator {
        (uint64 last, uint64 committed) = (_provenBatches, _committedBatches);
        if (last < committed && !_exitMode) revert IOptimistic.BatchesUnfinal(last, committed);
        uint256 bond = _rollup().OPERATOR_BOND();
        if (!_bonded) revert IOptimistic.BondMissing(bond);
        _bonded = false;
        _due[msg.sender] += bond;
        emit IOptimistic.BondWithdrawn(bond);
    }

    function challenge(IRollup.BatchHeader calldata header) external payable beforeExitMode {
        IOptimisticRollup rollup = _rollup();
        _requireBond(rollup.CHALLENGE_BOND());
        uint64 number = header.number;
        _requireRevertible(number);
        _requireHeader(header);
        IOptimistic.Pending storage kept = _pending[number];
        if (kept.answered) revert IOptimistic.ChallengeWasAnswered(number);
        if (kept.challenger != address(0)) revert IOptimistic.ChallengeOpen(number, kept.answerBy);
        uint64 window = rollup.WINDOW();
        uint64 until = kept.committedAt + window;
        if (block.timestamp >= until) revert IOptimistic.WindowOver(number, until);

        // Each challenge gives the operator another piece of time, but no more in all than he has for a window's batches.
        uint256 answerBy = (block.timestamp > _lastAnswerBy ? block.timestamp : _lastAnswerBy) + rollup.ANSWER_TIME();
        uint256 latest = block.timestamp + window;
        if (answerBy > latest) answerBy = latest;
        _lastAnswerBy = uint40(answerBy);
        (kept.answerBy, kept.challenger) = (uint40(answerBy), msg.sender);
        emit IOptimistic.BatchChallenged(number, msg.sender, uint64(answerBy));
    }

    function answerChallenge(IRollup.BatchHeader calldata header, bytes calldata proof) external beforeExitMode {
        IOptimisticRollup rollup = _rollup();
        uint64 number = header.number;
        _requireRevertible(number);
        _requireHeader(header);
        (address challenger, uint64 answerBy) = _requireChallenge(number);
        if (block.timestamp >= answerBy) revert IOptimistic.ChallengeLapsed(number, answerBy);
        rollup.verifier().verify(proof, rollup.instances(header));
        IOptimistic.Pending storage kept = _pending[number];
        (kept.answerBy, kept.answered, kept.challenger) = (0, true, address(0));
        _due[rollup.OPERATOR()] += rollup.CHALLENGE_BOND();
        emit IOptimistic.ChallengeAnswered(number, challenger);
    }

    function revertUnanswered(IRollup.BatchHeader calldata header) external beforeExitMode {
        uint64 number = header.number;
        uint64 last = _requireRevertible(number);
        (address challenger, uint64 answerBy) = _requireChallenge(number);
        if (block.timestamp < answerBy) revert IOptimistic.ChallengeOpen(number, answerBy);
        _takeBack(header, last);
        _award(number, challenger, _bonded);
        _bonded = false;
    }

    /// Whoever takes a challenged batch back has not answered. One read for each batch: of very many, the last ones can go
    /// first.
    function revertBatches(IRollup.BatchHeader calldata firstReverted) external onlyOperator beforeExitMode {
        uint64 number = firstReverted.number;
        uint64 last = _requireRevertible(number);
        _takeBack(firstReverted, last);
        bool lost = false;
        for (; number <= last; ++number) {
            address challenger = _pending[number].challenger;
            if (challenger == address(0)) continue;
            _award(number, challenger, !lost && _bonded);
            lost = true;
        }
        if (lost) _bonded = false;
    }

    function voidChallenge(uint64 number) external {
        (address challenger,) = _requireChallenge(number);
        if (number <= _committedBatches && !_exitMode) revert IOptimistic.ChallengeStands(number);
        delete _pending[number];
        _due[challenger] += _rollup().CHALLENGE_BOND();
        emit IOptimistic.ChallengeVoided(number, challenger);
    }

    function collect(address to) external {
        uint256 amount = _due[msg.sender];
        if (amount == 0) revert IOptimistic.NothingDue(msg.sender);
        if (to == address(0) || to == address(this)) revert IRollup.PayeeInvalid(to);
        _due[msg.sender] = 0;
        emit IOptimistic.BondCollected(msg.sender, to, amount);
        TokenTransfer.sendEth(to, amount);
    }

    /// The operator's bond is lost once; a challenger whose turn comes later has his own back all the same.
    function _award(uint64 number, address challenger, bool withBond) private {
        _pending[number].challenger = address(0);
        uint256 amount = _rollup().CHALLENGE_BOND();
        if (withBond) amount += _rollup().OPERATOR_BOND();
        _due[challenger] += amount;
        emit IOptimistic.ChallengeWon(number, challenger, amount);
    }

    /// @return last The last committed batch.
    function _requireRevertible(uint64 number) private view returns (uint64 last) {
        uint64 proven = _provenBatches;
        last = _committedBatches;
        if (number <= proven || number > last) revert IRollup.BatchNotRevertible(number, proven, last);
    }

    function _requireChallenge(uint64 number) private view returns (address challenger, uint64 answerBy) {
        IOptimistic.Pending storage kept = _pending[number];
        (challenger, answerBy) = (kept.challenger, kept.answerBy);
        if (challenger == address(0)) revert IOptimistic.ChallengeMissing(number);
    }

    function _requireBond(uint256 needed) private view {
        if (msg.value != needed) revert IOptimistic.BondUnfit(msg.value, needed);
    }

    function _rollup() private view returns (IOptimisticRollup) {
        return IOptimisticRollup(address(this));
    }
}

/// What the module asks of the rollup that it runs as.
interface IOptimisticRollup is IOptimistic, IRollup {
    function OPERATOR() external view returns (address);
}
