internal import DiodeProtocol
internal import Time

/// Limits what unsettled frames may cost (W-17): processor time by a token bucket, and tries for one block number.
///
/// ```text
///  rate = share of one core ÷ what a verification costs, at most `perSecond`
/// ```
/// A number alone cannot be right: what half a core verifies differs fivefold between machines, and a core that verifies all the time
/// leaves the genuine frames in the socket's buffer. What a verification costs is measured at the edge and given as a value (``Price``).
///
/// A block number has `maximumTries` failed tries within a second. After a failure the next try for it waits a little, twice
/// as long each time, so that genuine frames have come by then and take part in the draw. Block numbers share
/// 8,192 cells by a seeded hash: bounded memory, and nobody outside can aim at a cell.
struct VerificationBudget: Sendable {
    private struct Cell {
        var second: UInt64 = 0
        var tries: UInt8 = 0
        var notBefore = MonotonicInstant(nanoseconds: 0)
    }

    /// What a frame may have now.
    enum Grant: Equatable { case now, later, never }

    static let maximumTries: UInt8 = 8
    /// However slow a machine seems: genuine blocks have to be verified, too.
    private static let lowestRate = 100.0
    private static let firstPause = Duration.milliseconds(1)
    private static let cellCount = 8_192

    /// The configuration's bound, whatever the machine could do.
    private let bound: Double
    /// Verifications a second at the newest price, and how many of them at once.
    private(set) var perSecond = 0.0
    private var burst = 0.0
    /// nil until somebody measured: then the configured number alone counts.
    private var price: Price?
    private var tokens: Double
    private var filledAt: MonotonicInstant
    private var cells = [Cell](repeating: Cell(), count: Self.cellCount)
    private let seed: UInt64

    /// - Parameters:
    ///   - perSecond: verifications a second, at most.
    ///   - price: what one costs, as it was measured before.
    ///   - seed: unknown to the other side.
    init(perSecond: Int, price: Price? = nil, seed: UInt64, now: MonotonicInstant) {
        precondition(perSecond >= 1, "without verification nothing arrives")
        bound = Double(perSecond)
        self.price = price
        tokens = 0
        filledAt = now
        self.seed = seed
        setRate()
        tokens = burst
    }

    /// Another measurement came. One that is far off counts for a quarter, so that it takes several to move the rate.
    mutating func note(_ measured: Price) {
        var known = price ?? measured
        known.cost += (measured.cost - known.cost) / 4
        known.share = measured.share
        price = known
        setRate()
    }

    private mutating func setRate() {
        perSecond = min(bound, price.map { max(Self.lowestRate, $0.perSecond) } ?? bound)
        // 50 ms of it at once: as many blocks as a full link begins in that time, and no more.
        burst = max(32, perSecond / 20)
        tokens = min(tokens, burst)
    }

    mutating func refill(now: MonotonicInstant) {
        guard now > filledAt else { return }
        let elapsed = Double(now.nanoseconds - filledAt.nanoseconds) / 1e9
        tokens = min(burst, tokens + elapsed * perSecond)
        filledAt = now
    }

    var hasToken: Bool { tokens >= 1 }

    /// When there is a token again.
    var nextToken: MonotonicInstant {
        hasToken ? filledAt : filledAt.advanced(by: .nanoseconds(Int64((1 - tokens) / perSecond * 1e9) + 1))
    }

    /// Whether a frame of this block may be tried.
    func grant(_ id: BlockID, now: MonotonicInstant) -> Grant {
        let cell = cells[index(of: id)]
        guard cell.second == Self.second(now) else { return hasToken ? .now : .later }
        if cell.tries >= Self.maximumTries { return .never }
        return cell.notBefore <= now && hasToken ? .now : .later
    }

    /// A verification is about to be made.
    mutating func spend() { tokens -= 1 }

    /// It failed.
    mutating func noteFailure(_ id: BlockID, now: MonotonicInstant) {
        let index = index(of: id)
        if cells[index].second != Self.second(now) { cells[index] = Cell(second: Self.second(now)) }
        cells[index].notBefore = now.advanced(by: Self.firstPause * (1 << Int(min(cells[index].tries, 7))))
        cells[index].tries += 1
    }

    private func index(of id: BlockID) -> Int {
        // SplitMix64 finalizer over the numbers: fast, and good enough behind a secret seed.
        var word = seed ^ id.block.rawValue &* 0x9E37_79B9_7F4A_7C15
        word ^= id.epoch.rawValue &+ UInt64(id.channel.rawValue) &* 0xD1B5_4A32_D192_ED03
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int(truncatingIfNeeded: (word ^ (word >> 31)) & UInt64(Self.cellCount - 1))
    }

    private static func second(_ now: MonotonicInstant) -> UInt64 { now.nanoseconds / 1_000_000_000 + 1 }
}
