// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "./IRollup.sol";

/// @title What an optimistic rollup has besides `IRollup`: windows, challenges and bonds
/// @notice A committed batch becomes *final* in one of three ways: it is proven; its window ends and nobody challenged it;
/// or it was challenged, and the challenge was answered by a proof. `provenBatches` counts final batches, whichever way
/// they became so, and `BatchProven` tells of each.
interface IOptimistic {
    /// What a deployment fixes for ever.
    struct Terms {
        /// Seconds that an operation may wait until it is final, as any rollup's exit deadline.
        uint64 exitDeadline;
        /// Seconds from the commit of a batch in which it can be challenged: an hour to 7 days, and less than half of the
        /// exit deadline.
        uint64 window;
        /// Seconds of proving that one challenge gives the operator: ten minutes to the window.
        uint64 answerTime;
        /// Wei that the operator stands to lose.
        uint96 operatorBond;
        /// Wei that a challenge costs if it is answered, at most 10 ETH: what a proof and its gas cost, or more.
        uint96 challengeBond;
        /// A deployed `ChallengeModule`, whosoever deployed it.
        address challengeModule;
    }

    /// What is kept of a committed batch until it is final, in one slot.
    struct Pending {
        /// Seconds since the Unix epoch.
        uint40 committedAt;
        /// While a challenge is open: it must be answered before this, in seconds since the Unix epoch.
        uint40 answerBy;
        /// A challenge was answered: the batch waits for those before it, and for nothing else.
        bool answered;
        /// Whose challenge is open; zero if none is.
        address challenger;
    }

    event BondPosted(uint256 amount);
    event BondWithdrawn(uint256 amount);
    event BatchChallenged(uint64 indexed number, address indexed challenger, uint64 answerBy);
    /// The batch is proven, be it final or not yet: the challenger's bond is the operator's.
    event ChallengeAnswered(uint64 indexed number, address indexed challenger);
    /// The batch was taken back unanswered: `amount`, in wei, is the challenger's, his own bond and, if it still stood, the
    /// operator's.
    event ChallengeWon(uint64 indexed number, address indexed challenger, uint256 amount);
    /// The challenged batch is void for another reason: the challenger's bond is his again.
    event ChallengeVoided(uint64 indexed number, address indexed challenger);
    event BondCollected(address indexed from, address indexed to, uint256 amount);

    /// The window is shorter than `least` or longer than `most` seconds.
    error WindowOutOfRange(uint64 window, uint64 least, uint64 most);
    /// Twice the window must be less than an operation may wait: a batch that is challenged in its last second, among as
    /// many others as there may be, is still final in time.
    error WindowTooLong(uint64 window, uint64 exitDeadline);
    /// The time to answer a challenge is shorter than `least` or longer than `most` seconds.
    error AnswerTimeOutOfRange(uint64 answerTime, uint64 least, uint64 most);
    /// A challenge must cost something and at most `most` wei, and the operator must not stand to lose less than a challenger.
    error BondsOutOfRange(uint256 challengeBond, uint256 operatorBond, uint256 most);

    /// The address has other code than `ChallengeModule`, by its hash.
    error ChallengeModuleUnfit(address module, bytes32 codeHash, bytes32 needed);

    /// The operator has no bond here: post it, then commit.
    error BondMissing(uint256 needed);
    /// The operator's bond is here already.
    error BondStands();
    /// A bond has this size, and no other.
    error BondUnfit(uint256 sent, uint256 needed);
    /// The bond answers for batches that are not final: prove, finalise or revert them before it is withdrawn.
    error BatchesUnfinal(uint64 lastFinal, uint64 lastCommitted);
    /// Nothing is due to the caller.
    error NothingDue(address caller);

    /// The batch's window ends at `until`, in seconds since the Unix epoch: wait, or prove it.
    error WindowOpen(uint64 number, uint64 until);
    /// The batch's window ended at `until`, in seconds since the Unix epoch: it can be challenged no more.
    error WindowOver(uint64 number, uint64 until);
    /// The batch waits for an answer until `answerBy`, in seconds since the Unix epoch: nobody else can challenge it, it does
    /// not become final by time, and it is not taken back before.
    error ChallengeOpen(uint64 number, uint64 answerBy);
    /// The batch's proof came before: a second challenge would ask for nothing.
    error ChallengeWasAnswered(uint64 number);
    /// No challenge of this batch is open.
    error ChallengeMissing(uint64 number);
    /// The answer comes too late: the challenge had to be answered before `answerBy`, in seconds since the Unix epoch.
    error ChallengeLapsed(uint64 number, uint64 answerBy);
    /// The challenged batch still stands: its challenge is answered, or lapses.
    error ChallengeStands(uint64 number);

    /// @notice Posts the operator's bond, `OPERATOR_BOND` wei. Operator only; without it he can commit nothing.
    function postBond() external payable;

    /// @notice Makes the operator's bond due to him, if all committed batches are final, or in exit mode. Operator only.
    function withdrawBond() external;

    /// @notice Makes the oldest batch that is not final so, if its challenge was answered, or its window is over and it has
    /// none. Anybody may call.
    function finalizeBatch(IRollup.BatchHeader calldata header) external;

    /// @notice Obliges the operator to prove a batch that is not final and whose window is open, with `CHALLENGE_BOND` wei.
    /// Anybody may call. Challenge the first batch that is wrong: a batch is proven from the root that it names, whether or
    /// not the batches before it are true.
    function challenge(IRollup.BatchHeader calldata header) external payable;

    /// @notice Answers a challenge by the batch's proof, also while batches before it are not final: `finalizeBatch` makes it
    /// final after them, without its window. Anybody may call. The oldest one can be answered by `proveBatch` as well.
    function answerChallenge(IRollup.BatchHeader calldata header, bytes calldata proof) external;

    /// @notice Takes back a batch whose challenge lapsed, and all after it. The operator's bond is the challenger's. Anybody
    /// may call.
    function revertUnanswered(IRollup.BatchHeader calldata header) external;

    /// @notice Makes the bond of a challenger due to him again whose batch was taken back for another reason than his
    /// challenge, or is void by exit mode. Anybody may call; committing the same number again does it too.
    function voidChallenge(uint64 number) external;

    /// @notice Pays to `to` what of bonds is due to the caller.
    function collect(address to) external;

    /// @notice Seconds from a batch's commit in which it can be challenged.
    function WINDOW() external view returns (uint64);
    /// @notice Seconds of proving that one challenge gives the operator.
    function ANSWER_TIME() external view returns (uint64);
    /// @notice Wei of the operator's bond.
    function OPERATOR_BOND() external view returns (uint96);
    /// @notice Wei of a challenger's bond.
    function CHALLENGE_BOND() external view returns (uint96);
    /// @notice The code of challenges and bonds.
    function CHALLENGE_MODULE() external view returns (address);
    /// @notice Whether the operator's bond is here.
    function bonded() external view returns (bool);
    /// @notice What is kept of a committed batch; all zero if it is final. Of a batch that was taken back it may still be
    /// here, until the number is committed again.
    function pending(uint64 number) external view returns (Pending memory);
    /// @notice Wei of bonds that `collect` pays this account.
    function due(address account) external view returns (uint256);
}
