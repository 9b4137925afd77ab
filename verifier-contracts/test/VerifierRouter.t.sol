// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProofVerifier} from "../src/IProofVerifier.sol";
import {IVerifierRouter} from "../src/IVerifierRouter.sol";
import {VerifierRouter} from "../src/VerifierRouter.sol";
import {Routing} from "./support/Routing.sol";
import {Test} from "./support/Test.sol";
import {VerifierDouble} from "./support/VerifierDouble.sol";

contract VerifierRouterTest is Test {
    address private constant ALICE = address(0xa11ce);
    bytes32 private constant NEW = "new circuit set";

    VerifierRouter private router;
    IProofVerifier private first = new VerifierDouble();
    IProofVerifier private second = new VerifierDouble();

    function setUp() external {
        VM.warp(1_800_000_000);
        router = Routing.single(first);
    }

    function test_initialRoutesAreActiveAtOnce() external {
        IVerifierRouter.InitialRoute[] memory routes = new IVerifierRouter.InitialRoute[](2);
        routes[0] = IVerifierRouter.InitialRoute("a", first);
        routes[1] = IVerifierRouter.InitialRoute("b", second);
        router = new VerifierRouter(ALICE, 3, routes);
        VM.assertEq(address(router.verifierOf("a")), address(first));
        VM.assertEq(address(router.verifierOf("b")), address(second));
        VM.assertEq(router.OWNER(), ALICE);
        VM.assertEq(router.NOTICE(), 3);
    }

    function test_announcedThenActive() external {
        uint256 from = block.timestamp + Routing.NOTICE;
        VM.expectEmit(address(router));
        emit IVerifierRouter.RouteAnnounced(NEW, address(second), uint64(from));
        _announce(NEW, second);
        _expectRoute(NEW, second, IVerifierRouter.Status.Announced);
        _expectInactive(NEW);
        VM.warp(from - 1);
        VM.expectRevert(abi.encodeWithSelector(IVerifierRouter.NoticeRunning.selector, NEW, from));
        router.activate(NEW);
        VM.warp(from);
        VM.expectEmit(address(router));
        emit IVerifierRouter.RouteActivated(NEW, address(second));
        VM.prank(ALICE); // anybody may activate
        router.activate(NEW);
        VM.assertEq(address(router.verifierOf(NEW)), address(second));
        _expectRoute(NEW, second, IVerifierRouter.Status.Active);
        VM.assertEq(address(router.verifierOf(Routing.CIRCUIT_SET)), address(first)); // side by side
    }

    function test_announcingAnotherVerifierStartsTheNoticeAnew() external {
        _announce(NEW, first);
        VM.warp(block.timestamp + Routing.NOTICE);
        _announce(NEW, second);
        uint256 from = block.timestamp + Routing.NOTICE;
        VM.expectRevert(abi.encodeWithSelector(IVerifierRouter.NoticeRunning.selector, NEW, from));
        router.activate(NEW);
        VM.warp(from);
        router.activate(NEW);
        VM.assertEq(address(router.verifierOf(NEW)), address(second));
    }

    function test_anActiveDigestNeverPointsElsewhere() external {
        _expectUnfit(Routing.CIRCUIT_SET, IVerifierRouter.Status.Active);
        _announce(Routing.CIRCUIT_SET, second);
        VM.warp(block.timestamp + Routing.NOTICE);
        _expectUnfit(Routing.CIRCUIT_SET, IVerifierRouter.Status.Active);
        router.activate(Routing.CIRCUIT_SET);
        VM.assertEq(address(router.verifierOf(Routing.CIRCUIT_SET)), address(first));
    }

    function test_aRemovedDigestNeverReturns() external {
        VM.expectEmit(address(router));
        emit IVerifierRouter.RouteRemoved(Routing.CIRCUIT_SET, address(first));
        _remove(Routing.CIRCUIT_SET);
        _expectInactive(Routing.CIRCUIT_SET);
        _expectRoute(Routing.CIRCUIT_SET, first, IVerifierRouter.Status.Removed);
        _expectUnfit(Routing.CIRCUIT_SET, IVerifierRouter.Status.Removed);
        _announce(Routing.CIRCUIT_SET, first);
        VM.warp(block.timestamp + Routing.NOTICE);
        _expectUnfit(Routing.CIRCUIT_SET, IVerifierRouter.Status.Removed);
        router.activate(Routing.CIRCUIT_SET);
        _expectUnfit(Routing.CIRCUIT_SET, IVerifierRouter.Status.Removed);
        _remove(Routing.CIRCUIT_SET);
    }

    function test_anAnnouncementCanBeRemoved() external {
        _announce(NEW, second);
        _remove(NEW);
        VM.warp(block.timestamp + Routing.NOTICE);
        _expectUnfit(NEW, IVerifierRouter.Status.Removed);
        router.activate(NEW);
        _expectInactive(NEW);
    }

    function test_revertRouteUnknown() external {
        _expectInactive(NEW);
        _expectInactive(0);
        _expectUnfit(NEW, IVerifierRouter.Status.Unknown);
        router.activate(NEW);
        _expectUnfit(NEW, IVerifierRouter.Status.Unknown);
        _remove(NEW);
    }

    function test_revertCallerNotOwner() external {
        bytes memory expected = abi.encodeWithSelector(IVerifierRouter.CallerNotOwner.selector, ALICE);
        VM.expectRevert(expected);
        VM.prank(ALICE);
        router.announce(NEW, second);
        VM.expectRevert(expected);
        VM.prank(ALICE);
        router.remove(Routing.CIRCUIT_SET);
    }

    function test_revertUnusableAnnouncements() external {
        VM.expectRevert(abi.encodeWithSelector(IVerifierRouter.DigestZero.selector));
        _announce(0, second);
        VM.expectRevert(abi.encodeWithSelector(IVerifierRouter.VerifierMissing.selector, ALICE));
        _announce(NEW, IProofVerifier(ALICE));
    }

    function test_revertUnusableConstruction() external {
        IVerifierRouter.InitialRoute[] memory routes = new IVerifierRouter.InitialRoute[](1);
        routes[0] = IVerifierRouter.InitialRoute(NEW, first);
        VM.expectRevert(abi.encodeWithSelector(IVerifierRouter.OwnerMissing.selector));
        new VerifierRouter(address(0), 0, routes);
        routes[0] = IVerifierRouter.InitialRoute(0, first);
        VM.expectRevert(abi.encodeWithSelector(IVerifierRouter.DigestZero.selector));
        new VerifierRouter(ALICE, 0, routes);
        routes[0] = IVerifierRouter.InitialRoute(NEW, IProofVerifier(ALICE));
        VM.expectRevert(abi.encodeWithSelector(IVerifierRouter.VerifierMissing.selector, ALICE));
        new VerifierRouter(ALICE, 0, routes);
        routes = new IVerifierRouter.InitialRoute[](2);
        routes[0] = IVerifierRouter.InitialRoute(NEW, first);
        routes[1] = IVerifierRouter.InitialRoute(NEW, second);
        _expectUnfit(NEW, IVerifierRouter.Status.Active);
        new VerifierRouter(ALICE, 0, routes);
    }

    function _announce(bytes32 digest, IProofVerifier verifier) private {
        VM.prank(Routing.OWNER);
        router.announce(digest, verifier);
    }

    function _remove(bytes32 digest) private {
        VM.prank(Routing.OWNER);
        router.remove(digest);
    }

    function _expectUnfit(bytes32 digest, IVerifierRouter.Status status) private {
        VM.expectRevert(abi.encodeWithSelector(IVerifierRouter.RouteStatusUnfit.selector, digest, status));
    }

    function _expectInactive(bytes32 digest) private {
        VM.expectRevert(abi.encodeWithSelector(IVerifierRouter.RouteNotActive.selector, digest));
        router.verifierOf(digest);
    }

    function _expectRoute(bytes32 digest, IProofVerifier verifier, IVerifierRouter.Status status) private view {
        IVerifierRouter.Route memory route = router.routeOf(digest);
        VM.assertEq(address(route.verifier), address(verifier));
        VM.assertEq(uint256(route.status), uint256(status));
    }
}
