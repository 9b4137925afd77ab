// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Goldilocks} from "./Goldilocks.sol";
import {PubdataPolynomial} from "./PubdataPolynomial.sol";

/// Public data as the proof's statement names it.
struct PublicData {
    uint32 bridgeWords;
    uint32 rollupWords;
    /// Evaluation point, and the value of the bridge stream there.
    uint128 z;
    uint128 bridgeEval;
    /// The value of the rollup stream there; in a batch that is linked to a blob, that of the blob's polynomial.
    uint256 rollupEval;
}

/// @title How a proof is bound to public data that is in calldata
/// @notice Both streams are evaluated as polynomials: to a proof, streams with other words differ at the point.
library PubdataBinding {
    /// @param number The batch's; zero for exits.
    function inCalldata(uint256 chainId, uint64 number, uint256 dataHash, bytes calldata bridge, bytes calldata rollup)
        internal
        view
        returns (PublicData memory data)
    {
        data.bridgeWords = PubdataPolynomial.wordCount(bridge);
        data.rollupWords = PubdataPolynomial.wordCount(rollup);
        bytes32 digest = keccak256(
            abi.encodePacked(
                "ashlar/eval/v1", chainId, address(this), number, dataHash, keccak256(bridge), keccak256(rollup)
            )
        );
        uint256 z = Goldilocks.extensionFromDigest(digest);
        (uint256 bridgeEval, uint256 rollupEval) = PubdataPolynomial.evaluate(bridge, rollup, z);
        (data.z, data.bridgeEval, data.rollupEval) = (uint128(z), uint128(bridgeEval), rollupEval);
    }

    /// @notice The point for a rollup stream that L1 does not see.
    ///
    /// Sound, since it depends on all that it must not be chosen for. The circuit's bridge stream is fixed by `dataHash`, the
    /// Poseidon hash of both its streams, and L1's by its own hash; should their words differ, their polynomials, of as many
    /// coefficients as the statement and L1 both say, have one value at fewer than that many of p^2 points, and a prover
    /// who tries another data hash or bridge stream gets another point. The rollup stream is the one that `dataHash` is of:
    /// it is not compared with anything here, so nothing hangs on z not depending on it by itself. Its value is no part of
    /// the hash, for it follows from z.
    /// @return z As above, but from another tag and without the rollup stream's hash, in place of which is its length.
    function pointWithoutData(
        uint256 chainId,
        uint64 number,
        uint256 dataHash,
        bytes calldata bridge,
        uint32 rollupWords
    ) internal view returns (uint256 z) {
        bytes32 digest = keccak256(
            abi.encodePacked(
                "ashlar/validium/v1", chainId, address(this), number, dataHash, keccak256(bridge), rollupWords
            )
        );
        z = Goldilocks.extensionFromDigest(digest);
    }
}
