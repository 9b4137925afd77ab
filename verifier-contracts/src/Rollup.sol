// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProofVerifier, INSTANCE_COUNT} from "./IProofVerifier.sol";
import {IRollup} from "./IRollup.sol";
import {BridgeStream} from "./libraries/BridgeStream.sol";
import {Goldilocks} from "./libraries/Goldilocks.sol";
import {PubdataPolynomial} from "./libraries/PubdataPolynomial.sol";
import {TokenTransfer} from "./libraries/TokenTransfer.sol";
import {WithdrawalTree} from "./libraries/WithdrawalTree.sol";

/// @title Ashlar rollup with its public data in calldata
contract Rollup is IRollup {
    /// A transfer's record in the rollup stream.
    uint256 private constant TRANSFER_BYTES = 14;
    /// A deposit's amount fits one word of public data.
    uint256 private constant AMOUNT_LIMIT = 1 << 56;
    /// The circuit adds two balances below this without wrapping the field.
    uint256 private constant TOKEN_TOTAL_LIMIT = 1 << 62;
    uint256 private constant TOKEN_LIMIT = 256;
    uint256 private constant ETH_UNIT = 1 gwei;
    /// Units have this many decimals, for tokens that have more.
    uint256 private constant UNIT_DECIMALS = 9;
    /// With 36 decimals a unit, 10^27, fits `Token.unit`.
    uint256 private constant DECIMALS_LIMIT = 36;

    /// Every state transition passes this verifier.
    IProofVerifier public immutable VERIFIER;
    /// Commits and reverts batches, registers tokens.
    address public immutable OPERATOR;
    uint256 private immutable DOMAIN;
    uint256 private immutable CHAIN_ID;

    /// @inheritdoc IRollup
    uint256 public stateRoot;
    /// @inheritdoc IRollup
    uint256 public committedRoot;
    /// @inheritdoc IRollup
    uint64 public committedBatches;
    /// @inheritdoc IRollup
    uint64 public provenBatches;
    /// @inheritdoc IRollup
    uint64 public queuedDeposits;
    /// @inheritdoc IRollup
    uint64 public committedDeposits;
    /// @inheritdoc IRollup
    mapping(uint64 index => bytes32 hash) public depositHash;
    /// @inheritdoc IRollup
    mapping(uint64 number => bytes32 hash) public headerHash;
    /// @inheritdoc IRollup
    uint16 public tokenCount;
    /// @inheritdoc IRollup
    mapping(uint8 token => uint256 units) public outstanding;
    mapping(uint8 id => Token token) private _tokens;
    /// Zero for a token that is not registered: number 0 is ETH, which has no address.
    mapping(address token => uint8 id) private _tokenIds;
    mapping(uint64 batch => mapping(uint256 word => uint256 bits)) private _claimed;
    bool private transient _entered;

    modifier onlyOperator() {
        if (msg.sender != OPERATOR) revert CallerNotOperator(msg.sender);
        _;
    }

    modifier nonReentrant() {
        if (_entered) revert ReentrantCall();
        _entered = true;
        _;
        _entered = false;
    }

    /// @param tokens ERC-20 tokens to register as numbers 1, 2, ….
    constructor(IProofVerifier verifier, uint256 genesisRoot, address operator, address[] memory tokens) {
        if (address(verifier).code.length == 0) revert VerifierMissing(address(verifier));
        _requireCanonical(genesisRoot);
        VERIFIER = verifier;
        OPERATOR = operator;
        CHAIN_ID = block.chainid;
        DOMAIN = _domain();
        stateRoot = genesisRoot;
        committedRoot = genesisRoot;
        _addToken(address(0), ETH_UNIT);
        for (uint256 i = 0; i < tokens.length; ++i) {
            _registerToken(tokens[i]);
        }
    }

    /// @inheritdoc IRollup
    function depositETH(uint256 keyHash) external payable returns (uint64 index) {
        return _queueDeposit(0, _toUnits(msg.value, ETH_UNIT), keyHash);
    }

    /// @inheritdoc IRollup
    function depositERC20(address token, uint256 amount, uint256 keyHash) external nonReentrant returns (uint64 index) {
        uint8 id = tokenId(token);
        index = _queueDeposit(id, _toUnits(amount, _tokens[id].unit), keyHash);
        TokenTransfer.take(token, msg.sender, amount);
    }

    /// @inheritdoc IRollup
    function registerToken(address token) external onlyOperator returns (uint8 id) {
        return _registerToken(token);
    }

    /// @inheritdoc IRollup
    function commitBatch(CommitData calldata batch) external onlyOperator returns (BatchHeader memory header) {
        return _commit(batch);
    }

    /// @inheritdoc IRollup
    function proveBatch(BatchHeader calldata header, bytes calldata proof) external {
        uint64 next = provenBatches + 1;
        if (header.number != next || next > committedBatches) {
            revert BatchNotProvable(header.number, next, committedBatches);
        }
        _requireHeader(header);
        _prove(header, proof);
    }

    /// @inheritdoc IRollup
    function commitAndProveBatch(CommitData calldata batch, bytes calldata proof) external onlyOperator {
        if (provenBatches != committedBatches) revert EarlierBatchesUnproven(provenBatches, committedBatches);
        _prove(_commit(batch), proof);
    }

    /// @inheritdoc IRollup
    function revertBatches(BatchHeader calldata firstReverted) external onlyOperator {
        uint64 first = firstReverted.number;
        uint64 last = committedBatches;
        if (first <= provenBatches || first > last) revert BatchNotRevertible(first, provenBatches, last);
        _requireHeader(firstReverted);
        committedRoot = firstReverted.oldRoot;
        committedDeposits = firstReverted.firstDeposit;
        committedBatches = first - 1;
        emit BatchesReverted(first, last);
    }

    /// @inheritdoc IRollup
    function claimWithdrawal(
        BatchHeader calldata header,
        uint32 index,
        Withdrawal calldata withdrawal,
        bytes32[] calldata proof
    ) external nonReentrant {
        uint64 number = header.number;
        if (number > provenBatches) revert BatchNotProven(number, provenBatches);
        _requireHeader(header);
        if (index >= header.withdrawalCount) revert WithdrawalIndexOutOfRange(index, header.withdrawalCount);
        if (isClaimed(number, index)) revert WithdrawalAlreadyClaimed(number, index);
        bytes32 leaf = WithdrawalTree.leaf(index, withdrawal.token, withdrawal.amount, withdrawal.to);
        if (!WithdrawalTree.isMember(leaf, index, header.withdrawalCount, proof, header.withdrawalsRoot)) {
            revert WithdrawalProofInvalid(number, index);
        }
        // forge-lint: disable-next-line(incorrect-shift)
        _claimed[number][index / 256] |= 1 << (index % 256);
        outstanding[withdrawal.token] -= withdrawal.amount;
        emit WithdrawalClaimed(number, index, withdrawal.token, withdrawal.to, withdrawal.amount);

        Token memory info = _tokens[withdrawal.token];
        uint256 baseUnits = uint256(withdrawal.amount) * info.unit;
        if (withdrawal.token == 0) TokenTransfer.sendEth(withdrawal.to, baseUnits);
        else TokenTransfer.send(info.token, withdrawal.to, baseUnits);
    }

    /// @inheritdoc IRollup
    function tokenInfo(uint8 id) external view returns (Token memory) {
        return _tokens[id];
    }

    /// @inheritdoc IRollup
    function tokenId(address token) public view returns (uint8 id) {
        id = _tokenIds[token];
        if (id == 0) revert TokenNotRegistered(token);
    }

    /// @inheritdoc IRollup
    function isClaimed(uint64 batch, uint32 index) public view returns (bool) {
        return (_claimed[batch][index / 256] >> (index % 256)) & 1 == 1;
    }

    /// @inheritdoc IRollup
    function domain() external view returns (uint256) {
        return DOMAIN;
    }

    /// @inheritdoc IRollup
    function instances(BatchHeader calldata header) external view returns (uint256[INSTANCE_COUNT] memory) {
        return _instances(header);
    }

    function _queueDeposit(uint8 token, uint256 units, uint256 keyHash) private returns (uint64 index) {
        if (keyHash == 0 || !Goldilocks.isCanonicalHash(keyHash)) revert KeyHashInvalid(keyHash);
        // What L2 holds of a token never exceeds deposits less claims, so this bounds every balance there.
        uint256 total = outstanding[token] + units;
        if (total >= TOKEN_TOTAL_LIMIT) revert TokenTotalExceeded(token, total, TOKEN_TOTAL_LIMIT);
        outstanding[token] = total;
        index = queuedDeposits++;
        depositHash[index] = BridgeStream.depositHash(token, units, keyHash);
        emit DepositQueued(index, token, msg.sender, uint64(units), keyHash);
    }

    function _toUnits(uint256 amount, uint256 unit) private pure returns (uint256 units) {
        if (amount % unit != 0) revert AmountNotWholeUnits(amount, unit);
        units = amount / unit;
        if (units == 0 || units >= AMOUNT_LIMIT) revert AmountOutOfRange(units, AMOUNT_LIMIT);
    }

    function _registerToken(address token) private returns (uint8 id) {
        if (_tokenIds[token] != 0) revert TokenAlreadyRegistered(token);
        uint256 decimals = TokenTransfer.decimals(token);
        if (decimals > DECIMALS_LIMIT) revert TokenDecimalsUnsupported(token, decimals, DECIMALS_LIMIT);
        id = _addToken(token, decimals > UNIT_DECIMALS ? 10 ** (decimals - UNIT_DECIMALS) : 1);
        _tokenIds[token] = id;
    }

    function _addToken(address token, uint256 unit) private returns (uint8 id) {
        if (tokenCount == TOKEN_LIMIT) revert TokenRegistryFull();
        id = uint8(tokenCount++);
        _tokens[id] = Token(token, uint96(unit));
        emit TokenRegistered(id, token, unit);
    }

    function _commit(CommitData calldata batch) private returns (BatchHeader memory header) {
        if (batch.number != committedBatches + 1) revert BatchNumberUnexpected(batch.number, committedBatches + 1);
        _requireCanonical(batch.newRoot);
        _requireCanonical(batch.dataHash);
        if (batch.rollup.length % TRANSFER_BYTES != 0) {
            revert RollupStreamLengthInvalid(batch.rollup.length, TRANSFER_BYTES);
        }
        uint64 firstDeposit = committedDeposits;
        BridgeStream.Summary memory bridge = BridgeStream.parse(batch.bridge, depositHash, firstDeposit, queuedDeposits);
        uint256 z = _evaluationPoint(batch);

        header.number = batch.number;
        header.firstDeposit = firstDeposit;
        header.depositCount = bridge.depositCount;
        header.withdrawalCount = bridge.withdrawalCount;
        header.transferCount = uint32(batch.rollup.length / TRANSFER_BYTES);
        header.feeAccount = batch.feeAccount;
        header.oldRoot = committedRoot;
        header.newRoot = batch.newRoot;
        header.dataHash = batch.dataHash;
        header.z = uint128(z);
        header.eval = uint128(PubdataPolynomial.evaluate(batch.bridge, batch.rollup, z));
        header.withdrawalsRoot = bridge.withdrawalsRoot;

        bytes32 hash = _hash(header);
        headerHash[batch.number] = hash;
        committedRoot = batch.newRoot;
        committedBatches = batch.number;
        committedDeposits = firstDeposit + bridge.depositCount;
        emit BatchCommitted(batch.number, hash, header);
    }

    /// The header must be that of the next batch to prove.
    function _prove(BatchHeader memory header, bytes calldata proof) private {
        VERIFIER.verify(proof, _instances(header)); // reverts on a bad proof
        stateRoot = header.newRoot;
        provenBatches = header.number;
        emit BatchProven(header.number, header.newRoot);
    }

    /// The point depends on all the data, so that data cannot be chosen to fit it.
    function _evaluationPoint(CommitData calldata batch) private view returns (uint256) {
        bytes32 digest = keccak256(
            abi.encodePacked(
                "ashlar/eval/v1",
                CHAIN_ID,
                address(this),
                batch.number,
                batch.dataHash,
                keccak256(batch.bridge),
                keccak256(batch.rollup)
            )
        );
        return Goldilocks.extensionFromDigest(digest);
    }

    /// The 24 public inputs in the circuit's order, three to an instance: old root (4), new root (4), domain (4),
    /// data hash (4), z (2), evaluation (2), fee account, deposits, withdrawals, transfers.
    function _instances(BatchHeader memory header) private view returns (uint256[INSTANCE_COUNT] memory result) {
        result[0] = header.oldRoot & type(uint192).max;
        result[1] = (header.oldRoot >> 192) | (uint256(uint128(header.newRoot)) << 64);
        result[2] = (header.newRoot >> 128) | (uint256(uint64(DOMAIN)) << 128);
        result[3] = DOMAIN >> 64;
        result[4] = header.dataHash & type(uint192).max;
        result[5] = (header.dataHash >> 192) | (uint256(header.z) << 64);
        result[6] = uint256(header.eval) | (uint256(header.feeAccount) << 128);
        result[7] = uint256(header.depositCount) | (uint256(header.withdrawalCount) << 64)
            | (uint256(header.transferCount) << 128);
    }

    function _domain() private view returns (uint256 result) {
        uint256 digest = uint256(keccak256(abi.encodePacked("ashlar/v1", block.chainid, address(this))));
        for (uint256 i = 0; i < 4; ++i) {
            result |= ((digest >> (200 - 56 * i)) & (AMOUNT_LIMIT - 1)) << (64 * i);
        }
    }

    function _requireHeader(BatchHeader calldata header) private view {
        bytes32 hash = keccak256(abi.encode(header));
        bytes32 committed = headerHash[header.number];
        if (hash != committed) revert HeaderMismatch(header.number, hash, committed);
    }

    function _hash(BatchHeader memory header) private pure returns (bytes32) {
        return keccak256(abi.encode(header));
    }

    function _requireCanonical(uint256 hash) private pure {
        if (!Goldilocks.isCanonicalHash(hash)) revert HashNotCanonical(hash);
    }
}
