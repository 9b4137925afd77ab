// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../../src/IRollup.sol";
import {Pubdata} from "./Pubdata.sol";

/// @title A batch's withdrawals: records of those that L2 signed, and proofs in their tree made level by level
contract Withdrawals {
    IRollup.Withdrawal[] private list;
    /// The first of the list: their records stand before the signed ones' in the stream, which has only the latter.
    uint256 private forced;

    function push(IRollup.Withdrawal calldata withdrawal) external {
        list.push(withdrawal);
    }

    /// What a forced withdrawal paid; before any signed one.
    function pushForced(IRollup.Withdrawal calldata withdrawal) external {
        require(forced == list.length, "forced withdrawals come first");
        list.push(withdrawal);
        ++forced;
    }

    function get(uint256 index) external view returns (IRollup.Withdrawal memory) {
        return list[index];
    }

    function count() external view returns (uint256) {
        return list.length;
    }

    function stream() external view returns (bytes memory result) {
        for (uint256 i = forced; i < list.length; ++i) {
            IRollup.Withdrawal memory w = list[i];
            result = bytes.concat(
                result,
                Pubdata.encode(
                    Pubdata.Withdraw({account: uint32(i), token: w.token, fee: 0, amount: uint56(w.amount), to: w.to})
                )
            );
        }
    }

    function proof(uint256 index) external view returns (bytes32[] memory result) {
        bytes32[] memory level = _leaves();
        bytes32[] memory siblings = new bytes32[](32);
        uint256 used = 0;
        while (level.length > 1) {
            if (index ^ 1 < level.length) siblings[used++] = level[index ^ 1];
            level = _above(level);
            index /= 2;
        }
        result = new bytes32[](used);
        for (uint256 i = 0; i < used; ++i) {
            result[i] = siblings[i];
        }
    }

    /// Of one who claims these, as `claimWithdrawals` takes it.
    function claim(uint32 index) public view returns (IRollup.Claim memory) {
        IRollup.Withdrawal memory w = list[index];
        return IRollup.Claim({index: index, token: w.token, amount: w.amount, to: w.to});
    }

    function claims(uint32[] calldata indices) external view returns (IRollup.Claim[] memory result) {
        result = new IRollup.Claim[](indices.length);
        for (uint256 i = 0; i < indices.length; ++i) {
            result[i] = claim(indices[i]);
        }
    }

    /// Every sibling that does not follow from the claimed leaves: of each level, the nodes next to a known one that are
    /// not known.
    function proofOf(uint32[] calldata indices) external view returns (bytes32[] memory result) {
        bytes32[] memory level = _leaves();
        bool[] memory known = new bool[](level.length);
        for (uint256 i = 0; i < indices.length; ++i) {
            known[indices[i]] = true;
        }
        bytes32[] memory siblings = new bytes32[](32 * indices.length);
        uint256 used = 0;
        while (level.length > 1) {
            bool[] memory above = new bool[]((level.length + 1) / 2);
            for (uint256 i = 0; i < level.length; ++i) {
                if (known[i]) above[i / 2] = true;
                else if (i ^ 1 < level.length && known[i ^ 1]) siblings[used++] = level[i];
            }
            (level, known) = (_above(level), above);
        }
        result = new bytes32[](used);
        for (uint256 i = 0; i < used; ++i) {
            result[i] = siblings[i];
        }
    }

    function root() external view returns (bytes32) {
        bytes32[] memory level = _leaves();
        while (level.length > 1) level = _above(level);
        return level.length == 0 ? bytes32(0) : level[0];
    }

    function _leaves() private view returns (bytes32[] memory level) {
        level = new bytes32[](list.length);
        for (uint256 i = 0; i < level.length; ++i) {
            level[i] = keccak256(abi.encode(i, list[i].token, list[i].amount, list[i].to));
        }
    }

    function _above(bytes32[] memory level) private pure returns (bytes32[] memory next) {
        next = new bytes32[]((level.length + 1) / 2);
        for (uint256 i = 0; i < next.length; ++i) {
            next[i] = 2 * i + 1 < level.length ? keccak256(abi.encode(level[2 * i], level[2 * i + 1])) : level[2 * i];
        }
    }
}
