// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Ashlar rollup on L1
/// @notice Holds deposits, receives batches with their public data, and advances the state root when a batch is proven.
///
/// A batch is *committed* (its data is published and bound to one stored hash) and later *proven*; a batch is proven in
/// the order of its number. Batch 0 is the genesis state, the first committed batch is number 1.
///
/// Encodings. A Goldilocks hash of four elements is one word, `e0 + e1·2^64 + e2·2^128 + e3·2^192`, every limb below
/// the field's order; an element of the quadratic extension is `a0 + a1·2^64`. Amounts named `amount` in a deposit, a
/// withdrawal or public data are in *units* of the token: `Token.unit` of its base unit (1 gwei for ETH).
///
/// Roles. The operator, fixed at construction, registers tokens, commits batches and reverts unproven ones; anybody may
/// prove a committed batch, deposit, and trigger a claim (it pays the withdrawal's own recipient).
interface IRollup {
    /// What the operator publishes for a batch.
    /// `bridge` and `rollup` are the two public-data streams of 7-byte words; `dataHash` is the circuit's Poseidon hash
    /// of them, which fixes the evaluation point before the proof exists.
    struct CommitData {
        uint64 number;
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
        /// Queue index of the first deposit that the batch processes.
        uint64 firstDeposit;
        uint32 depositCount;
        uint32 withdrawalCount;
        uint32 transferCount;
        uint32 feeAccount;
        uint256 oldRoot;
        uint256 newRoot;
        uint256 dataHash;
        /// Evaluation point and value of the public data's polynomial, in GF(p^2).
        uint128 z;
        uint128 eval;
        /// Root of the tree of withdrawal leaves (see `WithdrawalTree`); zero if there are none.
        bytes32 withdrawalsRoot;
    }

    /// A withdrawal as the public data states it.
    struct Withdrawal {
        uint8 token;
        uint64 amount;
        address to;
    }

    /// A registered token. ETH is token 0, at address zero.
    struct Token {
        address token;
        /// Base units of the token in one unit of the rollup.
        uint96 unit;
    }

    /// A deposit waits for the operator under `index`.
    event DepositQueued(
        uint64 indexed index, uint8 indexed token, address indexed from, uint64 amount, uint256 keyHash
    );
    event TokenRegistered(uint8 indexed id, address indexed token, uint256 unit);
    /// The streams themselves are in the transaction's calldata.
    event BatchCommitted(uint64 indexed number, bytes32 indexed headerHash, BatchHeader header);
    event BatchProven(uint64 indexed number, uint256 newRoot);
    /// The unproven batches `first` to `last` are no longer committed.
    event BatchesReverted(uint64 first, uint64 last);
    event WithdrawalClaimed(uint64 indexed batch, uint32 index, uint8 indexed token, address indexed to, uint64 amount);

    /// The caller is not the operator.
    error CallerNotOperator(address caller);
    /// A call re-entered while a token was moving.
    error ReentrantCall();
    /// No contract at the proof verifier's address.
    error VerifierMissing(address verifier);

    /// All 256 token numbers are taken.
    error TokenRegistryFull();
    error TokenAlreadyRegistered(address token);
    error TokenNotRegistered(address token);
    /// Not a token: no contract there, or no usable `decimals()`.
    error TokenInvalid(address token);
    /// The token has more decimals than the registry handles.
    error TokenDecimalsUnsupported(address token, uint256 decimals, uint256 limit);
    /// The token's `transfer` or `transferFrom` failed or returned false.
    error TokenTransferFailed(address token);
    /// The token moved another amount than asked: tokens with a fee on transfer are refused.
    error TokenTransferInexact(address token, uint256 asked, uint256 received);
    /// The recipient refused the ETH.
    error EthTransferFailed(address to);

    /// The key hash is zero or has a limb that is not below the field's order.
    error KeyHashInvalid(uint256 keyHash);
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
    /// The rollup stream is not a whole number of records.
    error RollupStreamLengthInvalid(uint256 length, uint256 recordLength);
    /// The bridge stream ends inside a record.
    error BridgeRecordTruncated(uint256 offset);
    /// No record has this tag.
    error BridgeRecordTagUnknown(uint256 offset, uint256 tag);
    /// Padding bytes of a record are not zero.
    error BridgeRecordPaddingNonzero(uint256 offset);
    /// The batch processes a deposit that nobody made.
    error DepositNotQueued(uint64 index);
    /// The batch processes a deposit with another token, amount or key hash than queued, or out of order.
    error DepositMismatch(uint64 index);

    /// The batch is not committed, or not the oldest unproven one.
    error BatchNotProvable(uint64 number, uint64 next, uint64 lastCommitted);
    /// The header is not the one that was committed under its number.
    error HeaderMismatch(uint64 number, bytes32 hash, bytes32 committed);
    /// `commitAndProveBatch` found earlier batches still unproven.
    error EarlierBatchesUnproven(uint64 lastProven, uint64 lastCommitted);
    /// Only committed and unproven batches can be reverted.
    error BatchNotRevertible(uint64 number, uint64 lastProven, uint64 lastCommitted);

    /// The batch of the withdrawal is not proven yet.
    error BatchNotProven(uint64 number, uint64 lastProven);
    error WithdrawalIndexOutOfRange(uint32 index, uint32 count);
    error WithdrawalAlreadyClaimed(uint64 batch, uint32 index);
    /// The withdrawal is not in the batch's tree.
    error WithdrawalProofInvalid(uint64 batch, uint32 index);

    /// @notice Queues a deposit of `msg.value` for the account with this key hash.
    /// @return index The deposit's place in the queue.
    function depositETH(uint256 keyHash) external payable returns (uint64 index);

    /// @notice Queues a deposit of `amount` base units of a registered ERC-20, taken from the caller by `transferFrom`.
    function depositERC20(address token, uint256 amount, uint256 keyHash) external returns (uint64 index);

    /// @notice Gives an ERC-20 the next token number. Operator only: the registry has 256 places and cannot be cleared.
    function registerToken(address token) external returns (uint8 id);

    /// @notice Publishes the next batch and binds its proof to it. Operator only.
    /// Deposits in the bridge stream must be the queue's next ones, in order.
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

    /// @notice State root of the last proven batch.
    function stateRoot() external view returns (uint256);
    /// @notice State root of the last committed batch.
    function committedRoot() external view returns (uint256);
    /// @notice Number of the last committed batch.
    function committedBatches() external view returns (uint64);
    /// @notice Number of the last proven batch.
    function provenBatches() external view returns (uint64);
    /// @notice Deposits ever queued: the next deposit's index.
    function queuedDeposits() external view returns (uint64);
    /// @notice Deposits that committed batches process: the next batch starts with this index.
    function committedDeposits() external view returns (uint64);
    /// @notice Hash of a queued deposit, `keccak256(abi.encode(token, amount, keyHash))`.
    function depositHash(uint64 index) external view returns (bytes32);
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
    /// @notice The 8 instances of the SNARK that proves a header.
    function instances(BatchHeader calldata header) external view returns (uint256[8] memory);
}
