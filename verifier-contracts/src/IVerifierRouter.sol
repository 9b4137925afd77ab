// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProofVerifier} from "./IProofVerifier.sol";

/// @title Which verifier belongs to which set of circuits
/// @notice A circuit set is named by its digest. Its verifier is announced by the owner, becomes active after a notice
/// that everybody can read, and then never changes; the owner can only remove it, for ever. So the owner can stop the
/// proofs of a broken set at once, and can never make a statement true that its circuits do not prove.
interface IVerifierRouter {
    enum Status {
        Unknown,
        Announced,
        Active,
        Removed
    }

    /// What the router knows of a digest; one storage slot.
    struct Route {
        IProofVerifier verifier;
        /// From when on the announced verifier can be activated, in seconds since the Unix epoch.
        uint64 activatableFrom;
        Status status;
    }

    /// A route that is active from the router's construction on.
    struct InitialRoute {
        bytes32 digest;
        IProofVerifier verifier;
    }

    event RouteAnnounced(bytes32 indexed digest, address indexed verifier, uint64 activatableFrom);
    event RouteActivated(bytes32 indexed digest, address indexed verifier);
    event RouteRemoved(bytes32 indexed digest, address indexed verifier);

    /// A router without an owner could neither add nor remove a verifier.
    error OwnerMissing();
    /// The caller is not the owner.
    error CallerNotOwner(address caller);
    /// Zero names no circuit set.
    error DigestZero();
    /// No contract at the verifier's address.
    error VerifierMissing(address verifier);
    /// The call does not fit what the router knows of the digest: an active or removed one cannot be announced, only an
    /// announced one can be activated, only an announced or active one can be removed.
    error RouteStatusUnfit(bytes32 digest, Status status);
    /// The notice is not over.
    error NoticeRunning(bytes32 digest, uint64 activatableFrom);
    /// No verifier is active for the circuit set.
    error RouteNotActive(bytes32 digest);

    /// @notice Announces the verifier of a circuit set. Owner only. Announcing another one before activation starts the
    /// notice anew.
    function announce(bytes32 digest, IProofVerifier verifier) external;

    /// @notice Makes an announced verifier active once its notice is over. Anybody may call.
    function activate(bytes32 digest) external;

    /// @notice Removes an announced or active verifier at once; its digest can never be announced again. Owner only.
    function remove(bytes32 digest) external;

    /// @notice The active verifier of a circuit set; reverts with `RouteNotActive` if there is none.
    function verifierOf(bytes32 digest) external view returns (IProofVerifier);
    /// @notice All that the router knows of a circuit set.
    function routeOf(bytes32 digest) external view returns (Route memory);
    /// @notice Seconds between an announcement and the earliest activation.
    function NOTICE() external view returns (uint64);
}
