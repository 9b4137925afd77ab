// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IRollup} from "../IRollup.sol";
import {Receiver} from "./Receiver.sol";
import {IERC20, TokenTransfer} from "../libraries/TokenTransfer.sol";
import {WithdrawalTree} from "../libraries/WithdrawalTree.sol";

/// @title Withdrawals sold before they are proven
/// @notice Whoever does not want to wait for a proof withdraws to the *receiver* of an offer: an address that follows from
/// the offer's terms. As soon as a batch with this withdrawal is committed, anybody can buy it: he pays the price to the
/// seller at once, and the receiver is his. What is not sold the seller collects once it is proven, as ever.
///
/// The buyer bears the risk that the withdrawal is never proven: a committed batch may be reverted, or lack a proof until
/// exit mode takes it back, and then the money is the seller's on L2 as before. If another batch executes the withdrawal,
/// the receiver is still the buyer's. The seller bears none: he is paid in the transaction that sells.
///
/// A receiver is for one withdrawal: all of the offer's token that ever arrives there is the buyer's.
contract FastExit is ReentrancyGuardTransient {
    /// Amounts are in units of the rollup, `Token.unit` of the token's base unit.
    struct Offer {
        /// Is paid the price; collects what is not sold.
        address seller;
        /// Number of the token on the rollup.
        uint8 token;
        /// Of the withdrawal.
        uint64 amount;
        /// What the buyer pays, in the same token; no more than the amount.
        uint64 price;
        /// Distinguishes this withdrawal from the seller's others.
        uint64 salt;
    }

    /// Whose withdrawals are sold here.
    IRollup public immutable ROLLUP;
    /// The code behind every receiver.
    address private immutable RECEIVER;

    /// Who bought what arrives at a receiver; zero while nobody has.
    mapping(address receiver => address buyer) public buyerOf;

    /// For those who look for something to buy.
    event Offered(address indexed receiver, Offer offer);
    event Sold(address indexed receiver, address indexed buyer, address indexed seller, uint64 batch, uint64 price);
    event Collected(address indexed receiver, uint8 indexed token, address indexed to, uint256 baseUnits);

    /// No contract at the rollup's address.
    error RollupMissing(address rollup);
    /// Nobody would pay more for a withdrawal than it pays; nor can a seller be nobody, or an amount be nothing.
    error OfferInvalid(Offer offer);
    /// Only what is committed and not proven is sold: behind `proven`, up to `committed`.
    error BatchNotForSale(uint64 batch, uint64 proven, uint64 committed);
    /// The header is not that of the committed batch.
    error HeaderMismatch(uint64 batch, bytes32 given, bytes32 committed);
    /// The batch has no withdrawal of the offer's amount to its receiver at this place.
    error WithdrawalMissing(address receiver, uint64 batch, uint32 index);
    /// Somebody was faster.
    error AlreadySold(address receiver, address buyer);
    /// ETH must be sent with a price in ETH, exactly, and with no other.
    error ValueWrong(uint256 given, uint256 wanted);
    /// Nothing of the token is there: the withdrawal is not claimed, or was collected before.
    error NothingToCollect(address receiver, uint8 token);
    /// Only whose it is can have it paid to another.
    error CallerNotPayee(address caller, address payee);
    /// Nobody is there.
    error PayeeInvalid(address to);

    constructor(IRollup rollup) {
        if (address(rollup).code.length == 0) revert RollupMissing(address(rollup));
        ROLLUP = rollup;
        RECEIVER = address(new Receiver());
    }

    /// @notice Tells of an offer; it can be bought without. Anybody may.
    function announce(Offer calldata offer) external returns (address receiver) {
        _requireValid(offer);
        receiver = receiverOf(offer);
        emit Offered(receiver, offer);
    }

    /// @notice Buys the withdrawal with this place in a committed batch.
    /// @param proof Siblings in the tree of the batch's withdrawals, as for `claimWithdrawal`.
    function buy(Offer calldata offer, IRollup.BatchHeader calldata header, uint32 index, bytes32[] calldata proof)
        external
        payable
        nonReentrant
    {
        _requireValid(offer);
        address receiver = receiverOf(offer);
        if (buyerOf[receiver] != address(0)) revert AlreadySold(receiver, buyerOf[receiver]);
        _requireCommitted(header);
        // A batch that is not proven has paid nothing, so all of it is still to come.
        bytes32 leaf = WithdrawalTree.leaf(index, offer.token, offer.amount, receiver);
        bool isThere = index < header.withdrawalCount
            && WithdrawalTree.isMember(leaf, index, header.withdrawalCount, proof, header.withdrawalsRoot);
        if (!isThere) revert WithdrawalMissing(receiver, header.number, index);
        buyerOf[receiver] = msg.sender;
        emit Sold(receiver, msg.sender, offer.seller, header.number, offer.price);
        _payPrice(offer);
    }

    /// @notice Pays what has arrived at the offer's receiver of a token to whose it is: of the offer's token the buyer's
    /// if there is one, else the seller's. Anybody may trigger it.
    function collect(Offer calldata offer, uint8 token) external nonReentrant {
        _collect(offer, token, payeeOf(offer, token));
    }

    /// @notice The same, paid to another at the wish of whose it is.
    function collectTo(Offer calldata offer, uint8 token, address to) external nonReentrant {
        address payee = payeeOf(offer, token);
        if (msg.sender != payee) revert CallerNotPayee(msg.sender, payee);
        if (to == address(0) || to == address(this)) revert PayeeInvalid(to);
        _collect(offer, token, to);
    }

    /// @return The address to withdraw to.
    function receiverOf(Offer calldata offer) public view returns (address) {
        return Clones.predictDeterministicAddress(RECEIVER, keccak256(abi.encode(offer)));
    }

    /// @return Whose it is what arrives of a token.
    function payeeOf(Offer calldata offer, uint8 token) public view returns (address) {
        address buyer = buyerOf[receiverOf(offer)];
        return token == offer.token && buyer != address(0) ? buyer : offer.seller;
    }

    function _collect(Offer calldata offer, uint8 token, address to) private {
        address receiver = receiverOf(offer);
        address contract_ = ROLLUP.tokenInfo(token).token;
        if (token != 0 && contract_ == address(0)) revert NothingToCollect(receiver, token);
        if (receiver.code.length == 0) Clones.cloneDeterministic(RECEIVER, keccak256(abi.encode(offer)));
        uint256 baseUnits = Receiver(payable(receiver)).pay(contract_, to);
        if (baseUnits == 0) revert NothingToCollect(receiver, token);
        emit Collected(receiver, token, to, baseUnits);
    }

    function _payPrice(Offer calldata offer) private {
        IRollup.Token memory info = ROLLUP.tokenInfo(offer.token);
        uint256 price = uint256(offer.price) * info.unit;
        uint256 value = offer.token == 0 ? price : 0;
        if (msg.value != value) revert ValueWrong(msg.value, value);
        if (offer.token == 0) {
            TokenTransfer.sendEth(offer.seller, price);
            return;
        }
        TokenTransfer.take(info.token, msg.sender, price);
        uint256 before = IERC20(info.token).balanceOf(offer.seller);
        TokenTransfer.send(info.token, offer.seller, price);
        uint256 balance = IERC20(info.token).balanceOf(offer.seller);
        // A token that keeps a part would have the seller paid less than he asks.
        if (balance != before + price) revert IRollup.TokenTransferInexact(info.token, price, balance - before);
    }

    function _requireCommitted(IRollup.BatchHeader calldata header) private view {
        (uint64 proven, uint64 committed) = (ROLLUP.provenBatches(), ROLLUP.committedBatches());
        // Hashes of reverted batches stay until others take their numbers.
        if (header.number <= proven || header.number > committed) {
            revert BatchNotForSale(header.number, proven, committed);
        }
        bytes32 given = keccak256(abi.encode(header));
        bytes32 stored = ROLLUP.headerHash(header.number);
        if (given != stored) revert HeaderMismatch(header.number, given, stored);
    }

    function _requireValid(Offer calldata offer) private pure {
        if (offer.seller == address(0) || offer.amount == 0 || offer.price > offer.amount) revert OfferInvalid(offer);
    }
}
