// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// What the seat asks a rollup.
interface IOperated {
    function OPERATOR() external view returns (address);
}

/// @title A rollup's operator whose key can change hands
/// @notice A rollup's operator is fixed with its contract. If that is a seat, the key that commits batches is not.
///
/// Roles.
/// - The *holder* has the sequencer's key: whatever he calls here that the seat does not know itself goes to the rollup
///   in the seat's name, with its value. So the input of a commit is the same as without a seat, and read as such.
/// - The *owner*, best a contract of several parties, nominates the next holder and the next owner. Each takes over when
///   he likes, but not before `NOTICE` seconds: whoever does not want to be served by him can leave before. A successor
///   who was nominated in good time takes the seat at once when he is needed.
/// - The *guardian* suspends the holder at once, say when his key was stolen. The owner resumes, or another takes the seat.
///
/// Users have nothing to do with any of them. What they call is the rollup: queueing, claims, exit mode, exits and refunds
/// know no operator, and a seat that is suspended or empty for longer than the exit deadline lets everybody leave.
contract OperatorSeat {
    /// Who takes over, and from when on, in seconds.
    struct Nomination {
        address who;
        uint64 from;
    }

    /// Bounds of a notice, in seconds.
    uint64 private constant LEAST_NOTICE = 1 hours;
    uint64 private constant MOST_NOTICE = 30 days;

    /// Seconds between a nomination and the earliest time at which it has an effect.
    uint64 public immutable NOTICE;
    /// Who may say, once, which rollup this is the operator of.
    address private immutable DEPLOYER;

    /// Whose operator the seat is; none until the deployer has said it.
    IOperated public rollup;
    address public holder;
    address public owner;
    address public guardian;
    /// Whether the holder may do nothing.
    bool public isSuspended;
    Nomination public nextHolder;
    Nomination public nextOwner;

    event RollupSet(address indexed rollup);
    event HolderNominated(address indexed who, uint64 from);
    event HolderChanged(address indexed before, address indexed holder);
    event OwnerNominated(address indexed who, uint64 from);
    event OwnerChanged(address indexed before, address indexed owner);
    event GuardianChanged(address indexed before, address indexed guardian);
    event Suspended(address indexed by);
    event Resumed();

    /// Nobody there.
    error AddressMissing();
    /// Between an hour and thirty days.
    error NoticeOutOfRange(uint64 notice, uint64 least, uint64 most);
    /// The seat is not this rollup's operator, or it has one already.
    error RollupInvalid(address rollup);
    /// The caller may not do this.
    error CallerIsNot(address caller, address expected);
    /// Ether without a call: nothing here could use it.
    error NothingAsked();
    /// The holder is suspended: the owner resumes.
    error HolderSuspended();
    /// Nobody is nominated but this one, from then on, in seconds; zero for nobody.
    error NotNominated(address caller, address nominated, uint64 from);

    modifier only(address expected) {
        _only(expected);
        _;
    }

    constructor(address firstHolder, address firstOwner, address firstGuardian, uint64 notice) {
        if (firstHolder == address(0) || firstOwner == address(0) || firstGuardian == address(0)) {
            revert AddressMissing();
        }
        if (notice < LEAST_NOTICE || notice > MOST_NOTICE) revert NoticeOutOfRange(notice, LEAST_NOTICE, MOST_NOTICE);
        (holder, owner, guardian, NOTICE, DEPLOYER) = (firstHolder, firstOwner, firstGuardian, notice, msg.sender);
    }

    /// What the holder calls goes to the rollup; its answer, or its reason to refuse, comes back.
    fallback(bytes calldata input) external payable only(holder) returns (bytes memory output) {
        if (isSuspended) revert HolderSuspended();
        bool done;
        (done, output) = address(rollup).call{value: msg.value}(input);
        if (!done) {
            assembly ("memory-safe") {
                revert(add(output, 0x20), mload(output))
            }
        }
    }

    /// Ether belongs to a call.
    receive() external payable {
        revert NothingAsked();
    }

    /// @notice Says whose operator the seat is; once, by whoever deployed it.
    function setRollup(IOperated driven) external only(DEPLOYER) {
        bool isOurs =
            address(rollup) == address(0) && address(driven).code.length > 0 && driven.OPERATOR() == address(this);
        if (!isOurs) revert RollupInvalid(address(driven));
        rollup = driven;
        emit RollupSet(address(driven));
    }

    /// @notice Names who may take the seat after the notice; in place of whoever was named before, zero for nobody. Owner
    /// only.
    function nominateHolder(address who) external only(owner) {
        nextHolder = _nomination(who);
        emit HolderNominated(who, nextHolder.from);
    }

    /// @notice Takes the seat; not suspended, whatever the holder before was. Whoever is nominated, after the notice.
    function takeSeat() external {
        _requireNominated(nextHolder);
        emit HolderChanged(holder, msg.sender);
        holder = msg.sender;
        delete nextHolder;
        if (isSuspended) _resume();
    }

    /// @notice Names who may become the owner after the notice. Owner only.
    function nominateOwner(address who) external only(owner) {
        nextOwner = _nomination(who);
        emit OwnerNominated(who, nextOwner.from);
    }

    /// @notice Becomes the owner. Whoever is nominated, after the notice.
    function takeOwnership() external {
        _requireNominated(nextOwner);
        emit OwnerChanged(owner, msg.sender);
        owner = msg.sender;
        delete nextOwner;
    }

    /// @notice Replaces the guardian, at once. Owner only.
    function setGuardian(address who) external only(owner) {
        if (who == address(0)) revert AddressMissing();
        emit GuardianChanged(guardian, who);
        guardian = who;
    }

    /// @notice Takes the rollup out of the holder's hands, at once. Guardian only.
    function suspend() external only(guardian) {
        isSuspended = true;
        emit Suspended(msg.sender);
    }

    /// @notice Gives it back. Owner only.
    function resume() external only(owner) {
        _resume();
    }

    function _resume() private {
        isSuspended = false;
        emit Resumed();
    }

    function _nomination(address who) private view returns (Nomination memory) {
        return Nomination({who: who, from: who == address(0) ? 0 : uint64(block.timestamp) + NOTICE});
    }

    function _requireNominated(Nomination memory next) private view {
        if (msg.sender != next.who || block.timestamp < next.from) {
            revert NotNominated(msg.sender, next.who, next.from);
        }
    }

    function _only(address expected) private view {
        if (msg.sender != expected) revert CallerIsNot(msg.sender, expected);
    }
}
