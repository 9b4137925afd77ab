// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPoseidonPath} from "../../src/IPoseidonPath.sol";
import {IRollup} from "../../src/IRollup.sol";
import {Pubdata} from "./Pubdata.sol";

/// @dev Seconds that operations may wait in tests.
uint64 constant EXIT_DEADLINE = 3 days;

/// @title Trees of the state with Keccak in place of Poseidon: a node over nothing is zero
library KeccakTree {
    function leaf(uint256 auth, address owner, uint64 meta, bytes32 balances) internal pure returns (bytes32) {
        return keccak256(abi.encode("leaf", auth, owner, meta, balances));
    }

    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return left == 0 && right == 0 ? bytes32(0) : keccak256(abi.encode(left, right));
    }

    function up(bytes32 from, uint256 index, uint256 level, bytes32 sibling) internal pure returns (bytes32) {
        return (index >> level) & 1 == 1 ? node(sibling, from) : node(from, sibling);
    }

    /// As a state root may be: each limb a field element.
    function toRoot(bytes32 top) internal pure returns (uint256) {
        return Pubdata.canonicalHash(uint256(top));
    }
}

/// @title Leads paths to roots of `KeccakTree`, for tests of the rollup's own logic
contract PathDouble is IPoseidonPath {
    /// @inheritdoc IPoseidonPath
    function root(
        uint32 account,
        uint8 token,
        uint64 balance,
        uint256 auth,
        address owner,
        uint64 meta,
        bytes32[8] calldata balanceSiblings,
        bytes32[28] calldata accountSiblings
    ) external pure returns (uint256) {
        bytes32 top = bytes32(uint256(balance));
        for (uint256 level = 0; level < 8; ++level) {
            top = KeccakTree.up(top, token, level, balanceSiblings[level]);
        }
        top = KeccakTree.leaf(auth, owner, meta, top);
        for (uint256 level = 0; level < 28; ++level) {
            top = KeccakTree.up(top, account, level, accountSiblings[level]);
        }
        return KeccakTree.toRoot(top);
    }
}

/// @title A small state: accounts with balances, its root, and the paths of all balances
contract KeccakState {
    struct Account {
        uint256 auth;
        address owner;
        uint64 meta;
        uint256[] tokens;
        mapping(uint256 token => bytes32) balances;
    }

    uint256[] private places;
    mapping(uint256 place => Account) private accounts;

    /// Adds to a balance; the first time, opens the account.
    function credit(uint32 place, address owner, uint8 token, uint64 units) external {
        Account storage account = accounts[place];
        if (account.owner == address(0)) {
            places.push(place);
            (account.owner, account.auth, account.meta) = (owner, uint256(place) + 1, (uint64(9) << 32) | place);
        }
        if (account.balances[token] == 0) account.tokens.push(token);
        account.balances[token] = bytes32(uint256(account.balances[token]) + units);
    }

    function root() external view returns (uint256) {
        (bytes32 top,) = _climb(places, _leaves(), 28, 0);
        return KeccakTree.toRoot(top);
    }

    function path(uint32 place, uint8 token) external view returns (IRollup.AccountPath memory result) {
        Account storage account = accounts[place];
        result.account = place;
        result.token = token;
        result.balance = uint64(uint256(account.balances[token]));
        (result.auth, result.owner, result.meta) = (account.auth, account.owner, account.meta);
        (, bytes32[] memory siblings) = _climb(account.tokens, _balances(account), 8, token);
        for (uint256 level = 0; level < 8; ++level) {
            result.balanceSiblings[level] = siblings[level];
        }
        (, siblings) = _climb(places, _leaves(), 28, place);
        for (uint256 level = 0; level < 28; ++level) {
            result.accountSiblings[level] = siblings[level];
        }
    }

    function _balances(Account storage account) private view returns (bytes32[] memory found) {
        found = new bytes32[](account.tokens.length);
        for (uint256 i = 0; i < found.length; ++i) {
            found[i] = account.balances[account.tokens[i]];
        }
    }

    function _leaves() private view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](places.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            Account storage account = accounts[places[i]];
            (bytes32 balances,) = _climb(account.tokens, _balances(account), 8, 0);
            leaves[i] = KeccakTree.leaf(account.auth, account.owner, account.meta, balances);
        }
    }

    /// Root over nodes at these places, and the siblings on the way of `target`. Nodes stay in the list as they rise;
    /// neighbours become equal.
    function _climb(uint256[] memory at, bytes32[] memory nodes, uint256 depth, uint256 target)
        private
        pure
        returns (bytes32 top, bytes32[] memory siblings)
    {
        siblings = new bytes32[](depth);
        for (uint256 level = 0; level < depth; ++level) {
            siblings[level] = _find(at, nodes, target ^ 1);
            bytes32[] memory parents = new bytes32[](nodes.length);
            for (uint256 i = 0; i < nodes.length; ++i) {
                parents[i] = KeccakTree.up(nodes[i], at[i], 0, _find(at, nodes, at[i] ^ 1));
            }
            nodes = parents;
            for (uint256 i = 0; i < at.length; ++i) {
                at[i] >>= 1;
            }
            target >>= 1;
        }
        top = nodes.length == 0 ? bytes32(0) : nodes[0];
    }

    function _find(uint256[] memory at, bytes32[] memory nodes, uint256 place) private pure returns (bytes32) {
        for (uint256 i = 0; i < at.length; ++i) {
            if (at[i] == place) return nodes[i];
        }
        return 0;
    }
}
