// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../src/IRollup.sol";
import {Goldilocks} from "../src/libraries/Goldilocks.sol";
import {FalseToken, FeeToken, NegativeToken, NoReturnToken, ReentrantToken} from "./support/OddTokens.sol";
import {Pubdata} from "./support/Pubdata.sol";
import {RollupTest} from "./support/RollupTest.sol";

contract DepositTest is RollupTest {
    function test_depositEth() external {
        VM.expectEmit(address(rollup));
        emit IRollup.DepositQueued(0, 0, ALICE, 5, KEY_HASH);
        VM.prank(ALICE);
        uint64 index = rollup.depositETH{value: 5 gwei}(KEY_HASH);
        VM.snapshotGasLastCall("Rollup", "depositETH, first");
        VM.assertEq(index, 0);
        VM.assertEq(rollup.depositHash(0), keccak256(abi.encode(0, 5, KEY_HASH)));
        VM.assertEq(rollup.queuedDeposits(), 1);
        VM.assertEq(rollup.outstanding(0), 5);
        VM.assertEq(address(rollup).balance, 5 gwei);

        VM.prank(ALICE);
        VM.assertEq(rollup.depositETH{value: 6 gwei}(KEY_HASH), 1);
        VM.snapshotGasLastCall("Rollup", "depositETH, later");
    }

    function test_depositErc20() external {
        VM.expectEmit(address(rollup));
        emit IRollup.DepositQueued(0, 1, ALICE, 8, KEY_HASH);
        VM.prank(ALICE);
        rollup.depositERC20(address(token), 8 * TOKEN_UNIT, KEY_HASH);
        VM.snapshotGasLastCall("Rollup", "depositERC20, first");
        VM.assertEq(rollup.depositHash(0), keccak256(abi.encode(1, 8, KEY_HASH)));
        VM.assertEq(rollup.outstanding(1), 8);
        VM.assertEq(token.balanceOf(address(rollup)), 8 * TOKEN_UNIT);
    }

    function test_depositErc20WithoutReturnValue() external {
        NoReturnToken odd = new NoReturnToken();
        odd.mint(ALICE, 100);
        _register(address(odd));
        VM.prank(ALICE);
        rollup.depositERC20(address(odd), 100, KEY_HASH);
        VM.assertEq(odd.balanceOf(address(rollup)), 100);
        VM.assertEq(rollup.outstanding(2), 100);
    }

    function testFuzz_depositEth(uint56 units, uint256 keyHash) external {
        VM.assume(units > 0);
        keyHash = Pubdata.canonicalHash(keyHash);
        VM.assume(keyHash != 0);
        _depositEth(units, keyHash);
        VM.assertEq(rollup.depositHash(0), keccak256(abi.encode(0, units, keyHash)));
        VM.assertEq(address(rollup).balance, uint256(units) * 1 gwei);
    }

    function test_revertKeyHashInvalid() external {
        _expectEthRevert(1 gwei, 0, abi.encodeWithSelector(IRollup.KeyHashInvalid.selector, 0));
        for (uint256 limb = 0; limb < 4; ++limb) {
            uint256 bad = Goldilocks.P << (64 * limb);
            _expectEthRevert(1 gwei, bad, abi.encodeWithSelector(IRollup.KeyHashInvalid.selector, bad));
            // One less is the largest canonical limb.
            _depositEth(1, bad - (1 << (64 * limb)));
        }
    }

    function test_revertAmountNotWholeUnits() external {
        bytes memory expected = abi.encodeWithSelector(IRollup.AmountNotWholeUnits.selector, 1 gwei + 1, 1 gwei);
        _expectEthRevert(1 gwei + 1, KEY_HASH, expected);
        _expectTokenRevert(address(token), TOKEN_UNIT + 1, expected);
    }

    function test_revertAmountOutOfRange() external {
        uint256 limit = 1 << 56;
        _expectEthRevert(0, KEY_HASH, abi.encodeWithSelector(IRollup.AmountOutOfRange.selector, 0, limit));
        _expectEthRevert(
            limit * 1 gwei, KEY_HASH, abi.encodeWithSelector(IRollup.AmountOutOfRange.selector, limit, limit)
        );
        _depositEth(limit - 1, KEY_HASH);
    }

    function test_revertTokenTotalExceeded() external {
        uint256 limit = 1 << 62;
        for (uint256 i = 0; i < 64; ++i) {
            _depositEth((1 << 56) - 1, KEY_HASH);
        }
        _depositEth(63, KEY_HASH);
        VM.assertEq(rollup.outstanding(0), limit - 1);
        _expectEthRevert(1 gwei, KEY_HASH, abi.encodeWithSelector(IRollup.TokenTotalExceeded.selector, 0, limit, limit));
        _depositToken(1, KEY_HASH); // another token's total is its own
    }

    function test_revertTokenNotRegistered() external {
        _expectTokenRevert(ALICE, 1, abi.encodeWithSelector(IRollup.TokenNotRegistered.selector, ALICE));
        // ETH has no address: zero is not a way to it.
        _expectTokenRevert(address(0), 1, abi.encodeWithSelector(IRollup.TokenNotRegistered.selector, address(0)));
    }

    function test_revertTokenTransferFailed() external {
        FalseToken odd = new FalseToken();
        _fund(odd.mint, odd.approve, address(odd));
        odd.setBroken(true);
        _expectTokenRevert(address(odd), 1, abi.encodeWithSelector(IRollup.TokenTransferFailed.selector, address(odd)));
        // A reverting `transferFrom`: no allowance.
        VM.prank(ALICE);
        token.approve(address(rollup), 0);
        _expectTokenRevert(
            address(token), TOKEN_UNIT, abi.encodeWithSelector(IRollup.TokenTransferFailed.selector, address(token))
        );
    }

    function test_revertTokenTransferInexact() external {
        FeeToken fee = new FeeToken();
        _fund(fee.mint, fee.approve, address(fee));
        _expectTokenRevert(
            address(fee), 100, abi.encodeWithSelector(IRollup.TokenTransferInexact.selector, address(fee), 100, 99)
        );
        NegativeToken negative = new NegativeToken();
        _fund(negative.mint, negative.approve, address(negative));
        negative.mint(address(rollup), 100);
        _expectTokenRevert(
            address(negative),
            100,
            abi.encodeWithSelector(IRollup.TokenTransferInexact.selector, address(negative), 100, 0)
        );
    }

    function test_revertReentrantCall() external {
        ReentrantToken odd = new ReentrantToken();
        _fund(odd.mint, odd.approve, address(odd));
        VM.prank(ALICE);
        rollup.depositERC20(address(odd), 1, KEY_HASH);
        VM.assertEq(odd.answer(), abi.encodeWithSelector(IRollup.ReentrantCall.selector));
        VM.assertEq(rollup.queuedDeposits(), 1);
    }

    function _register(address odd) private {
        VM.prank(OPERATOR);
        rollup.registerToken(odd, 0);
    }

    function _fund(
        function(address, uint256) external mint,
        function(address, uint256) external returns (bool) approve,
        address odd
    ) private {
        _register(odd);
        mint(ALICE, 1e18);
        VM.prank(ALICE);
        approve(address(rollup), type(uint256).max);
    }

    function _expectEthRevert(uint256 value, uint256 keyHash, bytes memory expected) private {
        _expect(expected);
        VM.prank(ALICE);
        rollup.depositETH{value: value}(keyHash);
    }

    function _expectTokenRevert(address erc20, uint256 amount, bytes memory expected) private {
        _expect(expected);
        VM.prank(ALICE);
        rollup.depositERC20(erc20, amount, KEY_HASH);
    }
}
