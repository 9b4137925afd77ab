// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title Obvious twins of what `Rollup` computes: record encoding and evaluation of public data
library Pubdata {
    uint256 internal constant P = 0xffffffff00000001;

    struct Deposit {
        uint32 account;
        uint8 token;
        uint56 amount;
        address owner;
        uint256 auth;
    }

    struct SetAuth {
        uint32 account;
        address sender;
        uint256 auth;
    }

    struct ForcedWithdrawal {
        uint32 account;
        uint8 token;
        uint56 amount;
        address sender;
        uint56 paid;
    }

    struct ForcedTransfer {
        uint32 account;
        uint8 token;
        uint56 amount;
        address sender;
        uint56 paid;
        uint32 to;
    }

    struct SetFlags {
        uint32 account;
        uint8 flags;
    }

    struct Withdraw {
        uint32 account;
        uint8 token;
        uint8 fee;
        uint56 amount;
        address to;
    }

    struct Transfer {
        uint32 from;
        uint32 to;
        uint8 token;
        uint32 amount;
        uint8 fee;
    }

    function encode(Deposit memory d) internal pure returns (bytes memory) {
        bytes memory head = abi.encodePacked(uint8(1), d.account, d.token, uint8(0), d.amount);
        return bytes.concat(head, _address(d.owner), _auth(d.auth));
    }

    function encode(Withdraw memory w) internal pure returns (bytes memory) {
        return bytes.concat(abi.encodePacked(uint8(2), w.account, w.token, w.fee, w.amount), _address(w.to));
    }

    function encode(SetAuth memory s) internal pure returns (bytes memory) {
        bytes memory head = abi.encodePacked(uint8(4), s.account, uint8(0), uint8(0), uint56(0));
        return bytes.concat(head, _address(s.sender), _auth(s.auth));
    }

    function encode(ForcedWithdrawal memory w) internal pure returns (bytes memory) {
        bytes memory head = abi.encodePacked(uint8(5), w.account, w.token, uint8(0), w.amount);
        return bytes.concat(head, _address(w.sender), abi.encodePacked(w.paid));
    }

    function encode(ForcedTransfer memory t) internal pure returns (bytes memory) {
        bytes memory head = abi.encodePacked(uint8(6), t.account, t.token, uint8(0), t.amount);
        return bytes.concat(head, _address(t.sender), abi.encodePacked(t.paid, uint24(0), t.to));
    }

    function encode(SetFlags memory s) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(7), s.account, uint8(0), s.flags);
    }

    function encode(Transfer memory t) internal pure returns (bytes memory) {
        return abi.encodePacked(t.from, t.to, t.token, t.amount, t.fee);
    }

    /// `Σ w_i z^i` over the 7-byte words, one power at a time.
    function evaluate(bytes memory stream, uint256 z) internal pure returns (uint256 eval) {
        uint256 z0 = uint64(z);
        uint256 z1 = z >> 64;
        (uint256 power0, uint256 power1) = (1, 0);
        (uint256 eval0, uint256 eval1) = (0, 0);
        for (uint256 i = 0; i < stream.length; i += 7) {
            uint256 word = 0;
            for (uint256 j = 0; j < 7; ++j) {
                word = (word << 8) | uint8(stream[i + j]);
            }
            eval0 = addmod(eval0, mulmod(word, power0, P), P);
            eval1 = addmod(eval1, mulmod(word, power1, P), P);
            (power0, power1) =
            (
                addmod(mulmod(power0, z0, P), mulmod(7, mulmod(power1, z1, P), P), P),
                addmod(mulmod(power0, z1, P), mulmod(power1, z0, P), P)
            );
        }
        return eval0 | (eval1 << 64);
    }

    function _address(address whose) private pure returns (bytes memory) {
        bytes20 all = bytes20(whose);
        return abi.encodePacked(bytes14(all), uint8(0), bytes6(all << 112));
    }

    function _auth(uint256 auth) private pure returns (bytes memory) {
        uint64 e0 = uint64(auth);
        uint64 e1 = uint64(auth >> 64);
        uint64 e2 = uint64(auth >> 128);
        uint64 e3 = uint64(auth >> 192);
        return bytes.concat(
            abi.encodePacked(uint56(e0), uint56(e1), uint56(e2), uint56(e3)),
            abi.encodePacked(uint24(0), uint8(e0 >> 56), uint8(e1 >> 56), uint8(e2 >> 56), uint8(e3 >> 56))
        );
    }

    /// Reduces each limb below the field's order.
    function canonicalHash(uint256 word) internal pure returns (uint256 result) {
        for (uint256 i = 0; i < 4; ++i) {
            result |= (uint64(word >> (64 * i)) % P) << (64 * i);
        }
    }
}
