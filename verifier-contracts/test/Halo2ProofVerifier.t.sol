// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Halo2ProofVerifier} from "../src/Halo2ProofVerifier.sol";
import {INSTANCE_COUNT, IProofVerifier} from "../src/IProofVerifier.sol";
import {Test} from "./support/Test.sol";

/// @title Replays a stored proof against its generated verifier, then everything that differs from it
/// @notice Fixtures: see test/fixtures/README.md.
abstract contract Halo2ProofVerifierTest is Test {
    uint256 private constant SCALAR_ORDER = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
    /// A failing precompile call burns all the gas it was given, so a rejection is as dear as its caller allows.
    uint256 private constant GAS_LIMIT = 2_000_000;

    Halo2ProofVerifier private verifier;
    uint256[INSTANCE_COUNT] private instances;
    bytes private proof;

    function _artifact() internal pure virtual returns (string memory);
    function _snark() internal pure virtual returns (string memory);
    function _name() internal pure virtual returns (string memory);

    function setUp() public {
        string memory snark = VM.readFile(_snark());
        uint256[] memory words = VM.parseJsonUintArray(snark, ".instances");
        require(words.length == INSTANCE_COUNT, "fixture: instance count");
        for (uint256 i = 0; i < INSTANCE_COUNT; ++i) {
            instances[i] = words[i];
        }
        proof = VM.parseJsonBytes(snark, ".proof");
        address generated = _deploy(VM.parseJsonBytes(VM.readFile(_artifact()), ".bytecode"));
        verifier = new Halo2ProofVerifier(generated, proof.length);
    }

    function test_acceptsStoredProof() external {
        verifier.verify{gas: GAS_LIMIT}(proof, instances);
        VM.snapshotGasLastCall("Halo2ProofVerifier", string.concat("verify, ", _name()));
    }

    function test_rejectsEachByteFlipped() external {
        bytes memory changed = proof;
        for (uint256 i = 0; i < changed.length; ++i) {
            bytes1 flip = bytes1(uint8(1 << (i % 8)));
            changed[i] ^= flip;
            _expectRejected(changed, instances, abi.encodeWithSelector(IProofVerifier.ProofInvalid.selector));
            changed[i] ^= flip;
        }
        verifier.verify{gas: GAS_LIMIT}(changed, instances); // and restored, it is good again
    }

    /// Three public inputs to an instance: each is changed alone.
    function test_rejectsEachPublicInputChanged() external {
        for (uint256 i = 0; i < INSTANCE_COUNT; ++i) {
            for (uint256 limb = 0; limb < 3; ++limb) {
                uint256[INSTANCE_COUNT] memory changed = instances;
                changed[i] ^= 1 << (64 * limb);
                _expectRejected(proof, changed, abi.encodeWithSelector(IProofVerifier.ProofInvalid.selector));
            }
        }
    }

    function test_rejectsInstanceNotReduced() external {
        for (uint256 i = 0; i < INSTANCE_COUNT; ++i) {
            uint256[INSTANCE_COUNT] memory changed = instances;
            changed[i] += SCALAR_ORDER; // the same scalar to the generated code
            bytes memory expected =
                abi.encodeWithSelector(Halo2ProofVerifier.InstanceOutOfRange.selector, i, changed[i]);
            _expectRejected(proof, changed, expected);
        }
    }

    function test_rejectsOtherLengths() external {
        bytes[3] memory others = [bytes(""), bytes.concat(proof, hex"00"), bytes.concat(proof, proof)];
        for (uint256 i = 0; i < others.length; ++i) {
            _expectRejected(
                others[i],
                instances,
                abi.encodeWithSelector(IProofVerifier.ProofLengthInvalid.selector, others[i].length, proof.length)
            );
        }
    }

    function test_rejectsZeroProof() external {
        bytes memory zeros = new bytes(proof.length);
        _expectRejected(zeros, instances, abi.encodeWithSelector(IProofVerifier.ProofInvalid.selector));
    }

    function test_refusesMissingVerifier() external {
        address nobody = address(0xdead);
        VM.expectRevert(abi.encodeWithSelector(Halo2ProofVerifier.GeneratedVerifierMissing.selector, nobody));
        new Halo2ProofVerifier(nobody, 1);
    }

    /// A call to an address without code succeeds: the adapter must not take that for a valid proof.
    function test_rejectsWhenVerifierVanished() external {
        address generated = verifier.GENERATED_VERIFIER();
        VM.etch(generated, "");
        _expectRejected(
            proof, instances, abi.encodeWithSelector(Halo2ProofVerifier.GeneratedVerifierMissing.selector, generated)
        );
    }

    function _expectRejected(bytes memory data, uint256[INSTANCE_COUNT] memory inputs, bytes memory expected) private {
        VM.expectRevert(expected);
        verifier.verify{gas: GAS_LIMIT}(data, inputs);
    }
}

/// A small circuit with the wrap circuit's interface: instance i is x_i^5.
contract ToyProofTest is Halo2ProofVerifierTest {
    function _artifact() internal pure override returns (string memory) {
        return "test/fixtures/toy/Halo2Verifier.json";
    }

    function _snark() internal pure override returns (string memory) {
        return "test/fixtures/toy/snark.json";
    }

    function _name() internal pure override returns (string memory) {
        return "toy circuit";
    }
}

/// The wrap of a real batch, against the verifier that gets deployed.
contract WrapProofTest is Halo2ProofVerifierTest {
    function _artifact() internal pure override returns (string memory) {
        return "artifacts/Halo2Verifier.json";
    }

    function _snark() internal pure override returns (string memory) {
        return "test/fixtures/wrap/snark.json";
    }

    function _name() internal pure override returns (string memory) {
        return "wrap";
    }
}
