// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProofVerifier} from "./IProofVerifier.sol";

/// @title Ashlar rollup on L1
/// @notice Holds deposits, receives batches with their public data, and advances the state root when a batch is proven.
///
/// L1 *queues* operations: deposits, and what the L1 owner of an account orders without the operator's leave. Batches
/// execute them in the order of the queue and leave none out. Only L2 knows whose an account is and what it holds, so
/// whatever is well formed is queued: an operation of an account that is not its sender's does nothing when it is
/// executed, and one that asks for more than there is pays what there is.
///
/// A batch is *committed* (its data is published and bound to one stored hash) and later *proven*; a batch is proven in
/// the order of its number. Batch 0 is the genesis state, the first committed batch is number 1.
///
/// Encodings. A Goldilocks hash of four elements is one word, `e0 + e1·2^64 + e2·2^128 + e3·2^192`, every limb below
/// the field's order; an element of the quadratic extension is `a0 + a1·2^64`. An account's *auth* is such a hash, of
/// what signs for it, or zero if nothing does. Amounts are in *units* of the token, `Token.unit` of its base unit (1
/// gwei for ETH), except where a deposit is made.
///
/// Exit mode. An operation that no batch has executed and proven when it expires lets anybody enter exit mode, for ever:
/// the state root stands still, and all that is left to do is to leave. What the root says of balances goes to the
/// accounts' L1 owners, by exit batches or by Merkle paths; deposits that are not in it go back to who made them.
///
/// Roles. The operator, fixed at construction, registers tokens, commits batches, reverts unproven ones, sets accounts'
/// flags and announces circuit sets; anybody may prove a committed batch, queue a deposit or an operation of his own
/// account, enter exit mode, and trigger claims, exits and refunds (they pay whose they are, who alone can have them paid
/// elsewhere). A router (see `IVerifierRouter`) names the verifier of the circuit set that proves here.
interface IRollup {
    /// What the operator publishes for a batch.
    /// `bridge` and `rollup` are the two public-data streams of 7-byte words; `dataHash` is the circuit's Poseidon hash
    /// of them, which fixes the evaluation point before the proof exists. `time` is the batch's, in minutes since the
    /// Unix epoch.
    /// In data mode "blob" a rollup stream that is not empty is in the transaction's only blob, and `rollup` opens it:
    /// see `BlobBinding`. In data mode "validium" it is not on L1, and `rollup` is a committee's word for it: see `IValidium`.
    struct CommitData {
        uint64 number;
        uint32 time;
        uint256 newRoot;
        uint256 dataHash;
        uint32 feeAccount;
        bytes bridge;
        bytes rollup;
    }

    /// A committed batch: the public inputs of its proof (the domain is the contract's own) and what a claim needs.
    /// The contract stores its hash alone, `keccak256(abi.encode(header))`; `BatchCommitted` carries all of it.
    struct BatchHeader {
        uint64 number;
        /// Queue index of the first operation that the batch executes, if it executes any.
        uint64 firstOperation;
        uint32 withdrawalCount;
        uint32 feeAccount;
        /// Minutes since the Unix epoch: of this batch, and of the one before it (zero for the first), to which the
        /// contract returns when this one is reverted.
        uint32 time;
        uint32 previousTime;
        /// 7-byte words in either stream.
        uint32 bridgeWords;
        uint32 rollupWords;
        uint256 oldRoot;
        uint256 newRoot;
        uint256 dataHash;
        /// Evaluation point, and the values there of the two streams' polynomials, in GF(p^2).
        uint128 z;
        uint128 bridgeEval;
        /// In data mode "blob", unless the rollup stream is empty: the value of the blob's polynomial, below the order of
        /// BLS12-381's scalar field.
        uint256 rollupEval;
        /// Root of the tree of withdrawal leaves (see `WithdrawalTree`); zero if there are none.
        bytes32 withdrawalsRoot;
    }

    /// A withdrawal as the public data states it: signed on L2, or what a forced one paid.
    struct Withdrawal {
        uint8 token;
        uint64 amount;
        address to;
    }

    /// A withdrawal that is claimed with others of its batch.
    struct Claim {
        /// Position among the batch's withdrawals, in the order of the bridge stream.
        uint32 index;
        uint8 token;
        uint64 amount;
        address to;
    }

    /// An account's balance of one token, and the way from it to the state root.
    struct AccountPath {
        uint32 account;
        uint8 token;
        uint64 balance;
        uint256 auth;
        address owner;
        /// `nonce + 2^32 · flags`.
        uint64 meta;
        /// From the balance upwards.
        bytes32[8] balanceSiblings;
        /// From the account's leaf upwards.
        bytes32[28] accountSiblings;
    }

    /// A registered token. ETH is token 0, at address zero.
    struct Token {
        address token;
        /// Base units of the token in one unit of the rollup.
        uint96 unit;
    }

    /// A token to register, and its unit: see `registerToken`.
    struct TokenListing {
        address token;
        uint256 unit;
    }

    /// An operation waits for the operator under `index`, since `time` in seconds, and expires at `expiry` in tenths of a
    /// second. The record (see `QueuedOperation`) is zero where a batch that executes it says what it found.
    event OperationQueued(
        uint64 indexed index, uint8 indexed kind, address indexed sender, uint32 time, uint64 expiry, bytes record
    );
    event TokenRegistered(uint8 indexed id, address indexed token, uint256 unit);
    /// The bridge stream is in the transaction's calldata; where the rollup stream is, the contract's data mode says.
    event BatchCommitted(uint64 indexed number, bytes32 indexed headerHash, BatchHeader header);
    event BatchProven(uint64 indexed number, uint256 newRoot);
    /// The unproven batches `first` to `last` are no longer committed.
    event BatchesReverted(uint64 first, uint64 last);
    /// From `adoptableFrom` on, anybody can let this circuit set prove in place of the present one.
    event CircuitSetAnnounced(bytes32 indexed digest, uint64 adoptableFrom);
    event CircuitSetAdopted(bytes32 indexed digest);
    /// `to` was paid: the withdrawal's recipient, or whom the recipient named instead.
    event WithdrawalClaimed(uint64 indexed batch, uint32 index, uint8 indexed token, address indexed to, uint64 amount);

    /// The oldest operation that is not proven, under `index`, expired at `expiry` in tenths of a second: nothing but
    /// claims, exits and refunds from now on.
    event ExitModeEntered(uint64 index, uint64 expiry);
    /// The bridge stream of exit batch `number`. It stands here because whoever calls need not be an account with a
    /// transaction of its own, and the others' claims depend on it.
    event BalancesExited(uint64 indexed number, bytes bridge);
    /// A balance left by a path, or by a proof that paid at once. `to` was paid: the account's L1 owner, or whom the owner
    /// named instead.
    event BalanceExited(uint32 indexed account, uint8 indexed token, address indexed to, uint64 amount);
    /// `to` was paid: who made the deposit, or whom he named instead.
    event DepositRefunded(uint64 indexed index, uint8 indexed token, address indexed to, uint64 amount);

    /// A rollup without an operator could do nothing.
    error OperatorMissing();
    /// The caller is not the operator.
    error CallerNotOperator(address caller);
    /// A call re-entered while a token was moving.
    error ReentrantCall();
    /// The module is code for a rollup to run on its own storage: call the rollup.
    error ModuleCalledDirectly(address rollup);
    /// No contract at the router's address.
    error RouterMissing(address router);
    /// Zero names no circuit set.
    error CircuitSetZero();
    /// No circuit set waits for its adoption.
    error CircuitSetNotAnnounced();
    /// The notice of the announced circuit set is not over.
    error CircuitSetNoticeRunning(bytes32 digest, uint64 adoptableFrom);

    /// The seconds that an operation may wait unproven are fewer than `least` or more than `most`.
    error ExitDeadlineOutOfRange(uint64 deadline, uint64 least, uint64 most);
    /// The router's notice must be longer than an operation may wait: users must be able to leave before a new circuit
    /// set proves.
    error NoticeNotLonger(uint64 notice, uint64 exitDeadline);
    /// No contract at the address that is to compute roots.
    error PathMissing(address path);
    /// Exit mode was entered: only claims, exits and refunds are left.
    error RefusedInExitMode();
    /// Only exit mode has exits and refunds: see `enterExitMode`.
    error NotInExitMode();
    /// The oldest operation that is not proven has until `expiry`, in tenths of a second.
    error OperationNotExpired(uint64 index, uint64 expiry);
    /// Not a record of an exit: another tag, an account that the account tree has no place for, an amount of 2^62 or
    /// more, or a byte that must be zero and is not.
    error ExitRecordInvalid(uint256 offset);
    /// The account's balance of this token has left.
    error AlreadyExited(uint32 account, uint8 token);
    /// The path leads to another root.
    error PathInvalid(uint256 root, uint256 stateRoot);
    /// Only operations from `first` on and below `queued` are not proven.
    error OperationNotRefundable(uint64 index, uint64 first, uint64 queued);
    /// The operation brought nothing in.
    error OperationNotDeposit(uint64 index);
    error DepositAlreadyRefunded(uint64 index);

    /// All 256 token numbers are taken.
    error TokenRegistryFull();
    error TokenAlreadyRegistered(address token);
    error TokenNotRegistered(address token);
    /// Only numbers below `count` are tokens'.
    error TokenNumberNotRegistered(uint8 id, uint256 count);
    /// Not a token: no contract there, or no usable `decimals()`.
    error TokenInvalid(address token);
    /// The token has more decimals than the registry handles.
    error TokenDecimalsUnsupported(address token, uint256 decimals, uint256 limit);
    /// The unit is not a power of ten, finer than the token's default, coarser than one whole token, or does not fit
    /// `Token.unit`.
    error TokenUnitInvalid(address token, uint256 unit, uint256 finest, uint256 coarsest);
    /// The token's `transfer` or `transferFrom` failed or returned false.
    error TokenTransferFailed(address token);
    /// The token moved another amount than asked: tokens with a fee on transfer are refused.
    error TokenTransferInexact(address token, uint256 asked, uint256 received);
    /// The recipient refused the ETH.
    error EthTransferFailed(address to);

    /// A deposit is somebody's: address zero owns no account.
    error OwnerMissing();
    /// The auth has a limb that is not below the field's order.
    error AuthNotCanonical(uint256 auth);
    /// Only the owner's own deposit chooses an auth: anybody else's carries zero.
    error CallerNotOwner(address caller, address owner);
    /// The account tree has no place with this number.
    error AccountOutOfRange(uint32 account, uint256 limit);
    /// The amount is not a whole number of the token's units.
    error AmountNotWholeUnits(uint256 amount, uint256 unit);
    /// The amount in units is zero, or not below `limit`.
    error AmountOutOfRange(uint256 units, uint256 limit);
    /// The deposit would lift the token's total in the rollup to `limit` units or more.
    error TokenTotalExceeded(uint8 token, uint256 total, uint256 limit);

    /// The batch is not the next to commit.
    error BatchNumberUnexpected(uint64 number, uint64 expected);
    /// A state root or data hash has a limb that is not below the field's order.
    error HashNotCanonical(uint256 value);
    /// Fees go to an account that the account tree has no place for.
    error FeeAccountOutOfRange(uint32 feeAccount, uint256 limit);
    /// The batch's minute is before the last batch's, or in the future.
    error BatchTimeOutOfRange(uint32 time, uint256 earliest, uint256 latest);
    /// A stream is not a whole number of 7-byte words.
    error StreamNotWholeWords(uint256 length);
    /// A stream has too many words for the public inputs.
    error StreamTooLong(uint256 words, uint256 limit);
    /// The rollup stream is to be in a blob: `rollup` is either empty or what `BlobBinding` reads, of one length.
    error BlobOpeningLengthInvalid(uint256 length, uint256 expected);
    /// A blob has room for `limit` words, and a stream without words needs none.
    error BlobWordsOutOfRange(uint256 words, uint256 limit);
    /// The transaction carries no blob: a commit with a rollup stream is a blob transaction (EIP-4844).
    error BlobMissing();
    /// The transaction carries a second blob, with this versioned hash: nobody would know what it is for.
    error BlobUnexpected(bytes32 versionedHash);
    /// The precompile refuses the opening: the commitment is not of the blob with this versioned hash, or its polynomial
    /// does not have this value at this point. The point follows from all else of the batch: open the blob anew.
    error BlobOpeningInvalid(bytes32 versionedHash, uint256 point, uint256 value);
    /// The bridge stream ends inside a record.
    error BridgeRecordTruncated(uint256 offset);
    /// The record is an exit's: an ordinary batch has none.
    error ExitRecordRefused(uint256 offset);
    /// No record has this tag.
    error BridgeRecordTagUnknown(uint256 offset, uint256 tag);
    /// Padding bytes of a record are not zero.
    error BridgeRecordPaddingNonzero(uint256 offset);
    /// Nobody queued an operation under this index: a batch cannot execute it, and exit mode cannot wait for it.
    error OperationNotQueued(uint64 index);
    /// Another operation was queued under this index: the next one that a batch must execute, or one to refund.
    error OperationMismatch(uint64 index);

    /// The batch is not committed, or not the oldest unproven one.
    error BatchNotProvable(uint64 number, uint64 next, uint64 lastCommitted);
    /// The header is not the one that was committed under its number.
    error HeaderMismatch(uint64 number, bytes32 hash, bytes32 committed);
    /// `commitAndProveBatch` found earlier batches still unproven.
    error EarlierBatchesUnproven(uint64 lastProven, uint64 lastCommitted);
    /// Only committed and unproven batches can be reverted, or challenged.
    error BatchNotRevertible(uint64 number, uint64 lastProven, uint64 lastCommitted);

    /// The batch of the withdrawal is not proven yet.
    error BatchNotProven(uint64 number, uint64 lastProven);
    error WithdrawalIndexOutOfRange(uint32 index, uint32 count);
    error WithdrawalAlreadyClaimed(uint64 batch, uint32 index);
    /// The withdrawal is not in the batch's tree.
    error WithdrawalProofInvalid(uint64 batch, uint32 index);
    /// The withdrawals are not in the batch's tree, or there are none.
    error WithdrawalsProofInvalid(uint64 batch);
    /// Each withdrawal is claimed once, in the order of the batch.
    error ClaimsNotAscending(uint32 index);
    /// Of several payments none was made: each was made before, or its payee or token refused it. One by one, each says
    /// why.
    error NothingPaid();
    /// Each of several payments must have `needed` gas left, or its caller could let it fail.
    error GasTooLow(uint256 left, uint256 needed);
    /// Only whose a withdrawal, a balance or a deposit is can have it paid to another address.
    error CallerNotRecipient(address caller, address recipient);
    /// A payment to address zero or to the rollup itself would be lost.
    error PayeeInvalid(address to);

    /// @notice Queues a deposit of `msg.value` to the account of this owner and auth, which it opens if there is none.
    /// @param auth Zero for any account of the owner's: if he has none, one is opened for which nothing signs until he
    /// sets its auth. Only the owner himself may choose another.
    /// @return index The operation's place in the queue.
    function depositETH(address owner, uint256 auth) external payable returns (uint64 index);

    /// @notice As `depositETH`, of `amount` base units of a registered ERC-20, taken from the caller by `transferFrom`.
    function depositERC20(address token, uint256 amount, address owner, uint256 auth) external returns (uint64 index);

    /// @notice Queues a change of what signs for the caller's account; changes nothing if it is not his.
    /// @param auth Zero locks the account: nothing signs for it until its owner sets another.
    /// @return index The operation's place in the queue.
    function setAuth(uint32 account, uint256 auth) external returns (uint64 index);

    /// @notice Queues a withdrawal of up to `amount` units from the caller's account to the caller, without a signature
    /// and without a fee; pays nothing if it is not his. What it pays is claimed as any withdrawal is.
    /// @return index The operation's place in the queue.
    function forceWithdrawal(uint32 account, uint8 token, uint64 amount) external returns (uint64 index);

    /// @notice Queues a transfer of up to `amount` units from the caller's account to account `to`, without a signature
    /// and without a fee; pays nothing if the account is not his, or there is none to pay to.
    /// @return index The operation's place in the queue.
    function forceTransfer(uint32 account, uint32 to, uint8 token, uint64 amount) external returns (uint64 index);

    /// @notice Queues a change of an account's flags, which mean nothing yet. Operator only.
    /// @return index The operation's place in the queue.
    function setFlags(uint32 account, uint8 flags) external returns (uint64 index);

    /// @notice Gives an ERC-20 the next token number. Operator only: the registry has 256 places and cannot be cleared.
    /// @param unit Base units of the token in one unit of the rollup; zero for the default: 10^(decimals - 9), or 1 for
    /// a token of at most 9 decimals. The rollup holds less than 2^62 units of a token, by the default 4.6·10^9 whole
    /// tokens of 9 decimals or more: a token of a larger supply wants a coarser unit, or a part of the supply fills the
    /// rollup and shuts everybody else out. It is a power of ten, no finer than the default and at most a whole token.
    function registerToken(address token, uint256 unit) external returns (uint8 id);

    /// @notice Publishes the next batch and binds its proof to it. Operator only.
    /// Queued operations in the bridge stream must be the queue's next ones, in order.
    function commitBatch(CommitData calldata batch) external returns (BatchHeader memory header);

    /// @notice Advances the state root to the header's, if `proof` proves it. Anybody may call.
    function proveBatch(BatchHeader calldata header, bytes calldata proof) external;

    /// @notice `commitBatch` then `proveBatch` in one call, when no earlier batch is unproven. Operator only.
    function commitAndProveBatch(CommitData calldata batch, bytes calldata proof) external;

    /// @notice Takes back the commitment of `firstReverted` and all later batches. Operator only; proven batches stay.
    function revertBatches(BatchHeader calldata firstReverted) external;

    /// @notice Pays a withdrawal of a proven batch to its recipient, once.
    /// @param index Position among the batch's withdrawals, in the order of the bridge stream.
    /// @param proof Siblings from the leaf to the root (see `WithdrawalTree`).
    function claimWithdrawal(
        BatchHeader calldata header,
        uint32 index,
        Withdrawal calldata withdrawal,
        bytes32[] calldata proof
    ) external;

    /// @notice As `claimWithdrawal`, but pays `to`. Only the withdrawal's recipient may call: for one that the token
    /// blocks, or that cannot receive ETH. A recipient that can neither receive nor call keeps an open claim, which
    /// anybody can trigger should the recipient ever accept it.
    function claimWithdrawalTo(
        BatchHeader calldata header,
        uint32 index,
        Withdrawal calldata withdrawal,
        bytes32[] calldata proof,
        address to
    ) external;

    /// @notice Pays several withdrawals of a proven batch, of any recipients, each once. One that was paid before, or that
    /// its recipient or token refuses with 200,000 gas, is passed over and stays as it is; reverts if none is paid.
    /// @param claims In the order of the batch.
    /// @param proof Siblings that do not follow from the claims, level by level from the left (see `WithdrawalTree`).
    /// @return paid How many were paid.
    function claimWithdrawals(BatchHeader calldata header, Claim[] calldata claims, bytes32[] calldata proof)
        external
        returns (uint256 paid);

    /// @notice Announces the circuit set that is to prove batches next. Operator only. Announcing another one before it
    /// is adopted starts the notice anew; announcing the present one takes an announcement back.
    function announceCircuitSet(bytes32 digest) external;

    /// @notice Lets the announced circuit set prove from now on, committed batches included. Anybody may call once the
    /// notice, as long as the router's, is over; a verifier must be active for it. An optimistic rollup waits until no
    /// committed batch is left to prove.
    function adoptCircuitSet() external;

    /// @notice Enters exit mode, for ever, if the oldest operation that is not proven has expired: committing it does not
    /// save the operator. Takes back all batches that are not proven. Anybody may call.
    /// @param firstUnproven Header of the oldest batch that is committed and not proven; not read if there is none.
    function enterExitMode(BatchHeader calldata firstUnproven) external;

    /// @notice Lets balances leave, by a proof that the state root says so: they become the withdrawals of a batch that is
    /// committed and proven in one, claimed as all others. Anybody may call, in exit mode. Balances that have left already
    /// are skipped. In the evaluation point the batch's number is zero, whatever number it gets.
    /// @param dataHash The circuit's Poseidon hash of the stream.
    /// @param bridge Records of exits (see `ExitStream`).
    function exitBatch(uint256 dataHash, bytes calldata bridge, bytes calldata proof) external;

    /// @notice As `exitBatch`, but pays at once and makes no batch, which spares the claims. A balance that its owner or token
    /// refuses with 200,000 gas has not left: `exitBatch` takes the same proof. Reverts if none is paid.
    /// @return paid How many balances left.
    function exitAndPay(uint256 dataHash, bytes calldata bridge, bytes calldata proof) external returns (uint256 paid);

    /// @notice Pays an account's balance to its L1 owner, once, if its path leads to the state root; it needs neither a
    /// proof nor a verifier. Anybody may call, in exit mode.
    function exitByPath(AccountPath calldata path) external;

    /// @notice As `exitByPath`, but pays `to`. Only the account's L1 owner may call.
    function exitByPathTo(AccountPath calldata path, address to) external;

    /// @notice Pays a deposit that no proven batch executed back to who made it, once. Anybody may call, in exit mode.
    /// @param record As `OperationQueued` carried it.
    function refundDeposit(uint64 index, bytes calldata record) external;

    /// @notice As `refundDeposit`, but pays `to`. Only who made the deposit may call.
    function refundDepositTo(uint64 index, bytes calldata record, address to) external;

    /// @notice Seconds that an operation may wait for its proof, if no flood is before it: an operation expires after
    /// these, and at least a tenth of a second after the one before it.
    function EXIT_DEADLINE() external view returns (uint64);
    /// @notice Whether exit mode was entered.
    function exitMode() external view returns (bool);
    /// @notice Whether an account's balance of a token has left in exit mode.
    function isExited(uint32 account, uint8 token) external view returns (bool);
    /// @notice Who made a deposit for another; zero for all other operations.
    function depositorOf(uint64 index) external view returns (address);

    /// @notice Where the public data of batches is published, as a short string: "calldata" if the commit's calldata has
    /// all of it, "blob" if the only blob of its transaction has the rollup stream, "validium" if a committee keeps that. A
    /// reader that does not know the mode does not know where a batch's data is.
    function dataMode() external pure returns (bytes32);
    /// @notice Digest of the circuit set whose proofs are accepted.
    function circuitSet() external view returns (bytes32);
    /// @notice Digest of the circuit set that waits for adoption; zero if none does.
    function announcedCircuitSet() external view returns (bytes32);
    /// @notice From when on it can be adopted, in seconds since the Unix epoch; zero if none waits.
    function adoptableFrom() external view returns (uint64);
    /// @notice The verifier that the router has for `circuitSet` now; reverts with the router's `RouteNotActive` if it
    /// was removed.
    function verifier() external view returns (IProofVerifier);
    /// @notice State root of the last proven batch.
    function stateRoot() external view returns (uint256);
    /// @notice State root of the last committed batch.
    function committedRoot() external view returns (uint256);
    /// @notice Number of the last committed batch.
    function committedBatches() external view returns (uint64);
    /// @notice Time of the last committed batch, in minutes since the Unix epoch; zero before the first.
    function committedTime() external view returns (uint32);
    /// @notice Number of the last proven batch.
    function provenBatches() external view returns (uint64);
    /// @notice Operations ever queued: the next one's index.
    function queuedOperations() external view returns (uint64);
    /// @notice Operations that committed batches execute: the next batch starts with this index. In exit mode, those that
    /// are proven.
    function committedOperations() external view returns (uint64);
    /// @notice What the queue keeps of an operation: the upper 216 bits of `keccak256(record)`, then when it expires, in
    /// tenths of a second since the Unix epoch, in 40 bits. The record is the one that `OperationQueued` carried. Zero
    /// once the deposit was refunded.
    function queuedOperation(uint64 index) external view returns (bytes32);
    /// @notice Hash of the header last committed under a number.
    function headerHash(uint64 number) external view returns (bytes32);
    function tokenCount() external view returns (uint16);
    /// @notice A registered token; address and unit are zero above `tokenCount`.
    function tokenInfo(uint8 id) external view returns (Token memory);
    /// @notice Number of a registered ERC-20; reverts with `TokenNotRegistered` otherwise.
    function tokenId(address token) external view returns (uint8);
    /// @notice Units of a token that the contract owes: deposits less claims.
    function outstanding(uint8 token) external view returns (uint256);
    function isClaimed(uint64 batch, uint32 index) external view returns (bool);
    /// @notice The domain that signatures and proofs of this deployment are bound to: four 56-bit words, bytes 0 to 28
    /// of `keccak256("ashlar/v1" ‖ chainId ‖ address(this))`, encoded as a hash.
    function domain() external view returns (uint256);
    /// @notice The 9 instances of the SNARK that proves a header.
    function instances(BatchHeader calldata header) external view returns (uint256[9] memory);
}
