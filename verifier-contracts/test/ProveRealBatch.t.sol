// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INSTANCE_COUNT, IProofVerifier} from "../src/IProofVerifier.sol";
import {IRollup} from "../src/IRollup.sol";
import {Rollup} from "../src/Rollup.sol";
import {Proofs} from "./support/Proofs.sol";

/// @title The prove transaction as it is sent: the rollup, the verifier that gets deployed, the wrap of a real batch
/// @notice The stored proof is bound to the chain and the address of the rollup that its batch was committed to, so the
/// rollup stands there; the batch's public data was not kept, so its header is put in storage.
contract ProveRealBatchTest is Proofs {
    /// Account 0 of the development chain deploys the rollup here with its second transaction.
    address private constant ROLLUP = 0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512;
    uint256 private constant CHAIN_ID = 31_337;
    uint256 private constant SLOT_STATE_ROOT = 0;
    uint256 private constant SLOT_BATCHES = 2; // committed, then proven, 64 bits each
    uint256 private constant SLOT_HEADER_HASHES = 4;

    Rollup private rollup;
    IRollup.BatchHeader private header;
    bytes private proof;

    function setUp() external {
        uint256[INSTANCE_COUNT] memory instances;
        (proof, instances) = _load("test/fixtures/wrap/snark.json");
        bytes memory code = VM.parseJsonBytes(VM.readFile("artifacts/Halo2Verifier.json"), ".bytecode");
        address verifier = _deploy(code);

        header = _header(instances);
        VM.chainId(CHAIN_ID);
        address[] memory tokens = new address[](0);
        bytes memory arguments = abi.encode(verifier, header.oldRoot, address(this), tokens);
        _deployAt(ROLLUP, bytes.concat(type(Rollup).creationCode, arguments));
        rollup = Rollup(ROLLUP);
        VM.assertEq(rollup.stateRoot(), header.oldRoot);
        VM.store(ROLLUP, bytes32(SLOT_BATCHES), bytes32(uint256(1)));
        VM.assertEq(rollup.committedBatches(), 1);
        bytes32 slot = keccak256(abi.encode(uint256(1), SLOT_HEADER_HASHES));
        VM.store(ROLLUP, slot, keccak256(abi.encode(header)));
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
        result.eval = uint128(instances[6]);
        result.feeAccount = uint32(instances[6] >> 128);
        result.depositCount = uint32(instances[7]);
        result.withdrawalCount = uint32(instances[7] >> 64);
        result.transferCount = uint32(instances[7] >> 128);
        result.withdrawalsRoot = keccak256("the proof does not bind it");
    }
}
