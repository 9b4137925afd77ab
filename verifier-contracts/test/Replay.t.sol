// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../src/IRollup.sol";
import {RollupTest} from "./support/RollupTest.sol";

/// @title Old, foreign and oddly encoded headers and batches
contract ReplayTest is RollupTest {
    /// Bits above a narrow field give no second name to a header, in any entry point.
    function test_dirtyHeadersAreRefused() external {
        _depositEth(5, AUTH);
        bytes memory bridge = bytes.concat(_depositRecord(0, 5, AUTH), _withdrawRecord(0, 1, ALICE));
        IRollup.BatchHeader memory header = _commit(bridge, "");
        verifier.accept(PROOF, rollup.instances(header));
        bytes memory prove = abi.encodeCall(IRollup.proveBatch, (header, PROOF));
        _expectDirtyRefused(prove);
        _expectDirtyRefused(abi.encodeCall(IRollup.revertBatches, (header)));
        _call(prove, true);
        IRollup.Withdrawal memory withdrawal = IRollup.Withdrawal(0, 1, ALICE);
        bytes memory claim = abi.encodeCall(IRollup.claimWithdrawal, (header, 0, withdrawal, new bytes32[](0)));
        _expectDirtyRefused(claim);
        _call(claim, true);
    }

    /// A header whose batch was reverted is neither proven nor claimed from, whatever took its place.
    function test_revertedHeadersAreDead() external {
        _depositEth(100, AUTH);
        bytes memory bridge = bytes.concat(_depositRecord(0, 100, AUTH), _withdrawRecord(0, 10, ALICE));
        IRollup.BatchHeader memory dead = _commit(bridge, "");
        verifier.accept(PROOF, rollup.instances(dead));
        _revert(dead);
        _expect(abi.encodeWithSelector(IRollup.BatchNotProvable.selector, 1, 1, 0));
        rollup.proveBatch(dead, PROOF);
        IRollup.BatchHeader memory live = _commit("", "");
        bytes memory mismatch = abi.encodeWithSelector(
            IRollup.HeaderMismatch.selector, 1, keccak256(abi.encode(dead)), keccak256(abi.encode(live))
        );
        _expect(mismatch);
        rollup.proveBatch(dead, PROOF);
        _prove(live);
        _expect(mismatch);
        rollup.claimWithdrawal(dead, 0, IRollup.Withdrawal(0, 10, ALICE), new bytes32[](0));
    }

    /// The hashes of batches after the first reverted one stay in storage, out of reach.
    function test_staleHashesAreOutOfReach() external {
        IRollup.BatchHeader memory first = _commit("", "");
        IRollup.BatchHeader memory second = _commit("", "");
        IRollup.BatchHeader memory third = _commit("", "");
        _revert(second);
        IRollup.BatchHeader memory other = _commit("", new bytes(7));
        VM.assertEq(rollup.headerHash(3), keccak256(abi.encode(third)));
        _prove(first);
        _prove(other);
        verifier.accept(PROOF, rollup.instances(third));
        _expect(abi.encodeWithSelector(IRollup.BatchNotProvable.selector, 3, 3, 2));
        rollup.proveBatch(third, PROOF);
        _expect(abi.encodeWithSelector(IRollup.BatchNotRevertible.selector, 3, 2, 2));
        _revert(third);
        _expect(abi.encodeWithSelector(IRollup.BatchNotProven.selector, 3, 2));
        rollup.claimWithdrawal(third, 0, IRollup.Withdrawal(0, 1, ALICE), new bytes32[](0));
    }

    /// The same data under the same number is the same batch: a proof made before the revert stays good.
    function test_recommittedBatchKeepsItsProof() external {
        _depositEth(5, AUTH);
        bytes memory bridge = _depositRecord(0, 5, AUTH);
        IRollup.BatchHeader memory header = _commit(bridge, "");
        verifier.accept(PROOF, rollup.instances(header));
        _revert(header);
        VM.assertEq(rollup.committedOperations(), 0);
        VM.assertEq(keccak256(abi.encode(_commit(bridge, ""))), keccak256(abi.encode(header)));
        rollup.proveBatch(header, PROOF);
        VM.assertEq(rollup.provenBatches(), 1);
    }

    /// Batch 0 is the genesis state: it has no header, so nothing is claimed from it and it is not reverted.
    function test_batchZeroHasNoHeader() external {
        IRollup.BatchHeader memory header;
        header.withdrawalCount = 1;
        _expect(abi.encodeWithSelector(IRollup.HeaderMismatch.selector, 0, keccak256(abi.encode(header)), bytes32(0)));
        rollup.claimWithdrawal(header, 0, IRollup.Withdrawal(0, 0, ALICE), new bytes32[](0));
        _expect(abi.encodeWithSelector(IRollup.BatchNotRevertible.selector, 0, 0, 0));
        _revert(header);
    }

    /// Both streams in the same bytes of calldata are read as if each had its own.
    function test_aliasedStreams() external {
        _depositEth(5, AUTH);
        bytes memory stream = _depositRecord(0, 5, AUTH);
        bytes memory call = abi.encodeCall(IRollup.commitBatch, (_batch(stream, stream)));
        IRollup.BatchHeader memory header = abi.decode(_call(call, true), (IRollup.BatchHeader));
        _revert(header);
        // Selector, offset of the struct, then number, time, new root, data hash, fee account, two offsets.
        for (uint256 i = 0; i < 32; ++i) {
            call[36 + 6 * 32 + i] = call[36 + 5 * 32 + i];
        }
        VM.assertEq(_call(call, true), abi.encode(header));
        VM.assertEq(header.bridgeEval, header.rollupEval);
    }

    /// One bit above each narrow field of the header, which is the first argument.
    function _expectDirtyRefused(bytes memory data) private {
        uint8[8] memory bits = [64, 64, 32, 32, 32, 32, 32, 32];
        for (uint256 field = 0; field < bits.length; ++field) {
            bytes memory dirty = bytes.concat(data);
            dirty[4 + 32 * field + 31 - bits[field] / 8] = 0x01;
            _call(dirty, false);
        }
        for (uint256 field = 11; field < 14; ++field) {
            bytes memory dirty = bytes.concat(data);
            dirty[4 + 32 * field + 15] ^= 0x01;
            _call(dirty, false);
        }
    }

    function _call(bytes memory data, bool expected) private returns (bytes memory answer) {
        bool done;
        VM.prank(OPERATOR);
        (done, answer) = address(rollup).call(data);
        VM.assertTrue(done == expected);
    }

    function _revert(IRollup.BatchHeader memory first) private {
        VM.prank(OPERATOR);
        rollup.revertBatches(first);
    }
}
