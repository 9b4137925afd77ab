// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../src/IRollup.sol";
import {Rollup} from "../src/Rollup.sol";
import {ClaimTest} from "./Claim.t.sol";
import {ClaimWithdrawalsTest} from "./ClaimWithdrawals.t.sol";
import {ExecutionTest} from "./Execution.t.sol";
import {ExitAndPayTest} from "./ExitAndPay.t.sol";
import {ExitBatchTest} from "./ExitBatch.t.sol";
import {ExitModeTest} from "./ExitMode.t.sol";
import {ProveTest} from "./Prove.t.sol";
import {ReplayTest} from "./Replay.t.sol";
import {Optimism} from "./support/Optimism.sol";
import {Optimists} from "./support/Optimists.sol";

// What a rollup does, with an optimistic one: with batches that are proven as ever, or, where it does not matter how a batch
// becomes final, by time.

contract OptimisticProveTest is ProveTest, Optimists {
    function _newRollup(IRollup.TokenListing[] memory tokens) internal override returns (Rollup) {
        bonds = Optimism.OPERATOR_BOND;
        return _optimisticRollup(router, GENESIS_ROOT, OPERATOR, path, tokens);
    }
}

contract OptimisticReplayTest is ReplayTest, Optimists {
    function _newRollup(IRollup.TokenListing[] memory tokens) internal override returns (Rollup) {
        bonds = Optimism.OPERATOR_BOND;
        return _optimisticRollup(router, GENESIS_ROOT, OPERATOR, path, tokens);
    }
}

contract OptimisticExecutionTest is ExecutionTest, Optimists {
    function _newRollup(IRollup.TokenListing[] memory tokens) internal override returns (Rollup) {
        bonds = Optimism.OPERATOR_BOND;
        return _optimisticRollup(router, GENESIS_ROOT, OPERATOR, path, tokens);
    }
}

contract OptimisticClaimTest is ClaimTest, Optimists {
    function _newRollup(IRollup.TokenListing[] memory tokens) internal override returns (Rollup) {
        bonds = Optimism.OPERATOR_BOND;
        return _optimisticRollup(router, GENESIS_ROOT, OPERATOR, path, tokens);
    }

    function _prove(IRollup.BatchHeader memory header) internal override {
        _finalize(header);
    }
}

contract OptimisticClaimWithdrawalsTest is ClaimWithdrawalsTest, Optimists {
    function _newRollup(IRollup.TokenListing[] memory tokens) internal override returns (Rollup) {
        bonds = Optimism.OPERATOR_BOND;
        return _optimisticRollup(router, GENESIS_ROOT, OPERATOR, path, tokens);
    }

    function _prove(IRollup.BatchHeader memory header) internal override {
        _finalize(header);
    }
}

contract OptimisticExitBatchTest is ExitBatchTest, Optimists {
    function _newRollup(IRollup.TokenListing[] memory tokens) internal override returns (Rollup) {
        bonds = Optimism.OPERATOR_BOND;
        return _optimisticRollup(router, GENESIS_ROOT, OPERATOR, path, tokens);
    }

    function _prove(IRollup.BatchHeader memory header) internal override {
        _finalize(header);
    }
}

contract OptimisticExitAndPayTest is ExitAndPayTest, Optimists {
    function _newRollup(IRollup.TokenListing[] memory tokens) internal override returns (Rollup) {
        bonds = Optimism.OPERATOR_BOND;
        return _optimisticRollup(router, GENESIS_ROOT, OPERATOR, path, tokens);
    }

    function _prove(IRollup.BatchHeader memory header) internal override {
        _finalize(header);
    }
}

contract OptimisticExitModeTest is ExitModeTest, Optimists {
    function _newRollup(IRollup.TokenListing[] memory tokens) internal override returns (Rollup) {
        bonds = Optimism.OPERATOR_BOND;
        return _optimisticRollup(router, GENESIS_ROOT, OPERATOR, path, tokens);
    }

    function _prove(IRollup.BatchHeader memory header) internal override {
        _finalize(header);
    }
}
