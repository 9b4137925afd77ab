// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../../src/IRollup.sol";

/// @title Lists of tokens for a rollup's construction
library Listings {
    function none() internal pure returns (IRollup.TokenListing[] memory) {
        return new IRollup.TokenListing[](0);
    }

    /// One token, with the unit that its decimals give.
    function one(address token) internal pure returns (IRollup.TokenListing[] memory) {
        return one(token, 0);
    }

    function one(address token, uint256 unit) internal pure returns (IRollup.TokenListing[] memory result) {
        result = new IRollup.TokenListing[](1);
        result[0] = IRollup.TokenListing(token, unit);
    }
}
