// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../../src/IRollup.sol";
import {ExitBatches} from "./ExitBatches.sol";
import {EXIT_DEADLINE, KeccakState} from "./PathDouble.sol";
import {Pubdata} from "./Pubdata.sol";
import {RollupTest} from "./RollupTest.sol";
import {Withdrawals} from "./Withdrawals.sol";

/// Takes no ETH, but can call.
contract RefusingOwner {
    function execute(address target, bytes calldata data) external returns (bool done, bytes memory answer) {
        return target.call(data);
    }
}

/// Calls the rollup while it is paid, and keeps what that call answered.
contract ReentrantOwner {
    bytes private data;
    bytes public answer;

    function setCall(bytes calldata call) external {
        data = call;
    }

    receive() external payable {
        (, answer) = msg.sender.call(data);
    }
}

/// @title A rollup with balances under its state root, and shorthands to leave it
abstract contract ExitTest is RollupTest {
    address internal constant BOB = address(0xb0b);
    address internal constant CAROL = address(0xca401);
    uint256 internal constant DATA_HASH = 0x9_0000000000000008_0000000000000007_0000000000000006;

    KeccakState internal state;

    function setUp() public virtual override {
        super.setUp();
        state = new KeccakState();
    }

    /// A deposit of ALICE's that a proven batch put into an account of `owner`.
    function _fund(uint32 account, address owner, uint8 id, uint64 units) internal {
        VM.startPrank(ALICE);
        if (id == 0) rollup.depositETH{value: uint256(units) * 1 gwei}(owner, 0);
        else rollup.depositERC20(rollup.tokenInfo(id).token, units * rollup.tokenInfo(id).unit, owner, 0);
        VM.stopPrank();
        state.credit(account, owner, id, units);
        Pubdata.Deposit memory deposit =
            Pubdata.Deposit({account: account, token: id, amount: uint56(units), owner: owner, auth: 0});
        _commitAndProve(Pubdata.encode(deposit));
    }

    /// A proven batch after which the state root is the state's.
    function _commitAndProve(bytes memory bridge) internal returns (IRollup.BatchHeader memory header) {
        IRollup.CommitData memory batch = _batch(bridge, "");
        batch.newRoot = state.root();
        VM.prank(OPERATOR);
        header = rollup.commitBatch(batch);
        _prove(header);
    }

    /// An operation that the operator leaves alone for too long.
    function _freeze() internal {
        rollup.setAuth(1, AUTH);
        VM.warp(block.timestamp + EXIT_DEADLINE + 60); // enough for all that was queued in this second
        _enter(_noHeader());
    }

    /// Of a balance of the state.
    function _exitRecord(uint32 account, uint8 id) internal view returns (bytes memory) {
        IRollup.AccountPath memory of_ = state.path(account, id);
        return _exitRecord(account, id, of_.balance, of_.owner);
    }

    function _exitRecord(uint32 account, uint8 id, uint64 units, address owner) internal pure returns (bytes memory) {
        return ExitBatches.record(account, id, units, owner);
    }

    /// The header of the next exit batch with this stream, of which `left` are what leaves.
    function _exitHeader(bytes memory bridge, Withdrawals left) internal view returns (IRollup.BatchHeader memory) {
        return ExitBatches.header(rollup, DATA_HASH, bridge, left);
    }

    /// An exit batch that the verifier accepts.
    function _exitBatch(bytes memory bridge, Withdrawals left) internal returns (IRollup.BatchHeader memory header) {
        header = _exitHeader(bridge, left);
        verifier.accept(PROOF, rollup.instances(header));
        VM.prank(CAROL); // anybody
        rollup.exitBatch(DATA_HASH, bridge, PROOF);
        VM.assertEq(rollup.headerHash(header.number), keccak256(abi.encode(header)));
    }

    function _claim(IRollup.BatchHeader memory header, Withdrawals left, uint32 index) internal {
        IRollup.Withdrawal memory withdrawal = left.get(index);
        bytes32[] memory proof = left.proof(index);
        rollup.claimWithdrawal(header, index, withdrawal, proof);
    }

    function _withdrawals(uint8 id, uint64 units, address owner) internal returns (Withdrawals left) {
        left = new Withdrawals();
        left.push(IRollup.Withdrawal(id, units, owner));
    }
}
