// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {MintableToken} from "../src/demo/MintableToken.sol";
import {IRollup} from "../src/IRollup.sol";
import {Rollup} from "../src/Rollup.sol";
import {HookToken, Hooked, ShrinkingToken} from "./support/OddTokens.sol";
import {Pubdata} from "./support/Pubdata.sol";
import {RollupTest} from "./support/RollupTest.sol";

/// Deposits ETH when it is paid and when its token moves.
contract Meddler is Hooked {
    Rollup private immutable ROLLUP;
    bool public reentered;
    bytes public answer;

    constructor(Rollup rollup) {
        ROLLUP = rollup;
    }

    function depositToken(HookToken token, uint256 amount, uint256 auth) external {
        token.approve(address(ROLLUP), amount);
        ROLLUP.depositERC20(address(token), amount, address(this), auth);
    }

    function onMove() external {
        (, answer) = address(ROLLUP).call(abi.encodeCall(IRollup.depositERC20, (msg.sender, 1, address(this), 1)));
        _depositEth();
    }

    receive() external payable {
        _depositEth();
    }

    function _depositEth() private {
        ROLLUP.depositETH{value: 1 gwei}(address(this), 77);
        reentered = true;
    }
}

/// @title What holders, recipients and tokens can do to others
contract GriefingTest is RollupTest {
    /// A deposit in the middle of a payment is a deposit like any other: no state of the payment is pending then.
    function test_depositWhileBeingPaid() external {
        _depositEth(100, AUTH);
        Meddler meddler = new Meddler(rollup);
        IRollup.BatchHeader memory header =
            _commit(bytes.concat(_depositRecord(0, 100, AUTH), _withdrawRecord(0, 10, address(meddler))), "");
        _prove(header);
        rollup.claimWithdrawal(header, 0, IRollup.Withdrawal(0, 10, address(meddler)), new bytes32[](0));
        VM.assertTrue(meddler.reentered());
        VM.assertEq(rollup.outstanding(0), 91);
        VM.assertEq(address(rollup).balance, 91 gwei);
        VM.assertEq(rollup.queuedOperations(), 2);
    }

    /// While a token moves, no other token deposit can be counted twice, and ETH deposits count by themselves.
    function test_depositWhileATokenMoves() external {
        HookToken odd = new HookToken();
        VM.prank(OPERATOR);
        uint8 id = rollup.registerToken(address(odd), 0);
        Meddler meddler = new Meddler(rollup);
        VM.deal(address(meddler), 1 gwei);
        odd.mint(address(meddler), 100);
        odd.setHooked(address(meddler));
        meddler.depositToken(odd, 10, AUTH);
        VM.assertEq(meddler.answer(), abi.encodeWithSelector(IRollup.ReentrantCall.selector));
        VM.assertTrue(meddler.reentered());
        VM.assertEq(rollup.outstanding(id), 10);
        VM.assertEq(odd.balanceOf(address(rollup)), 10);
        VM.assertEq(rollup.outstanding(0), 1);
        VM.assertEq(rollup.queuedOperations(), 2);
    }

    /// 10^14 whole tokens of 18 decimals. By the default unit a twenty-thousandth of them fills the rollup; in units of
    /// 10^14 base units all of them fit.
    function test_aTokenOfLargeSupplyNeedsACoarseUnit() external {
        uint256 supply = 1e14 * 1e18;
        MintableToken large = _largeToken(supply);
        uint8 id = _register(large, 0);
        uint256 most = ((1 << 56) - 1) * rollup.tokenInfo(id).unit;
        for (uint256 i = 0; i < 64; ++i) {
            VM.prank(ALICE);
            rollup.depositERC20(address(large), most, ALICE, AUTH);
        }
        VM.assertGe(supply / 20_000, large.balanceOf(address(rollup)), "part of the supply");
        uint256 total = rollup.outstanding(id) + 1e9;
        _expect(abi.encodeWithSelector(IRollup.TokenTotalExceeded.selector, id, total, 1 << 62));
        VM.prank(ALICE);
        rollup.depositERC20(address(large), 1e18, ALICE, AUTH);

        large = _largeToken(supply);
        id = _register(large, 1e14);
        most = ((1 << 56) - 1) * 1e14;
        uint256 left = supply;
        while (left > 0) {
            uint256 amount = left < most ? left : most;
            VM.prank(ALICE);
            rollup.depositERC20(address(large), amount, ALICE, AUTH);
            left -= amount;
        }
        VM.assertEq(large.balanceOf(address(rollup)), supply);
        VM.assertGe((1 << 62) - 1, rollup.outstanding(id), "units");
    }

    /// Why rebasing tokens must not be registered: the contract does not see a balance shrink, and who claims last is
    /// not paid.
    function test_aShrinkingTokenIsNotNoticed() external {
        ShrinkingToken odd = new ShrinkingToken();
        odd.mint(ALICE, 100);
        VM.prank(ALICE);
        odd.approve(address(rollup), 100);
        uint8 id = _register(odd, 0);
        VM.prank(ALICE);
        rollup.depositERC20(address(odd), 100, ALICE, AUTH);
        odd.halve(address(rollup));
        VM.assertEq(rollup.outstanding(id), 100);
        IRollup.BatchHeader memory header =
            _commit(bytes.concat(_depositRecord(id, 100, AUTH), _withdrawRecord(id, 60, ALICE)), "");
        _prove(header);
        _expect(abi.encodeWithSelector(IRollup.TokenTransferFailed.selector, address(odd)));
        rollup.claimWithdrawal(header, 0, IRollup.Withdrawal(id, 60, ALICE), new bytes32[](0));
        VM.assertFalse(rollup.isClaimed(1, 0));
    }

    /// ETH that is forced on the contract and tokens that are sent to it belong to nobody and change nothing.
    function test_unaskedPaymentsChangeNothing() external {
        _depositEth(5, AUTH);
        VM.deal(address(rollup), address(rollup).balance + 1 ether);
        (bool accepted,) = address(rollup).call{value: 0}("");
        VM.assertFalse(accepted);
        token.mint(address(rollup), 12345);
        _depositToken(7, AUTH);
        VM.assertEq(rollup.outstanding(0), 5);
        VM.assertEq(rollup.outstanding(1), 7);
        bytes memory deposits = bytes.concat(_depositRecord(0, 5, AUTH), _depositRecord(1, 7, AUTH));
        IRollup.BatchHeader memory header = _commit(bytes.concat(deposits, _withdrawRecord(0, 5, ALICE)), "");
        _prove(header);
        rollup.claimWithdrawal(header, 0, IRollup.Withdrawal(0, 5, ALICE), new bytes32[](0));
        VM.assertEq(address(rollup).balance, 1 ether);
    }

    /// Anybody can queue deposits that the operator must then process: what one of them costs in a commit.
    function test_commitGasPerDeposit() external {
        _depositEth(1, AUTH);
        _commit(_depositRecord(0, 1, AUTH), ""); // slots that are written for the first time
        uint256 few = _commitGas(8);
        uint256 many = _commitGas(72);
        uint256 perDeposit = (many - few) / 64;
        VM.snapshotValue("Rollup", "commitBatch, gas per further deposit", perDeposit);
        VM.assertGe(4_600, perDeposit, "gas per deposit");
    }

    /// And forced withdrawals, of accounts that need not be his nor exist: each costs him more than the operator.
    function test_commitGasPerForcedWithdrawal() external {
        _forceWithdrawals(1);
        _commit(_forcedRecords(1), "");
        uint256 few = _forcedCommitGas(8);
        uint256 many = _forcedCommitGas(72);
        uint256 perWithdrawal = (many - few) / 64;
        VM.snapshotValue("Rollup", "commitBatch, gas per further forced withdrawal", perWithdrawal);
        VM.assertGe(3_900, perWithdrawal, "gas per forced withdrawal");
        VM.prank(ALICE);
        rollup.forceWithdrawal(1, 0, 1);
        VM.assertGe(VM.lastCallGas().gasTotalUsed, 6 * perWithdrawal, "gas of queueing one");
    }

    function _forcedCommitGas(uint256 count) private returns (uint256) {
        _forceWithdrawals(count);
        IRollup.CommitData memory batch = _batch(_forcedRecords(count), "");
        VM.prank(OPERATOR);
        rollup.commitBatch(batch);
        return VM.lastCallGas().gasTotalUsed;
    }

    function _forceWithdrawals(uint256 count) private {
        for (uint256 i = 0; i < count; ++i) {
            VM.prank(ALICE);
            rollup.forceWithdrawal(1, 0, 1);
        }
    }

    function _forcedRecords(uint256 count) private pure returns (bytes memory bridge) {
        Pubdata.ForcedWithdrawal memory record =
            Pubdata.ForcedWithdrawal({account: 1, token: 0, amount: 1, sender: ALICE, paid: 0});
        for (uint256 i = 0; i < count; ++i) {
            bridge = bytes.concat(bridge, Pubdata.encode(record));
        }
    }

    function _commitGas(uint256 deposits) private returns (uint256) {
        bytes memory bridge = "";
        for (uint256 i = 0; i < deposits; ++i) {
            _depositEth(1, AUTH + i);
            bridge = bytes.concat(bridge, _depositRecord(0, 1, AUTH + i));
        }
        IRollup.CommitData memory batch = _batch(bridge, "");
        VM.prank(OPERATOR);
        rollup.commitBatch(batch);
        return VM.lastCallGas().gasTotalUsed;
    }

    function _largeToken(uint256 supply) private returns (MintableToken large) {
        large = new MintableToken("Large", "LRG", 18);
        large.mint(ALICE, supply);
        VM.prank(ALICE);
        large.approve(address(rollup), supply);
    }

    function _register(MintableToken added, uint256 unit) private returns (uint8) {
        VM.prank(OPERATOR);
        return rollup.registerToken(address(added), unit);
    }
}
