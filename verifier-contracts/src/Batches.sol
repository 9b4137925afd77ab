// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Headers} from "./Headers.sol";
import {IProofVerifier} from "./IProofVerifier.sol";
import {IRollup} from "./IRollup.sol";
import {IVerifierRouter} from "./IVerifierRouter.sol";
import {PublicData} from "./libraries/PubdataBinding.sol";
import {Statement} from "./libraries/Statement.sol";

/// @title Batches as they are appended and proven
abstract contract Batches is Headers {
    /// Knows the verifier of each circuit set.
    IVerifierRouter public immutable ROUTER;
    uint256 internal immutable CHAIN_ID;
    uint256 internal immutable DOMAIN;

    /// @param rollup Whose batches they are.
    constructor(IVerifierRouter router, address rollup) {
        ROUTER = router;
        CHAIN_ID = block.chainid;
        DOMAIN = Statement.domain(block.chainid, rollup);
    }

    function _verifier() internal view returns (IProofVerifier) {
        return ROUTER.verifierOf(_circuitSet);
    }

    /// Makes this the last committed batch; the header lacks what follows from its public data and the batch before.
    function _append(IRollup.BatchHeader memory header, PublicData memory data) internal {
        header.previousTime = _committedTime;
        header.oldRoot = _committedRoot;
        _describe(header, data);

        bytes32 hash = Statement.hash(header);
        _headerHash[header.number] = hash;
        _committedRoot = header.newRoot;
        _committedTime = header.time;
        _committedBatches = uint40(header.number);
        emit IRollup.BatchCommitted(header.number, hash, header);
    }

    function _describe(IRollup.BatchHeader memory header, PublicData memory data) internal pure {
        header.bridgeWords = data.bridgeWords;
        header.rollupWords = data.rollupWords;
        header.z = data.z;
        header.bridgeEval = data.bridgeEval;
        header.rollupEval = data.rollupEval;
    }

    /// The header must be that of the next batch to prove.
    function _prove(IRollup.BatchHeader memory header, bytes calldata proof) internal virtual {
        _verify(header, proof);
        _stateRoot = header.newRoot;
        _provenBatches = uint40(header.number);
        emit IRollup.BatchProven(header.number, header.newRoot);
    }

    /// Reverts on a bad proof.
    function _verify(IRollup.BatchHeader memory header, bytes calldata proof) internal view {
        _verifier().verify(proof, Statement.instances(header, DOMAIN, _blobs()));
    }

    /// Whether rollup streams are in blobs. What has none, as exit batches, is the same either way.
    function _blobs() internal pure virtual returns (bool) {
        return false;
    }
}
