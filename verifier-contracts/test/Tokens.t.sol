// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../src/IRollup.sol";
import {MintableToken} from "../src/demo/MintableToken.sol";
import {Rollup} from "../src/Rollup.sol";
import {Listings} from "./support/Listings.sol";
import {Routing} from "./support/Routing.sol";
import {NoDecimals} from "./support/OddTokens.sol";
import {EXIT_DEADLINE} from "./support/PathDouble.sol";
import {RollupTest} from "./support/RollupTest.sol";

contract TokensTest is RollupTest {
    function test_constructorRegistersTokens() external view {
        VM.assertEq(rollup.tokenCount(), 2);
        VM.assertEq(rollup.tokenInfo(0).token, address(0));
        VM.assertEq(rollup.tokenInfo(0).unit, 1 gwei);
        VM.assertEq(rollup.tokenInfo(1).token, address(token));
        VM.assertEq(rollup.tokenInfo(1).unit, 1e9);
        VM.assertEq(rollup.tokenId(address(token)), 1);
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

    function test_unitIsTheOperatorsChoice() external {
        uint8[6] memory decimals = [0, 6, 6, 18, 18, 36];
        uint256[6] memory units = [uint256(1), 10, 1e6, 1e9, 1e18, 1e28];
        for (uint256 i = 0; i < decimals.length; ++i) {
            address added = address(new MintableToken("", "", decimals[i]));
            VM.expectEmit(address(rollup));
            emit IRollup.TokenRegistered(uint8(2 + i), added, units[i]);
            uint8 id = _register(added, units[i]);
            VM.assertEq(rollup.tokenInfo(id).unit, units[i]);
        }
        Rollup other = new Rollup(
            router, Routing.CIRCUIT_SET, GENESIS_ROOT, OPERATOR, EXIT_DEADLINE, path, Listings.one(address(token), 1e15)
        );
        VM.assertEq(other.tokenInfo(1).unit, 1e15);
    }

    function test_revertTokenUnitInvalid() external {
        _expectUnitRefused(18, 1e8, 1e9, 1e18); // finer than the default
        _expectUnitRefused(18, 1e19, 1e9, 1e18); // more than a whole token
        _expectUnitRefused(18, 1e9 + 1, 1e9, 1e18); // no power of ten
        _expectUnitRefused(18, 2e9, 1e9, 1e18);
        _expectUnitRefused(0, 10, 1, 1);
        _expectUnitRefused(36, 1e29, 1e27, 1e28); // does not fit 96 bits
        _expectUnitRefused(18, type(uint256).max, 1e9, 1e18);
        IRollup.TokenListing[] memory listing = Listings.one(address(token), 3);
        _expect(abi.encodeWithSelector(IRollup.TokenUnitInvalid.selector, address(token), 3, 1e9, 1e18));
        new Rollup(router, Routing.CIRCUIT_SET, GENESIS_ROOT, OPERATOR, EXIT_DEADLINE, path, listing);
    }

    function test_revertCallerNotOperator() external {
        _expect(abi.encodeWithSelector(IRollup.CallerNotOperator.selector, ALICE));
        VM.prank(ALICE);
        rollup.registerToken(address(token), 0);
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

    function _register(address added) private returns (uint8) {
        return _register(added, 0);
    }

    function _register(address added, uint256 unit) private returns (uint8) {
        VM.prank(OPERATOR);
        return rollup.registerToken(added, unit);
    }

    function _expectUnitRefused(uint8 decimals, uint256 unit, uint256 finest, uint256 coarsest) private {
        address added = address(new MintableToken("", "", decimals));
        _expect(abi.encodeWithSelector(IRollup.TokenUnitInvalid.selector, added, unit, finest, coarsest));
        _register(added, unit);
    }
}
