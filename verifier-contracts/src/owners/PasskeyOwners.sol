// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {PasskeyOwner} from "./PasskeyOwner.sol";

/// @title Owners by passkey, at addresses that follow from the passkey
/// @notice A deposit can name an owner that does not exist yet; whoever needs it first creates it.
contract PasskeyOwners {
    event OwnerCreated(address indexed owner, bytes32 keyX, bytes32 keyY);

    /// @return owner The owner of this passkey, created unless it is there.
    function create(bytes32 x, bytes32 y) external returns (PasskeyOwner owner) {
        address at = addressOf(x, y);
        if (at.code.length > 0) return PasskeyOwner(payable(at));
        owner = new PasskeyOwner{salt: 0}(x, y);
        emit OwnerCreated(address(owner), x, y);
    }

    /// @return Where the owner is that was created, or would be, with this passkey; it may have replaced it since.
    function addressOf(bytes32 x, bytes32 y) public view returns (address) {
        bytes32 code = keccak256(abi.encodePacked(type(PasskeyOwner).creationCode, x, y));
        bytes32 digest = keccak256(abi.encodePacked(bytes1(0xff), address(this), bytes32(0), code));
        return address(uint160(uint256(digest)));
    }
}
