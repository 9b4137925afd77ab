// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BlobRollup} from "../src/BlobRollup.sol";
import {INSTANCE_COUNT} from "../src/IProofVerifier.sol";
import {IRollup} from "../src/IRollup.sol";
import {Rollup} from "../src/Rollup.sol";
import {VerifierRouter} from "../src/VerifierRouter.sol";
import {ClaimTest} from "./Claim.t.sol";
import {ExitAndPayTest} from "./ExitAndPay.t.sol";
import {ExitBatchTest} from "./ExitBatch.t.sol";
import {ProveTest} from "./Prove.t.sol";
import {BlobMode} from "./support/BlobMode.sol";
import {EXIT_DEADLINE, PathDouble} from "./support/PathDouble.sol";
import {Routing} from "./support/Routing.sol";
import {Test} from "./support/Test.sol";

// What a rollup does with batches once they are committed, with rollup streams in blobs. Forge 1.7.1 gives no blobs to
// isolated calls, so these suites run without isolation, and keep no gas.

/// @title What the suites need of data mode "blob"
abstract contract Blobs is Test {
    function _blobRollup(
        VerifierRouter router,
        uint256 genesisRoot,
        address operator,
        PathDouble path,
        IRollup.TokenListing[] memory tokens
    ) internal returns (Rollup rollup) {
        rollup = new BlobRollup(router, Routing.CIRCUIT_SET, genesisRoot, operator, EXIT_DEADLINE, path, tokens);
        VM.assertEq(rollup.dataMode(), bytes32("blob"));
    }

    /// From the first stream on, every transaction carries the blob: where it is for nothing, it is no obstacle.
    function _inBlob(bytes memory transfers) internal returns (bytes memory) {
        if (transfers.length == 0) return transfers;
        VM.blobhashes(BlobMode.one());
        return BlobMode.openingOfOne(uint32(transfers.length / 7));
    }
}

/// forge-config: default.isolate = false
contract BlobProveTest is ProveTest, Blobs {
    function _newRollup(IRollup.TokenListing[] memory tokens) internal override returns (Rollup) {
        return _blobRollup(router, GENESIS_ROOT, OPERATOR, path, tokens);
    }

    function _published(bytes memory transfers) internal override returns (bytes memory) {
        return _inBlob(transfers);
    }

    function _snapshotGas(string memory) internal override {}
}

/// forge-config: default.isolate = false
contract BlobClaimTest is ClaimTest, Blobs {
    function _newRollup(IRollup.TokenListing[] memory tokens) internal override returns (Rollup) {
        return _blobRollup(router, GENESIS_ROOT, OPERATOR, path, tokens);
    }

    function _published(bytes memory transfers) internal override returns (bytes memory) {
        return _inBlob(transfers);
    }

    function _snapshotGas(string memory) internal override {}
}

/// forge-config: default.isolate = false
contract BlobExitBatchTest is ExitBatchTest, Blobs {
    function _newRollup(IRollup.TokenListing[] memory tokens) internal override returns (Rollup) {
        return _blobRollup(router, GENESIS_ROOT, OPERATOR, path, tokens);
    }

    /// The double was told this statement and no other.
    function test_anExitBatchIsNotLinked() external {
        _freeze();
        IRollup.BatchHeader memory header = _exitBatch(_exitRecord(1, 0), _withdrawals(0, 100, BOB));
        uint256[INSTANCE_COUNT] memory instances = rollup.instances(header);
        VM.assertEq((instances[7] >> (64 + 56)) & 1, 0);
        VM.assertEq(instances[8], 0);
    }
}

/// forge-config: default.isolate = false
contract BlobExitAndPayTest is ExitAndPayTest, Blobs {
    function _newRollup(IRollup.TokenListing[] memory tokens) internal override returns (Rollup) {
        return _blobRollup(router, GENESIS_ROOT, OPERATOR, path, tokens);
    }
}
