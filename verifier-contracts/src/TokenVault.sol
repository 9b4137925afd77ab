// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "./IRollup.sol";
import {Operated} from "./Operated.sol";
import {Goldilocks} from "./libraries/Goldilocks.sol";
import {QueuedOperation} from "./libraries/QueuedOperation.sol";
import {TokenTransfer} from "./libraries/TokenTransfer.sol";

/// @title Tokens of the rollup: their registry, their deposits, and what the contract owes of each
abstract contract TokenVault is Operated {
    /// The circuit adds two balances below this without wrapping the field.
    uint256 private constant TOKEN_TOTAL_LIMIT = 1 << 62;
    uint256 private constant TOKEN_LIMIT = 256;
    uint256 private constant ETH_UNIT = 1 gwei;
    /// Units have this many decimals, for tokens that have more.
    uint256 private constant UNIT_DECIMALS = 9;
    /// With 36 decimals the default unit, 10^27, fits `Token.unit`.
    uint256 private constant DECIMALS_LIMIT = 36;
    /// The largest power of ten that fits `Token.unit`.
    uint256 private constant UNIT_LIMIT = 10 ** 28;

    /// @inheritdoc IRollup
    uint16 public tokenCount;
    /// @inheritdoc IRollup
    mapping(uint8 token => uint256 units) public outstanding;
    mapping(uint8 id => Token token) private _tokens;
    /// Zero for a token that is not registered: number 0 is ETH, which has no address.
    mapping(address token => uint8 id) private _tokenIds;

    /// @param tokens ERC-20 tokens to register as numbers 1, 2, ….
    constructor(TokenListing[] memory tokens) {
        _addToken(address(0), ETH_UNIT);
        for (uint256 i = 0; i < tokens.length; ++i) {
            _registerToken(tokens[i].token, tokens[i].unit);
        }
    }

    /// @inheritdoc IRollup
    function depositETH(address owner, uint256 auth) external payable returns (uint64 index) {
        return _queueDeposit(0, _toUnits(msg.value, ETH_UNIT), owner, auth);
    }

    /// @inheritdoc IRollup
    function depositERC20(address token, uint256 amount, address owner, uint256 auth)
        external
        nonReentrant
        returns (uint64 index)
    {
        uint8 id = tokenId(token);
        index = _queueDeposit(id, _toUnits(amount, _tokens[id].unit), owner, auth);
        TokenTransfer.take(token, msg.sender, amount);
    }

    /// @inheritdoc IRollup
    function registerToken(address token, uint256 unit) external onlyOperator returns (uint8 id) {
        return _registerToken(token, unit);
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

    /// Pays what the contract owes. An unknown token has nothing outstanding, so the subtraction refuses it.
    function _pay(uint8 token, uint64 units, address to) internal {
        outstanding[token] -= units;
        Token memory info = _tokens[token];
        uint256 baseUnits = uint256(units) * info.unit;
        if (token == 0) TokenTransfer.sendEth(to, baseUnits);
        else TokenTransfer.send(info.token, to, baseUnits);
    }

    /// Puts an operation's record at the end of the queue.
    function _enqueue(bytes memory record) internal virtual returns (uint64 index);

    function _requireAmount(uint256 units) internal pure {
        if (units == 0 || units >= QueuedOperation.AMOUNT_LIMIT) {
            revert AmountOutOfRange(units, QueuedOperation.AMOUNT_LIMIT);
        }
    }

    function _requireAuth(uint256 auth) internal pure {
        if (!Goldilocks.isCanonicalHash(auth)) revert AuthNotCanonical(auth);
    }

    function _queueDeposit(uint8 token, uint256 units, address owner, uint256 auth) private returns (uint64 index) {
        if (owner == address(0)) revert OwnerMissing();
        _requireAuth(auth);
        // Else a stranger could open the owner's first account, with an auth of his own.
        if (auth != 0 && msg.sender != owner) revert CallerNotOwner(msg.sender, owner);
        // What L2 holds of a token never exceeds deposits less claims, so this bounds every balance there.
        uint256 total = outstanding[token] + units;
        if (total >= TOKEN_TOTAL_LIMIT) revert TokenTotalExceeded(token, total, TOKEN_TOTAL_LIMIT);
        outstanding[token] = total;
        return _enqueue(QueuedOperation.deposit(token, units, owner, auth));
    }

    function _toUnits(uint256 amount, uint256 unit) private pure returns (uint256 units) {
        if (amount % unit != 0) revert AmountNotWholeUnits(amount, unit);
        units = amount / unit;
        _requireAmount(units);
    }

    function _registerToken(address token, uint256 unit) private returns (uint8 id) {
        if (_tokenIds[token] != 0) revert TokenAlreadyRegistered(token);
        uint256 decimals = TokenTransfer.decimals(token);
        if (decimals > DECIMALS_LIMIT) revert TokenDecimalsUnsupported(token, decimals, DECIMALS_LIMIT);
        uint256 finest = decimals > UNIT_DECIMALS ? 10 ** (decimals - UNIT_DECIMALS) : 1;
        uint256 coarsest = 10 ** decimals;
        if (coarsest > UNIT_LIMIT) coarsest = UNIT_LIMIT;
        if (unit == 0) unit = finest;
        // A number is registered once and for ever: what nobody can have meant is refused.
        if (unit < finest || unit > coarsest || !_isPowerOfTen(unit)) {
            revert TokenUnitInvalid(token, unit, finest, coarsest);
        }
        id = _addToken(token, unit);
        _tokenIds[token] = id;
    }

    function _isPowerOfTen(uint256 value) private pure returns (bool) {
        while (value % 10 == 0) value /= 10;
        return value == 1;
    }

    function _addToken(address token, uint256 unit) private returns (uint8 id) {
        if (tokenCount == TOKEN_LIMIT) revert TokenRegistryFull();
        id = uint8(tokenCount++);
        _tokens[id] = Token(token, uint96(unit));
        emit TokenRegistered(id, token, unit);
    }
}
