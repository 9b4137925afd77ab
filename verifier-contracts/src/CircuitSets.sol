// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProofVerifier} from "./IProofVerifier.sol";
import {IVerifierRouter} from "./IVerifierRouter.sol";
import {Operated} from "./Operated.sol";
import {IRollup} from "./IRollup.sol";

/// @title The set of circuits that proves the rollup's batches, and how it changes
/// @notice The router is asked for the verifier at each proof, so a verifier that its owner removes accepts nothing
/// more, here as everywhere. Operator and owner together need a full notice to let a new set prove.
abstract contract CircuitSets is Operated {
    /// Knows the verifier of each circuit set.
    IVerifierRouter public immutable ROUTER;
    uint64 private immutable NOTICE;

    /// @inheritdoc IRollup
    bytes32 public circuitSet;
    /// @inheritdoc IRollup
    bytes32 public announcedCircuitSet;
    /// @inheritdoc IRollup
    uint64 public adoptableFrom;

    constructor(IVerifierRouter router, bytes32 firstCircuitSet) {
        if (address(router).code.length == 0) revert RouterMissing(address(router));
        router.verifierOf(firstCircuitSet); // reverts if none is active
        ROUTER = router;
        NOTICE = router.NOTICE();
        circuitSet = firstCircuitSet;
    }

    /// @inheritdoc IRollup
    function announceCircuitSet(bytes32 digest) external onlyOperator {
        if (digest == 0) revert CircuitSetZero();
        announcedCircuitSet = digest;
        adoptableFrom = uint64(block.timestamp) + NOTICE;
        emit CircuitSetAnnounced(digest, adoptableFrom);
    }

    /// @inheritdoc IRollup
    function adoptCircuitSet() external {
        bytes32 digest = announcedCircuitSet;
        if (digest == 0) revert CircuitSetNotAnnounced();
        if (block.timestamp < adoptableFrom) revert CircuitSetNoticeRunning(digest, adoptableFrom);
        ROUTER.verifierOf(digest); // reverts if none is active
        circuitSet = digest;
        announcedCircuitSet = 0;
        adoptableFrom = 0;
        emit CircuitSetAdopted(digest);
    }

    /// @inheritdoc IRollup
    function verifier() public view returns (IProofVerifier) {
        return ROUTER.verifierOf(circuitSet);
    }
}
