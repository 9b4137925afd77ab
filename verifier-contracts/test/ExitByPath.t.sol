// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPoseidonPath} from "../src/IPoseidonPath.sol";
import {IRollup} from "../src/IRollup.sol";
import {Rollup} from "../src/Rollup.sol";
import {ExitTest, ReentrantOwner, RefusingOwner} from "./support/ExitTest.sol";
import {BlockingToken} from "./support/OddTokens.sol";
import {Listings} from "./support/Listings.sol";
import {EXIT_DEADLINE} from "./support/PathDouble.sol";
import {Routing} from "./support/Routing.sol";
import {Withdrawals} from "./support/Withdrawals.sol";

/// @title Balances that leave by a Merkle path, in exit mode: no proof, no verifier
contract ExitByPathTest is ExitTest {
    uint32 private constant LAST_ACCOUNT = (1 << 28) - 1;

    function setUp() public override {
        super.setUp();
        _fund(1, BOB, 0, 100);
        _fund(1, BOB, 1, 20);
        _fund(LAST_ACCOUNT, CAROL, 1, 30);
        _fund(2, BOB, 0, 7);
    }

    function test_aPathPaysTheOwner() external {
        _freeze();
        IRollup.AccountPath memory way = state.path(1, 0);
        VM.expectEmit(address(rollup));
        emit IRollup.BalanceExited(1, 0, BOB, 100);
        VM.prank(CAROL); // anybody
        rollup.exitByPath(way);
        VM.snapshotGasLastCall("Rollup", "exitByPath, with a path of Keccak");
        VM.assertEq(BOB.balance, 100 gwei);
        VM.assertTrue(rollup.isExited(1, 0));
        VM.assertFalse(rollup.isExited(1, 1));
        rollup.exitByPath(state.path(1, 1));
        rollup.exitByPath(state.path(LAST_ACCOUNT, 1));
        VM.assertEq(token.balanceOf(BOB), 20 * TOKEN_UNIT);
        VM.assertEq(token.balanceOf(CAROL), 30 * TOKEN_UNIT);
        VM.assertEq(rollup.outstanding(0), 7);
        VM.assertEq(rollup.outstanding(1), 0);
        VM.assertEq(rollup.stateRoot(), state.root());
    }

    function test_aBalanceLeavesOnceWhicheverWay() external {
        _freeze();
        rollup.exitByPath(state.path(1, 0));
        _expectExited(1, 0);
        Withdrawals left = _withdrawals(0, 7, BOB);
        _exitBatch(bytes.concat(_exitRecord(1, 0), _exitRecord(2, 0)), left); // skips the first
        _expectExited(2, 0);
    }

    function test_revertPathInvalid() external {
        _freeze();
        IRollup.AccountPath memory way = state.path(1, 0);
        way.account = 3;
        _expectPathInvalid(way);
        way = state.path(1, 0);
        way.token = 2;
        _expectPathInvalid(way);
        way = state.path(1, 0);
        way.balance = 101;
        _expectPathInvalid(way);
        way = state.path(1, 0);
        way.auth += 1;
        _expectPathInvalid(way);
        way = state.path(1, 0);
        way.owner = CAROL;
        _expectPathInvalid(way);
        way = state.path(1, 0);
        way.meta += 1;
        _expectPathInvalid(way);
        for (uint256 level = 0; level < 28; ++level) {
            way = state.path(1, 0);
            if (level < 8) way.balanceSiblings[level] ^= bytes32(uint256(1));
            else way.accountSiblings[level] ^= bytes32(uint256(1));
            _expectPathInvalid(way);
        }
        rollup.exitByPath(state.path(1, 0));
    }

    /// Of more than 28 bits the path takes no notice: the same balance would leave under sixteen numbers.
    function test_revertAccountOutOfRange() external {
        _freeze();
        IRollup.AccountPath memory way = state.path(1, 0);
        for (uint256 bit = 28; bit < 32; ++bit) {
            way.account = uint32(1 + (1 << bit));
            _expect(abi.encodeWithSelector(IRollup.AccountOutOfRange.selector, way.account, 1 << 28));
            rollup.exitByPath(way);
        }
    }

    /// A balance of 2^62 units or more is not in the state; as a field element, it might be another's double.
    function test_revertAmountOutOfRange() external {
        _freeze();
        IRollup.AccountPath memory way = state.path(1, 0);
        uint64[4] memory bad = [uint64(0), 1 << 62, 0xffffffff00000001 + 100, type(uint64).max];
        for (uint256 i = 0; i < bad.length; ++i) {
            way.balance = bad[i];
            _expect(abi.encodeWithSelector(IRollup.AmountOutOfRange.selector, bad[i], 1 << 62));
            rollup.exitByPath(way);
        }
        way.balance = (1 << 62) - 1;
        _expectPathInvalid(way);
    }

    function test_revertNotInExitMode() external {
        IRollup.AccountPath memory way = state.path(1, 0);
        bytes memory expected = abi.encodeWithSelector(IRollup.NotInExitMode.selector);
        _expect(expected);
        rollup.exitByPath(way);
        _expect(expected);
        VM.prank(BOB);
        rollup.exitByPathTo(way, CAROL);
    }

    function test_anOwnerThatRefusesEthHasItPaidElsewhere() external {
        RefusingOwner wallet = new RefusingOwner();
        _fund(5, address(wallet), 0, 11);
        _freeze();
        IRollup.AccountPath memory way = state.path(5, 0);
        _expect(abi.encodeWithSelector(IRollup.EthTransferFailed.selector, address(wallet)));
        rollup.exitByPath(way);
        VM.assertFalse(rollup.isExited(5, 0));
        VM.expectEmit(address(rollup));
        emit IRollup.BalanceExited(5, 0, CAROL, 11);
        (bool done,) = wallet.execute(address(rollup), abi.encodeCall(IRollup.exitByPathTo, (way, CAROL)));
        VM.assertTrue(done);
        VM.assertEq(CAROL.balance, 11 gwei);
        _expectExited(5, 0);
    }

    function test_aBlockedHolderHasItPaidElsewhere() external {
        BlockingToken odd = new BlockingToken();
        uint8 id = _register(odd.mint, odd.approve, address(odd));
        _fund(5, BOB, id, 11);
        _freeze();
        odd.setBlocked(BOB, true);
        IRollup.AccountPath memory way = state.path(5, id);
        _expect(abi.encodeWithSelector(IRollup.TokenTransferFailed.selector, address(odd)));
        rollup.exitByPath(way);
        VM.prank(BOB);
        rollup.exitByPathTo(way, CAROL);
        VM.assertEq(odd.balanceOf(CAROL), 11);
    }

    function test_onlyTheOwnerHasItPaidElsewhere() external {
        _freeze();
        IRollup.AccountPath memory way = state.path(1, 0);
        _expect(abi.encodeWithSelector(IRollup.CallerNotRecipient.selector, CAROL, BOB));
        VM.prank(CAROL);
        rollup.exitByPathTo(way, CAROL);
        address[2] memory lost = [address(0), address(rollup)];
        for (uint256 i = 0; i < lost.length; ++i) {
            _expect(abi.encodeWithSelector(IRollup.PayeeInvalid.selector, lost[i]));
            VM.prank(BOB);
            rollup.exitByPathTo(way, lost[i]);
        }
        way.owner = CAROL; // calling himself the owner leads to another root
        _expect(abi.encodeWithSelector(IRollup.PathInvalid.selector, _rootOf(way), rollup.stateRoot()));
        VM.prank(CAROL);
        rollup.exitByPathTo(way, CAROL);
    }

    function test_revertReentrantCallOfAnOwner() external {
        ReentrantOwner owner = new ReentrantOwner();
        _fund(5, address(owner), 0, 11);
        _fund(6, address(owner), 0, 12);
        _freeze();
        owner.setCall(abi.encodeCall(IRollup.exitByPath, (state.path(6, 0))));
        rollup.exitByPath(state.path(5, 0));
        VM.assertEq(owner.answer(), abi.encodeWithSelector(IRollup.ReentrantCall.selector));
        VM.assertEq(address(owner).balance, 11 gwei);
        owner.setCall(abi.encodeCall(IRollup.exitByPath, (state.path(6, 0))));
        rollup.exitByPath(state.path(6, 0)); // the balance has not left yet when it is paid, and leaves once
        VM.assertEq(address(owner).balance, 23 gwei);
        VM.assertEq(rollup.outstanding(0), 107);
    }

    function test_revertPathMissing() external {
        _expect(abi.encodeWithSelector(IRollup.PathMissing.selector, BOB));
        new Rollup(
            router, Routing.CIRCUIT_SET, GENESIS_ROOT, OPERATOR, EXIT_DEADLINE, IPoseidonPath(BOB), Listings.none()
        );
        VM.assertEq(address(rollup.PATH()), address(path));
    }

    function _register(
        function(address, uint256) external mint,
        function(address, uint256) external returns (bool) approve,
        address odd
    ) private returns (uint8 id) {
        mint(ALICE, 1e18);
        VM.prank(ALICE);
        approve(address(rollup), type(uint256).max);
        VM.prank(OPERATOR);
        id = rollup.registerToken(odd, 0);
    }

    function _rootOf(IRollup.AccountPath memory way) private view returns (uint256) {
        return path.root(
            way.account, way.token, way.balance, way.auth, way.owner, way.meta, way.balanceSiblings, way.accountSiblings
        );
    }

    function _expectPathInvalid(IRollup.AccountPath memory way) private {
        _expect(abi.encodeWithSelector(IRollup.PathInvalid.selector, _rootOf(way), rollup.stateRoot()));
        rollup.exitByPath(way);
    }

    function _expectExited(uint32 account, uint8 id) private {
        IRollup.AccountPath memory way = state.path(account, id);
        _expect(abi.encodeWithSelector(IRollup.AlreadyExited.selector, account, id));
        rollup.exitByPath(way);
    }
}
