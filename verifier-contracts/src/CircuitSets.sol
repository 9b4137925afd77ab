// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Batches} from "./Batches.sol";
import {IProofVerifier} from "./IProofVerifier.sol";
import {IRollup} from "./IRollup.sol";
import {Progress} from "./Progress.sol";

/// @title The set of circuits that proves the rollup's batches, and how it changes
/// @notice The router is asked for the verifier at each proof, so a verifier that its owner removes accepts nothing
/// more, here as everywhere. Operator and owner together need a full notice to let a new set prove, and who queues an
/// operation when he reads it finds exit mode open before the notice is over, should the operation not be proven.
abstract contract CircuitSets is Progress, Batches {
    uint64 private immutable NOTICE;

    constructor(bytes32 firstCircuitSet) {
        if (address(ROUTER).code.length == 0) revert RouterMissing(address(ROUTER));
        ROUTER.verifierOf(firstCircuitSet); // reverts if none is active
        uint64 notice = ROUTER.NOTICE();
        if (notice <= EXIT_DEADLINE) revert NoticeNotLonger(notice, EXIT_DEADLINE);
        NOTICE = notice;
        _circuitSet = firstCircuitSet;
    }

    /// @inheritdoc IRollup
    function announceCircuitSet(bytes32 digest) external onlyOperator beforeExitMode {
        if (digest == 0) revert CircuitSetZero();
        uint64 from = uint64(block.timestamp) + NOTICE;
        _announcedCircuitSet = digest;
        _adoptableFrom = from;
        emit CircuitSetAnnounced(digest, from);
    }

    /// @inheritdoc IRollup
    function adoptCircuitSet() public virtual beforeExitMode {
        bytes32 digest = _announcedCircuitSet;
        if (digest == 0) revert CircuitSetNotAnnounced();
        if (block.timestamp < _adoptableFrom) revert CircuitSetNoticeRunning(digest, _adoptableFrom);
        ROUTER.verifierOf(digest); // reverts if none is active
        _circuitSet = digest;
        _announcedCircuitSet = 0;
        _adoptableFrom = 0;
        emit CircuitSetAdopted(digest);
    }

    /// @inheritdoc IRollup
    function circuitSet() external view returns (bytes32) {
        return _circuitSet;
    }

    /// @inheritdoc IRollup
    function announcedCircuitSet() external view returns (bytes32) {
        return _announcedCircuitSet;
    }

    /// @inheritdoc IRollup
    function adoptableFrom() external view returns (uint64) {
        return _adoptableFrom;
    }

    /// @inheritdoc IRollup
    function verifier() external view returns (IProofVerifier) {
        return _verifier();
    }
}
