internal import Account
internal import Threading
internal import Time

/// Where the store thread says what of each link's account is not in order.
final class MattersBoard: Sendable {
    private let matters: Lock<[AccountMatters]>

    init(links: Int) { matters = Lock(Array(repeating: AccountMatters(), count: links)) }

    func shown(_ link: Int) -> AccountMatters { matters.withLock { $0[link] } }

    func show(_ found: [AccountMatters]) { matters.withLock { $0 = found } }
}

/// When the account is looked through: behind transactions, at most each second, and never for more than a fiftieth of the time.
struct MattersPace: Sendable {
    private static let pause = Duration.seconds(1)
    private static let share = 50

    private var isDue = true
    private var next = MonotonicInstant.distantPast

    mutating func noteCommit() { isDue = true }

    func isDue(now: MonotonicInstant) -> Bool { isDue && next <= now }

    mutating func looked(from start: MonotonicInstant, to end: MonotonicInstant) {
        isDue = false
        next = end.advanced(by: max(Self.pause, start.duration(to: end) * Self.share))
    }
}
