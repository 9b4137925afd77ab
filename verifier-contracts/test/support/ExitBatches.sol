// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../../src/IRollup.sol";
import {Goldilocks} from "../../src/libraries/Goldilocks.sol";
import {Pubdata} from "./Pubdata.sol";
import {Withdrawals} from "./Withdrawals.sol";

/// @title Obvious twins of an exit's record, and of what the rollup makes of an exit batch
library ExitBatches {
    function record(uint32 account, uint8 id, uint64 units, address owner) internal pure returns (bytes memory result) {
        uint8 high = uint8(units >> 56);
        result = Pubdata.encode(
            Pubdata.Withdraw({account: account, token: id, fee: high, amount: uint56(units), to: owner})
        );
        result[0] = 0x03;
    }

    /// The header of the next exit batch with this stream, of which `left` are what leaves.
    function header(IRollup rollup, uint256 dataHash, bytes memory bridge, Withdrawals left)
        internal
        view
        returns (IRollup.BatchHeader memory h)
    {
        h.number = rollup.provenBatches() + 1;
        h.firstOperation = rollup.committedOperations();
        h.withdrawalCount = uint32(left.count());
        (h.time, h.previousTime) = (rollup.committedTime(), rollup.committedTime());
        h.bridgeWords = uint32(bridge.length / 7);
        (h.oldRoot, h.newRoot) = (rollup.stateRoot(), rollup.stateRoot());
        h.dataHash = dataHash;
        bytes memory seed = abi.encodePacked(
            "ashlar/eval/v1", block.chainid, address(rollup), uint64(0), dataHash, keccak256(bridge), keccak256("")
        );
        h.z = uint128(Goldilocks.extensionFromDigest(keccak256(seed)));
        h.bridgeEval = uint128(Pubdata.evaluate(bridge, h.z));
        h.withdrawalsRoot = left.root();
    }
}
