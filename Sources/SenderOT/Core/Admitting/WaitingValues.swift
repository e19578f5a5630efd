internal import Collections
internal import DiodeProtocol
internal import MQTTProtocol
internal import Time

/// The values that wait for the rates of their rules, and those whose waiting is over and that are not records yet.
///
/// ```text
///          hold                   interval over, or release
/// value ────────▶ TopicPacer ─────────────────────────────▶ released ──nextReleased──▶ a record, or refused
///                    │ drop: a newer value took its place        │ noteGone
///                    ▼                                           ▼
///                  HeldChanges: which rows of the table of values that wait are to be written, and which to be removed
/// ```
///
/// Memory: that of the pacer; released values are taken out before anything else comes in.
struct WaitingValues {
    private var pacer = TopicPacer<HeldValue>()
    private var changes = HeldChanges()
    private var released = Ring<(topic: [UInt8], value: HeldValue)>()
    /// Values that gave way to a newer one.
    private(set) var superseded: UInt64 = 0

    /// Values that wait.
    var count: Int { pacer.waitingCount }

    /// When the first interval is over; nil while none runs.
    var deadline: MonotonicInstant? { pacer.deadline.map { MonotonicInstant(nanoseconds: $0.nanoseconds) } }

    /// Whether a message of the topic may go now; then its interval begins.
    mutating func admits(_ topic: [UInt8], each interval: Duration, now: MonotonicInstant) -> Bool {
        pacer.admits(topic, each: interval, now: now.sinceStart)
    }

    /// Whether a retained value waits that came after this fetch of the retained set had begun.
    func holdsValue(of topic: [UInt8], since fetch: UInt32) -> Bool {
        pacer.waiting(of: topic, retain: true)?.fetch == fetch
    }

    /// Lets a value wait, whose topic is in its interval.
    /// - Parameters:
    ///   - topic: the name in the plant.
    ///   - isFetched: a fetch of the retained set brought it.
    ///   - block: the one that holds the newest record.
    /// - Returns: false if there is no room. Then what waits of the topic is released, and the value has to go behind it, early.
    mutating func hold(_ value: HeldValue, of topic: [UInt8], isFetched: Bool, behind block: BlockNumber) -> Bool {
        switch pacer.hold(value, of: topic, retain: value.retain, bytes: value.byteCount + topic.count) {
        case .waits(let older):
            if older != nil { superseded += 1 }
            if value.isStored {
                changes.put(value, of: topic)
            } else if older?.isStored ?? false, isFetched {
                // The broker retains what is newer, and a start fetches it.
                changes.remove(value.retain, of: topic, behind: block)
            }
            return true
        case .noRoom:
            drop(topic, retain: value.retain, behind: block)
            release(topic)
            return false
        }
    }

    /// Lets a value wait again that waited when an earlier lifetime ended: until now. Without room it is released.
    mutating func restore(_ held: RestoredHeldValue, now: MonotonicInstant) {
        let (topic, value) = (held.topic, held.value)
        switch pacer.restore(
            value, of: topic, retain: value.retain, bytes: value.byteCount + topic.count, now: now.sinceStart)
        {
        case .waits: break
        case .noRoom:
            release(topic)
            released.append((topic, value))
        }
    }

    /// Gives up what waits of a topic's retained value, or of its events: something newer took its place.
    mutating func drop(_ topic: [UInt8], retain: Bool, behind block: BlockNumber) {
        guard let value = pacer.withdraw(topic, retain: retain) else { return }
        superseded += 1
        if value.isStored { changes.remove(retain, of: topic, behind: block) }
    }

    /// Releases everything that waits of a topic.
    mutating func release(_ topic: [UInt8]) { release(pacer.release(topic), of: topic) }

    /// Releases what has waited for long enough.
    mutating func releaseDue(now: MonotonicInstant) {
        while let (topic, values) = pacer.nextDue(now.sinceStart) { release(values, of: topic) }
    }

    /// Releases everything: the sender ends.
    mutating func releaseAll() {
        for (topic, values) in pacer.releaseAll() { release(values, of: topic) }
    }

    /// Moves out the next value whose waiting is over. Its row stays until ``noteGone(_:of:behind:)``.
    mutating func nextReleased() -> (topic: [UInt8], value: HeldValue)? { released.popFirst() }

    /// Notes that a value is a record, or will not be one.
    /// - Parameter block: the one that has to be safe before the row of the value may go.
    mutating func noteGone(_ value: HeldValue, of topic: [UInt8], behind block: BlockNumber) {
        if value.isStored { changes.remove(value.retain, of: topic, behind: block) }
    }

    /// Every row has to be written again.
    mutating func noteAllChanged() {
        pacer.forEachWaiting { topic, value in
            if value.isStored { changes.put(value, of: topic) }
        }
    }

    /// Moves out the rows that have to be written before any block that is closed from now on.
    mutating func takePuts() -> [HeldChange] { changes.takePuts() }

    /// Moves out the rows whose values are in blocks up to this one, or are given up.
    mutating func takeRemovals(through block: BlockNumber) -> [HeldChange] { changes.takeRemovals(through: block) }

    private mutating func release(_ values: [HeldValue], of topic: [UInt8]) {
        for value in values { released.append((topic, value)) }
    }
}

extension MonotonicInstant {
    /// The same as a time since the clock's start, which the pacer counts in.
    fileprivate var sinceStart: Duration { .nanoseconds(Int64(clamping: nanoseconds)) }
}
