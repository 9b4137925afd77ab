// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../src/IRollup.sol";
import {Rollup} from "../src/Rollup.sol";
import {MintableToken} from "../src/demo/MintableToken.sol";
import {Listings} from "./support/Listings.sol";
import {Routing} from "./support/Routing.sol";
import {Test} from "./support/Test.sol";
import {VerifierDouble} from "./support/VerifierDouble.sol";

/// @title The contract derives from each batch of test/vectors/batches.json what the independent computation does
contract VectorsTest is Test {
    string private json;
    string private root;

    function setUp() external {
        json = VM.readFile("test/vectors/batches.json");
    }

    function test_vectors() external {
        uint256 count = 0;
        while (VM.keyExistsJson(json, _path(count, ""))) {
            _check(count++);
        }
        VM.assertEq(count, 6);
    }

    function _check(uint256 batchIndex) private {
        root = _path(batchIndex, ".");
        VM.chainId(_uint("chain_id"));
        Rollup rollup = _rollupAt(VM.parseJsonAddress(json, _key("rollup_address")));
        _queueDeposits(rollup);
        IRollup.CommitData memory data = IRollup.CommitData({
            number: uint64(_uint("number")),
            time: uint32(_uint("time")),
            newRoot: _word("new_root"),
            dataHash: _word("data_hash"),
            feeAccount: uint32(_uint("fee_account")),
            bridge: VM.parseJsonBytes(json, _key("bridge")),
            rollup: VM.parseJsonBytes(json, _key("rollup"))
        });
        VM.warp(uint256(data.time) * 1 minutes);
        IRollup.BatchHeader memory header = rollup.commitBatch(data);
        VM.assertEq(rollup.domain(), _word("domain"));
        VM.assertEq(header.z, _word("z"));
        VM.assertEq(header.bridgeWords, _uint("bridge_words"));
        VM.assertEq(header.rollupWords, _uint("rollup_words"));
        VM.assertEq(header.bridgeEval, _word("bridge_eval"));
        VM.assertEq(header.rollupEval, _word("rollup_eval"));
        VM.assertEq(header.withdrawalsRoot, VM.parseJsonBytes32(json, _key("withdrawals_root")));
        uint256[] memory expected = VM.parseJsonUintArray(json, _key("instances"));
        uint256[8] memory instances = rollup.instances(header);
        for (uint256 i = 0; i < 8; ++i) {
            VM.assertEq(instances[i], expected[i]);
        }
    }

    function _rollupAt(address target) private returns (Rollup) {
        MintableToken token = new MintableToken("", "", 9);
        bytes memory arguments = abi.encode(
            Routing.single(new VerifierDouble()),
            Routing.CIRCUIT_SET,
            _word("old_root"),
            address(this),
            Listings.one(address(token))
        );
        _deployAt(target, bytes.concat(type(Rollup).creationCode, arguments));
        token.mint(address(this), type(uint128).max);
        token.approve(target, type(uint256).max);
        VM.deal(address(this), type(uint128).max);
        return Rollup(target);
    }

    function _queueDeposits(Rollup rollup) private {
        for (uint256 i = 0; VM.keyExistsJson(json, _deposit(i, "")); ++i) {
            uint256 amount = VM.parseJsonUint(json, _deposit(i, ".amount"));
            uint256 keyHash = _join(VM.parseJsonUintArray(json, _deposit(i, ".key_hash")));
            if (VM.parseJsonUint(json, _deposit(i, ".token")) == 0) {
                rollup.depositETH{value: amount * 1 gwei}(keyHash);
            } else {
                rollup.depositERC20(rollup.tokenInfo(1).token, amount, keyHash);
            }
        }
    }

    function _path(uint256 batchIndex, string memory suffix) private pure returns (string memory) {
        return string.concat(".batches[", VM.toString(batchIndex), "]", suffix);
    }

    function _key(string memory name) private view returns (string memory) {
        return string.concat(root, name);
    }

    function _deposit(uint256 i, string memory suffix) private view returns (string memory) {
        return string.concat(root, "deposits[", VM.toString(i), "]", suffix);
    }

    function _uint(string memory name) private view returns (uint256) {
        return VM.parseJsonUint(json, _key(name));
    }

    /// A list of field elements as one word.
    function _word(string memory name) private view returns (uint256) {
        return _join(VM.parseJsonUintArray(json, _key(name)));
    }

    function _join(uint256[] memory elements) private pure returns (uint256 word) {
        for (uint256 i = 0; i < elements.length; ++i) {
            word |= elements[i] << (64 * i);
        }
    }
}
