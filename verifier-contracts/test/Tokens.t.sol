// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProofVerifier} from "../src/IProofVerifier.sol";
import {IRollup} from "../src/IRollup.sol";
import {Rollup} from "../src/Rollup.sol";
import {MintableToken} from "../src/demo/MintableToken.sol";
import {NoDecimals} from "./support/OddTokens.sol";
import {RollupTest} from "./support/RollupTest.sol";

contract TokensTest is RollupTest {
    function test_constructorRegistersTokens() external view {
        VM.assertEq(rollup.tokenCount(), 2);
        VM.assertEq(rollup.tokenInfo(0).token, address(0));
        VM.assertEq(rollup.tokenInfo(0).unit, 1 gwei);
        VM.assertEq(rollup.tokenInfo(1).token, address(token));
        VM.assertEq(rollup.tokenInfo(1).unit, 1e9);
        VM.assertEq(rollup.tokenId(address(token)), 1);
        VM.assertEq(rollup.stateRoot(), GENESIS_ROOT);
        VM.assertEq(rollup.committedRoot(), GENESIS_ROOT);
        VM.assertEq(rollup.OPERATOR(), OPERATOR);
        VM.assertEq(address(rollup.VERIFIER()), address(verifier));
    }

    function test_unitFollowsDecimals() external {
        uint8[5] memory decimals = [0, 6, 9, 10, 36];
        uint256[5] memory units = [uint256(1), 1, 1, 10, 1e27];
        for (uint256 i = 0; i < decimals.length; ++i) {
            address added = address(new MintableToken("", "", decimals[i]));
            VM.expectEmit(address(rollup));
            emit IRollup.TokenRegistered(uint8(2 + i), added, units[i]);
            uint8 id = _register(added);
            VM.assertEq(rollup.tokenInfo(id).unit, units[i]);
        }
    }

    function test_revertCallerNotOperator() external {
        _expect(abi.encodeWithSelector(IRollup.CallerNotOperator.selector, ALICE));
        VM.prank(ALICE);
        rollup.registerToken(address(token));
    }

    function test_revertTokenAlreadyRegistered() external {
        _expect(abi.encodeWithSelector(IRollup.TokenAlreadyRegistered.selector, address(token)));
        _register(address(token));
    }

    function test_revertTokenInvalid() external {
        address noDecimals = address(new NoDecimals());
        _expect(abi.encodeWithSelector(IRollup.TokenInvalid.selector, noDecimals));
        _register(noDecimals);
        _expect(abi.encodeWithSelector(IRollup.TokenInvalid.selector, ALICE)); // no code
        _register(ALICE);
    }

    function test_revertTokenDecimalsUnsupported() external {
        address added = address(new MintableToken("", "", 37));
        _expect(abi.encodeWithSelector(IRollup.TokenDecimalsUnsupported.selector, added, 37, 36));
        _register(added);
    }

    function test_revertTokenRegistryFull() external {
        for (uint256 i = 2; i < 256; ++i) {
            VM.assertEq(_register(address(new MintableToken("", "", 9))), i);
        }
        address last = address(new MintableToken("", "", 9));
        _expect(abi.encodeWithSelector(IRollup.TokenRegistryFull.selector));
        _register(last);
    }

    function test_revertVerifierMissing() external {
        _expect(abi.encodeWithSelector(IRollup.VerifierMissing.selector, ALICE));
        new Rollup(IProofVerifier(ALICE), GENESIS_ROOT, OPERATOR, new address[](0));
    }

    function test_revertGenesisRootNotCanonical() external {
        _expect(abi.encodeWithSelector(IRollup.HashNotCanonical.selector, type(uint256).max));
        new Rollup(verifier, type(uint256).max, OPERATOR, new address[](0));
    }

    function _register(address added) private returns (uint8) {
        VM.prank(OPERATOR);
        return rollup.registerToken(added);
    }
}
