// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {MintableToken} from "../../src/demo/MintableToken.sol";
import {IRollup} from "../../src/IRollup.sol";

/// Like USDT: `transfer` and `transferFrom` return nothing.
contract NoReturnToken {
    uint8 public constant decimals = 6;
    mapping(address holder => uint256) public balanceOf;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// Returns false instead of reverting, once it is `broken`.
contract FalseToken is MintableToken("False", "FLS", 9) {
    bool public broken;

    function setBroken(bool value) external {
        broken = value;
    }

    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        return !broken && super._move(from, to, amount);
    }
}

/// Keeps a hundredth of every transfer.
contract FeeToken is MintableToken("Fee", "FEE", 9) {
    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        super._move(from, address(0xfee), amount / 100);
        return super._move(from, to, amount - amount / 100);
    }
}

/// Takes tokens from the receiver instead of giving any.
contract NegativeToken is MintableToken("Negative", "NEG", 9) {
    function transferFrom(address, address to, uint256 amount) public override returns (bool) {
        return super._move(to, address(0xfee), amount);
    }
}

/// Calls the rollup back in the middle of a transfer, and keeps what that call answered.
contract ReentrantToken is MintableToken("Reentrant", "RE", 9) {
    bytes public answer;

    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        (, answer) = msg.sender.call(abi.encodeCall(IRollup.depositERC20, (address(this), 1, address(this), 1)));
        return super._move(from, to, amount);
    }
}

/// Has no `decimals()`.
contract NoDecimals {}

/// Blocks holders, as tokens with a blacklist do.
contract BlockingToken is MintableToken("Blocking", "BLK", 9) {
    mapping(address holder => bool) public isBlocked;

    function setBlocked(address holder, bool value) external {
        isBlocked[holder] = value;
    }

    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        return !isBlocked[from] && !isBlocked[to] && super._move(from, to, amount);
    }
}

/// Answers with a megabyte: whoever copies that pays for it.
contract LongWindedToken is MintableToken("Long-winded", "LWT", 9) {
    function transfer(address to, uint256 amount) public override returns (bool) {
        super.transfer(to, amount);
        assembly {
            mstore(0, 1)
            return(0, 1000000)
        }
    }
}

/// Lets balances shrink without a transfer, as a rebasing token does.
contract ShrinkingToken is MintableToken("Shrinking", "SHR", 9) {
    function halve(address holder) external {
        balanceOf[holder] /= 2;
    }
}

interface Hooked {
    function onMove() external;
}

/// Calls a hook of the one it was told of in the middle of a transfer, as tokens of ERC-777 do.
contract HookToken is MintableToken("Hook", "HK", 9) {
    address private hooked;

    function setHooked(address account) external {
        hooked = account;
    }

    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        Hooked(hooked).onMove();
        return super._move(from, to, amount);
    }
}

/// What a token may turn into once it is registered.
enum Mood {
    Good,
    ReturnsNothing,
    ReturnsFalse,
    Reverts,
    BurnsGas,
    /// Keeps a half of what it moves.
    TakesFee,
    /// Says that it moved, and moves nothing.
    Lies
}

/// A token that changes.
contract MoodyToken is MintableToken("Moody", "MOO", 9) {
    Mood private mood;

    function setMood(Mood value) external {
        mood = value;
    }

    /// A rebase, of a holder's balance.
    function rebase(address holder, uint256 balance) external {
        balanceOf[holder] = balance;
    }

    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        if (mood == Mood.Reverts) revert("moody");
        if (mood == Mood.ReturnsFalse) return false;
        if (mood == Mood.Lies) return true;
        if (mood == Mood.BurnsGas) {
            assembly {
                invalid()
            }
        }
        super._move(from, to, mood == Mood.TakesFee ? amount / 2 : amount);
        if (mood == Mood.ReturnsNothing) {
            assembly {
                return(0, 0)
            }
        }
        return true;
    }
}

/// Calls whoever moves it, and keeps what that call answered.
contract CallingToken is MintableToken("Calling", "CAL", 9) {
    bytes private data;
    bytes public answer;

    function setCall(bytes calldata call) external {
        data = call;
    }

    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        if (data.length > 0) (, answer) = msg.sender.call(data);
        return super._move(from, to, amount);
    }
}
