// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INSTANCE_COUNT, IProofVerifier} from "../src/IProofVerifier.sol";
import {IRollup} from "../src/IRollup.sol";
import {IValidium} from "../src/IValidium.sol";
import {Rollup} from "../src/Rollup.sol";
import {ValidiumRollup} from "../src/ValidiumRollup.sol";
import {EXIT_DEADLINE, PathDouble} from "./support/PathDouble.sol";
import {Routing} from "./support/Routing.sol";
import {Vectors} from "./support/Vectors.sol";

/// @title Batches of test/vectors/validium.json, whose attestations were signed elsewhere
contract ValidiumVectorsTest is Vectors {
    uint256 private constant VECTORS = 3;
    /// The one with a bridge stream, and three of four signatures.
    uint256 private constant BOTH = 1;
    bytes private constant PROOF = "a proof that the double was told to accept";

    ValidiumRollup private rollup;

    function setUp() external {
        json = VM.readFile("test/vectors/validium.json");
    }

    function test_vectors() external {
        for (uint256 i = 0; i < VECTORS; ++i) {
            IRollup.CommitData memory batch = _use(i);
            IRollup.BatchHeader memory header = rollup.commitBatch(batch);
            _checkHeader(rollup, header);
            VM.assertEq(header.rollupEval, _word("rollup_eval"));
            VM.assertEq(rollup.headerHash(1), keccak256(abi.encode(header)));
        }
        VM.assertFalse(_exists("batches", VECTORS));
    }

    /// A statement like that of a batch in calldata: in no data mode but "blob" is anything linked.
    function test_theProofIsOfTheVectorsStatement() external {
        IRollup.CommitData memory batch = _use(BOTH);
        IRollup.BatchHeader memory header = rollup.commitBatch(batch);
        uint256[INSTANCE_COUNT] memory others = _instances();
        others[6] ^= 1 << 128; // of another value of the rollup stream
        verifier.accept(PROOF, others);
        VM.expectRevert(abi.encodeWithSelector(IProofVerifier.ProofInvalid.selector));
        rollup.proveBatch(header, PROOF);
        verifier.accept(PROOF, _instances());
        rollup.proveBatch(header, PROOF);
        VM.assertEq(rollup.stateRoot(), batch.newRoot);
    }

    /// Nor is it another deployment's: neither its chain nor its address is.
    function test_revertTheSameSignaturesElsewhere() external {
        _select("batches", BOTH);
        address here = VM.parseJsonAddress(json, _key("rollup_address"));
        for (uint256 i = 0; i < 2; ++i) {
            address target = i == 0 ? here : address(0x5040d);
            uint256 chain = _uint("chain_id") + (i == 0 ? 1 : 0);
            ValidiumRollup other = ValidiumRollup(address(_rollupAt(target, chain, type(ValidiumRollup).creationCode)));
            IRollup.CommitData memory batch = _data(_bytes("attestation"));
            VM.assertEq(other.member(0), _member(0));
            (bool done, bytes memory answer) = address(other).call(abi.encodeCall(IRollup.commitBatch, (batch)));
            VM.assertFalse(done);
            VM.assertEq(bytes32(bytes4(answer)), bytes32(IValidium.SignatureInvalid.selector));
        }
    }

    function _use(uint256 index) private returns (IRollup.CommitData memory) {
        _select("batches", index);
        rollup = ValidiumRollup(address(_rollup(type(ValidiumRollup).creationCode)));
        return _data(_bytes("attestation"));
    }

    function _arguments(IRollup.TokenListing[] memory tokens) internal override returns (bytes memory) {
        uint256 size = 0;
        while (VM.keyExistsJson(json, _key(string.concat("committee[", VM.toString(size), "]")))) ++size;
        address[] memory committee = new address[](size);
        for (uint256 i = 0; i < size; ++i) {
            committee[i] = _member(i);
        }
        IValidium.Terms memory terms = IValidium.Terms(EXIT_DEADLINE, committee);
        return abi.encode(
            Routing.single(verifier),
            Routing.CIRCUIT_SET,
            _word("old_root"),
            address(this),
            terms,
            new PathDouble(),
            tokens
        );
    }

    function _member(uint256 index) private view returns (address) {
        return VM.parseJsonAddress(json, _key(string.concat("committee[", VM.toString(index), "]")));
    }
}
