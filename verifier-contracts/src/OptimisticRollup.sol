// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CircuitSets} from "./CircuitSets.sol";
import {IOptimistic} from "./IOptimistic.sol";
import {IPoseidonPath} from "./IPoseidonPath.sol";
import {IRollup} from "./IRollup.sol";
import {IVerifierRouter} from "./IVerifierRouter.sol";
import {Rollup} from "./Rollup.sol";

/// @title Ashlar rollup whose batches are final by time unless they are challenged
/// @notice A `Rollup`, public data in calldata and headers whole, so that anybody can prove any batch at any time. Besides,
/// a batch that nobody challenged in its window is final without a proof. So what the state root says is true if, for each
/// window, one honest watcher computes the batches and can get a transaction onto L1. Users' ways out are those of
/// `Rollup`, and know neither bonds nor challenges.
///
/// **A false batch does not become final.** A watcher challenges the first batch that is wrong. No proof of it exists, so
/// its challenge cannot be answered, and an open challenge keeps it from being final by time. Who else challenged what, and
/// in which order, changes nothing of that: a batch that has a challenge already is as good as challenged by oneself.
///
/// **A true batch can always be answered.** A proof is of the step from the header's old root to its new one, which is
/// fixed at commit. So `answerChallenge` takes the proof of any batch, whatever becomes of those before it: an answer
/// never waits for another batch's window. The answered batch waits for its predecessors and no more for time. Should one of
/// them be taken back, it goes with it, and the answer has cost the operator nothing.
///
/// **The clock.** A challenge gives the operator the answer time P, counted from when the challenge before had to be
/// answered, if that is later than now; but at most the window W. So n challenges at once ask for a proof in each P, not
/// for n in one P; and where there are more than W/P of them, for a window's batches in a window, the pace at which they
/// were committed and at which any `Rollup` is proven. Who asks pays a bond for each, which becomes the operator's and
/// should be more than a proof costs. An operator who challenges himself can put off the end of a false batch by at most
/// W; nothing from that batch on becomes final meanwhile, and as much he could have by doing nothing. An answer that is late
/// is refused: a challenger who waits for the end cannot be overtaken there.
///
/// **Nobody else loses.** A challenger pays only if the batch was proven. If it goes with another, by the operator, by
/// another's challenge or by exit mode, his bond is his again. The operator's bond is lost once, to whose unanswered batch
/// is taken back first; who comes later has his own back. The operator cannot take a challenged batch back himself without
/// losing it, nor withdraw it while a batch is not final. But he can challenge himself first, so what he loses may be
/// his own: the bond pays honest watchers of an operator who errs or was broken into, and safety rests on none of it.
///
/// **Exit mode.** Twice the window is less than the exit deadline. An operation that is committed at once is final by time
/// in W, and even a batch that is challenged in its last second, among as many others as there may be, is answered in
/// another W. So exit mode opens for none but an operator who neither waits nor proves. It makes what is not final
/// void as ever, and challenges with it: their bonds go back, as the operator's does. All bonds are collected by whose they
/// are, so a receiver who refuses ETH holds up himself.
///
/// **Circuit sets.** A set is adopted when no batch is unfinal. So the set under which a batch was committed is the one that
/// answers for it. The operator, who announced the other set, proves what is left or lets it become final, and then goes
/// on. Should the router's owner remove the present verifier, no challenge can be answered: the operator reverts what
/// is not final before somebody challenges it, or loses his bond; in this he relies on that owner.
///
/// **Module.** What is rare is code of a `ChallengeModule`, which does not fit beside `ExitModule` into the creation code
/// that EIP-3860 allows. It is deployed before, and the constructor takes one with the very code that is named here.
contract OptimisticRollup is IOptimistic, Rollup {
    uint64 private constant LEAST_WINDOW = 1 hours;
    uint64 private constant MOST_WINDOW = 7 days;
    uint64 private constant LEAST_ANSWER_TIME = 10 minutes;
    /// So that whoever finds a false batch also finds the bond within a window.
    uint96 private constant MOST_CHALLENGE_BOND = 10 ether;
    /// `keccak256` of the runtime code of `ChallengeModule`: this one is run, and no other.
    bytes32 private constant CHALLENGE_CODE = 0x1b28e0db6de67428caf3a36877aa0960166d89cb056fadd31a4612c28b7c62b8;

    /// @inheritdoc IOptimistic
    uint64 public immutable WINDOW;
    /// @inheritdoc IOptimistic
    uint64 public immutable ANSWER_TIME;
    /// @inheritdoc IOptimistic
    uint96 public immutable OPERATOR_BOND;
    /// @inheritdoc IOptimistic
    uint96 public immutable CHALLENGE_BOND;
    /// @inheritdoc IOptimistic
    address public immutable CHALLENGE_MODULE;

    /// @param terms What else is fixed for ever, the exit deadline among it. The other parameters are `Rollup`'s.
    constructor(
        IVerifierRouter router,
        bytes32 firstCircuitSet,
        uint256 genesisRoot,
        address operator,
        Terms memory terms,
        IPoseidonPath path,
        TokenListing[] memory tokens
    ) Rollup(router, firstCircuitSet, genesisRoot, operator, terms.exitDeadline, path, tokens) {
        (uint64 window, uint64 answerTime) = (terms.window, terms.answerTime);
        if (window < LEAST_WINDOW || window > MOST_WINDOW) revert WindowOutOfRange(window, LEAST_WINDOW, MOST_WINDOW);
        if (2 * window >= terms.exitDeadline) revert WindowTooLong(window, terms.exitDeadline);
        if (answerTime < LEAST_ANSWER_TIME || answerTime > window) {
            revert AnswerTimeOutOfRange(answerTime, LEAST_ANSWER_TIME, window);
        }
        (uint96 operatorBond, uint96 challengeBond) = (terms.operatorBond, terms.challengeBond);
        if (challengeBond == 0 || challengeBond > MOST_CHALLENGE_BOND || operatorBond < challengeBond) {
            revert BondsOutOfRange(challengeBond, operatorBond, MOST_CHALLENGE_BOND);
        }
        bytes32 code = terms.challengeModule.codehash;
        if (code != CHALLENGE_CODE) revert ChallengeModuleUnfit(terms.challengeModule, code, CHALLENGE_CODE);
        (WINDOW, ANSWER_TIME) = (window, answerTime);
        (OPERATOR_BOND, CHALLENGE_BOND) = (operatorBond, challengeBond);
        CHALLENGE_MODULE = terms.challengeModule;
    }

    /// @inheritdoc IOptimistic
    function finalizeBatch(BatchHeader calldata header) external beforeExitMode {
        (uint64 next, uint64 last) = (_provenBatches + 1, _committedBatches);
        if (header.number != next || next > last) revert BatchNotProvable(header.number, next, last);
        _requireHeader(header);
        Pending storage kept = _pending[next];
        if (!kept.answered) {
            if (kept.challenger != address(0)) revert ChallengeOpen(next, kept.answerBy);
            uint64 until = kept.committedAt + WINDOW;
            if (block.timestamp < until) revert WindowOpen(next, until);
        }
        delete _pending[next];
        // As a proof does.
        _stateRoot = header.newRoot;
        _provenBatches = uint40(next);
        emit BatchProven(next, header.newRoot);
    }

    /// @inheritdoc CircuitSets
    function adoptCircuitSet() public override(CircuitSets, IRollup) {
        (uint64 last, uint64 committed) = (_provenBatches, _committedBatches);
        if (last < committed) revert BatchesUnfinal(last, committed);
        super.adoptCircuitSet();
    }

    /// @inheritdoc IRollup
    function revertBatches(BatchHeader calldata) external override {
        _challenges();
    }

    /// @inheritdoc IOptimistic
    function postBond() external payable {
        _challenges();
    }

    /// @inheritdoc IOptimistic
    function withdrawBond() external {
        _challenges();
    }

    /// @inheritdoc IOptimistic
    function challenge(BatchHeader calldata) external payable {
        _challenges();
    }

    /// @inheritdoc IOptimistic
    function answerChallenge(BatchHeader calldata, bytes calldata) external {
        _challenges();
    }

    /// @inheritdoc IOptimistic
    function revertUnanswered(BatchHeader calldata) external {
        _challenges();
    }

    /// @inheritdoc IOptimistic
    function voidChallenge(uint64) external {
        _challenges();
    }

    /// @inheritdoc IOptimistic
    function collect(address) external {
        _challenges();
    }

    /// @inheritdoc IOptimistic
    function bonded() external view returns (bool) {
        return _bonded;
    }

    /// @inheritdoc IOptimistic
    function pending(uint64 number) external view returns (Pending memory) {
        return _pending[number];
    }

    /// @inheritdoc IOptimistic
    function due(address account) external view returns (uint256) {
        return _due[account];
    }

    function _committed(BatchHeader memory header, CommitData calldata) internal override {
        if (!_bonded) revert BondMissing(OPERATOR_BOND);
        uint64 number = header.number;
        address challenger = _pending[number].challenger;
        if (challenger != address(0)) {
            // Of a batch under this number that was taken back with an earlier one.
            _due[challenger] += CHALLENGE_BOND;
            emit ChallengeVoided(number, challenger);
        }
        _pending[number] = Pending(uint40(block.timestamp), 0, false, address(0));
    }

    function _prove(BatchHeader memory header, bytes calldata proof) internal override {
        uint64 number = header.number;
        Pending storage kept = _pending[number];
        address challenger = kept.challenger;
        if (challenger != address(0)) {
            if (block.timestamp >= kept.answerBy) revert ChallengeLapsed(number, kept.answerBy);
            _due[OPERATOR] += CHALLENGE_BOND;
            emit ChallengeAnswered(number, challenger);
        }
        delete _pending[number];
        super._prove(header, proof);
    }

    /// Ends the call with the module's answer, whichever it is; as `Exits` does.
    function _challenges() private {
        address module = CHALLENGE_MODULE;
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            calldatacopy(buffer, 0, calldatasize())
            let done := delegatecall(gas(), module, buffer, calldatasize(), 0, 0)
            returndatacopy(buffer, 0, returndatasize())
            if done { return(buffer, returndatasize()) }
            revert(buffer, returndatasize())
        }
    }
}
