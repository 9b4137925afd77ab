// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ExitModule} from "./ExitModule.sol";
import {IPoseidonPath} from "./IPoseidonPath.sol";
import {IRollup} from "./IRollup.sol";
import {RollupBase} from "./RollupBase.sol";
import {ExitStream} from "./libraries/ExitStream.sol";

/// @title The ways out that need no operator, as the rollup offers them
/// @notice Their code is the module's: together both would be more than one contract may have. The rollup creates its own
/// module, so no deployment can give it another, and what arguments these functions take, the compiler checks as ever;
/// then the module gets the call as it came.
abstract contract Exits is RollupBase {
    /// Computes the root that a path leads to.
    IPoseidonPath public immutable PATH;
    /// The code of the ways out.
    ExitModule public immutable EXIT_MODULE;

    constructor(IPoseidonPath path) {
        if (address(path).code.length == 0) revert PathMissing(address(path));
        PATH = path;
        EXIT_MODULE = new ExitModule(ROUTER, path);
    }

    /// @inheritdoc IRollup
    function enterExitMode(BatchHeader calldata) external {
        _delegate();
    }

    /// @inheritdoc IRollup
    function exitBatch(uint256, bytes calldata, bytes calldata) external {
        _delegate();
    }

    /// @inheritdoc IRollup
    function exitAndPay(uint256, bytes calldata, bytes calldata) external returns (uint256) {
        _delegate();
    }

    /// @inheritdoc IRollup
    function exitByPath(AccountPath calldata) external {
        _delegate();
    }

    /// @inheritdoc IRollup
    function exitByPathTo(AccountPath calldata, address) external {
        _delegate();
    }

    /// @inheritdoc IRollup
    function refundDeposit(uint64, bytes calldata) external {
        _delegate();
    }

    /// @inheritdoc IRollup
    function refundDepositTo(uint64, bytes calldata, address) external {
        _delegate();
    }

    /// @inheritdoc IRollup
    function claimWithdrawals(BatchHeader calldata, Claim[] calldata, bytes32[] calldata) external returns (uint256) {
        _delegate();
    }

    /// @inheritdoc IRollup
    function isExited(uint32 account, uint8 token) external view returns (bool) {
        return ExitStream.contains(_exited, account, token);
    }

    /// Ends the call with the module's answer, whichever it is.
    function _delegate() private {
        address module = address(EXIT_MODULE);
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            calldatacopy(buffer, 0, calldatasize())
            let done := delegatecall(gas(), module, buffer, calldatasize(), 0, 0)
            returndatacopy(buffer, 0, returndatasize())
            if done { return(buffer, returndatasize()) }
            revert(buffer, returndatasize())
        }
    }
}
