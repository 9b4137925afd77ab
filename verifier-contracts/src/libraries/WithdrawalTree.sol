// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../IRollup.sol";

/// @title Merkle tree of a batch's withdrawals
/// @notice Leaf i is `keccak256(abi.encode(i, token, amount, to))`; a level pairs neighbours from the left by
/// `keccak256(left ‖ right)` and carries an odd last node up unchanged. Leaves hash 128 bytes and nodes 64, so neither
/// can pass for the other.
library WithdrawalTree {
    /// @return result The leaf of the withdrawal at position `index`.
    function leaf(uint256 index, uint256 token, uint256 amount, address to) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore(buffer, index)
            mstore(add(buffer, 0x20), token)
            mstore(add(buffer, 0x40), amount)
            mstore(add(buffer, 0x60), and(to, 0xffffffffffffffffffffffffffffffffffffffff))
            result := keccak256(buffer, 0x80)
        }
    }

    /// @notice Root over the first `count` nodes, zero for none. Overwrites `nodes`.
    function root(bytes32[] memory nodes, uint256 count) internal pure returns (bytes32) {
        if (count == 0) return 0;
        for (uint256 width = count; width > 1; width = (width + 1) / 2) {
            for (uint256 i = 0; i < width / 2; ++i) {
                nodes[i] = _parent(nodes[2 * i], nodes[2 * i + 1]);
            }
            if (width % 2 == 1) nodes[width / 2] = nodes[width - 1];
        }
        return nodes[0];
    }

    /// @notice Whether `node` is leaf `index` of the tree of `count` leaves with root `expected`.
    /// `proof` must be exactly the siblings on the way up.
    function isMember(bytes32 node, uint256 index, uint256 count, bytes32[] calldata proof, bytes32 expected)
        internal
        pure
        returns (bool)
    {
        uint256 used = 0;
        for (uint256 width = count; width > 1; width = (width + 1) / 2) {
            if (index ^ 1 < width) {
                if (used == proof.length) return false;
                bytes32 sibling = proof[used++];
                node = index % 2 == 0 ? _parent(node, sibling) : _parent(sibling, node);
            }
            index /= 2;
        }
        return used == proof.length && node == expected;
    }

    /// @notice Whether `nodes` are the leaves at these positions of the tree of `count` leaves with root `expected`.
    /// `proof` must be exactly the siblings that do not follow from other nodes, level by level from the left. Overwrites
    /// both arrays.
    /// @param positions Ascending, each once, below `count`.
    function areMembers(
        bytes32[] memory nodes,
        uint256[] memory positions,
        uint256 count,
        bytes32[] calldata proof,
        bytes32 expected
    ) internal pure returns (bool) {
        uint256 left = nodes.length;
        if (left == 0) return false;
        uint256 used = 0;
        for (; count > 1; count = (count + 1) / 2) {
            uint256 above = 0;
            for (uint256 i = 0; i < left; ++above) {
                uint256 position = positions[i];
                bytes32 node = nodes[i++];
                if (position % 2 == 0 && i < left && positions[i] == position + 1) {
                    node = _parent(node, nodes[i++]);
                } else if (position ^ 1 < count) {
                    if (used == proof.length) return false;
                    node = position % 2 == 0 ? _parent(node, proof[used]) : _parent(proof[used], node);
                    ++used;
                }
                positions[above] = position / 2;
                nodes[above] = node;
            }
            left = above;
        }
        return used == proof.length && nodes[0] == expected;
    }

    function _parent(bytes32 left, bytes32 right) private pure returns (bytes32 result) {
        assembly ("memory-safe") {
            mstore(0x00, left)
            mstore(0x20, right)
            result := keccak256(0x00, 0x40)
        }
    }
}
