// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../IRollup.sol";

/// The part of ERC-20 that the rollup uses.
interface IERC20 {
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
    function balanceOf(address account) external view returns (uint256);
    function decimals() external view returns (uint8);
}

/// @title Transfers of ETH and of ERC-20 tokens, those that return nothing included
library TokenTransfer {
    /// @notice Pays ETH. What the recipient answers is not copied: its length would be the recipient's choice.
    function sendEth(address to, uint256 amount) internal {
        if (!trySendEth(to, amount, gasleft())) revert IRollup.EthTransferFailed(to);
    }

    /// @notice Pays ETH, or says that it could not with that much gas.
    function trySendEth(address to, uint256 amount, uint256 gasLimit) internal returns (bool sent) {
        assembly ("memory-safe") {
            sent := call(gasLimit, to, amount, 0, 0, 0, 0)
        }
    }

    function send(address token, address to, uint256 amount) internal {
        if (!trySend(token, to, amount, gasleft())) revert IRollup.TokenTransferFailed(token);
    }

    /// @notice Pays a token, or says that it could not with that much gas. What a token moved that then answers false
    /// stays moved: it decides of nothing but itself.
    function trySend(address token, address to, uint256 amount, uint256 gasLimit) internal returns (bool) {
        return _call(token, abi.encodeCall(IERC20.transfer, (to, amount)), gasLimit);
    }

    /// @notice Takes exactly `amount` from `from`; reverts if the balance grows by anything else.
    function take(address token, address from, uint256 amount) internal {
        uint256 before = IERC20(token).balanceOf(address(this));
        if (!_call(token, abi.encodeCall(IERC20.transferFrom, (from, address(this), amount)), gasleft())) {
            revert IRollup.TokenTransferFailed(token);
        }
        uint256 balance = IERC20(token).balanceOf(address(this));
        uint256 received = balance < before ? 0 : balance - before;
        if (received != amount) revert IRollup.TokenTransferInexact(token, amount, received);
    }

    /// @notice `decimals()` of a token; reverts with `TokenInvalid` if there is no good answer.
    function decimals(address token) internal view returns (uint256) {
        (bool answered, bytes memory answer) = token.staticcall(abi.encodeCall(IERC20.decimals, ()));
        if (!answered || answer.length != 32) revert IRollup.TokenInvalid(token);
        return abi.decode(answer, (uint256));
    }

    /// Success is no revert, and either `true` or, from a contract, nothing at all. Only one word of the answer is read.
    function _call(address token, bytes memory data, uint256 gasLimit) private returns (bool) {
        bool done;
        uint256 size;
        uint256 answer;
        assembly ("memory-safe") {
            done := call(gasLimit, token, 0, add(data, 0x20), mload(data), 0x00, 0x20)
            size := returndatasize()
            answer := mload(0x00)
        }
        return done && (size == 0 ? token.code.length > 0 : size >= 32 && answer == 1);
    }
}
