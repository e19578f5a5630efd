internal import Time

/// From when on a link is not current although it is heard (D16).
public struct Freshness: Sendable, Hashable {
    /// Values that are as old as this make a link degraded, and stale.
    public var degraded, stale: Duration

    public init(degraded: Duration = .seconds(5), stale: Duration = .seconds(30)) {
        self.degraded = degraded
        self.stale = stale
    }
}

/// How much later than the best of them the sender's newest beat came: so old are the values that come with it, at least.
public struct Lag: Sendable, Hashable {
    /// 0 and more.
    public let age: Duration
    /// Each beat comes later than the one before: time goes by more slowly on the link than in the plant.
    public let isGrowing: Bool

    public init(age: Duration, isGrowing: Bool = false) {
        self.age = age
        self.isGrowing = isGrowing
    }

    /// In words, without a full stop.
    public var words: String { "values are up to \(age.words) old\(isGrowing ? " and ageing" : "")" }
}

extension Duration {
    /// As people say it: `0.3 s`, `40 s`, `12 min`, `3 h`.
    package var words: String {
        let all = milliseconds
        return switch all {
        case ..<10_000: all % 1_000 == 0 ? "\(all / 1_000) s" : "\(all / 1_000).\(all % 1_000 / 100) s"
        case ..<120_000: "\(all / 1_000) s"
        case ..<7_200_000: "\(all / 60_000) min"
        default: "\(all / 3_600_000) h"
        }
    }
}
