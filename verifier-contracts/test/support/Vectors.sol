// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INSTANCE_COUNT} from "../../src/IProofVerifier.sol";
import {IRollup} from "../../src/IRollup.sol";
import {Rollup} from "../../src/Rollup.sol";
import {MintableToken} from "../../src/demo/MintableToken.sol";
import {Listings} from "./Listings.sol";
import {EXIT_DEADLINE, PathDouble} from "./PathDouble.sol";
import {Routing} from "./Routing.sol";
import {Test} from "./Test.sol";
import {VerifierDouble} from "./VerifierDouble.sol";

/// @title Batches of test/vectors/, and the rollup in which each of them is the first one
abstract contract Vectors is Test {
    VerifierDouble internal verifier;
    string internal json;
    string private root;

    /// From here on the vector is the one at this place of a list.
    function _select(string memory list, uint256 index) internal {
        root = string.concat(".", list, "[", VM.toString(index), "].");
    }

    function _exists(string memory list, uint256 index) internal view returns (bool) {
        return VM.keyExistsJson(json, string.concat(".", list, "[", VM.toString(index), "]"));
    }

    /// The vector's rollup on its chain in the batch's minute, with this test as operator and all operations queued.
    function _rollup(bytes memory creationCode) internal returns (Rollup rollup) {
        rollup = _rollupAt(VM.parseJsonAddress(json, _key("rollup_address")), _uint("chain_id"), creationCode);
    }

    /// The same elsewhere.
    function _rollupAt(address target, uint256 chainId, bytes memory creationCode) internal returns (Rollup rollup) {
        VM.chainId(chainId);
        verifier = new VerifierDouble();
        MintableToken token = new MintableToken("", "", 9);
        _deployAt(target, bytes.concat(creationCode, _arguments(Listings.one(address(token)))));
        rollup = Rollup(target);
        _queueOperations(rollup);
        VM.warp(_uint("time") * 1 minutes);
    }

    /// Of the constructor.
    function _arguments(IRollup.TokenListing[] memory tokens) internal virtual returns (bytes memory) {
        return abi.encode(
            Routing.single(verifier),
            Routing.CIRCUIT_SET,
            _word("old_root"),
            address(this),
            EXIT_DEADLINE,
            new PathDouble(),
            tokens
        );
    }

    /// @param stream What is given for the rollup stream.
    function _data(bytes memory stream) internal view returns (IRollup.CommitData memory) {
        return IRollup.CommitData({
            number: uint64(_uint("number")),
            time: uint32(_uint("time")),
            newRoot: _word("new_root"),
            dataHash: _word("data_hash"),
            feeAccount: uint32(_uint("fee_account")),
            bridge: _bytes("bridge"),
            rollup: stream
        });
    }

    function _instances() internal view returns (uint256[INSTANCE_COUNT] memory instances) {
        uint256[] memory words = VM.parseJsonUintArray(json, _key("instances"));
        require(words.length == INSTANCE_COUNT, "vector: instance count");
        for (uint256 i = 0; i < INSTANCE_COUNT; ++i) {
            instances[i] = words[i];
        }
    }

    /// What both data modes have in common.
    function _checkHeader(Rollup rollup, IRollup.BatchHeader memory header) internal view {
        VM.assertEq(rollup.domain(), _word("domain"));
        VM.assertEq(header.z, _word("z"));
        VM.assertEq(header.bridgeWords, _uint("bridge_words"));
        VM.assertEq(header.rollupWords, _uint("rollup_words"));
        VM.assertEq(header.bridgeEval, _word("bridge_eval"));
        VM.assertEq(header.withdrawalsRoot, VM.parseJsonBytes32(json, _key("withdrawals_root")));
        VM.assertEq(abi.encode(rollup.instances(header)), abi.encode(_instances()));
    }

    function _bytes(string memory name) internal view returns (bytes memory) {
        return VM.parseJsonBytes(json, _key(name));
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
            VM.assertEq((kept >> 40) << 40, VM.parseJsonBytes32(json, _operation(i, ".queue_hash")));
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

    function _key(string memory name) internal view returns (string memory) {
        return string.concat(root, name);
    }

    function _operation(uint256 i, string memory suffix) private view returns (string memory) {
        return string.concat(root, "operations[", VM.toString(i), "]", suffix);
    }

    function _operationUint(uint256 i, string memory suffix) private view returns (uint256) {
        return VM.parseJsonUint(json, _operation(i, suffix));
    }

    function _uint(string memory name) internal view returns (uint256) {
        return VM.parseJsonUint(json, _key(name));
    }

    /// A list of field elements as one word.
    function _word(string memory name) internal view returns (uint256) {
        return _join(VM.parseJsonUintArray(json, _key(name)));
    }

    function _join(uint256[] memory elements) private pure returns (uint256 word) {
        for (uint256 i = 0; i < elements.length; ++i) {
            word |= elements[i] << (64 * i);
        }
    }
}
