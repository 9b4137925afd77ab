// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @dev Instances of the wrap SNARK: 27 Goldilocks public inputs, three to a word (first one in the low 64 bits).
uint256 constant INSTANCE_COUNT = 9;

/// @title Verifier of wrap SNARKs
/// @notice Implemented by the generated contracts. Stateless. Returns only if the proof is valid; reverts otherwise,
/// never returns a bool that a caller could forget to check.
interface IProofVerifier {
    /// The proof is not the length that this verifying key fixes.
    error ProofLengthInvalid(uint256 length, uint256 expected);
    /// The proof does not prove these instances.
    error ProofInvalid();
    /// An instance is not below the order of BN254's scalar field: it would prove the same as its remainder.
    error InstanceOutOfRange(uint256 index, uint256 instance);

    /// @notice Reverts unless `proof` proves `instances`.
    function verify(bytes calldata proof, uint256[INSTANCE_COUNT] calldata instances) external view;
}
