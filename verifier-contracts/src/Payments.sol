// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "./IRollup.sol";
import {RollupState} from "./RollupState.sol";
import {TokenTransfer} from "./libraries/TokenTransfer.sol";

/// @title What the contract pays of what it owes
/// @notice A payment is of one token and lowers what is owed of that one, before it is made.
abstract contract Payments is RollupState {
    /// Of one payment among several: far more than wallets and common tokens take, and little enough that who burns it
    /// costs the others' caller no more than a few transactions.
    uint256 internal constant PAYMENT_GAS = 200_000;
    /// What must be left before such a payment: of it, 36,700 may go for the call itself, and a 64th stays here.
    uint256 private constant PAYMENT_GAS_LEFT = 250_000;

    /// Pays or reverts. Of an unknown token nothing is outstanding, so the subtraction refuses it.
    function _pay(uint8 id, uint64 units, address to) internal {
        TokenState storage token = _tokens[id];
        token.outstanding -= units;
        uint256 amount = units * _unit(token.unitExponent);
        if (id == 0) TokenTransfer.sendEth(to, amount);
        else TokenTransfer.send(token.token, to, amount);
    }

    /// Pays, or leaves all as it was: one payee or token among several holds up nobody else.
    function _tryPay(uint8 id, uint64 units, address to) internal returns (bool paid) {
        TokenState storage token = _tokens[id];
        if (token.outstanding < units) return false;
        // Else a caller with little gas could let a payment fail that its payee would have taken, and an estimate of the
        // gas would find the least with which nobody is paid.
        if (gasleft() < PAYMENT_GAS_LEFT) revert IRollup.GasTooLow(gasleft(), PAYMENT_GAS_LEFT);
        token.outstanding -= units;
        uint256 amount = units * _unit(token.unitExponent);
        paid = id == 0
            ? TokenTransfer.trySendEth(to, amount, PAYMENT_GAS)
            : TokenTransfer.trySend(token.token, to, amount, PAYMENT_GAS);
        if (!paid) token.outstanding += units;
    }

    /// Whose the payment is may have it paid to another.
    function _requirePayee(address recipient, address to) internal view {
        if (msg.sender != recipient) revert IRollup.CallerNotRecipient(msg.sender, recipient);
        if (to == address(0) || to == address(this)) revert IRollup.PayeeInvalid(to);
    }
}
