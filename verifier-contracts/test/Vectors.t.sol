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
        VM.assertEq(count, 7);
    }

    function _check(uint256 batchIndex) private {
        root = _path(batchIndex, ".");
        VM.chainId(_uint("chain_id"));
        Rollup rollup = _rollupAt(VM.parseJsonAddress(json, _key("rollup_address")));
        _queueOperations(rollup);
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
        return Rollup(target);
    }

    function _queueOperations(Rollup rollup) private {
        for (uint256 i = 0; VM.keyExistsJson(json, _operation(i, "")); ++i) {
            bytes32 kind = keccak256(bytes(VM.parseJsonString(json, _operation(i, ".kind"))));
            uint32 account = uint32(_operationUint(i, ".account"));
            if (kind == keccak256("set_flags")) {
                rollup.setFlags(account, uint8(_operationUint(i, ".flags")));
            } else {
                _queueOf(VM.parseJsonAddress(json, _operation(i, ".owner")), rollup, i, kind, account);
            }
            bytes32 kept = rollup.queuedOperation(uint64(i));
            VM.assertEq((kept >> 32) << 32, VM.parseJsonBytes32(json, _operation(i, ".queue_hash")));
        }
    }

    /// Operations that their owner alone can order.
    function _queueOf(address owner, Rollup rollup, uint256 i, bytes32 kind, uint32 account) private {
        if (kind == keccak256("set_auth")) {
            uint256 auth = _join(VM.parseJsonUintArray(json, _operation(i, ".auth")));
            VM.prank(owner);
            rollup.setAuth(account, auth);
            return;
        }
        uint8 id = uint8(_operationUint(i, ".token"));
        uint64 amount = uint64(_operationUint(i, ".amount"));
        if (kind == keccak256("deposit")) {
            _deposit(owner, rollup, id, amount, _join(VM.parseJsonUintArray(json, _operation(i, ".auth"))));
        } else if (kind == keccak256("forced_withdrawal")) {
            VM.prank(owner);
            rollup.forceWithdrawal(account, id, amount);
        } else {
            uint32 to = uint32(_operationUint(i, ".to"));
            VM.prank(owner);
            rollup.forceTransfer(account, to, id, amount);
        }
    }

    function _deposit(address owner, Rollup rollup, uint8 id, uint256 amount, uint256 auth) private {
        if (id == 0) {
            VM.deal(owner, amount * 1 gwei);
            VM.prank(owner);
            rollup.depositETH{value: amount * 1 gwei}(owner, auth);
            return;
        }
        MintableToken token = MintableToken(rollup.tokenInfo(id).token);
        token.mint(owner, amount);
        VM.startPrank(owner);
        token.approve(address(rollup), amount);
        rollup.depositERC20(address(token), amount, owner, auth);
        VM.stopPrank();
    }

    function _path(uint256 batchIndex, string memory suffix) private pure returns (string memory) {
        return string.concat(".batches[", VM.toString(batchIndex), "]", suffix);
    }

    function _key(string memory name) private view returns (string memory) {
        return string.concat(root, name);
    }

    function _operation(uint256 i, string memory suffix) private view returns (string memory) {
        return string.concat(root, "operations[", VM.toString(i), "]", suffix);
    }

    function _operationUint(uint256 i, string memory suffix) private view returns (uint256) {
        return VM.parseJsonUint(json, _operation(i, suffix));
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
