// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../src/IRollup.sol";
import {IVerifierRouter} from "../src/IVerifierRouter.sol";
import {Rollup} from "../src/Rollup.sol";
import {Listings} from "./support/Listings.sol";
import {EXIT_DEADLINE} from "./support/PathDouble.sol";
import {RollupTest} from "./support/RollupTest.sol";
import {Routing} from "./support/Routing.sol";

/// @title What a rollup is made of, and what it refuses to be made of
contract ConstructionTest is RollupTest {
    function test_construction() external view {
        VM.assertEq(rollup.stateRoot(), GENESIS_ROOT);
        VM.assertEq(rollup.committedRoot(), GENESIS_ROOT);
        VM.assertEq(rollup.committedTime(), 0);
        VM.assertEq(rollup.OPERATOR(), OPERATOR);
        VM.assertEq(address(rollup.ROUTER()), address(router));
        VM.assertEq(rollup.dataMode(), bytes32("calldata"));
        VM.assertEq(rollup.circuitSet(), Routing.CIRCUIT_SET);
        VM.assertEq(rollup.announcedCircuitSet(), bytes32(0));
        VM.assertEq(rollup.adoptableFrom(), 0);
        VM.assertEq(address(rollup.verifier()), address(verifier));
    }

    function test_revertOperatorMissing() external {
        _expect(abi.encodeWithSelector(IRollup.OperatorMissing.selector));
        new Rollup(router, Routing.CIRCUIT_SET, GENESIS_ROOT, address(0), EXIT_DEADLINE, path, Listings.none());
    }

    function test_revertGenesisRootNotCanonical() external {
        _expect(abi.encodeWithSelector(IRollup.HashNotCanonical.selector, type(uint256).max));
        new Rollup(router, Routing.CIRCUIT_SET, type(uint256).max, OPERATOR, EXIT_DEADLINE, path, Listings.none());
    }

    function test_revertRouterMissing() external {
        _expect(abi.encodeWithSelector(IRollup.RouterMissing.selector, ALICE));
        new Rollup(
            IVerifierRouter(ALICE), Routing.CIRCUIT_SET, GENESIS_ROOT, OPERATOR, EXIT_DEADLINE, path, Listings.none()
        );
    }

    function test_revertCircuitSetNotActive() external {
        _expect(abi.encodeWithSelector(IVerifierRouter.RouteNotActive.selector, bytes32("another")));
        new Rollup(router, "another", GENESIS_ROOT, OPERATOR, EXIT_DEADLINE, path, Listings.none());
    }
}
