// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPoseidonPath} from "../src/IPoseidonPath.sol";
import {Pubdata} from "./support/Pubdata.sol";
import {Test} from "./support/Test.sol";

/// @title The generated contract through its interface, on openings of a state that Rust kept
/// @notice `prover/evm/tests/path.rs` writes them, and tries much more.
contract PoseidonPathTest is Test {
    struct Opening {
        uint32 account;
        uint8 token;
        uint64 balance;
        uint256 auth;
        address owner;
        uint64 meta;
        bytes32[8] balanceSiblings;
        bytes32[28] accountSiblings;
    }

    IPoseidonPath private path;
    string private json;
    uint256 private stateRoot;
    Opening private honest;

    function setUp() external {
        path = IPoseidonPath(_deploy(VM.parseJsonBytes(VM.readFile("artifacts/PoseidonPath.json"), ".bytecode")));
        json = VM.readFile("test/vectors/paths.json");
        stateRoot = uint256(VM.parseJsonBytes32(json, ".root"));
        honest = _opening(1);
    }

    function test_everyOpeningLeadsToTheRoot() external view {
        uint256 count = 0;
        while (VM.keyExistsJson(json, _path(count, ""))) {
            VM.assertEq(_root(_opening(count++)), stateRoot);
        }
        VM.assertEq(count, 12);
    }

    function test_gas() external {
        _root(honest);
        VM.snapshotGasLastCall("PoseidonPath", "path of an account and a token");
    }

    function testFuzz_anotherBalanceLeadsElsewhere(uint64 balance) external view {
        Opening memory opening = honest;
        balance = uint64(_bound(balance, 0, Pubdata.P - 1));
        VM.assume(balance != opening.balance);
        opening.balance = balance;
        VM.assertTrue(_root(opening) != stateRoot);
    }

    function testFuzz_anotherOwnerLeadsElsewhere(address owner) external view {
        Opening memory opening = honest;
        VM.assume(owner != opening.owner);
        opening.owner = owner;
        VM.assertTrue(_root(opening) != stateRoot);
    }

    function testFuzz_aSecondEncodingIsRefused(uint8 place, uint8 limb, uint256 excess) external {
        Opening memory opening = honest;
        uint256 shift = 64 * (limb % 4);
        uint256 bad = _bound(excess, Pubdata.P, type(uint64).max) << shift;
        uint256 kept = ~(uint256(type(uint64).max) << shift);
        place %= 37;
        if (place == 0) {
            opening.auth = bad = (opening.auth & kept) | bad;
        } else if (place < 9) {
            opening.balanceSiblings[place - 1] = bytes32(bad = _replaced(opening.balanceSiblings[place - 1], kept, bad));
        } else {
            opening.accountSiblings[place - 9] = bytes32(bad = _replaced(opening.accountSiblings[place - 9], kept, bad));
        }
        VM.expectRevert(abi.encodeWithSelector(IPoseidonPath.HashNotCanonical.selector, bad));
        _root(opening);
    }

    function test_anAccountBeyondTheTreeIsRefused() external {
        Opening memory opening = honest;
        opening.account = 1 << 28;
        VM.expectRevert(abi.encodeWithSelector(IPoseidonPath.AccountOutOfRange.selector, 1 << 28, 1 << 28));
        _root(opening);
    }

    function _replaced(bytes32 sibling, uint256 kept, uint256 bad) private pure returns (uint256) {
        return (uint256(sibling) & kept) | bad;
    }

    function _root(Opening memory opening) private view returns (uint256) {
        return path.root(
            opening.account,
            opening.token,
            opening.balance,
            opening.auth,
            opening.owner,
            opening.meta,
            opening.balanceSiblings,
            opening.accountSiblings
        );
    }

    function _opening(uint256 index) private view returns (Opening memory opening) {
        opening.account = uint32(VM.parseJsonUint(json, _path(index, ".account")));
        opening.token = uint8(VM.parseJsonUint(json, _path(index, ".token")));
        opening.balance = uint64(VM.parseJsonUint(json, _path(index, ".balance")));
        opening.auth = uint256(VM.parseJsonBytes32(json, _path(index, ".auth")));
        opening.owner = VM.parseJsonAddress(json, _path(index, ".owner"));
        opening.meta = uint64(VM.parseJsonUint(json, _path(index, ".meta")));
        for (uint256 i = 0; i < 8; ++i) {
            opening.balanceSiblings[i] = _sibling(index, ".balance_siblings[", i);
        }
        for (uint256 i = 0; i < 28; ++i) {
            opening.accountSiblings[i] = _sibling(index, ".account_siblings[", i);
        }
    }

    function _sibling(uint256 index, string memory list, uint256 i) private view returns (bytes32) {
        return VM.parseJsonBytes32(json, _path(index, string.concat(list, VM.toString(i), "]")));
    }

    function _path(uint256 index, string memory field) private pure returns (string memory) {
        return string.concat(".openings[", VM.toString(index), "]", field);
    }
}
