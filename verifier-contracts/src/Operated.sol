// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "./IRollup.sol";

/// @title What the operator alone may do, and what nobody may do in the middle of a payment
abstract contract Operated is IRollup {
    /// Commits and reverts batches, registers tokens, sets accounts' flags, announces circuit sets.
    address public immutable OPERATOR;

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

    constructor(address operator) {
        if (operator == address(0)) revert OperatorMissing();
        OPERATOR = operator;
    }
}
