internal import Time

/// How fast records may go to an IT broker that says "later": a rate that halves when the broker complains and grows slowly.
///
/// ```text
///         complaint           what was on its way is answered
///  free ─────────────▶ paused ─────────────────────────────────▶ half of the most that it took in a second ─▶ nine tenths, within seconds
///   ▲                     ▲  └─ it took nothing ─▶ two records ─▶ as before      │ 5 s, 10 s, … 1 h without a complaint
///   │                     └───────────────────── complaint ──────────────────────┤
///   └──────────────────────── above 20,000 a second ◀── half as much again ──────┘
/// ```
///
/// A pause is 0.1 s, and twice as long each time while the broker takes nothing, up to 10 s.
struct PublishPace: Sendable {
    private static let pauses = Duration.milliseconds(100)...Duration.seconds(10)
    private static let patiences = Duration.seconds(5)...Duration.seconds(3_600)
    private static let growth = Duration.seconds(2)
    /// Nobody limits to so many a second.
    private static let freeRate = 20_000.0

    /// Records a second; nil: as many as there are.
    private(set) var rate: Double?
    /// What the broker took in a second when it complained last.
    private var ceiling = 0.0
    private var allowance = 0.0
    private var allowedAt = MonotonicInstant(nanoseconds: 0)
    private var grownAt = MonotonicInstant(nanoseconds: 0)
    private var calmSince = MonotonicInstant(nanoseconds: 0)
    private var resumeAt: MonotonicInstant?
    private var pause = pauses.lowerBound
    private var patience = patiences.lowerBound
    /// The ceiling was raised since the last complaint.
    private var isProbing = false
    /// After a pause before which nothing was taken: how many records may go until one is.
    private var trial: Int?

    /// What was taken since the last pause: in this second, and at most in one.
    private var second = MonotonicInstant(nanoseconds: 0)
    private var taken = 0
    private var mostTaken = 0

    /// The broker took records.
    mutating func delivered(_ records: Int, at now: MonotonicInstant) {
        guard records > 0 else { return }
        if second.advanced(by: .seconds(1)) <= now { (second, taken) = (now, 0) }
        taken += records
        mostTaken = max(mostTaken, taken)
        trial = nil
    }

    /// The broker said "later", of records or to the connection. What it says of others on their way then is the same complaint.
    mutating func complained(at now: MonotonicInstant) {
        guard resumeAt == nil else { return }
        pause = mostTaken > 0 ? Self.pauses.lowerBound : min(pause * 2, Self.pauses.upperBound)
        resumeAt = now.advanced(by: pause)
    }

    /// How many records may go now. While it is none, those on their way are answered.
    mutating func room(at now: MonotonicInstant) -> Int {
        if let resumeAt {
            guard resumeAt <= now else { return 0 }
            resume(now)
        }
        if let trial { return trial }
        guard let rate else { return .max }
        grow(now)
        // At least one record, at most a twentieth of a second.
        allowance = min(max(1, rate / 20), allowance + rate * allowedAt.duration(to: now).inSeconds)
        allowedAt = now
        return Int(allowance)
    }

    /// A record was handed over.
    mutating func published() {
        if let left = trial { trial = max(0, left - 1) }
        if rate != nil { allowance -= 1 }
    }

    /// When `room` has more, if nothing happens before.
    var deadline: MonotonicInstant? {
        if let resumeAt { return resumeAt }
        guard let rate, allowance < 1 else { return nil }
        return allowedAt.advanced(by: .seconds((1 - allowance) / rate) + .milliseconds(1))
    }

    /// Whether the broker has said "later", and what is published is slowed down.
    var isSlowed: Bool { rate != nil || resumeAt != nil || trial != nil }

    private mutating func resume(_ now: MonotonicInstant) {
        resumeAt = nil
        (grownAt, calmSince, allowedAt, allowance) = (now, now, now, 1)
        if isProbing { patience = min(patience * 2, Self.patiences.upperBound) }
        isProbing = false
        guard mostTaken > 0 else {
            trial = 2
            return
        }
        let observed = Double(mostTaken)
        ceiling = max(2, rate.map { min($0, max(observed, $0 / 2)) } ?? observed)
        rate = ceiling / 2
        (taken, mostTaken) = (0, 0)
    }

    private mutating func grow(_ now: MonotonicInstant) {
        guard let old = rate, grownAt.advanced(by: Self.growth) <= now else { return }
        grownAt = now
        let top = ceiling * 0.9
        if old < top { rate = min(top, old + max((top - old) / 2, top / 20)) }
        guard calmSince.advanced(by: patience) <= now else { return }
        ceiling *= 1.5
        (calmSince, isProbing) = (now, true)
        if ceiling > Self.freeRate { (rate, patience) = (nil, Self.patiences.lowerBound) }
    }
}

extension Duration {
    fileprivate var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
