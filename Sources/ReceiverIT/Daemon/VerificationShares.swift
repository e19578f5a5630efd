internal import Crypto
internal import EventLog
internal import ReceiverITCore
internal import Threading
internal import Time

/// Gives every link its share of the half core that verifications may take (W-17, D1), each second anew.
///
/// One core thread serves all links, so that each of several links under a flood gets a part. A link that nobody floods keeps all of it: what
/// it verifies is its own traffic.
struct VerificationShares: ~Copyable {
    private static let period = Duration.seconds(1)
    /// Frames that its sender did not sign, or that no verification could be spent on: with so many in a period a link is flooded.
    private static let flood: UInt64 = 100

    private var scale: VerificationScale
    /// What was counted when that was last looked at, by link.
    private var known: [(refused: UInt64, verifications: UInt64)]
    private var next: MonotonicInstant

    init(links: Int, scale: consuming VerificationScale, now: MonotonicInstant) {
        self.scale = scale
        known = Array(repeating: (0, 0), count: links)
        next = now.advanced(by: Self.period)
    }

    /// Measures again if it is time and something was verified.
    mutating func look(at links: [LinkWorker], now: MonotonicInstant) {
        guard next <= now else { return }
        next = now.advanced(by: Self.period)
        var flooded = 0
        var isVerifying = false
        var isFlooded = [Bool](repeating: false, count: links.count)
        for (index, link) in links.enumerated() {
            let counted = link.verificationCounts
            isVerifying = isVerifying || counted.verifications > known[index].verifications
            isFlooded[index] = counted.refused - min(counted.refused, known[index].refused) >= Self.flood
            if isFlooded[index] { flooded += 1 }
            known[index] = counted
        }
        guard isVerifying else { return }
        let cost = scale.measureAgain()
        for (link, isFlooded) in zip(links, isFlooded) {
            link.note(Price(cost: cost, share: Price.wholeShare / Double(isFlooded ? flooded : 1)), now: now)
        }
    }
}
