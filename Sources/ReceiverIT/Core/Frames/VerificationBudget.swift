internal import DiodeProtocol
internal import Time

/// Limits what unsettled frames may cost (W-17): verifications a second by a token bucket, and tries for one block number.
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
    private static let firstPause = Duration.milliseconds(1)
    private static let cellCount = 8_192

    private let perSecond: Double
    private let burst: Double
    private var tokens: Double
    private var filledAt: MonotonicInstant
    private var cells = [Cell](repeating: Cell(), count: Self.cellCount)
    private let seed: UInt64

    /// - Parameters:
    ///   - perSecond: verifications a second; 8,000 are about half a core.
    ///   - seed: unknown to the other side.
    init(perSecond: Int, seed: UInt64, now: MonotonicInstant) {
        precondition(perSecond >= 1, "without verification nothing arrives")
        self.perSecond = Double(perSecond)
        // 50 ms of it at once: as many blocks as a full link begins in that time, and no more.
        burst = max(32, Double(perSecond) / 20)
        tokens = burst
        filledAt = now
        self.seed = seed
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
