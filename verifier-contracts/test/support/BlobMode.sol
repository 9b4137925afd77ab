// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// What binds a rollup stream in a blob.
struct BlobBound {
    uint256 chainId;
    address rollup;
    uint64 number;
    uint256 dataHash;
    bytes32 versionedHash;
    uint32 words;
    bytes bridge;
}

/// @title Obvious twin of the point's derivation, and a blob for tests that are not of its contents
/// @notice The polynomial 1, of the words 1, 0, 0, …, has the value 1 everywhere. So its commitment is the generator of
/// G1 and each of its proofs the point at infinity: the precompile accepts that at whatever point.
library BlobMode {
    bytes private constant GENERATOR =
        hex"97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb";
    uint256 private constant HALF = 0x7fffffffffffffff;

    function z(BlobBound memory b) internal pure returns (uint256 z0, uint256 z1) {
        bytes memory head = abi.encodePacked("ashlar/blob/v1", b.chainId, b.rollup, b.number);
        bytes memory tail = abi.encodePacked(b.dataHash, b.versionedHash, b.words, keccak256(b.bridge));
        uint256 digest = uint256(keccak256(bytes.concat(head, tail)));
        (z0, z1) = (digest % (HALF + 1), (digest >> 64) % (HALF + 1));
    }

    function point(BlobBound memory b) internal pure returns (uint256) {
        (uint256 z0, uint256 z1) = z(b);
        return z0 + z1 * (HALF + 1);
    }

    /// The hashes of a transaction that carries the constant 1.
    function one() internal pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](1);
        hashes[0] = versionedHash(GENERATOR);
    }

    function openingOfOne(uint32 words) internal pure returns (bytes memory) {
        return bytes.concat(abi.encodePacked(words, uint256(1)), GENERATOR, hex"c0", new bytes(47));
    }

    /// EIP-4844's of a KZG commitment.
    function versionedHash(bytes memory commitment) internal pure returns (bytes32) {
        return bytes32(bytes.concat(hex"01", bytes31(sha256(commitment) << 8)));
    }
}
