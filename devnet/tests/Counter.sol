// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.19;

/// Test contract of the devnet.
contract Counter {
    error TooMuch(uint256 limit, uint256 asked);

    event Added(address indexed by, uint256 indexed amount, uint256 total);

    uint256 public total;

    function add(uint256 amount) external {
        if (amount > 1000) revert TooMuch(1000, amount);
        total += amount;
        emit Added(msg.sender, amount, total);
    }
}
