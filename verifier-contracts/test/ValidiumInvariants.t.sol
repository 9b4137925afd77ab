// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPoseidonPath} from "../src/IPoseidonPath.sol";
import {IRollup} from "../src/IRollup.sol";
import {Rollup} from "../src/Rollup.sol";
import {VerifierRouter} from "../src/VerifierRouter.sol";
import {InvariantsTest} from "./Invariants.t.sol";
import {Committee} from "./support/Committee.sol";
import {ExitHandler} from "./support/ExitHandler.sol";

/// @title Everybody who acts on a validium
contract ValidiumHandler is ExitHandler, Committee {
    constructor(uint256 genesisRoot) ExitHandler(genesisRoot) {}

    function _newRollup(
        VerifierRouter router,
        uint256 genesisRoot,
        IPoseidonPath path,
        IRollup.TokenListing[] memory tokens
    ) internal override returns (Rollup) {
        return _validiumRollup(router, genesisRoot, address(this), DEADLINE, path, tokens);
    }

    function _published(IRollup.CommitData memory batch, uint32 words) internal view override returns (bytes memory) {
        return words == 0 ? bytes("") : _attestAll(ROLLUP, batch, words);
    }
}

/// @title What holds of every rollup, of a validium
/// forge-config: default.invariant.runs = 4
contract ValidiumInvariantsTest is InvariantsTest {
    function _newHandler() internal override returns (ExitHandler) {
        return new ValidiumHandler(42);
    }
}
