// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BlobRollup} from "../src/BlobRollup.sol";
import {INSTANCE_COUNT, IProofVerifier} from "../src/IProofVerifier.sol";
import {IRollup} from "../src/IRollup.sol";
import {Rollup} from "../src/Rollup.sol";
import {Goldilocks} from "../src/libraries/Goldilocks.sol";
import {BlobBound, BlobMode} from "./support/BlobMode.sol";
import {Pubdata} from "./support/Pubdata.sol";
import {Vectors} from "./support/Vectors.sol";

/// @title Rollup streams in blobs, of test/vectors/blobs.json: each is opened by the real precompile
/// forge-config: default.isolate = false
contract BlobTest is Vectors {
    uint256 private constant VECTORS = 4;
    /// The one with a bridge stream.
    uint256 private constant BOTH = 2;
    uint256 private constant ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
    bytes private constant PROOF = "a proof that the double was told to accept";
    address private constant PRECOMPILE = address(0x0a);

    BlobRollup private rollup;

    function setUp() external {
        json = VM.readFile("test/vectors/blobs.json");
    }

    function test_vectors() external {
        for (uint256 i = 0; i < VECTORS; ++i) {
            IRollup.CommitData memory batch = _use(i);
            IRollup.BatchHeader memory header = rollup.commitBatch(batch);
            _checkHeader(rollup, header);
            VM.assertEq(header.rollupEval, _uint("y"));
            VM.assertEq(rollup.headerHash(1), keccak256(abi.encode(header)));
            VM.assertEq(_point(batch), _uint("point"));
            VM.assertEq(rollup.dataMode(), bytes32("blob"));
        }
        VM.assertFalse(_exists("blobs", VECTORS));
    }

    function test_theProofIsOfTheLinkedStatement() external {
        IRollup.CommitData memory batch = _use(BOTH);
        uint256[INSTANCE_COUNT] memory instances = _instances();
        // Without the link, or of another value of the blob.
        for (uint256 changed = 0; changed < 6; ++changed) {
            uint256[INSTANCE_COUNT] memory others = _instances();
            if (changed == 0) others[7] -= 1 << (64 + 56);
            if (changed == 1) others[6] ^= 1 << 128;
            if (changed == 2) others[7] ^= 1;
            if (changed > 2) others[8] ^= 1 << (64 * (changed - 3));
            verifier.accept("of others", others);
            VM.expectRevert(abi.encodeWithSelector(IProofVerifier.ProofInvalid.selector));
            rollup.commitAndProveBatch(batch, "of others");
        }
        verifier.accept(PROOF, instances);
        IRollup.BatchHeader memory header = rollup.commitBatch(batch);
        VM.blobhashes(new bytes32[](0)); // proving needs no blob
        rollup.proveBatch(header, PROOF);
        VM.assertEq(rollup.stateRoot(), batch.newRoot);
    }

    function test_commitAndProve() external {
        IRollup.CommitData memory batch = _use(BOTH);
        verifier.accept(PROOF, _instances());
        rollup.commitAndProveBatch(batch, PROOF);
        VM.assertEq(rollup.stateRoot(), batch.newRoot);
    }

    /// The stored hash binds all of the value, not its low half alone.
    function test_revertHeaderOfAnotherValue() external {
        IRollup.CommitData memory batch = _use(BOTH);
        IRollup.BatchHeader memory header = rollup.commitBatch(batch);
        bytes32 committed = keccak256(abi.encode(header));
        for (uint256 bit = 0; bit < 256; bit += 51) {
            header.rollupEval ^= 1 << bit;
            bytes32 hash = keccak256(abi.encode(header));
            VM.expectRevert(abi.encodeWithSelector(IRollup.HeaderMismatch.selector, 1, hash, committed));
            rollup.proveBatch(header, PROOF);
            header.rollupEval ^= 1 << bit;
        }
    }

    function test_aBatchIsRevertedAndCommittedAgain() external {
        IRollup.CommitData memory batch = _use(BOTH);
        IRollup.BatchHeader memory header = rollup.commitBatch(batch);
        rollup.revertBatches(header);
        VM.assertEq(rollup.committedBatches(), 0);
        VM.assertEq(keccak256(abi.encode(rollup.commitBatch(batch))), keccak256(abi.encode(header)));
    }

    function test_revertBlobMissing() external {
        IRollup.CommitData memory batch = _use(BOTH);
        VM.blobhashes(new bytes32[](0));
        _expectRefused(batch, abi.encodeWithSelector(IRollup.BlobMissing.selector));
    }

    /// Whichever of the two is the one that is opened.
    function test_revertBlobUnexpected() external {
        IRollup.CommitData memory batch = _use(BOTH);
        bytes32[] memory hashes = new bytes32[](2);
        (hashes[0], hashes[1]) = (_versionedHash(), BlobMode.one()[0]);
        VM.blobhashes(hashes);
        _expectRefused(batch, abi.encodeWithSelector(IRollup.BlobUnexpected.selector, hashes[1]));
        (hashes[0], hashes[1]) = (hashes[1], hashes[0]);
        VM.blobhashes(hashes);
        _expectRefused(batch, abi.encodeWithSelector(IRollup.BlobUnexpected.selector, hashes[1]));
    }

    /// All lengths but 132, those of whole words (as a calldata rollup takes) among them.
    function test_revertBlobOpeningLengthInvalid() external {
        IRollup.CommitData memory batch = _use(BOTH);
        for (uint256 length = 1; length <= 266; ++length) {
            if (length == 132) continue;
            batch.rollup = _head(bytes.concat(_bytes("opening"), _bytes("opening"), hex"0000"), length);
            _expectRefused(batch, abi.encodeWithSelector(IRollup.BlobOpeningLengthInvalid.selector, length, 132));
        }
    }

    function test_revertBlobWordsOutOfRange() external {
        IRollup.CommitData memory batch = _use(BOTH);
        uint32[4] memory counts = [uint32(0), 16_385, 1 << 24, type(uint32).max];
        for (uint256 i = 0; i < counts.length; ++i) {
            batch.rollup = _withWords(counts[i]);
            _expectRefused(batch, abi.encodeWithSelector(IRollup.BlobWordsOutOfRange.selector, counts[i], 16_384));
        }
    }

    function test_revertAnotherValue() external {
        IRollup.CommitData memory batch = _use(BOTH);
        uint256 y = _uint("y");
        _expectInvalid(batch, y + 1);
        _expectInvalid(batch, y - 1);
        _expectInvalid(batch, 0);
        _expectInvalid(batch, y ^ (1 << 254));
    }

    /// The same element of the field under another name would be another value in the header.
    function test_revertValueNotReduced() external {
        _expectInvalid(_use(BOTH), _uint("y") + ORDER);
        _expectInvalid(_use(BOTH), ORDER);
    }

    /// Of another vector's blob, with its proof; or of one of the two alone.
    function test_revertCommitmentOrProofOfAnotherBlob() external {
        _select("blobs", 0);
        bytes memory others = _bytes("opening");
        for (uint256 mask = 1; mask < 4; ++mask) {
            IRollup.CommitData memory batch = _use(BOTH);
            for (uint256 i = 0; i < 48; ++i) {
                if (mask & 1 != 0) batch.rollup[36 + i] = others[36 + i];
                if (mask & 2 != 0) batch.rollup[84 + i] = others[84 + i];
            }
            _expectInvalid(batch, _uint("y"));
        }
    }

    /// Every bit of commitment and proof: no second encoding is taken.
    function test_revertAnyOtherPoint() external {
        IRollup.CommitData memory batch = _use(BOTH);
        for (uint256 i = 36; i < 132; i += 5) {
            batch.rollup[i] ^= bytes1(uint8(1 << (i % 8)));
            _expectInvalid(batch, _uint("y"));
            batch.rollup[i] ^= bytes1(uint8(1 << (i % 8)));
        }
        rollup.commitBatch(batch);
    }

    /// A blob with all else of its own, when another one is what the proof was made for.
    function test_revertAnotherBlobInTheTransaction() external {
        _select("blobs", 0);
        bytes32 others = _versionedHash();
        IRollup.CommitData memory batch = _use(BOTH);
        uint256 before = _point(batch);
        _carry(others);
        uint256 point = BlobMode.point(_bound(batch, others));
        VM.assertTrue(point != before);
        _expectRefused(batch, _invalid(others, point, _uint("y")));
    }

    /// An opening is good at its own point alone, and each of these is in the point. The error says which point was asked
    /// for.
    function test_revertOpeningOfAnotherBatch() external {
        IRollup.CommitData memory batch = _use(BOTH);
        uint256 own = _point(batch);
        uint64 chain = uint64(block.chainid);

        batch.dataHash ^= 1; // its limbs are below p by far
        _expectOtherPoint(batch, own);
        batch.dataHash ^= 1;

        batch.rollup = _withWords(76);
        _expectOtherPoint(batch, own);
        batch.rollup = _bytes("opening");

        bytes memory withdrawal =
            Pubdata.encode(Pubdata.Withdraw({account: 3, token: 0, fee: 0, amount: 1, to: address(this)}));
        batch.bridge = bytes.concat(batch.bridge, withdrawal);
        _expectOtherPoint(batch, own);
        batch.bridge = _bytes("bridge");

        uint256 snapshot = VM.snapshotState();
        rollup.commitBatch(_without(batch));
        batch.number = 2;
        _expectOtherPoint(batch, own);
        batch.number = 1;
        VM.revertToState(snapshot);
        rollup.commitBatch(batch); // as it was
        VM.revertToState(snapshot);

        rollup = _blobRollupAt(address(rollup), chain + 1);
        _expectOtherPoint(batch, own);
        rollup = _blobRollupAt(address(uint160(address(rollup)) + 1), chain);
        _expectOtherPoint(batch, own);
    }

    /// A call of an address without code succeeds; nor is any other answer than EIP-4844's one.
    function test_revertAnotherAnswerThanThePrecompiles() external {
        IRollup.CommitData memory batch = _use(BOTH);
        bytes[6] memory answers = [
            bytes(""),
            abi.encode(4096),
            abi.encode(4096, ORDER - 1),
            abi.encode(4095, ORDER),
            abi.encode(ORDER, 4096),
            abi.encode(4096, ORDER, 0)
        ];
        for (uint256 i = 0; i < answers.length; ++i) {
            VM.mockCall(PRECOMPILE, "", answers[i]);
            _expectInvalid(batch, _uint("y"));
        }
        VM.mockCall(PRECOMPILE, "", abi.encode(4096, ORDER));
        rollup.commitBatch(batch);
    }

    /// The length of an opening is not one of whole words.
    function test_aCalldataRollupTakesNoOpening() external {
        IRollup.CommitData memory batch = _use(BOTH);
        Rollup calldataRollup = _rollup(type(Rollup).creationCode);
        VM.expectRevert(abi.encodeWithSelector(IRollup.StreamNotWholeWords.selector, 132));
        calldataRollup.commitBatch(batch);
    }

    /// Of the same header the two data modes make two statements.
    function test_aCalldataRollupIsNeverLinked() external {
        IRollup.CommitData memory batch = _use(BOTH);
        IRollup.BatchHeader memory header = rollup.commitBatch(batch);
        header.rollupEval = uint128(header.rollupEval);
        uint256[INSTANCE_COUNT] memory linked = rollup.instances(header);
        Rollup calldataRollup = _rollup(type(Rollup).creationCode);
        uint256[INSTANCE_COUNT] memory unlinked = calldataRollup.instances(header);
        VM.assertEq((linked[7] >> (64 + 56)) & 1, 1);
        VM.assertEq((unlinked[7] >> (64 + 56)) & 1, 0);
        VM.assertEq(unlinked[8], 0);
        VM.assertEq(unlinked[6] >> 128, uint64(header.rollupEval));
        VM.assertEq(uint64(unlinked[7]), uint64(header.rollupEval >> 64));
    }

    /// Bound as in calldata, whether the transaction has a blob or not, and not linked.
    function test_aBatchWithoutARollupStreamNeedsNoBlob() external {
        uint256 snapshot = VM.snapshotState();
        for (uint256 blobs = 0; blobs < 2; ++blobs) {
            VM.revertToState(snapshot);
            IRollup.CommitData memory batch = _without(_use(BOTH));
            batch.bridge = _bytes("bridge");
            if (blobs == 0) VM.blobhashes(new bytes32[](0));
            IRollup.BatchHeader memory header = rollup.commitBatch(batch);
            bytes memory seed = abi.encodePacked("ashlar/eval/v1", block.chainid, address(rollup), batch.number);
            seed = bytes.concat(seed, abi.encode(batch.dataHash, keccak256(batch.bridge), keccak256("")));
            VM.assertEq(header.z, Goldilocks.extensionFromDigest(keccak256(seed)));
            VM.assertEq(header.bridgeEval, Pubdata.evaluate(batch.bridge, header.z));
            VM.assertEq(header.rollupWords, 0);
            VM.assertEq(header.rollupEval, 0);
            uint256[INSTANCE_COUNT] memory instances = rollup.instances(header);
            VM.assertEq((instances[7] >> (64 + 56)) & 1, 0);
            VM.assertEq(instances[8], 0);
            verifier.accept(PROOF, instances);
            rollup.proveBatch(header, PROOF);
            VM.assertEq(rollup.provenBatches(), 1);
        }
    }

    /// A caller between the transaction and the rollup changes nothing: the blobs are the transaction's.
    function test_anOperatorThatIsAContractCommitsBlobs() external {
        IRollup.CommitData memory batch = _use(BOTH);
        (bool done,) = address(this).call(abi.encodeCall(this.forward, (batch)));
        VM.assertTrue(done);
        VM.assertEq(rollup.committedBatches(), 1);
    }

    function forward(IRollup.CommitData calldata batch) external {
        rollup.commitBatch(batch);
    }

    /// For all arguments, over the blob that can be opened anywhere.
    function testFuzz_thePointIsOfAllThatIsBound(
        uint64 chainId,
        address target,
        uint256 dataHash,
        uint32 words,
        uint8 withdrawals
    ) external {
        IRollup.CommitData memory batch = _use(0);
        target = address(uint160(_bound(uint160(target), 1 << 32, type(uint160).max))); // no precompile
        VM.assume(target.code.length == 0);
        rollup = _blobRollupAt(target, _bound(chainId, 1, type(uint64).max));
        VM.blobhashes(BlobMode.one());
        batch.dataHash = Pubdata.canonicalHash(dataHash);
        words = uint32(_bound(words, 1, 16_384));
        batch.rollup = BlobMode.openingOfOne(words);
        for (uint256 i = 0; i < withdrawals % 4; ++i) {
            Pubdata.Withdraw memory w =
                Pubdata.Withdraw({account: 3, token: 0, fee: 0, amount: uint56(dataHash), to: target});
            batch.bridge = bytes.concat(batch.bridge, Pubdata.encode(w));
        }
        IRollup.BatchHeader memory header = rollup.commitBatch(batch);
        (uint256 z0, uint256 z1) = BlobMode.z(_bound(batch, BlobMode.one()[0]));
        VM.assertEq(header.z, z0 + (z1 << 64));
        VM.assertEq(header.bridgeEval, Pubdata.evaluate(batch.bridge, header.z));
        VM.assertEq(header.bridgeWords, batch.bridge.length / 7);
        VM.assertEq(header.rollupWords, words);
        VM.assertEq(header.rollupEval, 1);
    }

    /// The vector's batch, in its rollup, in a transaction with its blob.
    function _use(uint256 index) private returns (IRollup.CommitData memory) {
        _select("blobs", index);
        VM.blobhashes(new bytes32[](0));
        rollup = BlobRollup(address(_rollup(type(BlobRollup).creationCode)));
        _carry(_versionedHash());
        return _data(_bytes("opening"));
    }

    function _blobRollupAt(address target, uint256 chainId) private returns (BlobRollup) {
        return BlobRollup(address(_rollupAt(target, chainId, type(BlobRollup).creationCode)));
    }

    function _carry(bytes32 versionedHash) private {
        bytes32[] memory hashes = new bytes32[](1);
        hashes[0] = versionedHash;
        VM.blobhashes(hashes);
    }

    function _versionedHash() private view returns (bytes32) {
        return VM.parseJsonBytes32(json, _key("versioned_hash"));
    }

    /// The batch without its streams.
    function _without(IRollup.CommitData memory batch) private pure returns (IRollup.CommitData memory result) {
        (result.number, result.time, result.newRoot) = (batch.number, batch.time, batch.newRoot);
        (result.dataHash, result.feeAccount) = (batch.dataHash, batch.feeAccount);
    }

    function _withWords(uint32 words) private view returns (bytes memory opening) {
        opening = _bytes("opening");
        for (uint256 i = 0; i < 4; ++i) {
            opening[i] = bytes4(words)[i];
        }
    }

    /// What the twin derives from this batch in the present rollup.
    function _bound(IRollup.CommitData memory batch, bytes32 versionedHash) private view returns (BlobBound memory) {
        return BlobBound({
            chainId: block.chainid,
            rollup: address(rollup),
            number: batch.number,
            dataHash: batch.dataHash,
            versionedHash: versionedHash,
            words: uint32(bytes4(batch.rollup)),
            bridge: batch.bridge
        });
    }

    function _point(IRollup.CommitData memory batch) private view returns (uint256) {
        return BlobMode.point(_bound(batch, _versionedHash()));
    }

    function _invalid(bytes32 versionedHash, uint256 point, uint256 y) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRollup.BlobOpeningInvalid.selector, versionedHash, point, y);
    }

    /// With this value in the opening.
    function _expectInvalid(IRollup.CommitData memory batch, uint256 y) private {
        bytes memory given = batch.rollup;
        assembly {
            mstore(add(given, 0x24), y)
        }
        _expectRefused(batch, _invalid(_versionedHash(), _point(batch), y));
    }

    function _expectOtherPoint(IRollup.CommitData memory batch, uint256 own) private {
        uint256 point = _point(batch);
        VM.assertTrue(point != own);
        _expectRefused(batch, _invalid(_versionedHash(), point, _uint("y")));
    }

    /// With so much gas as a refusal by the precompile may burn.
    function _expectRefused(IRollup.CommitData memory batch, bytes memory expected) private {
        VM.expectRevert(expected);
        rollup.commitBatch{gas: 2_000_000}(batch);
    }

    function _head(bytes memory data, uint256 length) private pure returns (bytes memory result) {
        result = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            result[i] = data[i];
        }
    }
}

/// @title Gas of commits in blob mode
/// @notice Without isolation, see `BlobSuites.t.sol`: all that was before is another transaction's, as `setUp` made it, and
/// what a transaction pays besides the call is added here.
/// forge-config: default.isolate = false
contract BlobGasTest is Vectors {
    Rollup private few;
    Rollup private many;

    function setUp() external {
        json = VM.readFile("test/vectors/blobs.json");
        few = _deposited(1);
        many = _deposited(3);
    }

    function test_commitGas() external {
        _snapshot(few, 1, "commitBatch, 64 transfers in a blob");
        _snapshot(many, 3, "commitBatch, 8192 transfers in a blob");
    }

    /// As in the test of the same gas in calldata.
    function _deposited(uint256 index) private returns (Rollup rollup) {
        _select("blobs", index);
        rollup = _rollup(type(BlobRollup).creationCode);
        VM.deal(address(this), 5 gwei);
        rollup.depositETH{value: 5 gwei}(address(this), 0);
    }

    function _snapshot(Rollup rollup, uint256 index, string memory name) private {
        _select("blobs", index);
        bytes32[] memory hashes = new bytes32[](1);
        hashes[0] = VM.parseJsonBytes32(json, _key("versioned_hash"));
        VM.blobhashes(hashes);
        IRollup.CommitData memory batch = _data(_bytes("opening"));
        VM.cool(address(rollup));
        rollup.commitBatch(batch);
        uint256 execution = VM.lastCallGas().gasTotalUsed;
        VM.snapshotValue("Rollup", name, _transactionGas(abi.encodeCall(IRollup.commitBatch, (batch)), execution));
    }

    /// 16 gas a byte of calldata, 4 if it is zero; at least 40 and 10 without execution (EIP-7623).
    function _transactionGas(bytes memory data, uint256 execution) private pure returns (uint256 gas_) {
        uint256 tokens = 0;
        for (uint256 i = 0; i < data.length; ++i) {
            tokens += data[i] == 0 ? 1 : 4;
        }
        gas_ = 21_000 + 4 * tokens + execution;
        if (gas_ < 21_000 + 10 * tokens) gas_ = 21_000 + 10 * tokens;
    }
}
