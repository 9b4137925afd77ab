// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProofVerifier} from "../src/IProofVerifier.sol";
import {IRollup} from "../src/IRollup.sol";
import {Listings} from "./support/Listings.sol";
import {RollupTest} from "./support/RollupTest.sol";

contract ProveTest is RollupTest {
    function test_prove() external {
        IRollup.BatchHeader memory header = _commit("", new bytes(14));
        verifier.accept(PROOF, rollup.instances(header));
        VM.expectEmit(address(rollup));
        emit IRollup.BatchProven(1, header.newRoot);
        VM.prank(ALICE); // anybody may prove
        rollup.proveBatch(header, PROOF);
        _snapshotGas("proveBatch, without the verifier");
        VM.assertEq(rollup.stateRoot(), header.newRoot);
        VM.assertEq(rollup.provenBatches(), 1);
    }

    function test_commitAndProve() external {
        IRollup.CommitData memory batch = _batch("", new bytes(14));
        VM.prank(OPERATOR);
        IRollup.BatchHeader memory header = rollup.commitBatch(batch);
        verifier.accept(PROOF, rollup.instances(header));
        VM.prank(OPERATOR);
        rollup.revertBatches(header);
        VM.prank(OPERATOR);
        rollup.commitAndProveBatch(batch, PROOF);
        VM.assertEq(rollup.stateRoot(), batch.newRoot);
        VM.assertEq(rollup.committedBatches(), 1);
        VM.assertEq(rollup.provenBatches(), 1);
    }

    function test_provesInOrder() external {
        IRollup.BatchHeader memory first = _commit("", "");
        IRollup.BatchHeader memory second = _commit("", "");
        verifier.accept(PROOF, rollup.instances(second));
        _expect(abi.encodeWithSelector(IRollup.BatchNotProvable.selector, 2, 1, 2));
        rollup.proveBatch(second, PROOF);
        _prove(first);
        _prove(second);
        VM.assertEq(rollup.stateRoot(), second.newRoot);
        _expect(abi.encodeWithSelector(IRollup.BatchNotProvable.selector, 2, 3, 2)); // once
        rollup.proveBatch(second, PROOF);
    }

    function test_revertProofInvalid() external {
        IRollup.BatchHeader memory header = _commit("", "");
        _expect(abi.encodeWithSelector(IProofVerifier.ProofInvalid.selector));
        rollup.proveBatch(header, PROOF);
        VM.assertEq(rollup.stateRoot(), GENESIS_ROOT);

        IRollup.CommitData memory batch = _batch("", "");
        _expect(abi.encodeWithSelector(IRollup.EarlierBatchesUnproven.selector, 0, 1));
        VM.prank(OPERATOR);
        rollup.commitAndProveBatch(batch, PROOF);

        VM.prank(OPERATOR);
        rollup.revertBatches(header);
        batch = _batch("", "");
        _expect(abi.encodeWithSelector(IProofVerifier.ProofInvalid.selector));
        VM.prank(OPERATOR);
        rollup.commitAndProveBatch(batch, PROOF);
        VM.assertEq(rollup.committedBatches(), 0); // the commitment went with the proof
    }

    function test_revertCallerNotOperator() external {
        IRollup.CommitData memory batch = _batch("", "");
        _expect(abi.encodeWithSelector(IRollup.CallerNotOperator.selector, ALICE));
        VM.prank(ALICE);
        rollup.commitAndProveBatch(batch, PROOF);
        IRollup.BatchHeader memory header = _commit("", "");
        _expect(abi.encodeWithSelector(IRollup.CallerNotOperator.selector, ALICE));
        VM.prank(ALICE);
        rollup.revertBatches(header);
    }

    /// Each field of the header is bound by the stored hash.
    function test_revertHeaderMismatch() external {
        _depositEth(5, AUTH);
        IRollup.BatchHeader memory header = _commit(_depositRecord(0, 5, AUTH), "");
        bytes memory encoded = abi.encode(header);
        uint256 fields = encoded.length / 32;
        VM.assertEq(fields, 15);
        for (uint256 field = 1; field < fields; ++field) {
            bytes memory changed = bytes.concat(encoded);
            changed[32 * field + 31] ^= 0x01;
            IRollup.BatchHeader memory other = abi.decode(changed, (IRollup.BatchHeader));
            verifier.accept(PROOF, rollup.instances(other));
            _expect(abi.encodeWithSelector(IRollup.HeaderMismatch.selector, 1, keccak256(changed), keccak256(encoded)));
            rollup.proveBatch(other, PROOF);
        }
    }

    function test_revertBatches() external {
        _depositEth(5, AUTH);
        _depositEth(6, AUTH);
        IRollup.BatchHeader memory first = _commit(_depositRecord(0, 5, AUTH), "");
        IRollup.BatchHeader memory second = _commit(_depositRecord(0, 6, AUTH), "");
        IRollup.BatchHeader memory third = _commit("", new bytes(14));
        _prove(first);

        _expectRevertBatchesRevert(first, abi.encodeWithSelector(IRollup.BatchNotRevertible.selector, 1, 1, 3));
        VM.expectEmit(address(rollup));
        emit IRollup.BatchesReverted(2, 3);
        VM.prank(OPERATOR);
        rollup.revertBatches(second);
        VM.assertEq(rollup.committedBatches(), 1);
        VM.assertEq(rollup.committedRoot(), first.newRoot);
        VM.assertEq(rollup.committedOperations(), 1);
        _expectRevertBatchesRevert(third, abi.encodeWithSelector(IRollup.BatchNotRevertible.selector, 3, 1, 1));

        // What was reverted cannot be proven, whatever the verifier says; its deposit waits in the queue again.
        verifier.accept(PROOF, rollup.instances(second));
        _expect(abi.encodeWithSelector(IRollup.BatchNotProvable.selector, 2, 2, 1));
        rollup.proveBatch(second, PROOF);
        _prove(_commit(bytes.concat(_depositRecord(0, 6, AUTH), _withdrawRecord(0, 1, ALICE)), ""));
        VM.assertEq(rollup.provenBatches(), 2);
    }

    function test_revertBatchesWithWrongHeader() external {
        IRollup.BatchHeader memory header = _commit("", "");
        bytes32 committed = keccak256(abi.encode(header));
        header.oldRoot ^= 1;
        _expectRevertBatchesRevert(
            header, abi.encodeWithSelector(IRollup.HeaderMismatch.selector, 1, keccak256(abi.encode(header)), committed)
        );
    }

    function _expectRevertBatchesRevert(IRollup.BatchHeader memory header, bytes memory expected) private {
        _expect(expected);
        VM.prank(OPERATOR);
        rollup.revertBatches(header);
    }
}

contract ProveGasTest is RollupTest {
    /// What the second transaction costs beyond its work: its intrinsic gas, the header in its calldata, the slots that it
    /// finds cold. Where the floor of EIP-7623 binds a commit, the verifier's gas counts against it, too.
    /// Proofs have the wrap's size, streams no zero bytes; the verifier takes everything, for the gas of the wrap's.
    function test_commitAndProveSavesGas() external {
        // 11,375 turns of 26 gas: n; do { --n } while (n != 0); stop
        VM.etch(address(verifier), hex"62002c6f5b600190038060045700");
        _measureBoth(64, "64 transfers");
        _measureBoth(1000, "1000 transfers");
    }

    function _measureBoth(uint256 transfers, string memory name) private {
        bytes memory proof = _filled(1888);
        bytes memory stream = _filled(14 * transfers);
        rollup = _newRollup(Listings.none());
        rollup.proveBatch(_commit("", ""), proof); // later batches find no slot empty but that of their own hash

        IRollup.BatchHeader memory header = _commit("", stream);
        uint256 apart = VM.lastCallGas().gasTotalUsed;
        rollup.proveBatch(header, proof);
        apart += VM.lastCallGas().gasTotalUsed;
        VM.snapshotValue("Rollup", string.concat("commitBatch and proveBatch of ", name), apart);

        IRollup.CommitData memory batch = _batch("", stream);
        VM.prank(OPERATOR);
        rollup.commitAndProveBatch(batch, proof);
        uint256 together = VM.lastCallGas().gasTotalUsed;
        VM.snapshotValue("Rollup", string.concat("commitAndProveBatch of ", name), together);
        VM.assertEq(rollup.provenBatches(), 3);
        VM.assertGe(apart, together + 21_000, "no transaction is saved");
    }

    function _filled(uint256 length) private pure returns (bytes memory filled) {
        filled = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            filled[i] = bytes1(uint8(uint256(keccak256(abi.encode(i)))) | 1);
        }
    }
}
