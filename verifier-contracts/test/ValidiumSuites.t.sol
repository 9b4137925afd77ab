// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../src/IRollup.sol";
import {Rollup} from "../src/Rollup.sol";
import {ClaimTest} from "./Claim.t.sol";
import {ExecutionTest} from "./Execution.t.sol";
import {ExitAndPayTest} from "./ExitAndPay.t.sol";
import {ExitBatchTest} from "./ExitBatch.t.sol";
import {ExitModeTest} from "./ExitMode.t.sol";
import {ProveTest} from "./Prove.t.sol";
import {Committee} from "./support/Committee.sol";

// What a rollup does with batches once they are committed, with a committee that keeps the rollup streams.

contract ValidiumProveTest is ProveTest, Committee {
    function _newRollup(IRollup.TokenListing[] memory tokens) internal override returns (Rollup) {
        return _validiumRollup(router, GENESIS_ROOT, OPERATOR, path, tokens);
    }

    function _batch(bytes memory bridge, bytes memory transfers)
        internal
        override
        returns (IRollup.CommitData memory batch)
    {
        batch = super._batch(bridge, "");
        if (transfers.length > 0) batch.rollup = _attestAll(rollup, batch, uint32(transfers.length / 7));
    }

    function _snapshotGas(string memory) internal override {}
}

contract ValidiumClaimTest is ClaimTest, Committee {
    function _newRollup(IRollup.TokenListing[] memory tokens) internal override returns (Rollup) {
        return _validiumRollup(router, GENESIS_ROOT, OPERATOR, path, tokens);
    }

    function _batch(bytes memory bridge, bytes memory transfers)
        internal
        override
        returns (IRollup.CommitData memory batch)
    {
        batch = super._batch(bridge, "");
        if (transfers.length > 0) batch.rollup = _attestAll(rollup, batch, uint32(transfers.length / 7));
    }

    function _snapshotGas(string memory) internal override {}
}

contract ValidiumExecutionTest is ExecutionTest, Committee {
    function _newRollup(IRollup.TokenListing[] memory tokens) internal override returns (Rollup) {
        return _validiumRollup(router, GENESIS_ROOT, OPERATOR, path, tokens);
    }

    function _batch(bytes memory bridge, bytes memory transfers)
        internal
        override
        returns (IRollup.CommitData memory batch)
    {
        batch = super._batch(bridge, "");
        if (transfers.length > 0) batch.rollup = _attestAll(rollup, batch, uint32(transfers.length / 7));
    }

    function _snapshotGas(string memory) internal override {}
}

contract ValidiumExitBatchTest is ExitBatchTest, Committee {
    function _newRollup(IRollup.TokenListing[] memory tokens) internal override returns (Rollup) {
        return _validiumRollup(router, GENESIS_ROOT, OPERATOR, path, tokens);
    }
}

contract ValidiumExitAndPayTest is ExitAndPayTest, Committee {
    function _newRollup(IRollup.TokenListing[] memory tokens) internal override returns (Rollup) {
        return _validiumRollup(router, GENESIS_ROOT, OPERATOR, path, tokens);
    }
}

contract ValidiumExitModeTest is ExitModeTest, Committee {
    function _newRollup(IRollup.TokenListing[] memory tokens) internal override returns (Rollup) {
        return _validiumRollup(router, GENESIS_ROOT, OPERATOR, path, tokens);
    }
}
