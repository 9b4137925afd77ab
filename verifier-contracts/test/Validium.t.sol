// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProofVerifier} from "../src/IProofVerifier.sol";
import {IRollup} from "../src/IRollup.sol";
import {IValidium} from "../src/IValidium.sol";
import {Rollup} from "../src/Rollup.sol";
import {ValidiumRollup} from "../src/ValidiumRollup.sol";
import {Goldilocks} from "../src/libraries/Goldilocks.sol";
import {Attested, Committee} from "./support/Committee.sol";
import {Listings} from "./support/Listings.sol";
import {EXIT_DEADLINE} from "./support/PathDouble.sol";
import {Pubdata} from "./support/Pubdata.sol";
import {RollupTest} from "./support/RollupTest.sol";
import {Routing} from "./support/Routing.sol";

/// @title A rollup whose rollup streams a committee keeps: what it takes the committee's word for, and what not
contract ValidiumTest is RollupTest, Committee {
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    uint256 private constant STRANGER = 0x57a2;

    function _newRollup(IRollup.TokenListing[] memory tokens) internal override returns (Rollup) {
        return _validiumRollup(router, GENESIS_ROOT, OPERATOR, path, tokens);
    }

    function test_commit() external {
        _depositEth(5, AUTH);
        IRollup.CommitData memory batch =
            _batch(bytes.concat(_depositRecord(0, 5, AUTH), _withdrawRecord(0, 1, ALICE)), "");
        Attested memory attested = _attested();
        batch.rollup = _attest(rollup, batch, attested, ALL);
        VM.prank(OPERATOR);
        IRollup.BatchHeader memory header = rollup.commitBatch(batch);
        VM.assertEq(header.rollupWords, attested.words);
        VM.assertEq(header.rollupEval, attested.value);
        VM.assertEq(header.bridgeWords, 15);
        VM.assertEq(header.bridgeEval, Pubdata.evaluate(batch.bridge, header.z));
        VM.assertEq(header.z, _point(batch, attested.words));
        VM.assertEq(rollup.committedRoot(), batch.newRoot);
        VM.assertEq(rollup.dataMode(), bytes32("validium"));
        _prove(header);
        VM.assertEq(rollup.stateRoot(), batch.newRoot);
    }

    /// Three members of four, and what they keep takes no gas.
    function test_commitGas() external {
        rollup = _of(4);
        _depositEthTo(rollup);
        IRollup.CommitData memory batch = _batch("", "");
        batch.rollup = _attestBy(batch, 4, 0x7);
        VM.prank(OPERATOR);
        rollup.commitBatch(batch);
        VM.snapshotGasLastCall("ValidiumRollup", "commitBatch, 3 signatures");
        rollup = _of(32);
        _depositEthTo(rollup);
        batch = _batch("", "");
        batch.rollup = _attestBy(batch, 32, 0x3fffff);
        VM.prank(OPERATOR);
        rollup.commitBatch(batch);
        VM.snapshotGasLastCall("ValidiumRollup", "commitBatch, 22 signatures");
    }

    /// Deposits alone need no committee: all that they say is on L1, and the point is that of calldata.
    function test_aBatchWithoutARollupStreamNeedsNoSignature() external {
        _depositEth(5, AUTH);
        IRollup.CommitData memory batch = _batch(_depositRecord(0, 5, AUTH), "");
        VM.prank(OPERATOR);
        IRollup.BatchHeader memory header = rollup.commitBatch(batch);
        bytes32 digest = keccak256(
            abi.encodePacked(
                "ashlar/eval/v1",
                block.chainid,
                address(rollup),
                batch.number,
                batch.dataHash,
                keccak256(batch.bridge),
                keccak256("")
            )
        );
        VM.assertEq(header.z, Goldilocks.extensionFromDigest(digest));
        VM.assertEq(header.rollupWords, 0);
        VM.assertEq(header.rollupEval, 0);
    }

    /// Two thirds suffice, whoever they are.
    function test_everyTwoThirdsOfTheCommitteeSuffice() external {
        for (uint32 signers = 0; signers <= ALL; ++signers) {
            uint256 state = VM.snapshotState();
            IRollup.CommitData memory batch = _batch("", "");
            batch.rollup = _attest(rollup, batch, _attested(), signers);
            uint256 count = _count(signers);
            if (count < THRESHOLD) _expect(abi.encodeWithSelector(IValidium.SignersTooFew.selector, count, THRESHOLD));
            VM.prank(OPERATOR);
            rollup.commitBatch(batch);
            VM.revertToState(state);
        }
    }

    /// All members and the operator say that ALICE withdraws what she never had. Their word is not asked for it: what the
    /// bridge stream says, L1 evaluates itself, so the only proof that there is, of the stream without the withdrawal, is of
    /// another statement; and what no proof is of pays nobody.
    function test_theWholeCommitteeCannotInventAWithdrawal() external {
        bytes memory invented = _withdrawRecord(0, 1e9, ALICE);
        IRollup.CommitData memory honest = _batch("", "");
        IRollup.CommitData memory batch = _batch(invented, "");
        batch.rollup = _attestAll(rollup, batch, 2);
        VM.prank(OPERATOR);
        IRollup.BatchHeader memory header = rollup.commitBatch(batch);

        // What the circuit can prove at this point: its own bridge stream, of as many words, whatever the rollup stream is.
        bytes[3] memory true_ = [bytes(""), _withdrawRecord(0, 0, ALICE), _withdrawRecord(0, 1e9, OPERATOR)];
        for (uint256 i = 0; i < true_.length; ++i) {
            for (uint128 value = 0; value < 3; ++value) {
                IRollup.BatchHeader memory proven = abi.decode(abi.encode(header), (IRollup.BatchHeader));
                proven.bridgeEval = uint128(Pubdata.evaluate(true_[i], header.z));
                proven.bridgeWords = uint32(true_[i].length / 7);
                if (value > 0) proven.rollupEval = value;
                verifier.accept(PROOF, rollup.instances(proven));
                _expect(abi.encodeWithSelector(IProofVerifier.ProofInvalid.selector));
                rollup.proveBatch(header, PROOF);
                _expect(
                    abi.encodeWithSelector(
                        IRollup.HeaderMismatch.selector, 1, keccak256(abi.encode(proven)), keccak256(abi.encode(header))
                    )
                );
                rollup.proveBatch(proven, PROOF);
            }
        }
        _expect(abi.encodeWithSelector(IRollup.BatchNotProven.selector, 1, 0));
        rollup.claimWithdrawal(header, 0, IRollup.Withdrawal(0, 1e9, ALICE), new bytes32[](0));

        // Leaving it out of the bridge stream, for the circuit alone, is no way either: then L1 pays nothing.
        VM.prank(OPERATOR);
        rollup.revertBatches(header);
        honest.rollup = _attestAll(rollup, honest, 2);
        VM.prank(OPERATOR);
        VM.assertEq(rollup.commitBatch(honest).withdrawalCount, 0);
    }

    /// The point is drawn from all that a liar would fit to it. (That the rollup's own address and chain are in it, the
    /// vectors show.)
    function test_thePointDependsOnDataHashBridgeNumberAndLength() external {
        uint256[5] memory points;
        for (uint256 i = 0; i < points.length; ++i) {
            uint256 state = VM.snapshotState();
            if (i == 4) _commit("", "");
            IRollup.CommitData memory batch = _batch(i == 1 ? _withdrawRecord(0, 1, ALICE) : bytes(""), "");
            batch.dataHash = i == 2 ? 2 : 1;
            Attested memory attested = _attested();
            if (i == 3) ++attested.words;
            batch.rollup = _attest(rollup, batch, attested, ALL);
            VM.prank(OPERATOR);
            points[i] = rollup.commitBatch(batch).z;
            for (uint256 j = 0; j < i; ++j) {
                VM.assertFalse(points[i] == points[j]);
            }
            VM.revertToState(state);
        }
    }

    /// A signature is of one batch: of each thing that it says.
    function test_revertSignaturesOfAnotherBatch() external {
        for (uint256 change = 0; change < 7; ++change) {
            IRollup.CommitData memory signed = _batch("", "");
            IRollup.CommitData memory batch = _batch("", "");
            Attested memory attested = _attested();
            bytes memory head = abi.encodePacked(attested.words, attested.value, attested.expiry, ALL);
            if (change == 0) signed.number += 1;
            if (change == 1) signed.newRoot = 3;
            if (change == 2) signed.dataHash = 3;
            if (change == 3) signed.bridge = _withdrawRecord(0, 1, ALICE);
            if (change == 4) ++attested.words;
            if (change == 5) ++attested.value;
            if (change == 6) ++attested.expiry;
            batch.rollup = bytes.concat(head, _from(_attest(rollup, signed, attested, ALL), 32));
            attested = _attested();
            // Whose signature it would be of what is committed.
            address signer = ecrecoverOf(_digest(rollup, batch, attested), batch.rollup, 0);
            _expectRefused(batch, abi.encodeWithSelector(IValidium.SignatureInvalid.selector, 0, signer));
        }
    }

    /// One member's signature in two places is another member's in neither.
    function test_revertDuplicateSigner() external {
        IRollup.CommitData memory batch = _batch("", "");
        bytes32 digest = _digest(rollup, batch, _attested());
        uint256[] memory keys = _keys(MEMBERS);
        for (uint256 missing = 0; missing < MEMBERS; ++missing) {
            uint256 twice = (missing + 1) % MEMBERS;
            bytes memory attestation = _head(ALL);
            for (uint256 i = 0; i < MEMBERS; ++i) {
                attestation = bytes.concat(attestation, _sign(keys[i == missing ? twice : i], digest));
            }
            batch.rollup = attestation;
            bytes memory expected =
                abi.encodeWithSelector(IValidium.SignatureInvalid.selector, missing, VM.addr(keys[twice]));
            _expectRefused(batch, expected);
        }
    }

    /// Right ones in the wrong order are in the wrong places.
    function test_revertSignersOutOfOrder() external {
        IRollup.CommitData memory batch = _batch("", "");
        bytes32 digest = _digest(rollup, batch, _attested());
        uint256[] memory keys = _keys(MEMBERS);
        batch.rollup = _head(0x0f);
        for (uint256 i = 0; i < 4; ++i) {
            batch.rollup = bytes.concat(batch.rollup, _sign(keys[3 - i], digest));
        }
        _expectRefused(batch, abi.encodeWithSelector(IValidium.SignatureInvalid.selector, 0, VM.addr(keys[3])));
    }

    function test_revertStranger() external {
        IRollup.CommitData memory batch = _batch("", "");
        bytes32 digest = _digest(rollup, batch, _attested());
        uint256[] memory keys = _keys(MEMBERS);
        batch.rollup = _head(0x1e); // members 1 to 4
        for (uint256 i = 1; i < MEMBERS; ++i) {
            batch.rollup = bytes.concat(batch.rollup, _sign(i == 2 ? STRANGER : keys[i], digest));
        }
        _expectRefused(batch, abi.encodeWithSelector(IValidium.SignatureInvalid.selector, 2, VM.addr(STRANGER)));
        // Nor under a number that no member has.
        for (uint256 bit = MEMBERS; bit < 32; ++bit) {
            uint32 signers = uint32(0x0f | (1 << bit));
            batch.rollup = bytes.concat(_head(signers), _from(_attest(rollup, batch, _attested(), 0x0f), 32));
            batch.rollup = bytes.concat(batch.rollup, _sign(STRANGER, digest));
            _expectRefused(batch, abi.encodeWithSelector(IValidium.SignerUnknown.selector, signers, MEMBERS));
        }
    }

    /// `ecrecover` answers zero for what no key signed, and zero is no member.
    function test_revertNobodysSignature() external {
        IRollup.CommitData memory batch = _batch("", "");
        bytes memory whole = _attest(rollup, batch, _attested(), ALL);
        for (uint256 v = 0; v < 256; ++v) {
            batch.rollup = bytes.concat(whole);
            if (uint8(whole[96]) == v) continue;
            batch.rollup[96] = bytes1(uint8(v));
            bool other = v == 27 || v == 28;
            address signer = other ? ecrecoverOf(_digest(rollup, batch, _attested()), batch.rollup, 0) : address(0);
            _expectRefused(batch, abi.encodeWithSelector(IValidium.SignatureInvalid.selector, 0, signer));
        }
        batch.rollup = bytes.concat(_head(0x0f), new bytes(4 * 65));
        _expectRefused(batch, abi.encodeWithSelector(IValidium.SignatureInvalid.selector, 0, address(0)));
    }

    /// The other signature that everybody can write from one: `ecrecover` would take it.
    function test_revertSignatureMalleable() external {
        IRollup.CommitData memory batch = _batch("", "");
        bytes32 digest = _digest(rollup, batch, _attested());
        uint256[] memory keys = _keys(MEMBERS);
        for (uint256 place = 0; place < MEMBERS; ++place) {
            bytes memory attestation = _head(ALL);
            for (uint256 i = 0; i < MEMBERS; ++i) {
                (uint8 v, bytes32 r, bytes32 s) = VM.sign(keys[i], digest);
                if (i == place) {
                    (v, s) = (55 - v, bytes32(ORDER - uint256(s)));
                    VM.assertEq(ecrecover(digest, v, r, s), VM.addr(keys[i]));
                }
                attestation = bytes.concat(attestation, abi.encodePacked(r, s, v));
            }
            batch.rollup = attestation;
            _expectRefused(batch, abi.encodeWithSelector(IValidium.SignatureMalleable.selector, place));
        }
    }

    function test_revertAttestationExpired() external {
        IRollup.CommitData memory batch = _batch("", "");
        Attested memory attested = _attested();
        batch.rollup = _attest(rollup, batch, attested, ALL);
        VM.warp(attested.expiry + 1);
        _expectRefused(batch, abi.encodeWithSelector(IValidium.AttestationExpired.selector, attested.expiry));
        VM.warp(attested.expiry);
        VM.prank(OPERATOR);
        rollup.commitBatch(batch);
    }

    /// All lengths but that of the signatures: whole words, as a calldata rollup takes them, among them.
    function test_revertAttestationLengthInvalid() external {
        IRollup.CommitData memory batch = _batch("", "");
        bytes memory whole = bytes.concat(_attest(rollup, batch, _attested(), 0x0f), new bytes(70));
        for (uint256 length = 1; length <= whole.length; ++length) {
            if (length == 292) continue;
            batch.rollup = _to(whole, length);
            uint256 expected = length < 32 ? 32 : 292;
            _expectRefused(batch, abi.encodeWithSelector(IValidium.AttestationLengthInvalid.selector, length, expected));
        }
    }

    function test_revertAttestedWordsOutOfRange() external {
        uint32[3] memory counts = [uint32(0), 1 << 31, type(uint32).max];
        for (uint256 i = 0; i < counts.length; ++i) {
            IRollup.CommitData memory batch = _batch("", "");
            Attested memory attested = _attested();
            attested.words = counts[i];
            batch.rollup = _attest(rollup, batch, attested, ALL);
            _expectRefused(
                batch, abi.encodeWithSelector(IValidium.AttestedWordsOutOfRange.selector, counts[i], 1 << 31)
            );
        }
    }

    /// Another name for the same value.
    function test_revertAttestedValueNotCanonical() external {
        uint128[3] memory values = [uint128(Goldilocks.P), uint128(Goldilocks.P) << 64, type(uint128).max];
        for (uint256 i = 0; i < values.length; ++i) {
            IRollup.CommitData memory batch = _batch("", "");
            Attested memory attested = _attested();
            attested.value = values[i];
            batch.rollup = _attest(rollup, batch, attested, ALL);
            _expectRefused(batch, abi.encodeWithSelector(IValidium.AttestedValueNotCanonical.selector, values[i]));
        }
    }

    /// All of it is signed, or signs.
    function testFuzz_aChangedAttestationIsRefused(uint256 place, uint8 change) external {
        IRollup.CommitData memory batch = _batch("", "");
        batch.rollup = _attest(rollup, batch, _attested(), 0x1d);
        batch.rollup[place % batch.rollup.length] ^= bytes1(uint8(_bound(change, 1, 255)));
        VM.prank(OPERATOR);
        (bool done,) = address(rollup).call(abi.encodeCall(IRollup.commitBatch, (batch)));
        VM.assertFalse(done);
        VM.assertEq(rollup.committedBatches(), 0);
    }

    /// What other batches are refused for, this one is too.
    function test_revertWhatEveryDataModeRefuses() external {
        IRollup.CommitData memory batch = _batch(_depositRecord(0, 5, AUTH), "");
        batch.rollup = _attestAll(rollup, batch, 2);
        _expectRefused(batch, abi.encodeWithSelector(IRollup.OperationNotQueued.selector, 0));
        batch = _batch("", "");
        batch.rollup = _attestAll(rollup, batch, 2);
        _expect(abi.encodeWithSelector(IRollup.CallerNotOperator.selector, ALICE));
        VM.prank(ALICE);
        rollup.commitBatch(batch);
    }

    function _attested() private view returns (Attested memory) {
        return Attested({words: 2, value: (uint128(5) << 64) | 7, expiry: uint64(block.timestamp) + 600});
    }

    function _head(uint32 signers) private view returns (bytes memory) {
        Attested memory attested = _attested();
        return abi.encodePacked(attested.words, attested.value, attested.expiry, signers);
    }

    function _point(IRollup.CommitData memory batch, uint32 words) private view returns (uint256) {
        bytes memory start = abi.encodePacked("ashlar/validium/v1", block.chainid, address(rollup), batch.number);
        bytes32 digest =
            keccak256(bytes.concat(start, abi.encodePacked(batch.dataHash, keccak256(batch.bridge), words)));
        return uint256(uint128(uint256(digest))) % Pubdata.P | (((uint256(digest) >> 128) % Pubdata.P) << 64);
    }

    function ecrecoverOf(bytes32 digest, bytes memory attestation, uint256 place) private pure returns (address) {
        bytes memory signature = _from(attestation, 32 + 65 * place);
        (bytes32 r, bytes32 s) = abi.decode(_to(signature, 64), (bytes32, bytes32));
        return ecrecover(digest, uint8(signature[64]), r, s);
    }

    function _expectRefused(IRollup.CommitData memory batch, bytes memory expected) private {
        _expect(expected);
        VM.prank(OPERATOR);
        rollup.commitBatch(batch);
    }

    function _of(uint256 members) private returns (Rollup) {
        IValidium.Terms memory terms = IValidium.Terms(EXIT_DEADLINE, _addresses(members));
        return new ValidiumRollup(router, Routing.CIRCUIT_SET, GENESIS_ROOT, OPERATOR, terms, path, Listings.none());
    }

    function _attestBy(IRollup.CommitData memory batch, uint256 members, uint32 signers)
        private
        view
        returns (bytes memory attestation)
    {
        uint256[] memory keys = _keys(members);
        bytes32 digest = _digest(rollup, batch, _attested());
        attestation = _head(signers);
        for (uint256 i = 0; i < members; ++i) {
            if ((signers >> i) & 1 == 1) attestation = bytes.concat(attestation, _sign(keys[i], digest));
        }
    }

    /// So that the slot of the counters is not empty.
    function _depositEthTo(Rollup to) private {
        VM.prank(ALICE);
        to.depositETH{value: 1 gwei}(ALICE, AUTH);
    }

    function _count(uint256 bits) private pure returns (uint256 count) {
        for (; bits > 0; bits >>= 1) {
            count += bits & 1;
        }
    }

    function _to(bytes memory data, uint256 length) private pure returns (bytes memory result) {
        result = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            result[i] = data[i];
        }
    }

    function _from(bytes memory data, uint256 start) private pure returns (bytes memory result) {
        result = new bytes(data.length - start);
        for (uint256 i = 0; i < result.length; ++i) {
            result[i] = data[start + i];
        }
    }
}

/// @title The committee that a validium is made with
contract ValidiumConstructionTest is RollupTest, Committee {
    function test_construction() external {
        uint256[5] memory sizes = [uint256(4), 5, 6, 7, 32];
        uint256[5] memory thresholds = [uint256(3), 4, 4, 5, 22];
        for (uint256 i = 0; i < sizes.length; ++i) {
            address[] memory committee = _addresses(sizes[i]);
            ValidiumRollup made = _deploy(committee);
            VM.assertEq(made.COMMITTEE_SIZE(), sizes[i]);
            VM.assertEq(made.THRESHOLD(), thresholds[i]);
            VM.assertEq(made.EXIT_DEADLINE(), EXIT_DEADLINE);
            for (uint256 j = 0; j < sizes[i]; ++j) {
                VM.assertEq(made.member(j), committee[j]);
            }
            VM.assertEq(made.member(sizes[i]), address(0));
        }
    }

    function test_revertCommitteeSizeOutOfRange() external {
        uint256[4] memory sizes = [uint256(0), 1, 3, 33];
        for (uint256 i = 0; i < sizes.length; ++i) {
            _expectRefused(
                _addresses(sizes[i]),
                abi.encodeWithSelector(IValidium.CommitteeSizeOutOfRange.selector, sizes[i], 4, 32)
            );
        }
    }

    /// Neither twice, nor in another order, nor nobody.
    function test_revertCommitteeNotAscending() external {
        bytes4 selector = IValidium.CommitteeNotAscending.selector;
        address[] memory committee = _addresses(5);
        for (uint256 i = 1; i < 5; ++i) {
            address kept = committee[i];
            committee[i] = committee[i - 1];
            _expectRefused(committee, abi.encodeWithSelector(selector, committee[i]));
            committee[i] = kept;
        }
        (committee[2], committee[3]) = (committee[3], committee[2]);
        _expectRefused(committee, abi.encodeWithSelector(selector, committee[3]));
        committee[0] = address(0);
        _expectRefused(committee, abi.encodeWithSelector(selector, address(0)));
    }

    function _expectRefused(address[] memory committee, bytes memory expected) private {
        _expect(expected);
        _deploy(committee);
    }

    function _deploy(address[] memory committee) private returns (ValidiumRollup) {
        IValidium.Terms memory terms = IValidium.Terms(EXIT_DEADLINE, committee);
        return new ValidiumRollup(router, Routing.CIRCUIT_SET, GENESIS_ROOT, OPERATOR, terms, path, Listings.none());
    }
}
