/// Keeps the messages of each topic apart by an interval: the first goes at once, and of those that come within the interval only the
/// newest of its kind waits for the end of it.
///
/// ```text
///              admits: true                 hold                     nextDue, readyAt passed
/// unknown ───────────────────▶ in interval ──────▶ a value waits ─────────────────────────▶ in interval, anew
///    ▲                              │   ▲              │ hold: the older one of its kind is superseded
///    └── nextDue, nothing waits ────┘   └── release ◀──┘
/// ```
///
/// Retained values and events of a topic wait beside each other, in the order in which they came. It takes time as a parameter, monotonic
/// since any start, and does nothing itself. Bounds: `topicLimit` topics, `byteLimit` bytes of values; what finds no room must go at once, early.
public struct TopicPacer<Value: Sendable>: Sendable {
    /// What `hold` came to.
    public enum Holding: Sendable {
        /// It waits; the value that waited in its place will never go.
        case waits(superseded: Value?)
        /// There is no room: let go what waits of the topic, then this.
        case noRoom
    }

    private struct Waiting: Sendable {
        let retain: Bool
        let value: Value
        let bytes: Int
    }

    private struct Entry: Sendable {
        var topic: [UInt8] = []
        var interval: Duration = .zero
        /// At most one of each kind, in the order in which they came.
        var waiting: [Waiting] = []
    }

    private struct Due: Sendable {
        let at: Duration
        let place: Int
    }

    private let topicLimit: Int
    private let byteLimit: Int
    private var places: [[UInt8]: Int] = [:]
    private var entries: [Entry] = []
    private var free: [Int] = []
    /// A binary heap: one element for each topic in its interval, the earliest end first.
    private var heap: [Due] = []
    /// Bytes of the values that wait.
    public private(set) var waitingBytes = 0
    /// Values that wait.
    public private(set) var waitingCount = 0
    /// Messages that went early for want of room.
    public private(set) var early: UInt64 = 0

    public init(topicLimit: Int = 65_536, byteLimit: Int = 32 << 20) {
        self.topicLimit = topicLimit
        self.byteLimit = byteLimit
    }

    /// Whether a message of the topic may go now; then its interval begins. Call `nextDue` until it is nil before.
    public mutating func admits(_ topic: [UInt8], each interval: Duration, now: Duration) -> Bool {
        if let place = places[topic] {
            entries[place].interval = interval
            return false
        }
        guard places.count < topicLimit else {
            early += 1
            return true
        }
        insert(topic, interval, until: now + interval)
        return true
    }

    /// Lets a message wait, whose topic is in its interval.
    /// - Parameter bytes: what the value counts.
    public mutating func hold(_ value: Value, of topic: [UInt8], retain: Bool, bytes: Int) -> Holding {
        guard let place = places[topic] else { preconditionFailure("only a topic in its interval waits") }
        let older = entries[place].waiting.first { $0.retain == retain }
        guard waitingBytes - (older?.bytes ?? 0) + bytes <= byteLimit else {
            early += 1
            return .noRoom
        }
        let superseded = withdraw(topic, retain: retain)
        entries[place].waiting.append(Waiting(retain: retain, value: value, bytes: bytes))
        waitingBytes += bytes
        waitingCount += 1
        return .waits(superseded: superseded)
    }

    /// Lets a value wait again that waited before a restart: until now.
    public mutating func restore(
        _ value: Value, of topic: [UInt8], retain: Bool, bytes: Int, now: Duration
    ) -> Holding {
        if places[topic] == nil { insert(topic, .zero, until: now) }
        return hold(value, of: topic, retain: retain, bytes: bytes)
    }

    /// The value of this kind that waits.
    public func waiting(of topic: [UInt8], retain: Bool) -> Value? {
        guard let place = places[topic] else { return nil }
        return entries[place].waiting.first { $0.retain == retain }?.value
    }

    /// Takes out the value of this kind: it will not go.
    public mutating func withdraw(_ topic: [UInt8], retain: Bool) -> Value? {
        guard let place = places[topic],
            let index = entries[place].waiting.firstIndex(where: { $0.retain == retain })
        else { return nil }
        let taken = entries[place].waiting.remove(at: index)
        waitingBytes -= taken.bytes
        waitingCount -= 1
        return taken.value
    }

    /// Takes out all that waits of the topic, in order, to go now. Its interval runs on.
    public mutating func release(_ topic: [UInt8]) -> [Value] {
        guard let place = places[topic] else { return [] }
        return takeWaiting(at: place)
    }

    /// When `nextDue` has something to say; nil while no topic is in its interval.
    public var deadline: Duration? { heap.first?.at }

    /// A topic whose interval is over and the values that waited for that, in order; a new interval begins with them.
    public mutating func nextDue(_ now: Duration) -> (topic: [UInt8], values: [Value])? {
        while let due = heap.first, due.at <= now {
            let entry = entries[due.place]
            guard !entry.waiting.isEmpty else {
                removeFirst()
                places[entry.topic] = nil
                entries[due.place] = Entry()
                free.append(due.place)
                continue
            }
            let values = takeWaiting(at: due.place)
            heap[0] = Due(at: now + max(entry.interval, .nanoseconds(1)), place: due.place)
            siftDown()
            return (entry.topic, values)
        }
        return nil
    }

    /// Takes out everything that waits: topic by topic, in order within each.
    public mutating func releaseAll() -> [(topic: [UInt8], values: [Value])] {
        var all: [(topic: [UInt8], values: [Value])] = []
        for place in entries.indices where !entries[place].waiting.isEmpty {
            all.append((entries[place].topic, takeWaiting(at: place)))
        }
        return all
    }

    /// Shows everything that waits.
    public func forEachWaiting(_ body: (_ topic: [UInt8], _ value: Value) -> Void) {
        for entry in entries {
            for waiting in entry.waiting { body(entry.topic, waiting.value) }
        }
    }

    private mutating func takeWaiting(at place: Int) -> [Value] {
        let taken = entries[place].waiting
        entries[place].waiting = []
        for each in taken { waitingBytes -= each.bytes }
        waitingCount -= taken.count
        return taken.map(\.value)
    }

    private mutating func insert(_ topic: [UInt8], _ interval: Duration, until end: Duration) {
        let place = free.popLast() ?? entries.count
        if place == entries.count { entries.append(Entry()) }
        entries[place] = Entry(topic: topic, interval: interval)
        places[topic] = place
        heap.append(Due(at: end, place: place))
        var child = heap.count - 1
        while child > 0, heap[child].at < heap[(child - 1) / 2].at {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        siftDown()
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].at < heap[least].at {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
