// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "./IRollup.sol";

/// @title What the operator alone may do
abstract contract Operated is IRollup {
    /// Commits and reverts batches, registers tokens, sets accounts' flags, announces circuit sets.
    address public immutable OPERATOR;

    modifier onlyOperator() {
        if (msg.sender != OPERATOR) revert CallerNotOperator(msg.sender);
        _;
    }

    constructor(address operator) {
        if (operator == address(0)) revert OperatorMissing();
        OPERATOR = operator;
    }
}
