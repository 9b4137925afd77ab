// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INSTANCE_COUNT, IProofVerifier} from "../src/IProofVerifier.sol";
import {Proofs} from "./support/Proofs.sol";

/// @title Replays a stored proof against its generated verifier, then everything that differs from it
/// @notice Fixtures: see test/fixtures/README.md.
abstract contract Halo2VerifierTest is Proofs {
    uint256 private constant SCALAR_ORDER = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
    uint256 private constant BASE_ORDER = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;
    /// A rejection must fit it: what a failing precompile burns is capped.
    uint256 private constant GAS_LIMIT = 450_000;

    IProofVerifier private verifier;
    uint256[INSTANCE_COUNT] private instances;
    bytes private proof;

    function _artifact() internal pure virtual returns (string memory);
    function _snark() internal pure virtual returns (string memory);
    function _name() internal pure virtual returns (string memory);
    /// Words before the evaluations, all of them coordinates.
    function _commitmentWords() internal pure virtual returns (uint256);

    function setUp() public {
        (proof, instances) = _load(_snark());
        verifier = IProofVerifier(_deploy(VM.parseJsonBytes(VM.readFile(_artifact()), ".bytecode")));
    }

    function test_acceptsStoredProof() external {
        verifier.verify{gas: GAS_LIMIT}(proof, instances);
        VM.snapshotGasLastCall("Halo2Verifier", string.concat("verify, execution only, ", _name()));
    }

    function test_namesItsKeyAndLength() external view {
        IGenerated generated = IGenerated(address(verifier));
        VM.assertEq(generated.PROOF_LENGTH(), proof.length);
        VM.assertTrue(generated.KEY_DIGEST() != 0);
    }

    function test_rejectsEachByteFlipped() external {
        bytes memory changed = proof;
        for (uint256 i = 0; i < changed.length; ++i) {
            bytes1 flip = bytes1(uint8(1 << (i % 8)));
            changed[i] ^= flip;
            _expectInvalid(changed, instances);
            changed[i] ^= flip;
        }
        verifier.verify{gas: GAS_LIMIT}(changed, instances); // and restored, it is good again
    }

    function test_rejectsEachWordReplaced() external {
        bytes memory changed = proof;
        for (uint256 i = 0; i < proof.length / 32; ++i) {
            uint256 word = _word(changed, i);
            uint256 order = _isCoordinate(i) ? BASE_ORDER : SCALAR_ORDER;
            uint256[5] memory others = [0, type(uint256).max, addmod(word, 1, order), order - word, word + order];
            for (uint256 j = 0; j < others.length; ++j) {
                if (others[j] == word) continue;
                _setWord(changed, i, others[j]);
                _expectInvalid(changed, instances);
            }
            _setWord(changed, i, word);
        }
    }

    function test_rejectsNeighboursSwapped() external {
        bytes memory changed = proof;
        for (uint256 i = 0; i + 1 < proof.length / 32; ++i) {
            (uint256 left, uint256 right) = (_word(changed, i), _word(changed, i + 1));
            if (left == right) continue;
            _setWord(changed, i, right);
            _setWord(changed, i + 1, left);
            _expectInvalid(changed, instances);
            _setWord(changed, i, left);
            _setWord(changed, i + 1, right);
        }
    }

    /// The point at infinity (right for another polynomial only), the negated point, the generator, and each commitment
    /// in place of the next one.
    function test_rejectsOtherPoints() external {
        bytes memory changed = proof;
        (uint256 lastX, uint256 lastY) = (1, 2);
        for (uint256 i = 0; i < proof.length / 32; ++i) {
            if (!_isCoordinate(i)) continue;
            (uint256 x, uint256 y) = (_word(changed, i), _word(changed, i + 1));
            uint256[2][4] memory others = [[uint256(0), 0], [x, BASE_ORDER - y], [uint256(1), 2], [lastX, lastY]];
            for (uint256 j = 0; j < others.length; ++j) {
                _setWord(changed, i, others[j][0]);
                _setWord(changed, i + 1, others[j][1]);
                _expectInvalid(changed, instances);
            }
            _setWord(changed, i, x);
            _setWord(changed, i + 1, y);
            (lastX, lastY) = (x, y);
            ++i;
        }
    }

    /// Three public inputs to an instance: each is changed alone.
    function test_rejectsEachPublicInputChanged() external {
        for (uint256 i = 0; i < INSTANCE_COUNT; ++i) {
            for (uint256 limb = 0; limb < 3; ++limb) {
                uint256[INSTANCE_COUNT] memory changed = instances;
                changed[i] ^= 1 << (64 * limb);
                _expectInvalid(proof, changed);
            }
        }
    }

    function test_rejectsInstanceNotReduced() external {
        for (uint256 i = 0; i < INSTANCE_COUNT; ++i) {
            uint256[INSTANCE_COUNT] memory changed = instances;
            changed[i] += SCALAR_ORDER; // the same scalar
            _expectRejected(
                proof, changed, abi.encodeWithSelector(IProofVerifier.InstanceOutOfRange.selector, i, changed[i])
            );
        }
    }

    function test_rejectsOtherLengths() external {
        bytes memory short = proof;
        assembly {
            mstore(short, sub(mload(short), 1))
        }
        bytes[4] memory others = [bytes(""), short, bytes.concat(proof, hex"00"), bytes.concat(proof, proof)];
        for (uint256 i = 0; i < others.length; ++i) {
            _expectRejected(
                others[i],
                instances,
                abi.encodeWithSelector(IProofVerifier.ProofLengthInvalid.selector, others[i].length, proof.length)
            );
        }
    }

    /// The bytes are those of a good call, but for what follows or lacks at the end, or where the proof is said to be.
    function test_rejectsOtherEncodings() external view {
        bytes memory call = abi.encodeCall(IProofVerifier.verify, (proof, instances));
        _callVerifier(call, true);
        _callVerifier(bytes.concat(call, hex"00"), false);
        _callVerifier(bytes.concat(call, bytes32(0)), false);
        bytes memory moved = bytes.concat(call, bytes32(0));
        for (uint256 i = moved.length - 1; i >= 4 + 32 * (INSTANCE_COUNT + 2); --i) {
            moved[i] = moved[i - 32]; // the proof and its length one word later, and its offset says so
        }
        moved[35] = bytes1(uint8(moved[35]) + 32);
        _callVerifier(moved, false);
        for (uint256 length = 0; length < call.length; length += 31) {
            bytes memory short = bytes.concat(call);
            assembly {
                mstore(short, length)
            }
            _callVerifier(short, false);
        }
    }

    /// Where the pairing is missing its call succeeds and answers nothing, for a true statement too.
    function test_rejectsAllWithoutPairing() external {
        bytes memory code = address(verifier).code;
        // PUSH1 0x08, PUSH3 452000, STATICCALL
        code[_find(code, hex"60086206e5a0fa") + 1] = 0xee; // nobody's address
        VM.etch(address(verifier), code);
        for (uint256 i = 0; i < 20; ++i) {
            uint256[INSTANCE_COUNT] memory changed = instances;
            changed[1] ^= i;
            _expectInvalid(proof, changed);
        }
    }

    function test_rejectsZeroProof() external {
        _expectInvalid(new bytes(proof.length), instances);
    }

    function testFuzz_rejectsChangedBits(uint256 position, uint256 flip) external {
        bytes memory changed = proof;
        uint256 word = position % (changed.length / 32);
        VM.assume(flip != 0);
        _setWord(changed, word, _word(changed, word) ^ flip);
        _expectInvalid(changed, instances);
    }

    function testFuzz_rejectsOtherScalar(uint256 position, uint256 value) external {
        bytes memory changed = proof;
        uint256 words = changed.length / 32 - _commitmentWords() - 4;
        uint256 word = _commitmentWords() + position % words;
        VM.assume(_word(changed, word) != value % SCALAR_ORDER);
        _setWord(changed, word, value % SCALAR_ORDER);
        _expectInvalid(changed, instances);
    }

    function testFuzz_rejectsOtherInstance(uint256 position, uint256 value) external {
        uint256[INSTANCE_COUNT] memory changed = instances;
        value %= SCALAR_ORDER;
        VM.assume(changed[position % INSTANCE_COUNT] != value);
        changed[position % INSTANCE_COUNT] = value;
        _expectInvalid(proof, changed);
    }

    function testFuzz_rejectsAnyBytes(bytes calldata data) external view {
        bytes4 selector = bytes4(data);
        if (selector != IGenerated.KEY_DIGEST.selector && selector != IGenerated.PROOF_LENGTH.selector) {
            _callVerifier(data, false);
        }
        _callVerifier(bytes.concat(IProofVerifier.verify.selector, data), false);
    }

    /// A rejection costs little more than an acceptance, wherever it happens.
    function test_gasOfRejections() external {
        bytes memory offCurve = proof;
        _setWord(offCurve, 0, _word(offCurve, 0) ^ 1);
        uint256 evaluation = _commitmentWords();
        bytes memory wrong = proof;
        _setWord(wrong, evaluation, addmod(_word(wrong, evaluation), 1, SCALAR_ORDER));
        _snapshotRejection(offCurve, "point off the curve");
        _snapshotRejection(wrong, "wrong evaluation");
    }

    function _snapshotRejection(bytes memory bad, string memory name) private {
        bytes memory call = abi.encodeCall(IProofVerifier.verify, (bad, instances));
        uint256 before = gasleft();
        (bool accepted,) = address(verifier).staticcall(call);
        uint256 used = before - gasleft();
        VM.assertFalse(accepted);
        VM.assertGe(GAS_LIMIT, used, "a rejection burns too much");
        VM.snapshotValue("Halo2Verifier", string.concat("verify, refused for ", name, ", ", _name()), used);
    }

    function _callVerifier(bytes memory call, bool accepted) private view {
        (bool success,) = address(verifier).staticcall{gas: GAS_LIMIT}(call);
        require(success == accepted, accepted ? "refused" : "accepted");
    }

    function _expectInvalid(bytes memory data, uint256[INSTANCE_COUNT] memory inputs) private {
        _expectRejected(data, inputs, abi.encodeWithSelector(IProofVerifier.ProofInvalid.selector));
    }

    function _expectRejected(bytes memory data, uint256[INSTANCE_COUNT] memory inputs, bytes memory expected) private {
        VM.expectRevert(expected);
        verifier.verify{gas: GAS_LIMIT}(data, inputs);
    }

    /// Commitments, then evaluations, then the two commitments of the opening.
    function _isCoordinate(uint256 word) private view returns (bool) {
        return word < _commitmentWords() || word >= proof.length / 32 - 4;
    }

    /// Where `part` stands in `code`: once.
    function _find(bytes memory code, bytes memory part) private pure returns (uint256 position) {
        uint256 found;
        for (uint256 i = 0; i + part.length <= code.length; ++i) {
            uint256 equal;
            while (equal < part.length && code[i + equal] == part[equal]) ++equal;
            if (equal == part.length) (position, found) = (i, found + 1);
        }
        require(found == 1, "not there, or not alone");
    }

    function _word(bytes memory data, uint256 index) private pure returns (uint256 word) {
        assembly {
            word := mload(add(add(data, 0x20), mul(index, 0x20)))
        }
    }

    function _setWord(bytes memory data, uint256 index, uint256 word) private pure {
        assembly {
            mstore(add(add(data, 0x20), mul(index, 0x20)), word)
        }
    }
}

/// Constants of a generated verifier.
interface IGenerated {
    function KEY_DIGEST() external view returns (bytes32);
    function PROOF_LENGTH() external view returns (uint256);
}

/// A small circuit with the wrap circuit's interface: instance i is x_i^5.
contract ToyProofTest is Halo2VerifierTest {
    function _artifact() internal pure override returns (string memory) {
        return "test/fixtures/toy/Halo2Verifier.json";
    }

    function _snark() internal pure override returns (string memory) {
        return "test/fixtures/toy/snark.json";
    }

    function _name() internal pure override returns (string memory) {
        return "toy circuit";
    }

    function _commitmentWords() internal pure override returns (uint256) {
        return 24;
    }
}

/// The wrap of a real batch, against the verifier that gets deployed.
contract WrapProofTest is Halo2VerifierTest {
    function _artifact() internal pure override returns (string memory) {
        return "artifacts/Halo2Verifier.json";
    }

    function _snark() internal pure override returns (string memory) {
        return "test/fixtures/wrap/snark.json";
    }

    function _name() internal pure override returns (string memory) {
        return "wrap";
    }

    function _commitmentWords() internal pure override returns (uint256) {
        return 34;
    }
}
