// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../src/IRollup.sol";
import {RollupTest} from "./support/RollupTest.sol";

/// @title The minute that a batch names: not before the last batch's, not in the future
contract TimeTest is RollupTest {
    uint32 private constant DAY = 1440;

    /// What was sealed before an outage is committed after it, however long that took.
    function test_noBatchIsTooOld() external {
        _commitAt(NOW - DAY);
        VM.warp((NOW + 100 * DAY) * 1 minutes);
        VM.assertEq(_commitAt(NOW - DAY).time, NOW - DAY);
    }

    function test_aBatchMayBeOfThisMinuteAndNoLater() external {
        VM.warp(uint256(NOW) * 1 minutes + 59);
        _expectRefusal(NOW + 1, 0, NOW);
        VM.assertEq(_commitAt(NOW).time, NOW);
    }

    function test_timesNeverGoBack() external {
        _commitAt(NOW - 10);
        _expectRefusal(NOW - 11, NOW - 10, NOW);
        _commitAt(NOW - 10); // two batches of one minute
    }

    /// The first minutes of a development chain whose clock starts at zero.
    function test_timeZeroOnAYoungChain() external {
        VM.warp(DAY * 1 minutes);
        _expectRefusal(DAY + 1, 0, DAY);
        VM.assertEq(_commitAt(0).time, 0);
    }

    /// Minutes beyond 28 bits would reach into the fee account in the public input.
    function test_revertTimeBeyondItsBits() external {
        uint32 last = (1 << 28) - 1;
        VM.warp((uint256(last) + 1) * 1 minutes);
        _expectRefusal(last + 1, 0, last);
        VM.assertEq(_commitAt(last).time, last);
    }

    /// Reverting returns to the time of the batch before the first reverted one, so that the same batches can be
    /// committed again, and their proofs stay good.
    function test_revertingRestoresTheTimeBefore() external {
        IRollup.BatchHeader memory first = _commitAt(NOW - 30);
        IRollup.BatchHeader memory second = _commitAt(NOW - 20);
        _commitAt(NOW - 10);
        _revert(second);
        VM.assertEq(rollup.committedTime(), NOW - 30);
        _expectRefusal(NOW - 31, NOW - 30, NOW);
        IRollup.BatchHeader memory again = _commitAt(NOW - 20);
        VM.assertEq(keccak256(abi.encode(again)), keccak256(abi.encode(second)));
        _revert(first);
        VM.assertEq(rollup.committedTime(), 0);
        _commitAt(NOW - DAY);
    }

    /// Whatever is committed and reverted at whatever times: the bound is the last committed batch's time.
    function testFuzz_timeBounds(uint256 seed) external {
        uint32[] memory times = new uint32[](8);
        IRollup.BatchHeader[] memory headers = new IRollup.BatchHeader[](8);
        uint256 count = 0;
        uint32 minute = NOW;
        for (uint256 step = 0; step < 12; ++step) {
            uint256 random = uint256(keccak256(abi.encode(seed, step)));
            minute += uint32(random % 900);
            VM.warp(uint256(minute) * 1 minutes);
            if (count == times.length || (count > 0 && random >> 250 < 16)) {
                count = (random >> 32) % count;
                _revert(headers[count]);
            } else {
                uint32 last = count == 0 ? 0 : times[count - 1];
                if (last > 0) _expectRefusal(last - 1, last, minute);
                _expectRefusal(minute + 1, last, minute);
                times[count] = uint32(_bound(random >> 64, last, minute));
                headers[count] = _commitAt(times[count]);
                ++count;
            }
            VM.assertEq(rollup.committedTime(), count == 0 ? 0 : times[count - 1]);
        }
    }

    function _at(uint32 time) private returns (IRollup.CommitData memory batch) {
        batch = _batch("", "");
        batch.time = time;
    }

    function _commitAt(uint32 time) private returns (IRollup.BatchHeader memory) {
        IRollup.CommitData memory batch = _at(time);
        VM.prank(OPERATOR);
        return rollup.commitBatch(batch);
    }

    function _revert(IRollup.BatchHeader memory first) private {
        VM.prank(OPERATOR);
        rollup.revertBatches(first);
    }

    function _expectRefusal(uint32 time, uint32 earliest, uint32 latest) private {
        IRollup.CommitData memory batch = _at(time);
        _expect(abi.encodeWithSelector(IRollup.BatchTimeOutOfRange.selector, time, earliest, latest));
        VM.prank(OPERATOR);
        rollup.commitBatch(batch);
    }
}
