// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ExitModule} from "../src/ExitModule.sol";
import {IRollup} from "../src/IRollup.sol";
import {ExitTest} from "./support/ExitTest.sol";

/// @title The module that has the code of the ways out
/// @notice That its storage is the rollup's, `script/build` compares; that what it writes there is found, all tests of
/// exits show.
contract ExitModuleTest is ExitTest {
    /// Neither by its own address nor by the code of another contract.
    function test_onlyTheRollupRunsIt() external {
        ExitModule module = rollup.EXIT_MODULE();
        Borrower borrower = new Borrower();
        bytes[8] memory calls = _calls();
        bytes memory refused = abi.encodeWithSelector(IRollup.ModuleCalledDirectly.selector, address(rollup));
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool done, bytes memory answer) = address(module).call(calls[i]);
            VM.assertFalse(done);
            VM.assertEq(answer, refused);
            (done, answer) = borrower.run(address(module), calls[i]);
            VM.assertFalse(done);
            VM.assertEq(answer, refused);
        }
    }

    /// All of them get there: each answer is the module's own.
    function test_theRollupPassesOnWhatTheModuleAnswers() external {
        bytes[8] memory calls = _calls();
        bytes memory notQueued = abi.encodeWithSelector(IRollup.OperationNotQueued.selector, 0);
        bytes memory notInExitMode = abi.encodeWithSelector(IRollup.NotInExitMode.selector);
        // Nothing was committed under number 0.
        bytes memory mismatch =
            abi.encodeWithSelector(IRollup.HeaderMismatch.selector, 0, keccak256(abi.encode(_noHeader())), bytes32(0));
        for (uint256 i = 0; i < calls.length; ++i) {
            VM.prank(address(0)); // the owner that the path names
            (bool done, bytes memory answer) = address(rollup).call(calls[i]);
            VM.assertFalse(done);
            VM.assertEq(answer, i == 0 ? notQueued : i == 1 ? mismatch : notInExitMode);
        }
    }

    /// Each rollup has a module of its own, which nothing that its deployer chose can be.
    function test_theModuleIsTheRollupsFirstCreation() external view {
        VM.assertEq(address(rollup.EXIT_MODULE()), VM.computeCreateAddress(address(rollup), 1));
    }

    /// The rollup delegates what it names, and nothing else.
    function test_whatTheRollupDoesNotNameIsRefused() external {
        bytes[2] memory calls = [abi.encodeWithSelector(bytes4(0x12345678)), bytes("")];
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool done, bytes memory answer) = address(rollup).call(calls[i]);
            VM.assertFalse(done);
            VM.assertEq(answer.length, 0);
        }
    }

    /// None of them takes ETH.
    function test_theWaysOutTakeNoEth() external {
        bytes[8] memory calls = _calls();
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool done, bytes memory answer) = address(rollup).call{value: 1}(calls[i]);
            VM.assertFalse(done);
            VM.assertEq(answer.length, 0);
        }
    }

    function _calls() private pure returns (bytes[8] memory) {
        IRollup.AccountPath memory way;
        IRollup.BatchHeader memory header;
        IRollup.Claim[] memory claims = new IRollup.Claim[](1);
        return [
            abi.encodeCall(IRollup.enterExitMode, (header)),
            abi.encodeCall(IRollup.claimWithdrawals, (header, claims, new bytes32[](0))),
            abi.encodeCall(IRollup.exitBatch, (DATA_HASH, "", PROOF)),
            abi.encodeCall(IRollup.exitAndPay, (DATA_HASH, "", PROOF)),
            abi.encodeCall(IRollup.exitByPath, (way)),
            abi.encodeCall(IRollup.exitByPathTo, (way, BOB)),
            abi.encodeCall(IRollup.refundDeposit, (0, "")),
            abi.encodeCall(IRollup.refundDepositTo, (0, "", BOB))
        ];
    }
}

/// Runs another's code on its own storage.
contract Borrower {
    function run(address code, bytes calldata data) external returns (bool done, bytes memory answer) {
        return code.delegatecall(data);
    }
}
