// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "./IRollup.sol";
import {Progress} from "./Progress.sol";
import {Goldilocks} from "./libraries/Goldilocks.sol";
import {QueuedOperation} from "./libraries/QueuedOperation.sol";
import {TokenTransfer} from "./libraries/TokenTransfer.sol";

/// @title Tokens of the rollup: their registry, their deposits, and what the contract owes of each
abstract contract TokenVault is Progress {
    /// The circuit adds two balances below this without wrapping the field.
    uint256 private constant TOKEN_TOTAL_LIMIT = 1 << 62;
    uint256 private constant TOKEN_LIMIT = 256;
    /// 1 gwei.
    uint8 private constant ETH_UNIT_EXPONENT = 9;
    /// Units have this many decimals, for tokens that have more.
    uint256 private constant UNIT_DECIMALS = 9;
    /// With 36 decimals the default unit, 10^27, fits `Token.unit`.
    uint256 private constant DECIMALS_LIMIT = 36;
    /// The largest power of ten that fits `Token.unit`.
    uint256 private constant UNIT_LIMIT = 10 ** 28;

    /// @param tokens ERC-20 tokens to register as numbers 1, 2, ….
    constructor(TokenListing[] memory tokens) {
        _addToken(address(0), ETH_UNIT_EXPONENT);
        for (uint256 i = 0; i < tokens.length; ++i) {
            _registerToken(tokens[i].token, tokens[i].unit);
        }
    }

    /// @inheritdoc IRollup
    function depositETH(address owner, uint256 auth) external payable returns (uint64 index) {
        return _queueDeposit(0, msg.value, 10 ** ETH_UNIT_EXPONENT, owner, auth);
    }

    /// @inheritdoc IRollup
    function depositERC20(address token, uint256 amount, address owner, uint256 auth)
        external
        nonReentrant
        returns (uint64 index)
    {
        uint8 id = tokenId(token);
        index = _queueDeposit(id, amount, _unit(_tokens[id].unitExponent), owner, auth);
        TokenTransfer.take(token, msg.sender, amount);
    }

    /// @inheritdoc IRollup
    function registerToken(address token, uint256 unit) external onlyOperator beforeExitMode returns (uint8 id) {
        return _registerToken(token, unit);
    }

    /// @inheritdoc IRollup
    function tokenCount() external view returns (uint16) {
        return _tokenCount;
    }

    /// @inheritdoc IRollup
    function tokenInfo(uint8 id) external view returns (Token memory info) {
        if (id >= _tokenCount) return info;
        TokenState storage state = _tokens[id];
        return Token(state.token, uint96(_unit(state.unitExponent)));
    }

    /// @inheritdoc IRollup
    function outstanding(uint8 token) external view returns (uint256) {
        return _tokens[token].outstanding;
    }

    /// @inheritdoc IRollup
    function tokenId(address token) public view returns (uint8 id) {
        id = _tokenIds[token];
        if (id == 0) revert TokenNotRegistered(token);
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

    function _queueDeposit(uint8 token, uint256 amount, uint256 unit, address owner, uint256 auth)
        private
        returns (uint64 index)
    {
        uint256 units = amount / unit;
        if (units * unit != amount) revert AmountNotWholeUnits(amount, unit);
        _requireAmount(units);
        if (owner == address(0)) revert OwnerMissing();
        if (auth != 0) {
            _requireAuth(auth);
            // Else a stranger could open the owner's first account, with an auth of his own.
            if (msg.sender != owner) revert CallerNotOwner(msg.sender, owner);
        }
        // What L2 holds of a token never exceeds deposits less claims, so this bounds every balance there.
        TokenState storage state = _tokens[token];
        uint256 total = state.outstanding + units;
        if (total >= TOKEN_TOTAL_LIMIT) revert TokenTotalExceeded(token, total, TOKEN_TOTAL_LIMIT);
        state.outstanding = uint64(total);
        index = _enqueue(QueuedOperation.deposit(token, units, owner, auth));
        // Whose the deposit is until a batch executes it.
        if (msg.sender != owner) _depositorOf[index] = msg.sender;
    }

    function _registerToken(address token, uint256 unit) private returns (uint8 id) {
        if (_tokenIds[token] != 0) revert TokenAlreadyRegistered(token);
        uint256 decimals = TokenTransfer.decimals(token);
        if (decimals > DECIMALS_LIMIT) revert TokenDecimalsUnsupported(token, decimals, DECIMALS_LIMIT);
        uint256 finest = decimals > UNIT_DECIMALS ? 10 ** (decimals - UNIT_DECIMALS) : 1;
        uint256 coarsest = 10 ** decimals;
        if (coarsest > UNIT_LIMIT) coarsest = UNIT_LIMIT;
        if (unit == 0) unit = finest;
        uint8 exponent = _log10(unit);
        // A number is registered once and for ever: what nobody can have meant is refused.
        if (unit < finest || unit > coarsest || _unit(exponent) != unit) {
            revert TokenUnitInvalid(token, unit, finest, coarsest);
        }
        id = _addToken(token, exponent);
        _tokenIds[token] = id;
    }

    /// Rounded down.
    function _log10(uint256 value) private pure returns (uint8 exponent) {
        for (; value >= 10; value /= 10) {
            ++exponent;
        }
    }

    function _addToken(address token, uint8 unitExponent) private returns (uint8 id) {
        if (_tokenCount == TOKEN_LIMIT) revert TokenRegistryFull();
        id = uint8(_tokenCount++);
        _tokens[id] = TokenState({token: token, outstanding: 0, unitExponent: unitExponent});
        emit TokenRegistered(id, token, _unit(unitExponent));
    }
}
