// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BlobRollup} from "../src/BlobRollup.sol";
import {INSTANCE_COUNT, IProofVerifier} from "../src/IProofVerifier.sol";
import {IPoseidonPath} from "../src/IPoseidonPath.sol";
import {IRollup} from "../src/IRollup.sol";
import {IVerifierRouter} from "../src/IVerifierRouter.sol";
import {Rollup} from "../src/Rollup.sol";
import {PublicData} from "../src/libraries/PubdataBinding.sol";
import {PubdataPolynomial} from "../src/libraries/PubdataPolynomial.sol";
import {Vectors} from "./support/Vectors.sol";

/// @title A contract that is wrong: its point depends neither on the data hash nor on the blob
/// @notice All else is as in `BlobBinding`.
contract WeakBlobRollup is Rollup {
    uint256 private constant HALF = (1 << 63) - 1;

    constructor(
        IVerifierRouter router,
        bytes32 firstCircuitSet,
        uint256 genesisRoot,
        address operator,
        uint64 exitDeadline,
        IPoseidonPath path,
        TokenListing[] memory tokens
    ) Rollup(router, firstCircuitSet, genesisRoot, operator, exitDeadline, path, tokens) {}

    function _blobs() internal pure override returns (bool) {
        return true;
    }

    function _bind(uint64 number, uint256, bytes calldata bridge, bytes calldata opening)
        internal
        view
        override
        returns (PublicData memory data)
    {
        data.rollupWords = uint32(bytes4(opening));
        bytes memory bound =
            abi.encodePacked("ashlar/blob/v1", CHAIN_ID, address(this), number, data.rollupWords, keccak256(bridge));
        uint256 z = uint256(keccak256(bound)) & (HALF | (HALF << 64));
        (data.z, data.bridgeEval) = (uint128(z), uint128(PubdataPolynomial.evaluate(bridge, z)));
        data.rollupEval = uint256(bytes32(opening[4:36]));
        uint256 point = (z & HALF) | ((z >> 64) << 63);
        (bool done,) = address(0x0a).staticcall(abi.encodePacked(blobhash(0), point, data.rollupEval, opening[36:132]));
        require(done, "the blob has another value");
    }
}

/// @title Why the point of a batch in a blob depends on its data hash and on the blob
/// @notice Of test/vectors/blobs.json: a batch, its blob, and another blob, of one constant, that has the same value at a
/// point known beforehand. Nobody reads the batch's transfers from that one.
/// forge-config: default.isolate = false
contract WeakPointTest is Vectors {
    bytes private constant PROOF = "the proof of the batch's own transfers";

    function setUp() external {
        json = VM.readFile("test/vectors/blobs.json");
        _select("weak", 0);
    }

    /// The proof that was made for the batch and its blob proves it with the other: what L1 keeps is the same.
    function test_aPointWithoutDataHashAndBlobLetsTheDataBeWithheld() external {
        Rollup weak = _rollup(type(WeakBlobRollup).creationCode);
        uint256 snapshot = VM.snapshotState();
        _carry("versioned_hash");
        IRollup.BatchHeader memory honest = weak.commitBatch(_data(_bytes("opening")));
        uint256[INSTANCE_COUNT] memory proven = weak.instances(honest);
        VM.revertToState(snapshot);

        _carry("other_versioned_hash");
        IRollup.BatchHeader memory withheld = weak.commitBatch(_data(_bytes("other_opening")));
        VM.assertEq(keccak256(abi.encode(withheld)), keccak256(abi.encode(honest)));
        verifier.accept(PROOF, proven);
        weak.proveBatch(withheld, PROOF);
        VM.assertEq(weak.stateRoot(), _word("new_root"));
    }

    /// The same two blobs: neither opening is good at the contract's own point, and where the other blob is opened there, as
    /// a constant can be anywhere, its value is not that of the transfers.
    function test_theContractsOwnPointTakesNoBlobWithoutTheData() external {
        BlobRollup rollup = BlobRollup(address(_rollup(type(BlobRollup).creationCode)));
        _carry("versioned_hash");
        bytes memory call = abi.encodeCall(rollup.commitBatch, (_data(_bytes("opening"))));
        (bool done, bytes memory answer) = address(rollup).call{gas: 2_000_000}(call);
        VM.assertFalse(done);
        VM.assertEq(bytes32(bytes4(answer)), bytes32(IRollup.BlobOpeningInvalid.selector));

        _carry("other_versioned_hash");
        IRollup.BatchHeader memory header = rollup.commitBatch(_data(_bytes("other_opening")));
        VM.assertEq(header.rollupEval, _uint("y"));
        header.rollupEval = _uint("value_at_bound_point");
        verifier.accept(PROOF, rollup.instances(header)); // what is true of the transfers
        VM.assertTrue(header.rollupEval != _uint("y"));
        header.rollupEval = _uint("y");
        VM.expectRevert(abi.encodeWithSelector(IProofVerifier.ProofInvalid.selector));
        rollup.proveBatch(header, PROOF);
    }

    function _carry(string memory hash) private {
        bytes32[] memory hashes = new bytes32[](1);
        hashes[0] = VM.parseJsonBytes32(json, _key(hash));
        VM.blobhashes(hashes);
    }
}
