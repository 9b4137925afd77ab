// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProofVerifier, INSTANCE_COUNT} from "./IProofVerifier.sol";

/// @title Adapter from `IProofVerifier` to a generated Halo2 verifier
/// @notice The generated contract has no ABI: its fallback takes `instances ‖ proof` and reverts on a bad proof.
contract Halo2ProofVerifier is IProofVerifier {
    /// No contract at the generated verifier's address: a call there would succeed without verifying anything.
    error GeneratedVerifierMissing(address verifier);

    /// An instance is not below the order of BN254's scalar field; the generated code would reduce it.
    error InstanceOutOfRange(uint256 index, uint256 instance);

    /// Order of BN254's scalar field.
    uint256 private constant SCALAR_ORDER = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;

    /// The generated verifier: the verifying key is in its code.
    address public immutable GENERATED_VERIFIER;
    /// Bytes of a proof. The generated code ignores what follows them, so the length is checked here.
    uint256 public immutable PROOF_LENGTH;

    constructor(address generatedVerifier, uint256 proofLength) {
        if (generatedVerifier.code.length == 0) revert GeneratedVerifierMissing(generatedVerifier);
        GENERATED_VERIFIER = generatedVerifier;
        PROOF_LENGTH = proofLength;
    }

    /// @inheritdoc IProofVerifier
    function verify(bytes calldata proof, uint256[INSTANCE_COUNT] calldata instances) external view {
        if (proof.length != PROOF_LENGTH) revert ProofLengthInvalid(proof.length, PROOF_LENGTH);
        for (uint256 i = 0; i < INSTANCE_COUNT; ++i) {
            if (instances[i] >= SCALAR_ORDER) revert InstanceOutOfRange(i, instances[i]);
        }
        // Code can vanish after construction on chains that keep the old SELFDESTRUCT.
        if (GENERATED_VERIFIER.code.length == 0) revert GeneratedVerifierMissing(GENERATED_VERIFIER);
        (bool valid,) = GENERATED_VERIFIER.staticcall(abi.encodePacked(instances, proof));
        if (!valid) revert ProofInvalid();
    }
}
