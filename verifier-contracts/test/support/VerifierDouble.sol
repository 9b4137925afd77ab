// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INSTANCE_COUNT, IProofVerifier} from "../../src/IProofVerifier.sol";

/// @title Verifier that accepts exactly the (proof, instances) pairs it was told, for tests of the contracts' own logic
contract VerifierDouble is IProofVerifier {
    mapping(bytes32 statement => bool) private accepted;

    function accept(bytes calldata proof, uint256[INSTANCE_COUNT] calldata instances) external {
        accepted[keccak256(abi.encode(proof, instances))] = true;
    }

    /// @inheritdoc IProofVerifier
    function verify(bytes calldata proof, uint256[INSTANCE_COUNT] calldata instances) external view {
        if (!accepted[keccak256(abi.encode(proof, instances))]) revert ProofInvalid();
    }
}
