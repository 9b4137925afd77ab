// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ChallengeModule} from "../src/ChallengeModule.sol";
import {IOptimistic} from "../src/IOptimistic.sol";
import {IRollup} from "../src/IRollup.sol";
import {OptimisticRollup} from "../src/OptimisticRollup.sol";
import {Listings} from "./support/Listings.sol";
import {OptimisticTest} from "./support/OptimisticTest.sol";
import {Optimism} from "./support/Optimism.sol";
import {EXIT_DEADLINE} from "./support/PathDouble.sol";

/// Takes no ETH, but can call.
contract RefusingChallenger {
    function challenge(OptimisticRollup rollup, IRollup.BatchHeader calldata header) external payable {
        rollup.challenge{value: msg.value}(header);
    }

    function collect(OptimisticRollup rollup, address to) external {
        rollup.collect(to);
    }
}

/// Collects again while it is paid.
contract GreedyChallenger {
    bytes public answer;

    function challenge(OptimisticRollup rollup, IRollup.BatchHeader calldata header) external payable {
        rollup.challenge{value: msg.value}(header);
    }

    function collect(OptimisticRollup rollup) external {
        rollup.collect(address(this));
    }

    receive() external payable {
        (, answer) = msg.sender.call(abi.encodeCall(IOptimistic.collect, (address(this))));
    }
}

/// @title Bonds: whose they are at what time, and that they block nobody else
contract BondsTest is OptimisticTest {
    function test_withoutABondNothingIsCommitted() external {
        VM.startPrank(OPERATOR);
        optimistic.withdrawBond();
        IRollup.CommitData memory batch = _batch("", "");
        bytes memory missing = _error(IOptimistic.BondMissing.selector, OPERATOR_BOND);
        _expect(missing);
        rollup.commitBatch(batch);
        _expect(missing);
        rollup.commitAndProveBatch(batch, PROOF);
        _expect(missing);
        optimistic.withdrawBond();
        optimistic.collect(OPERATOR);
        VM.expectEmit(address(rollup));
        emit IOptimistic.BondPosted(OPERATOR_BOND);
        optimistic.postBond{value: OPERATOR_BOND}();
        rollup.commitBatch(batch);
    }

    function test_revertPostBond() external {
        VM.deal(ALICE, OPERATOR_BOND);
        VM.prank(ALICE);
        _expect(abi.encodeWithSelector(IRollup.CallerNotOperator.selector, ALICE));
        optimistic.postBond{value: OPERATOR_BOND}();
        VM.deal(OPERATOR, 10 * OPERATOR_BOND);
        VM.startPrank(OPERATOR);
        _expect(_error(IOptimistic.BondStands.selector));
        optimistic.postBond{value: OPERATOR_BOND}();
        optimistic.withdrawBond();
        for (uint256 i = 0; i < 2; ++i) {
            uint256 amount = i == 0 ? OPERATOR_BOND - 1 : OPERATOR_BOND + 1;
            _expect(_error(IOptimistic.BondUnfit.selector, amount, OPERATOR_BOND));
            optimistic.postBond{value: amount}();
        }
    }

    /// The bond answers for batches until the last one is final, by whichever way.
    function test_theBondIsWithdrawnWhenAllIsFinal() external {
        IRollup.BatchHeader memory first = _commit("", "");
        IRollup.BatchHeader memory second = _commit("", "");
        VM.prank(ALICE);
        _expect(abi.encodeWithSelector(IRollup.CallerNotOperator.selector, ALICE));
        optimistic.withdrawBond();
        _expectUnfinal(0, 2);
        _challenge(second);
        _answer(second);
        _expectUnfinal(0, 2);
        _pass(WINDOW);
        optimistic.finalizeBatch(first);
        _expectUnfinal(1, 2);
        optimistic.finalizeBatch(second);
        VM.expectEmit(address(rollup));
        emit IOptimistic.BondWithdrawn(OPERATOR_BOND);
        VM.prank(OPERATOR);
        optimistic.withdrawBond();
        _assertBonds(false, OPERATOR_BOND + CHALLENGE_BOND, 0, 0);
        VM.prank(OPERATOR);
        optimistic.collect(ALICE);
        VM.assertEq(address(rollup).balance, 0);
    }

    /// Taking a challenged batch back is not an answer, whichever batch the operator begins with.
    function test_theOperatorDoesNotEscapeByRevertingBatches() external {
        IRollup.BatchHeader memory first = _commit("", "");
        IRollup.BatchHeader memory second = _commit("", "");
        IRollup.BatchHeader memory third = _commit("", "");
        _challenge(second);
        _revertBatches(third); // which nobody challenged
        _assertBonds(true, 0, 0, 0);
        VM.expectEmit(address(rollup));
        emit IRollup.BatchesReverted(1, 2);
        VM.expectEmit(address(rollup));
        emit IOptimistic.ChallengeWon(2, WATCHER, OPERATOR_BOND + CHALLENGE_BOND);
        _revertBatches(first);
        _assertBonds(false, 0, OPERATOR_BOND + CHALLENGE_BOND, 0);
        VM.assertEq(rollup.committedBatches(), 0);
        IRollup.CommitData memory batch = _batch("", "");
        _expect(_error(IOptimistic.BondMissing.selector, OPERATOR_BOND));
        VM.prank(OPERATOR);
        rollup.commitBatch(batch);
    }

    /// The bond is lost once; each challenger has his own back, answered ones excepted.
    function test_severalChallengesOfOneRevert() external {
        IRollup.BatchHeader memory first = _commit("", "");
        IRollup.BatchHeader memory second = _commit("", "");
        IRollup.BatchHeader memory third = _commit("", "");
        _challengeBy(OTHER, third);
        _challenge(second);
        _challenge(first);
        _answer(first);
        _revertBatches(first);
        _assertBonds(false, CHALLENGE_BOND, OPERATOR_BOND + CHALLENGE_BOND, CHALLENGE_BOND);
    }

    /// Reverting costs a read for each batch, and can be done in pieces.
    function test_manyBatchesAreReverted() external {
        IRollup.BatchHeader memory first = _commit("", "");
        for (uint256 i = 1; i < 100; ++i) {
            _commit("", "");
        }
        _revertBatches(first);
        VM.snapshotGasLastCall("OptimisticRollup", "revertBatches, 100 batches");
        VM.assertEq(rollup.committedBatches(), 0);
    }

    /// Who challenged a later batch of a false one's has his bond back, when the number is committed again...
    function test_aVoidChallengeIsSettledByTheNextCommit() external {
        (IRollup.BatchHeader memory first, IRollup.BatchHeader memory second) = (_commit("", ""), _commit("", ""));
        _challenge(first);
        _challengeBy(OTHER, second);
        _pass(ANSWER_TIME);
        optimistic.revertUnanswered(first);
        _assertBonds(false, 0, OPERATOR_BOND + CHALLENGE_BOND, 0);
        _post();
        _commit("", "");
        VM.expectEmit(address(rollup));
        emit IOptimistic.ChallengeVoided(2, OTHER);
        _commit("", "");
        _assertBonds(true, 0, OPERATOR_BOND + CHALLENGE_BOND, CHALLENGE_BOND);
        VM.assertEq(optimistic.pending(2).challenger, address(0));
        _pass(WINDOW); // and nobody asks for an answer any more
        _expect(_error(IOptimistic.ChallengeMissing.selector, 2));
        optimistic.voidChallenge(2);
    }

    /// ... or by anybody who asks for it; a proof of what comes under its number does not take it.
    function test_aVoidChallengeIsSettledByAnybody() external {
        (IRollup.BatchHeader memory first, IRollup.BatchHeader memory second) = (_commit("", ""), _commit("", ""));
        _challenge(first);
        _challengeBy(OTHER, second);
        _expect(_error(IOptimistic.ChallengeStands.selector, 2));
        optimistic.voidChallenge(2);
        _pass(2 * ANSWER_TIME); // it lapses, but the first one's end comes before
        optimistic.revertUnanswered(first);
        VM.expectEmit(address(rollup));
        emit IOptimistic.ChallengeVoided(2, OTHER);
        VM.prank(ALICE);
        optimistic.voidChallenge(2);
        VM.snapshotGasLastCall("OptimisticRollup", "voidChallenge");
        _assertBonds(false, 0, OPERATOR_BOND + CHALLENGE_BOND, CHALLENGE_BOND);
        _expect(_error(IOptimistic.ChallengeMissing.selector, 2)); // once
        optimistic.voidChallenge(2);
    }

    /// A false batch and a void challenge after it: proven batches under both numbers give the operator none of it.
    function test_proofsDoNotTakeVoidChallenges() external {
        (IRollup.BatchHeader memory first, IRollup.BatchHeader memory second) = (_commit("", ""), _commit("", ""));
        _challenge(first);
        _challengeBy(OTHER, second);
        _pass(ANSWER_TIME);
        optimistic.revertUnanswered(first);
        _post();
        for (uint256 i = 0; i < 2; ++i) {
            IRollup.CommitData memory batch = _batch("", "");
            uint256 state = VM.snapshotState();
            VM.prank(OPERATOR);
            uint256[9] memory instances = rollup.instances(_committed(batch));
            VM.revertToState(state);
            verifier.accept(PROOF, instances);
            VM.prank(OPERATOR);
            rollup.commitAndProveBatch(batch, PROOF);
        }
        VM.assertEq(rollup.provenBatches(), 2);
        _assertBonds(true, 0, OPERATOR_BOND + CHALLENGE_BOND, CHALLENGE_BOND);
    }

    /// Of two false batches, the bond goes to whose is taken back first; the other one loses nothing.
    function test_theBondIsLostOnce() external {
        (IRollup.BatchHeader memory first, IRollup.BatchHeader memory second) = (_commit("", ""), _commit("", ""));
        _challengeBy(OTHER, second);
        _challenge(first);
        _pass(2 * ANSWER_TIME);
        optimistic.revertUnanswered(second);
        _assertBonds(false, 0, 0, OPERATOR_BOND + CHALLENGE_BOND);
        VM.expectEmit(address(rollup));
        emit IOptimistic.ChallengeWon(1, WATCHER, CHALLENGE_BOND);
        optimistic.revertUnanswered(first);
        _assertBonds(false, 0, CHALLENGE_BOND, OPERATOR_BOND + CHALLENGE_BOND);
        VM.prank(WATCHER);
        optimistic.collect(WATCHER);
        VM.prank(OTHER);
        optimistic.collect(OTHER);
        VM.assertEq(address(rollup).balance, 0);
    }

    /// Nobody loses a bond by exit mode, neither a challenger nor the operator.
    function test_exitModeGivesBondsBack() external {
        _depositEth(5, AUTH);
        _pass(EXIT_DEADLINE - 1);
        (IRollup.BatchHeader memory first, IRollup.BatchHeader memory second) = (_commit("", ""), _commit("", ""));
        IRollup.BatchHeader memory third = _commit("", "");
        _challenge(second);
        _challengeBy(OTHER, third);
        _answer(third);
        _pass(1);
        _enter(first);
        bytes memory refused = _error(IRollup.RefusedInExitMode.selector);
        VM.prank(OTHER);
        _expect(refused);
        optimistic.challenge{value: CHALLENGE_BOND}(first);
        _expect(refused);
        optimistic.answerChallenge(second, PROOF);
        _pass(WINDOW);
        _expect(refused);
        optimistic.revertUnanswered(second);
        optimistic.voidChallenge(2);
        _expect(_error(IOptimistic.ChallengeMissing.selector, 2));
        optimistic.voidChallenge(2);
        VM.prank(OPERATOR);
        optimistic.withdrawBond();
        _assertBonds(false, OPERATOR_BOND + CHALLENGE_BOND, CHALLENGE_BOND, 0);
        VM.deal(OPERATOR, OPERATOR_BOND);
        VM.prank(OPERATOR);
        _expect(refused);
        optimistic.postBond{value: OPERATOR_BOND}();
    }

    function test_collect() external {
        IRollup.BatchHeader memory header = _commit("", "");
        _challenge(header);
        _pass(ANSWER_TIME);
        optimistic.revertUnanswered(header);
        VM.expectEmit(address(rollup));
        emit IOptimistic.BondCollected(WATCHER, ALICE, OPERATOR_BOND + CHALLENGE_BOND);
        uint256 before = ALICE.balance;
        VM.prank(WATCHER);
        optimistic.collect(ALICE);
        VM.snapshotGasLastCall("OptimisticRollup", "collect");
        VM.assertEq(ALICE.balance - before, OPERATOR_BOND + CHALLENGE_BOND);
        _expect(abi.encodeWithSelector(IOptimistic.NothingDue.selector, WATCHER)); // once
        VM.prank(WATCHER);
        optimistic.collect(ALICE);
        _expect(abi.encodeWithSelector(IOptimistic.NothingDue.selector, OTHER));
        VM.prank(OTHER);
        optimistic.collect(OTHER);
    }

    /// It holds up himself alone, and can name another payee.
    function test_aChallengerThatRefusesEthBlocksNobody() external {
        RefusingChallenger refusing = new RefusingChallenger();
        IRollup.BatchHeader memory header = _commit("", "");
        VM.prank(WATCHER);
        refusing.challenge{value: CHALLENGE_BOND}(optimistic, header);
        _pass(ANSWER_TIME);
        optimistic.revertUnanswered(header);
        _post();
        _prove(_commit("", ""));
        _expect(abi.encodeWithSelector(IRollup.EthTransferFailed.selector, address(refusing)));
        refusing.collect(optimistic, address(refusing));
        address[2] memory lost = [address(0), address(rollup)];
        for (uint256 i = 0; i < lost.length; ++i) {
            _expect(abi.encodeWithSelector(IRollup.PayeeInvalid.selector, lost[i]));
            refusing.collect(optimistic, lost[i]);
        }
        VM.assertEq(optimistic.due(address(refusing)), OPERATOR_BOND + CHALLENGE_BOND);
        uint256 before = OTHER.balance;
        refusing.collect(optimistic, OTHER);
        VM.assertEq(OTHER.balance - before, OPERATOR_BOND + CHALLENGE_BOND);
    }

    function test_collectingWhileBeingPaidPaysOnce() external {
        GreedyChallenger greedy = new GreedyChallenger();
        _depositEth(1e9, AUTH);
        IRollup.BatchHeader memory header = _commit("", "");
        VM.prank(WATCHER);
        greedy.challenge{value: CHALLENGE_BOND}(optimistic, header);
        _pass(ANSWER_TIME);
        optimistic.revertUnanswered(header);
        greedy.collect(optimistic);
        VM.assertEq(greedy.answer(), abi.encodeWithSelector(IOptimistic.NothingDue.selector, address(greedy)));
        VM.assertEq(address(greedy).balance, OPERATOR_BOND + CHALLENGE_BOND);
        VM.assertEq(address(rollup).balance, 1 ether); // the user's
    }

    function _expectUnfinal(uint64 last, uint64 committed) private {
        _expect(_error(IOptimistic.BatchesUnfinal.selector, last, committed));
        VM.prank(OPERATOR);
        optimistic.withdrawBond();
    }

    function _committed(IRollup.CommitData memory batch) private returns (IRollup.BatchHeader memory) {
        return rollup.commitBatch(batch);
    }
}

/// @title The terms of an optimistic rollup, and the module that it runs
contract OptimisticConstructionTest is OptimisticTest {
    function test_construction() external view {
        VM.assertEq(optimistic.EXIT_DEADLINE(), EXIT_DEADLINE);
        VM.assertEq(optimistic.WINDOW(), WINDOW);
        VM.assertEq(optimistic.ANSWER_TIME(), ANSWER_TIME);
        VM.assertEq(optimistic.OPERATOR_BOND(), OPERATOR_BOND);
        VM.assertEq(optimistic.CHALLENGE_BOND(), CHALLENGE_BOND);
    }

    function test_revertWindowOutOfRange() external {
        bytes4 selector = IOptimistic.WindowOutOfRange.selector;
        IOptimistic.Terms memory terms = Optimism.terms(EXIT_DEADLINE);
        terms.window = 1 hours - 1;
        _expectRefused(terms, abi.encodeWithSelector(selector, terms.window, 1 hours, 7 days));
        terms.window = 7 days + 1;
        _expectRefused(terms, abi.encodeWithSelector(selector, terms.window, 1 hours, 7 days));
        terms.window = 1 hours;
        _deploy(terms);
    }

    /// Twice the window, so that who is challenged at its end still answers in time.
    function test_revertWindowTooLong() external {
        bytes4 selector = IOptimistic.WindowTooLong.selector;
        IOptimistic.Terms memory terms = Optimism.terms(EXIT_DEADLINE);
        terms.window = EXIT_DEADLINE / 2;
        _expectRefused(terms, abi.encodeWithSelector(selector, terms.window, EXIT_DEADLINE));
        terms.window = EXIT_DEADLINE / 2 - 1;
        _deploy(terms);
    }

    function test_revertAnswerTimeOutOfRange() external {
        bytes4 selector = IOptimistic.AnswerTimeOutOfRange.selector;
        IOptimistic.Terms memory terms = Optimism.terms(EXIT_DEADLINE);
        terms.answerTime = 10 minutes - 1;
        _expectRefused(terms, abi.encodeWithSelector(selector, terms.answerTime, 10 minutes, WINDOW));
        terms.answerTime = WINDOW + 1;
        _expectRefused(terms, abi.encodeWithSelector(selector, terms.answerTime, 10 minutes, WINDOW));
        terms.answerTime = WINDOW;
        _deploy(terms);
        terms.answerTime = 10 minutes;
        _deploy(terms);
    }

    function test_revertBondsOutOfRange() external {
        bytes4 selector = IOptimistic.BondsOutOfRange.selector;
        IOptimistic.Terms memory terms = Optimism.terms(EXIT_DEADLINE);
        terms.challengeBond = 0;
        _expectRefused(terms, abi.encodeWithSelector(selector, 0, OPERATOR_BOND, 10 ether));
        terms.challengeBond = terms.operatorBond + 1;
        _expectRefused(terms, abi.encodeWithSelector(selector, terms.challengeBond, OPERATOR_BOND, 10 ether));
        (terms.challengeBond, terms.operatorBond) = (10 ether + 1, 20 ether);
        _expectRefused(terms, abi.encodeWithSelector(selector, terms.challengeBond, 20 ether, 10 ether));
        (terms.challengeBond, terms.operatorBond) = (10 ether, 10 ether);
        _deploy(terms);
    }

    /// Whoever deploys has no say in what the rollup runs.
    function test_revertChallengeModuleUnfit() external {
        IOptimistic.Terms memory terms = Optimism.terms(EXIT_DEADLINE);
        bytes32 needed = terms.challengeModule.codehash;
        address[3] memory others = [address(router), ALICE, address(0)];
        for (uint256 i = 0; i < others.length; ++i) {
            terms.challengeModule = others[i];
            bytes32 code = others[i].codehash;
            _expectRefused(
                terms, abi.encodeWithSelector(IOptimistic.ChallengeModuleUnfit.selector, others[i], code, needed)
            );
        }
    }

    /// What `script/build` publishes is what the constructor takes.
    function test_theModuleIsTheOneOfTheArtifacts() external {
        string memory json = VM.readFile("artifacts/ChallengeModule.json");
        IOptimistic.Terms memory terms = Optimism.terms(EXIT_DEADLINE);
        terms.challengeModule = _deploy(VM.parseJsonBytes(json, ".bytecode"));
        VM.assertEq(_deploy(terms).CHALLENGE_MODULE(), terms.challengeModule);
    }

    /// It has neither a state nor a rollup to ask: all calls end without an effect, and it keeps no ETH.
    function test_theModuleDoesNothingByItself() external {
        ChallengeModule module = ChallengeModule(optimistic.CHALLENGE_MODULE());
        IRollup.BatchHeader memory header = _commit("", "");
        bytes[8] memory calls = [
            abi.encodeCall(IOptimistic.postBond, ()),
            abi.encodeCall(IOptimistic.challenge, (header)),
            abi.encodeCall(IOptimistic.withdrawBond, ()),
            abi.encodeCall(IOptimistic.answerChallenge, (header, PROOF)),
            abi.encodeCall(IOptimistic.revertUnanswered, (header)),
            abi.encodeCall(IRollup.revertBatches, (header)),
            abi.encodeCall(IOptimistic.voidChallenge, (1)),
            abi.encodeCall(IOptimistic.collect, (OPERATOR))
        ];
        uint256[2] memory values = [OPERATOR_BOND, CHALLENGE_BOND];
        for (uint256 i = 0; i < calls.length; ++i) {
            VM.deal(OPERATOR, OPERATOR_BOND);
            VM.prank(OPERATOR);
            (bool done,) = address(module).call{value: i < 2 ? values[i] : 0}(calls[i]);
            VM.assertFalse(done);
        }
        VM.assertEq(address(module).balance, 0);
    }

    /// The rollup takes ETH where a bond is posted, and nowhere else of these.
    function test_otherCallsTakeNoEth() external {
        IRollup.BatchHeader memory header = _commit("", "");
        bytes[7] memory calls = [
            abi.encodeCall(IOptimistic.finalizeBatch, (header)),
            abi.encodeCall(IOptimistic.withdrawBond, ()),
            abi.encodeCall(IOptimistic.answerChallenge, (header, PROOF)),
            abi.encodeCall(IOptimistic.revertUnanswered, (header)),
            abi.encodeCall(IRollup.revertBatches, (header)),
            abi.encodeCall(IOptimistic.voidChallenge, (1)),
            abi.encodeCall(IOptimistic.collect, (OPERATOR))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            VM.deal(OPERATOR, 1);
            VM.prank(OPERATOR);
            (bool done, bytes memory answer) = address(rollup).call{value: 1}(calls[i]);
            VM.assertFalse(done);
            VM.assertEq(answer.length, 0);
        }
    }

    function _expectRefused(IOptimistic.Terms memory terms, bytes memory expected) private {
        _expect(expected);
        _deploy(terms);
    }

    function _deploy(IOptimistic.Terms memory terms) private returns (OptimisticRollup) {
        return new OptimisticRollup(router, "circuit set", GENESIS_ROOT, OPERATOR, terms, path, Listings.none());
    }
}
