// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {FastExit} from "../src/fast/FastExit.sol";
import {Receiver} from "../src/fast/Receiver.sol";
import {IRollup} from "../src/IRollup.sol";
import {MintableToken} from "../src/demo/MintableToken.sol";
import {RollupTest} from "./support/RollupTest.sol";
import {Withdrawals} from "./support/Withdrawals.sol";

/// Sells, and takes the price as an occasion to call the market again.
contract GreedySeller {
    bytes private call;
    bool public succeeded;

    function setCall(bytes calldata data) external {
        call = data;
    }

    receive() external payable {
        (succeeded,) = msg.sender.call(call);
    }
}

/// Takes no ETH, but can call.
contract RefusingBuyer {
    function execute(address target, uint256 value, bytes calldata data) external returns (bool done) {
        (done,) = target.call{value: value}(data);
    }
}

/// Keeps a hundredth of what arrives, from some day on.
contract TurningToken is MintableToken("Turning", "TRN", 9) {
    bool private turned;

    function turn() external {
        turned = true;
    }

    function _move(address from, address to, uint256 amount) internal override returns (bool) {
        if (!turned || to == msg.sender) return super._move(from, to, amount); // what the market takes arrives whole
        super._move(from, address(0xfee), amount / 100);
        return super._move(from, to, amount - amount / 100);
    }
}

contract FastExitTest is RollupTest {
    address private constant SELLER = address(0x5e11e4);
    address private constant BUYER = address(0xb0e4);
    address private constant STRANGER = address(0x574a);
    FastExit private market;
    Withdrawals private tree;

    function setUp() public override {
        super.setUp();
        market = new FastExit(rollup);
        _depositEth(1000, AUTH);
        _depositToken(1000, AUTH);
        _prove(_commit(bytes.concat(_depositRecord(0, 1000, AUTH), _depositRecord(1, 1000, AUTH)), ""));
        VM.deal(BUYER, 1 ether);
        token.mint(BUYER, 1000 * TOKEN_UNIT);
        VM.prank(BUYER);
        token.approve(address(market), type(uint256).max);
    }

    function test_theSellerIsPaidAtOnceAndTheBuyerOnceItIsProven() external {
        FastExit.Offer memory offer = _offer(0);
        address receiver = market.receiverOf(offer);
        IRollup.BatchHeader memory header = _withdrawTo(offer, receiver);
        VM.expectEmit(address(market));
        emit FastExit.Sold(receiver, BUYER, SELLER, 2, 95);
        _buy(offer, header, 1);
        VM.snapshotGasLastCall("FastExit", "buy, ETH");
        VM.assertEq(SELLER.balance, 95 gwei);
        VM.assertEq(market.buyerOf(receiver), BUYER);

        _prove(header);
        rollup.claimWithdrawal(header, 1, tree.get(1), tree.proof(1));
        VM.assertEq(receiver.balance, 100 gwei);
        uint256 before = BUYER.balance;
        VM.expectEmit(address(market));
        emit FastExit.Collected(receiver, 0, BUYER, 100 gwei);
        VM.prank(STRANGER);
        market.collect(offer, 0);
        VM.snapshotGasLastCall("FastExit", "collect, ETH");
        VM.assertEq(BUYER.balance - before, 100 gwei);
        _expect(abi.encodeWithSelector(FastExit.NothingToCollect.selector, receiver, 0));
        market.collect(offer, 0);
    }

    function test_aTokenIsPaidInTheToken() external {
        FastExit.Offer memory offer = _offer(1);
        IRollup.BatchHeader memory header = _withdrawTo(offer, market.receiverOf(offer));
        _buy(offer, header, 1);
        VM.snapshotGasLastCall("FastExit", "buy, ERC-20");
        VM.assertEq(token.balanceOf(SELLER), 95 * TOKEN_UNIT);
        VM.assertEq(token.balanceOf(BUYER), 905 * TOKEN_UNIT);
        VM.assertEq(token.balanceOf(address(market)), 0);
        _prove(header);
        rollup.claimWithdrawal(header, 1, tree.get(1), tree.proof(1));
        market.collect(offer, 1);
        VM.assertEq(token.balanceOf(BUYER), 1005 * TOKEN_UNIT);
    }

    function test_whatNobodyBuysIsTheSellers() external {
        FastExit.Offer memory offer = _offer(0);
        IRollup.BatchHeader memory header = _withdrawTo(offer, market.receiverOf(offer));
        _prove(header);
        _expectNotForSale(offer, header, 2, 2, 2);
        rollup.claimWithdrawal(header, 1, tree.get(1), tree.proof(1));
        _expectNotForSale(offer, header, 2, 2, 2);
        market.collect(offer, 0);
        VM.assertEq(SELLER.balance, 100 gwei);
    }

    function test_onlyOneBuysIt() external {
        FastExit.Offer memory offer = _offer(0);
        address receiver = market.receiverOf(offer);
        IRollup.BatchHeader memory header = _withdrawTo(offer, receiver);
        _buy(offer, header, 1);
        _expectBuyRevert(offer, header, 1, abi.encodeWithSelector(FastExit.AlreadySold.selector, receiver, BUYER));
    }

    /// The buyer's risk: the batch may go. Whatever batch executes the withdrawal in its place pays him.
    function test_aWithdrawalThatMovesToAnotherBatchIsStillTheBuyers() external {
        FastExit.Offer memory offer = _offer(0);
        address receiver = market.receiverOf(offer);
        IRollup.BatchHeader memory header = _withdrawTo(offer, receiver);
        _buy(offer, header, 1);
        VM.prank(OPERATOR);
        rollup.revertBatches(header);
        _prove(_commit("", ""));
        header = _withdrawTo(offer, receiver);
        VM.assertEq(header.number, 3);
        _prove(header);
        rollup.claimWithdrawal(header, 1, tree.get(1), tree.proof(1));
        uint256 before = BUYER.balance;
        market.collect(offer, 0);
        VM.assertEq(BUYER.balance - before, 100 gwei);
    }

    /// The contract still has the hash of a batch that was taken back.
    function test_whatWasTakenBackIsNotForSale() external {
        FastExit.Offer memory offer = _offer(0);
        IRollup.BatchHeader memory header = _withdrawTo(offer, market.receiverOf(offer));
        VM.prank(OPERATOR);
        rollup.revertBatches(header);
        _expectNotForSale(offer, header, 2, 1, 1);
        VM.assertEq(rollup.headerHash(2), keccak256(abi.encode(header)));

        // So is what exit mode took back.
        rollup.setAuth(1, AUTH);
        header = _withdrawTo(offer, market.receiverOf(offer));
        VM.warp(block.timestamp + 30 days);
        _enter(header);
        _expectNotForSale(offer, header, 2, 1, 1);
    }

    function test_aHeaderThatTheContractDoesNotHaveIsRefused() external {
        FastExit.Offer memory offer = _offer(0);
        IRollup.BatchHeader memory header = _withdrawTo(offer, market.receiverOf(offer));
        bytes32 stored = keccak256(abi.encode(header));
        header.withdrawalCount = 1;
        header.withdrawalsRoot = keccak256(abi.encode(0, offer.token, offer.amount, market.receiverOf(offer)));
        bytes memory mismatch =
            abi.encodeWithSelector(FastExit.HeaderMismatch.selector, 2, keccak256(abi.encode(header)), stored);
        _expect(mismatch);
        VM.prank(BUYER);
        market.buy{value: 95 gwei}(offer, header, 0, new bytes32[](0));
    }

    /// The batch has to have exactly this withdrawal at exactly this place.
    function test_anotherWithdrawalIsNotSold() external {
        FastExit.Offer memory offer = _offer(0);
        IRollup.BatchHeader memory header = _withdrawTo(offer, market.receiverOf(offer));
        for (uint32 index = 0; index < 4; ++index) {
            if (index == 1) continue;
            bytes memory missing = _missing(offer, index);
            bytes32[] memory proof = tree.proof(index < 3 ? index : 1);
            _expect(missing);
            VM.prank(BUYER);
            market.buy{value: 95 gwei}(offer, header, index, proof);
        }
        offer.amount += 1; // of another receiver
        _expectBuyRevert(offer, header, 1, _missing(offer, 1));
        // The right receiver gets less than was offered.
        IRollup.BatchHeader memory less = _withdrawTo(_offer(0), market.receiverOf(offer));
        _expectBuyRevert(offer, less, 1, _missing(offer, 1));
    }

    function test_ofTwoFieldsThatDifferOneReceiverIsNeverTheOther() external view {
        FastExit.Offer[6] memory offers;
        for (uint256 i = 0; i < 6; ++i) {
            offers[i] = _offer(0);
        }
        offers[1].seller = STRANGER;
        offers[2].token = 1;
        offers[3].amount = 101;
        offers[4].price = 94;
        offers[5].salt += 1;
        for (uint256 i = 0; i < 6; ++i) {
            for (uint256 j = 0; j < i; ++j) {
                VM.assertFalse(market.receiverOf(offers[i]) == market.receiverOf(offers[j]));
            }
        }
    }

    function test_thePriceIsPaidExactly() external {
        FastExit.Offer memory offer = _offer(0);
        IRollup.BatchHeader memory header = _withdrawTo(offer, market.receiverOf(offer));
        for (uint256 value = 95 gwei - 1; value <= 95 gwei + 1; value += 2) {
            bytes32[] memory proof = tree.proof(1);
            _expect(abi.encodeWithSelector(FastExit.ValueWrong.selector, value, 95 gwei));
            VM.prank(BUYER);
            market.buy{value: value}(offer, header, 1, proof);
        }
        FastExit.Offer memory inToken = _offer(1);
        header = _withdrawTo(inToken, market.receiverOf(inToken));
        bytes32[] memory other = tree.proof(1);
        _expect(abi.encodeWithSelector(FastExit.ValueWrong.selector, 1, 0));
        VM.prank(BUYER);
        market.buy{value: 1}(inToken, header, 1, other);
    }

    function test_offersThatNobodyCanMeanAreRefused() external {
        FastExit.Offer[3] memory bad = [_offer(0), _offer(0), _offer(0)];
        bad[0].seller = address(0);
        bad[1].price = 101;
        (bad[2].amount, bad[2].price) = (0, 0);
        for (uint256 i = 0; i < 3; ++i) {
            IRollup.BatchHeader memory header = _withdrawTo(bad[i], market.receiverOf(bad[i]));
            bytes memory invalid = abi.encodeWithSelector(FastExit.OfferInvalid.selector, bad[i]);
            _expectBuyRevert(bad[i], header, 1, invalid);
            _expect(invalid);
            market.announce(bad[i]);
        }
        FastExit.Offer memory good = _offer(0);
        VM.expectEmit(address(market));
        emit FastExit.Offered(market.receiverOf(good), good);
        VM.assertEq(market.announce(good), market.receiverOf(good));
        _expect(abi.encodeWithSelector(FastExit.RollupMissing.selector, STRANGER));
        new FastExit(IRollup(STRANGER));
    }

    function test_onlyWhoseItIsHasItPaidElsewhere() external {
        FastExit.Offer memory offer = _offer(0);
        IRollup.BatchHeader memory header = _withdrawTo(offer, market.receiverOf(offer));
        RefusingBuyer buyer = new RefusingBuyer();
        VM.deal(address(buyer), 1 ether);
        bytes memory buying = abi.encodeCall(FastExit.buy, (offer, header, 1, tree.proof(1)));
        VM.assertTrue(buyer.execute(address(market), 95 gwei, buying));
        _prove(header);
        rollup.claimWithdrawal(header, 1, tree.get(1), tree.proof(1));

        _expect(abi.encodeWithSelector(IRollup.EthTransferFailed.selector, address(buyer)));
        market.collect(offer, 0);
        _expect(abi.encodeWithSelector(FastExit.CallerNotPayee.selector, SELLER, address(buyer)));
        VM.prank(SELLER);
        market.collectTo(offer, 0, SELLER);
        VM.assertFalse(buyer.execute(address(market), 0, abi.encodeCall(FastExit.collectTo, (offer, 0, address(0)))));
        VM.assertFalse(
            buyer.execute(address(market), 0, abi.encodeCall(FastExit.collectTo, (offer, 0, address(market))))
        );
        VM.assertTrue(buyer.execute(address(market), 0, abi.encodeCall(FastExit.collectTo, (offer, 0, BUYER))));
        VM.assertEq(BUYER.balance, 1 ether + 100 gwei);
    }

    /// Only the token of the offer was sold.
    function test_anotherTokenThatArrivesIsTheSellers() external {
        FastExit.Offer memory offer = _offer(0);
        address receiver = market.receiverOf(offer);
        _buy(offer, _withdrawTo(offer, receiver), 1);
        token.mint(receiver, 5);
        market.collect(offer, 1);
        VM.assertEq(token.balanceOf(SELLER), 5);
        _expect(abi.encodeWithSelector(FastExit.NothingToCollect.selector, receiver, 9));
        market.collect(offer, 9);
    }

    function test_aReceiverObeysTheMarketAlone() external {
        FastExit.Offer memory offer = _offer(0);
        address receiver = market.receiverOf(offer);
        VM.deal(receiver, 1);
        market.collect(offer, 0);
        VM.assertEq(SELLER.balance, 1);
        VM.deal(receiver, 1);
        _expect(abi.encodeWithSelector(Receiver.CallerNotMarket.selector, STRANGER));
        VM.prank(STRANGER);
        Receiver(payable(receiver)).pay(address(0), STRANGER);
    }

    /// In the middle of a sale nothing else is sold or collected.
    function test_aSellerCannotCallBack() external {
        GreedySeller seller = new GreedySeller();
        FastExit.Offer memory offer = _offer(0);
        offer.seller = address(seller);
        VM.deal(market.receiverOf(offer), 7);
        IRollup.BatchHeader memory header = _withdrawTo(offer, market.receiverOf(offer));
        seller.setCall(abi.encodeCall(FastExit.collect, (offer, 0)));
        _buy(offer, header, 1);
        VM.assertEq(address(seller).balance, 95 gwei);
        VM.assertFalse(seller.succeeded());
        VM.assertEq(market.receiverOf(offer).balance, 7);
    }

    function test_aTokenThatKeepsAPartOfThePriceSellsNothing() external {
        TurningToken turning = new TurningToken();
        VM.prank(OPERATOR);
        uint8 id = rollup.registerToken(address(turning), 1);
        turning.mint(BUYER, 1000);
        VM.prank(BUYER);
        turning.approve(address(market), 1000);
        FastExit.Offer memory offer = _offer(id);
        (offer.amount, offer.price) = (1000, 500);
        IRollup.BatchHeader memory header = _withdrawTo(offer, market.receiverOf(offer));
        turning.turn();
        _expectBuyRevert(
            offer, header, 1, abi.encodeWithSelector(IRollup.TokenTransferInexact.selector, address(turning), 500, 495)
        );
    }

    function _offer(uint8 id) private pure returns (FastExit.Offer memory) {
        return FastExit.Offer({seller: SELLER, token: id, amount: 100, price: 95, salt: 3});
    }

    /// The next batch, with the offer's withdrawal between two others.
    function _withdrawTo(FastExit.Offer memory offer, address to) private returns (IRollup.BatchHeader memory) {
        tree = new Withdrawals();
        tree.push(IRollup.Withdrawal(0, 1, STRANGER));
        tree.push(IRollup.Withdrawal(offer.token, offer.amount, to));
        tree.push(IRollup.Withdrawal(0, 2, STRANGER));
        return _commit(tree.stream(), "");
    }

    function _buy(FastExit.Offer memory offer, IRollup.BatchHeader memory header, uint32 index) private {
        bytes32[] memory proof = tree.proof(index);
        uint256 value = offer.token == 0 ? offer.price * 1 gwei : 0;
        VM.prank(BUYER);
        market.buy{value: value}(offer, header, index, proof);
    }

    function _missing(FastExit.Offer memory offer, uint32 index) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            FastExit.WithdrawalMissing.selector, market.receiverOf(offer), rollup.committedBatches(), index
        );
    }

    function _expectBuyRevert(
        FastExit.Offer memory offer,
        IRollup.BatchHeader memory header,
        uint32 index,
        bytes memory expected
    ) private {
        bytes32[] memory proof = tree.proof(index);
        uint256 value = offer.token == 0 ? offer.price * 1 gwei : 0;
        _expect(expected);
        VM.prank(BUYER);
        market.buy{value: value}(offer, header, index, proof);
    }

    function _expectNotForSale(
        FastExit.Offer memory offer,
        IRollup.BatchHeader memory header,
        uint64 batch,
        uint64 proven,
        uint64 committed
    ) private {
        _expectBuyRevert(
            offer, header, 1, abi.encodeWithSelector(FastExit.BatchNotForSale.selector, batch, proven, committed)
        );
    }
}
