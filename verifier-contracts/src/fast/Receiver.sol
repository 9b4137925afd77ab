// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20, TokenTransfer} from "../libraries/TokenTransfer.sol";

/// @title Where a withdrawal that may be sold arrives
/// @notice Exists from its first payment on; until then the money waits at the address.
contract Receiver {
    address private immutable MARKET = msg.sender;

    /// Only the market knows whose it is.
    error CallerNotMarket(address caller);

    receive() external payable {}

    /// @notice Pays all that is here of a token, of ETH for address zero.
    /// @return baseUnits How much it was.
    function pay(address token, address to) external returns (uint256 baseUnits) {
        if (msg.sender != MARKET) revert CallerNotMarket(msg.sender);
        if (token == address(0)) {
            baseUnits = address(this).balance;
            if (baseUnits > 0) TokenTransfer.sendEth(to, baseUnits);
        } else {
            baseUnits = IERC20(token).balanceOf(address(this));
            if (baseUnits > 0) TokenTransfer.send(token, to, baseUnits);
        }
    }
}
