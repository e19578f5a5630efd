internal import Time

/// What one verification costs, and which part of a core verifications of unsettled frames may take: measured and decided at the edge,
/// because this room reads no clock.
package struct Price: Sendable, Equatable {
    /// Half a core (D1).
    package static let wholeShare = 0.5
    /// Seconds of processor time for one verification: 1 µs…10 ms. A measurement beyond says more about the measuring.
    package var cost: Double
    /// Of one core, above 0 and at most ``wholeShare``.
    package var share: Double

    /// - Parameters:
    ///   - cost: of one verification; 62.5 µs are 8,000 a second in half a core.
    ///   - share: of one core.
    package init(cost: Duration, share: Double = wholeShare) {
        let seconds = Double(cost.nanoseconds) / 1e9
        self.cost = min(max(seconds, 1e-6), 1e-2)
        self.share = min(max(share, 0.001), Self.wholeShare)
    }

    /// How many that makes.
    package var perSecond: Double { share / cost }
}
