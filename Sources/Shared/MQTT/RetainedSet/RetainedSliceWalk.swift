internal import Collections
internal import MQTTProtocol

/// Decides which filters to subscribe to, one slice after the other, until the whole retained set is in (ADR 0003).
///
/// A SUBSCRIBE brings all that is retained below its filter in one burst, and a broker drops what exceeds its queue for
/// the subscriber, silently (mosquitto 2.0.11: at QoS 1 and 2 everything beyond the client's Receive Maximum + 1,000; at
/// QoS 0 what meets 1,000 packets that the socket has not taken). Two kinds of slice follow from that:
///
/// - A *scout* asks at QoS 0 and looks only at names. Whatever it loses, it loses here and there, not at the end, and to
///   a fast reader it loses nothing (120,000 of 120,000 measured). It sees deep topics whatever lies between, so levels
///   without a retained value of their own hide nothing. It tells how to divide what is too large.
/// - A *fetch* asks at the wanted QoS for one or more filters that together should hold well below `provenBelow`
///   messages. If it brings less than that, the broker cannot have dropped any, and the slice is proven.
///
/// ```text
///  scout acme/# ─▶ small:  fetch acme/#
///               └▶ large:  each part: small ones together ─▶ fetch acme/a/# acme/b/# …  ── too much? ─▶ halves, or scout
///                                     a large one ─────────▶ scout acme/c/# ─▶ …
///  when nothing is left: scout acme/# again, until a round brings no topic that is not known
/// ```
///
/// Depth-wise wildcards (`+`, `+/+`, …) were tried in thought and lost: one level of a plant can be as large as the
/// whole, and then they must be divided by name too. A set that changes meanwhile is fetched as it was at some instant of
/// the walk, topic by topic; what changes later is the main session's business.
///
/// Terminates: each division makes a pattern longer or takes a wildcard out, and rounds are counted.
struct RetainedSliceWalk: Sendable {
    /// One subscription to make.
    struct Slice: Sendable, Equatable {
        let filters: [String]
        let qos: QoS
    }

    private enum Task: Sendable {
        /// - Parameter mustDivide: a fetch of the whole was too large.
        case scout(SlicePattern, root: Int, mustDivide: Bool)
        case fetch([SlicePattern], root: Int)
        /// - Parameter quiet: how many rounds in a row have brought nothing new.
        case verify(root: Int, round: Int, quiet: Int)
    }

    /// One of the filters asked for.
    private struct Root: Sendable {
        let pattern: SlicePattern
        /// Distinct topics fetched below it.
        var topics = 0
        /// It was divided, so that parts nobody has seen may be missing.
        var isDivided = false
    }

    /// Topics of one part, in a scout.
    private struct Tally: Sendable {
        var all = 0
        /// Not fetched yet.
        var new = 0
    }

    /// Limits of one SUBSCRIBE.
    static let maximumFilters = 256
    static let maximumFilterBytes = 16 << 10
    /// Losses of the connection at one filter after which it is left out.
    static let maximumLosses = 5
    /// Rounds of verification after which a filter counts as unproven.
    static let maximumRounds = 40

    private let limits: RetainedSetLimits
    private var roots: [Root]
    private var tasks: [Task] = []
    private var current: Task?
    /// Hashes of the topics fetched. Two topics share one of 2⁶⁴ values with a probability below 10⁻⁶ at the limit.
    private var known: Set<Int> = []

    /// How many filters the server takes at once.
    private var size = SubscribeSize(maximumFilters: maximumFilters)
    /// Losses of the connection in a row, all at the same slice.
    private var losses = 0
    private var seen = 0
    private var scouted: Set<Int> = []
    private var tallies: [SlicePart: Tally] = [:]
    private(set) var report = RetainedSetReport()

    init(_ filters: [TopicFilter], limits: RetainedSetLimits) {
        self.limits = limits
        roots = filters.map { Root(pattern: SlicePattern($0)) }
        for index in roots.indices.reversed() {
            tasks.append(.scout(roots[index].pattern, root: index, mustDivide: false))
        }
    }

    /// How many messages a fetch is planned to bring: room for growth up to `provenBelow`.
    private var plannedMessages: Int { max(1, limits.provenBelow * 6 / 10) }

    /// The next slice; nil when the walk is over.
    mutating func next() -> Slice? {
        precondition(current == nil, "the last slice has not ended")
        guard report.failure == nil, let task = tasks.popLast() else { return nil }
        current = task
        seen = 0
        scouted.removeAll(keepingCapacity: true)
        tallies.removeAll(keepingCapacity: true)
        report.slices += 1
        switch task {
        case .scout(let pattern, _, _): return Slice(filters: [pattern.filter], qos: .atMostOnce)
        case .verify(let root, _, _): return Slice(filters: [roots[root].pattern.filter], qos: .atMostOnce)
        case .fetch(let patterns, _): return Slice(filters: patterns.map(\.filter), qos: limits.qos)
        }
    }

    /// A retained message has come.
    /// - Returns: whether it is to be delivered: by a fetch, and for the first time.
    mutating func receive(_ topic: RawSpan) -> Bool {
        guard let current, report.failure == nil else { return false }
        seen += 1
        let hash = topic.processHash
        switch current {
        case .fetch(_, let root):
            guard known.insert(hash).inserted else { return false }
            roots[root].topics += 1
            report.topics += 1
            if known.count >= limits.maximumTopics { report.failure = .tooManyTopics }
            return true
        case .scout(let pattern, _, _): tally(topic, hash, pattern)
        case .verify(let root, _, _): tally(topic, hash, roots[root].pattern)
        }
        return false
    }

    /// A retained message has come whose topic is none, so that no slice can be made for it.
    /// - Returns: whether it is to be delivered: for the first time, in whatever slice.
    mutating func receive(nameless topic: RawSpan) -> Bool {
        guard current != nil, report.failure == nil else { return false }
        seen += 1
        guard known.count < limits.maximumTopics, known.insert(topic.processHash).inserted else { return false }
        report.topics += 1
        return true
    }

    private mutating func tally(_ topic: RawSpan, _ hash: Int, _ pattern: SlicePattern) {
        guard scouted.count < limits.maximumTopics, scouted.insert(hash).inserted else { return }
        guard let part = pattern.part(of: topic) else { return }
        tallies[part, default: Tally()].all += 1
        if !known.contains(hash) { tallies[part, default: Tally()].new += 1 }
    }

    /// All of the slice has come.
    /// - Parameter refused: filters that the server did not grant.
    mutating func finishSlice(refused: [String] = []) {
        guard let task = current else { preconditionFailure("there is no slice") }
        current = nil
        losses = 0
        for filter in refused { Self.note(filter, in: &report.refused) }
        guard refused.isEmpty || seen > 0 else { return }
        switch task {
        case .scout(let pattern, let root, let mustDivide):
            if seen == 0 { return }
            if !pattern.isDivisible || (!mustDivide && scouted.count < plannedMessages) {
                tasks.append(.fetch([pattern], root: root))
            } else {
                divide(pattern, root)
            }
        case .fetch(let patterns, let root): judge(patterns, root)
        case .verify(let root, let round, let quiet): verify(root, round, quiet)
        }
    }

    /// The connection broke: the slice has to be made again, with fewer filters at once, since they may be why. A filter at which the
    /// connection breaks again and again is left out, and counts as refused.
    mutating func repeatSlice() {
        guard let task = current else { return }
        current = nil
        losses += 1
        if case .fetch(let patterns, let root) = task, patterns.count > 1 { return split(patterns, root) }
        guard losses < Self.maximumLosses else { return leaveOut(task) }
        tasks.append(task)
    }

    /// The slice's SUBSCRIBE is larger than the server allows.
    mutating func slicePacketTooLarge() {
        guard let task = current else { return }
        current = nil
        if case .fetch(let patterns, let root) = task, patterns.count > 1 { return split(patterns, root) }
        leaveOut(task)
    }

    private mutating func split(_ patterns: [SlicePattern], _ root: Int) {
        size.shrink(below: patterns.count)
        losses = 0
        for start in stride(from: 0, to: patterns.count, by: size.maximumFilters) {
            let part = patterns[start..<min(start + size.maximumFilters, patterns.count)]
            tasks.append(.fetch(Array(part), root: root))
        }
    }

    private mutating func leaveOut(_ task: Task) {
        losses = 0
        let pattern =
            switch task {
            case .scout(let pattern, _, _): pattern
            case .fetch(let patterns, _): patterns[0]
            case .verify(let root, _, _): roots[root].pattern
            }
        Self.note(pattern.filter, in: &report.refused)
    }

    /// A fetch is over: was it small enough to be whole?
    private mutating func judge(_ patterns: [SlicePattern], _ root: Int) {
        guard seen >= limits.provenBelow else { return }
        if patterns.count > 1 {
            let middle = patterns.count / 2
            tasks.append(.fetch(Array(patterns[middle...]), root: root))
            tasks.append(.fetch(Array(patterns[..<middle]), root: root))
        } else if patterns[0].isDivisible {
            tasks.append(.scout(patterns[0], root: root, mustDivide: true))
        }
    }

    /// Plans fetches for the parts that a scout has found and that hold something new.
    private mutating func divide(_ pattern: SlicePattern, _ root: Int) {
        if !roots[root].isDivided {
            roots[root].isDivided = true
            // Below the tasks that follow: done after them.
            tasks.append(.verify(root: root, round: 1, quiet: 0))
        }
        var group: [SlicePattern] = []
        var messages = 0
        var bytes = 0
        for (part, tally) in tallies where tally.new > 0 {
            let narrowed = pattern.narrowed(to: part)
            if tally.all >= plannedMessages, narrowed.isDivisible {
                tasks.append(.scout(narrowed, root: root, mustDivide: false))
                continue
            }
            let isFull =
                messages + tally.all > plannedMessages || group.count >= size.maximumFilters
                || bytes + narrowed.filterBytes > Self.maximumFilterBytes
            if isFull, !group.isEmpty {
                tasks.append(.fetch(group, root: root))
                group = []
                messages = 0
                bytes = 0
            }
            group.append(narrowed)
            messages += tally.all
            bytes += narrowed.filterBytes
        }
        if !group.isEmpty { tasks.append(.fetch(group, root: root)) }
    }

    /// A scout of everything is over, after everything known was fetched.
    private mutating func verify(_ root: Int, _ round: Int, _ quiet: Int) {
        let isNew = tallies.values.contains { $0.new > 0 }
        let quiet = isNew ? 0 : quiet + 1
        guard quiet < quietRounds(known: roots[root].topics) else { return }
        guard round < Self.maximumRounds else {
            Self.note(roots[root].pattern.filter, in: &report.unproven)
            return
        }
        tasks.append(.verify(root: root, round: round + 1, quiet: quiet))
        if isNew { divide(roots[root].pattern, root) }
    }

    /// How many rounds in a row must bring nothing new. One, if the scout saw what is known (a little less is what was
    /// deleted meanwhile). If it lost a share of that, as many as make it unlikely (1 in 1,000) that all of them have
    /// missed the same topic.
    private func quietRounds(known: Int) -> Int {
        guard scouted.count + 10 < known - known / 100 else { return 1 }
        let lost = 1 - Double(scouted.count) / Double(known)
        var missed = Double(known)
        var rounds = 0
        while missed > 0.001, rounds <= Self.maximumRounds {
            missed *= lost
            rounds += 1
        }
        return rounds
    }

    private static func note(_ filter: String, in list: inout [String]) {
        if list.count < 100, !list.contains(filter) { list.append(filter) }
    }

    /// Ends the walk before its end.
    mutating func fail(_ failure: RetainedSetReport.Failure) {
        current = nil
        if report.failure == nil { report.failure = failure }
    }
}
