// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProofVerifier} from "../src/IProofVerifier.sol";
import {IRollup} from "../src/IRollup.sol";
import {IVerifierRouter} from "../src/IVerifierRouter.sol";
import {Rollup} from "../src/Rollup.sol";
import {Listings} from "./support/Listings.sol";
import {EXIT_DEADLINE} from "./support/PathDouble.sol";
import {RollupTest} from "./support/RollupTest.sol";
import {Routing} from "./support/Routing.sol";
import {VerifierDouble} from "./support/VerifierDouble.sol";

/// @title How the circuit set that proves batches changes, with a second proof system beside the first
contract CircuitSetsTest is RollupTest {
    bytes32 private constant NEW = "new circuit set";
    VerifierDouble private newVerifier = new VerifierDouble();

    function test_adoptedSetProvesAndTheOldOneNoMore() external {
        IRollup.BatchHeader memory header = _commit("", "");
        _activate(NEW, newVerifier);
        _announce(NEW);
        newVerifier.accept(PROOF, rollup.instances(header));
        _expectProofInvalid(header); // announced is not adopted
        VM.warp(block.timestamp + Routing.NOTICE);
        VM.expectEmit(address(rollup));
        emit IRollup.CircuitSetAdopted(NEW);
        VM.prank(ALICE); // anybody may let it
        rollup.adoptCircuitSet();
        VM.assertEq(rollup.circuitSet(), NEW);
        VM.assertEq(rollup.announcedCircuitSet(), bytes32(0));
        VM.assertEq(rollup.adoptableFrom(), 0);
        VM.assertEq(address(rollup.verifier()), address(newVerifier));
        rollup.proveBatch(header, PROOF); // committed before, proven by the new set

        header = _commit("", "");
        verifier.accept(PROOF, rollup.instances(header));
        _expectProofInvalid(header);
        newVerifier.accept(PROOF, rollup.instances(header));
        rollup.proveBatch(header, PROOF);
        VM.assertEq(rollup.provenBatches(), 2);
    }

    /// Two rollups on one router, each proven by its own set and by no other.
    function test_twoProofSystemsSideBySide() external {
        _activate(NEW, newVerifier);
        Rollup other = new Rollup(router, NEW, GENESIS_ROOT, OPERATOR, EXIT_DEADLINE, path, Listings.none());
        IRollup.BatchHeader memory header = _commit("", "");
        IRollup.CommitData memory batch = _batch("", "");
        batch.number = 1;
        VM.prank(OPERATOR);
        IRollup.BatchHeader memory otherHeader = other.commitBatch(batch);
        newVerifier.accept(PROOF, rollup.instances(header));
        verifier.accept(PROOF, other.instances(otherHeader));
        _expectProofInvalid(header);
        _expect(abi.encodeWithSelector(IProofVerifier.ProofInvalid.selector));
        other.proveBatch(otherHeader, PROOF);
        verifier.accept(PROOF, rollup.instances(header));
        newVerifier.accept(PROOF, other.instances(otherHeader));
        rollup.proveBatch(header, PROOF);
        other.proveBatch(otherHeader, PROOF);
        VM.assertEq(rollup.provenBatches() + other.provenBatches(), 2);
    }

    /// A removed verifier proves nothing from the next transaction on; the rollup goes on with another set.
    function test_removingTheVerifierStopsProving() external {
        IRollup.BatchHeader memory header = _commit("", "");
        verifier.accept(PROOF, rollup.instances(header));
        VM.prank(Routing.OWNER);
        router.remove(Routing.CIRCUIT_SET);
        bytes memory notActive = abi.encodeWithSelector(IVerifierRouter.RouteNotActive.selector, Routing.CIRCUIT_SET);
        _expect(notActive);
        rollup.proveBatch(header, PROOF);
        _expect(notActive);
        rollup.verifier();
        VM.assertEq(rollup.provenBatches(), 0);

        _announce(NEW);
        _activate(NEW, newVerifier); // both notices run at once
        rollup.adoptCircuitSet();
        newVerifier.accept(PROOF, rollup.instances(header));
        rollup.proveBatch(header, PROOF);
        VM.assertEq(rollup.provenBatches(), 1);
    }

    /// A call to an address without code would succeed, whatever the proof.
    function test_revertVerifierWithoutCode() external {
        IRollup.BatchHeader memory header = _commit("", "");
        VM.etch(address(verifier), "");
        (bool proven,) = address(rollup).call(abi.encodeCall(IRollup.proveBatch, (header, PROOF)));
        VM.assertFalse(proven);
        VM.assertEq(rollup.provenBatches(), 0);
    }

    function test_revertCircuitSetNoticeRunning() external {
        _activate(NEW, newVerifier);
        uint256 from = block.timestamp + Routing.NOTICE;
        VM.expectEmit(address(rollup));
        emit IRollup.CircuitSetAnnounced(NEW, uint64(from));
        _announce(NEW);
        VM.assertEq(rollup.announcedCircuitSet(), NEW);
        VM.assertEq(rollup.adoptableFrom(), from);
        VM.warp(from - 1);
        _expectAdoptRevert(abi.encodeWithSelector(IRollup.CircuitSetNoticeRunning.selector, NEW, from));
        // Another announcement does not inherit the time that passed.
        _announce(NEW);
        VM.warp(from);
        _expectAdoptRevert(
            abi.encodeWithSelector(IRollup.CircuitSetNoticeRunning.selector, NEW, from - 1 + Routing.NOTICE)
        );
        VM.warp(from - 1 + Routing.NOTICE);
        rollup.adoptCircuitSet();
        VM.assertEq(rollup.circuitSet(), NEW);
    }

    function test_revertSetNotActiveAtAdoption() external {
        bytes memory notActive = abi.encodeWithSelector(IVerifierRouter.RouteNotActive.selector, NEW);
        _announce(NEW);
        VM.warp(block.timestamp + Routing.NOTICE);
        _expectAdoptRevert(notActive); // the router does not know it
        VM.prank(Routing.OWNER);
        router.announce(NEW, newVerifier);
        _expectAdoptRevert(notActive); // announced there
        VM.warp(block.timestamp + Routing.NOTICE);
        router.activate(NEW);
        VM.prank(Routing.OWNER);
        router.remove(NEW);
        _expectAdoptRevert(notActive); // removed
        VM.assertEq(rollup.circuitSet(), Routing.CIRCUIT_SET);
    }

    function test_revertCircuitSetNotAnnounced() external {
        bytes memory expected = abi.encodeWithSelector(IRollup.CircuitSetNotAnnounced.selector);
        _expectAdoptRevert(expected);
        _activate(NEW, newVerifier);
        _announce(NEW);
        VM.warp(block.timestamp + Routing.NOTICE);
        rollup.adoptCircuitSet();
        _expectAdoptRevert(expected); // once
    }

    function test_revertCircuitSetZero() external {
        _expect(abi.encodeWithSelector(IRollup.CircuitSetZero.selector));
        _announce(0);
    }

    function test_revertCallerNotOperator() external {
        _expect(abi.encodeWithSelector(IRollup.CallerNotOperator.selector, ALICE));
        VM.prank(ALICE);
        rollup.announceCircuitSet(NEW);
    }

    function _announce(bytes32 digest) private {
        VM.prank(OPERATOR);
        rollup.announceCircuitSet(digest);
    }

    /// Through the router's notice.
    function _activate(bytes32 digest, IProofVerifier added) private {
        VM.prank(Routing.OWNER);
        router.announce(digest, added);
        VM.warp(block.timestamp + Routing.NOTICE);
        router.activate(digest);
    }

    function _expectAdoptRevert(bytes memory expected) private {
        _expect(expected);
        rollup.adoptCircuitSet();
    }

    function _expectProofInvalid(IRollup.BatchHeader memory header) private {
        _expect(abi.encodeWithSelector(IProofVerifier.ProofInvalid.selector));
        rollup.proveBatch(header, PROOF);
    }
}
