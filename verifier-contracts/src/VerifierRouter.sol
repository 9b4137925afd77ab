// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProofVerifier} from "./IProofVerifier.sol";
import {IVerifierRouter} from "./IVerifierRouter.sol";

/// @title Router of proofs to the verifier of their circuit set
contract VerifierRouter is IVerifierRouter {
    /// Announces and removes verifiers.
    address public immutable OWNER;
    /// @inheritdoc IVerifierRouter
    uint64 public immutable NOTICE;

    mapping(bytes32 digest => Route route) private _routes;

    modifier onlyOwner() {
        if (msg.sender != OWNER) revert CallerNotOwner(msg.sender);
        _;
    }

    /// @param initial Active at once: nothing depends on a router that has just been made.
    constructor(address owner, uint64 notice, InitialRoute[] memory initial) {
        if (owner == address(0)) revert OwnerMissing();
        OWNER = owner;
        NOTICE = notice;
        for (uint256 i = 0; i < initial.length; ++i) {
            (bytes32 digest, IProofVerifier verifier) = (initial[i].digest, initial[i].verifier);
            _announce(digest, verifier, 0);
            _activate(digest, verifier);
        }
    }

    /// @inheritdoc IVerifierRouter
    function announce(bytes32 digest, IProofVerifier verifier) external onlyOwner {
        _announce(digest, verifier, NOTICE);
    }

    /// @inheritdoc IVerifierRouter
    function activate(bytes32 digest) external {
        Route memory route = _routes[digest];
        if (route.status != Status.Announced) revert RouteStatusUnfit(digest, route.status);
        if (block.timestamp < route.activatableFrom) revert NoticeRunning(digest, route.activatableFrom);
        _activate(digest, route.verifier);
    }

    /// @inheritdoc IVerifierRouter
    function remove(bytes32 digest) external onlyOwner {
        Route storage route = _routes[digest];
        if (route.status != Status.Announced && route.status != Status.Active) {
            revert RouteStatusUnfit(digest, route.status);
        }
        route.status = Status.Removed;
        emit RouteRemoved(digest, address(route.verifier));
    }

    /// @inheritdoc IVerifierRouter
    function verifierOf(bytes32 digest) external view returns (IProofVerifier) {
        Route storage route = _routes[digest];
        if (route.status != Status.Active) revert RouteNotActive(digest);
        return route.verifier;
    }

    /// @inheritdoc IVerifierRouter
    function routeOf(bytes32 digest) external view returns (Route memory) {
        return _routes[digest];
    }

    function _announce(bytes32 digest, IProofVerifier verifier, uint64 notice) private {
        if (digest == 0) revert DigestZero();
        if (address(verifier).code.length == 0) revert VerifierMissing(address(verifier));
        Status status = _routes[digest].status;
        if (status == Status.Active || status == Status.Removed) revert RouteStatusUnfit(digest, status);
        uint64 from = uint64(block.timestamp) + notice;
        _routes[digest] = Route(verifier, from, Status.Announced);
        emit RouteAnnounced(digest, address(verifier), from);
    }

    function _activate(bytes32 digest, IProofVerifier verifier) private {
        _routes[digest].status = Status.Active;
        emit RouteActivated(digest, address(verifier));
    }
}
