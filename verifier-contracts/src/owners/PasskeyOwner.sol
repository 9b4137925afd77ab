// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {WebAuthn} from "@openzeppelin/contracts/utils/cryptography/WebAuthn.sol";

/// @title An L1 owner of accounts that obeys a passkey
/// @notice Whatever a WebAuthn assertion over `challenge` asks for is done in this contract's name, whoever brings it:
/// the passkey needs no ether. As an account's L1 owner the contract sets what signs for the account (`setAuth`, say to
/// the key of a browser session), orders withdrawals and transfers, exits and claims; L2 and its circuits know nothing
/// of P-256. The signature is checked by the precompile of EIP-7951 where there is one.
contract PasskeyOwner {
    struct Call {
        address target;
        /// In wei.
        uint256 value;
        bytes data;
    }

    bytes32 private constant CHALLENGE = "ashlar/passkey/v1";

    /// The passkey: a point of P-256.
    bytes32 public keyX;
    bytes32 public keyY;
    /// Assertions so far; each is good once.
    uint256 public nonce;

    event Executed(uint256 indexed nonce, uint256 calls);
    event KeyReplaced(bytes32 keyX, bytes32 keyY);

    /// The coordinates are of no point of P-256.
    error KeyInvalid(bytes32 keyX, bytes32 keyY);
    /// The assertion was to be brought until then, in seconds.
    error DeadlineOver(uint64 deadline);
    /// The passkey has not signed this, or its device has not verified who holds it.
    error AssertionInvalid();
    /// Nothing to do.
    error NoCalls();
    /// A call failed without a reason; one with a reason passes it on.
    error CallFailed(uint256 index);
    /// Only what the passkey asks for may replace it.
    error CallerNotSelf(address caller);

    constructor(bytes32 x, bytes32 y) {
        _setKey(x, y);
    }

    receive() external payable {}

    /// @notice Makes the calls that the passkey has asserted, all or none.
    /// @param deadline Second after which it must not happen any more.
    function execute(Call[] calldata calls, uint64 deadline, WebAuthn.WebAuthnAuth calldata assertion)
        external
        returns (bytes[] memory results)
    {
        if (block.timestamp > deadline) revert DeadlineOver(deadline);
        if (calls.length == 0) revert NoCalls();
        if (!WebAuthn.verify(abi.encodePacked(challenge(calls, deadline)), assertion, keyX, keyY)) {
            revert AssertionInvalid();
        }
        emit Executed(nonce++, calls.length); // before the calls, which may come back here
        results = new bytes[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            results[i] = _call(calls[i], i);
        }
    }

    /// @notice Puts another passkey in the place of this one; one of the calls of `execute`.
    function replaceKey(bytes32 x, bytes32 y) external {
        if (msg.sender != address(this)) revert CallerNotSelf(msg.sender);
        _setKey(x, y);
        emit KeyReplaced(x, y);
    }

    /// @return What the passkey has to sign next for these calls: good on this chain, for this contract, once.
    function challenge(Call[] calldata calls, uint64 deadline) public view returns (bytes32) {
        return
            keccak256(
                abi.encode(CHALLENGE, block.chainid, address(this), nonce, deadline, keccak256(abi.encode(calls)))
            );
    }

    function _call(Call calldata wanted, uint256 index) private returns (bytes memory result) {
        bool done;
        (done, result) = wanted.target.call{value: wanted.value}(wanted.data);
        if (done) return result;
        if (result.length == 0) revert CallFailed(index);
        assembly ("memory-safe") {
            revert(add(result, 0x20), mload(result))
        }
    }

    function _setKey(bytes32 x, bytes32 y) private {
        if (!P256.isValidPublicKey(x, y)) revert KeyInvalid(x, y);
        (keyX, keyY) = (x, y);
    }
}
