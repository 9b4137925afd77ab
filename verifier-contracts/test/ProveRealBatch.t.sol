// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INSTANCE_COUNT, IProofVerifier} from "../src/IProofVerifier.sol";
import {IVerifierRouter} from "../src/IVerifierRouter.sol";
import {IRollup} from "../src/IRollup.sol";
import {Rollup} from "../src/Rollup.sol";
import {Listings} from "./support/Listings.sol";
import {EXIT_DEADLINE, PathDouble} from "./support/PathDouble.sol";
import {Proofs} from "./support/Proofs.sol";
import {Routing} from "./support/Routing.sol";

/// @title The prove transaction as it is sent: the rollup, the verifier that gets deployed, the wrap of a real batch
/// @notice The stored proof is bound to the chain and the address of the rollup that its batch was committed to, so the
/// rollup stands there; the batch's public data was not kept, so its header is put in storage.
contract ProveRealBatchTest is Proofs {
    /// Account 0 of the development chain deploys the verifier, the router, what computes paths and, with its fourth transaction, the rollup.
    address private constant DEPLOYER = 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266;
    uint256 private constant DEPLOYMENT_NONCE = 3;
    uint256 private constant CHAIN_ID = 31_337;
    uint256 private constant SLOT_BATCHES = 0; // the number of committed ones from bit 96 on
    uint256 private constant SLOT_HEADER_HASHES = 3;

    Rollup private rollup;
    IRollup.BatchHeader private header;
    bytes private proof;

    function setUp() external {
        uint256[INSTANCE_COUNT] memory instances;
        (proof, instances) = _load("test/fixtures/wrap/snark.json");
        bytes memory code = VM.parseJsonBytes(VM.readFile("artifacts/Halo2Verifier.json"), ".bytecode");
        IVerifierRouter router = Routing.single(IProofVerifier(_deploy(code)));

        header = _header(instances);
        VM.chainId(CHAIN_ID);
        bytes memory arguments = abi.encode(
            router, Routing.CIRCUIT_SET, header.oldRoot, address(this), EXIT_DEADLINE, new PathDouble(), Listings.none()
        );
        address target = VM.computeCreateAddress(DEPLOYER, DEPLOYMENT_NONCE);
        _deployAt(target, bytes.concat(type(Rollup).creationCode, arguments));
        rollup = Rollup(target);
        VM.assertEq(rollup.stateRoot(), header.oldRoot);
        VM.store(target, bytes32(SLOT_BATCHES), bytes32(uint256(1) << 96));
        VM.assertEq(rollup.committedBatches(), 1);
        bytes32 slot = keccak256(abi.encode(uint256(1), SLOT_HEADER_HASHES));
        VM.store(target, slot, keccak256(abi.encode(header)));
        VM.assertEq(rollup.headerHash(1), keccak256(abi.encode(header)));
        uint256[INSTANCE_COUNT] memory derived = rollup.instances(header);
        for (uint256 i = 0; i < INSTANCE_COUNT; ++i) {
            VM.assertEq(derived[i], instances[i]);
        }
    }

    function test_proveBatch() external {
        rollup.proveBatch(header, proof);
        VM.snapshotGasLastCall("Rollup", "proveBatch, wrap of a real batch, whole transaction");
        VM.assertEq(rollup.stateRoot(), header.newRoot);
        VM.assertEq(rollup.provenBatches(), 1);
    }

    function test_refusedProofChangesNothing() external {
        bytes memory changed = proof;
        changed[1500] ^= 0x01;
        VM.expectRevert(abi.encodeWithSelector(IProofVerifier.ProofInvalid.selector));
        rollup.proveBatch(header, changed);
        VM.assertEq(rollup.stateRoot(), header.oldRoot);
        VM.assertEq(rollup.provenBatches(), 0);
    }

    /// `Rollup.instances` backwards.
    function _header(uint256[INSTANCE_COUNT] memory instances)
        private
        pure
        returns (IRollup.BatchHeader memory result)
    {
        result.number = 1;
        result.oldRoot = instances[0] | (instances[1] << 192);
        result.newRoot = (instances[1] >> 64) | (instances[2] << 128);
        result.dataHash = instances[4] | (instances[5] << 192);
        result.z = uint128(instances[5] >> 64);
        result.bridgeEval = uint128(instances[6]);
        result.rollupEval = uint128((instances[6] >> 128) | (uint256(uint64(instances[7])) << 64));
        uint256 feeAccountAndTime = uint64(instances[7] >> 64);
        result.feeAccount = uint32(feeAccountAndTime >> 28);
        result.time = uint32(feeAccountAndTime & ((1 << 28) - 1));
        uint256 words = instances[7] >> 128;
        result.bridgeWords = uint32(words >> 31);
        result.rollupWords = uint32(words & ((1 << 31) - 1));
        result.withdrawalsRoot = keccak256("the proof does not bind it");
    }
}
