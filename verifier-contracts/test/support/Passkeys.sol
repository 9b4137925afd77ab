// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {WebAuthn} from "@openzeppelin/contracts/utils/cryptography/WebAuthn.sol";
import {Vm} from "./Test.sol";

/// @title An authenticator: what a browser hands over when somebody uses a passkey
library Passkeys {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551;
    /// User present and user verified.
    uint8 internal constant PRESENT_AND_VERIFIED = 0x05;
    uint8 internal constant PRESENT = 0x01;
    string internal constant GET = "webauthn.get";

    function publicKey(uint256 secret) internal pure returns (bytes32 x, bytes32 y) {
        (uint256 keyX, uint256 keyY) = VM.publicKeyP256(secret);
        return (bytes32(keyX), bytes32(keyY));
    }

    function assertion(uint256 secret, bytes32 challenge) internal pure returns (WebAuthn.WebAuthnAuth memory) {
        return assertion(secret, challenge, PRESENT_AND_VERIFIED, GET);
    }

    function assertion(uint256 secret, bytes32 challenge, uint8 flags, string memory ceremony)
        internal
        pure
        returns (WebAuthn.WebAuthnAuth memory auth)
    {
        string memory kind = string.concat('{"type":"', ceremony, '",');
        auth.typeIndex = 1;
        auth.challengeIndex = bytes(kind).length;
        auth.clientDataJSON = string.concat(
            kind, '"challenge":"', Base64.encodeURL(abi.encodePacked(challenge)), '","origin":"https://wallet.example"}'
        );
        auth.authenticatorData = abi.encodePacked(sha256("wallet.example"), flags, uint32(7));
        bytes32 digest = sha256(abi.encodePacked(auth.authenticatorData, sha256(bytes(auth.clientDataJSON))));
        bytes32 s;
        (auth.r, s) = VM.signP256(secret, digest);
        auth.s = uint256(s) > ORDER / 2 ? bytes32(ORDER - uint256(s)) : s;
    }
}
