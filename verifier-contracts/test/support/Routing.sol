// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProofVerifier} from "../../src/IProofVerifier.sol";
import {IVerifierRouter} from "../../src/IVerifierRouter.sol";
import {VerifierRouter} from "../../src/VerifierRouter.sol";

/// @title Routers for tests
library Routing {
    address internal constant OWNER = address(0x0123e7);
    uint64 internal constant NOTICE = 7 days;
    bytes32 internal constant CIRCUIT_SET = "circuit set";

    /// A router that knows this verifier, for `CIRCUIT_SET`.
    function single(IProofVerifier verifier) internal returns (VerifierRouter) {
        IVerifierRouter.InitialRoute[] memory routes = new IVerifierRouter.InitialRoute[](1);
        routes[0] = IVerifierRouter.InitialRoute(CIRCUIT_SET, verifier);
        return new VerifierRouter(OWNER, NOTICE, routes);
    }
}
