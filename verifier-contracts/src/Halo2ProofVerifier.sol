// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProofVerifier, INSTANCE_COUNT} from "./IProofVerifier.sol";

/// @title Adapter from `IProofVerifier` to a generated Halo2 verifier
/// @notice The generated contract has no ABI: its fallback takes `instances ‖ proof` and reverts on a bad proof.
contract Halo2ProofVerifier is IProofVerifier {
    /// No contract at the generated verifier's address: a call there would succeed without verifying anything.
    error GeneratedVerifierMissing(address verifier);

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
        // Code can vanish after construction on chains that keep the old SELFDESTRUCT.
        if (GENERATED_VERIFIER.code.length == 0) revert GeneratedVerifierMissing(GENERATED_VERIFIER);
        (bool valid,) = GENERATED_VERIFIER.staticcall(abi.encodePacked(instances, proof));
        if (!valid) revert ProofInvalid();
    }
}
