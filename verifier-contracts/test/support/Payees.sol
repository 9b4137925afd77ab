// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// Takes no ETH.
contract RefusingPayee {}

/// Burns whatever gas it gets.
contract GasBurner {
    receive() external payable {
        assembly {
            invalid()
        }
    }
}

/// Calls who pays it, and keeps what that call answered.
contract ReentrantPayee {
    bytes private data;
    bytes public answer;

    function setCall(bytes calldata call) external {
        data = call;
    }

    receive() external payable {
        (, answer) = msg.sender.call(data);
    }
}
