// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPoseidonPath} from "../../src/IPoseidonPath.sol";

/// @title Leads the balances that it was told to the roots that it was told, whatever the siblings, and others to zero
contract PathOracle is IPoseidonPath {
    mapping(bytes32 balance => uint256 root) private roots;

    function accept(uint32 account, uint8 token, uint64 balance, address owner, uint256 to) external {
        roots[keccak256(abi.encode(account, token, balance, owner))] = to;
    }

    /// @inheritdoc IPoseidonPath
    function root(
        uint32 account,
        uint8 token,
        uint64 balance,
        uint256,
        address owner,
        uint64,
        bytes32[8] calldata,
        bytes32[28] calldata
    ) external view returns (uint256) {
        return roots[keccak256(abi.encode(account, token, balance, owner))];
    }
}
