internal import DiodeProtocol
internal import Time

/// Gathers records that were shed one after the other, so that a run names many of them at once.
///
/// Bounds: one run of at most 64 names, which together fit a block; another reason, or a name more than that, begins the next run. A name
/// that no block holds stands alone, for one record, which may span blocks (WIRE W-09).
struct ShedGatherer {
    /// Names of one run at most.
    private static let maximumEntries = 64

    /// What an entry takes beside its name, at most.
    private static let entryBytes = 24

    /// The most bytes that the entries of a run may take.
    private let maximumBytes: Int
    private var run: ShedRun?
    private var runBytes = 0

    /// - Parameter capacityBytes: what a block holds.
    init(capacityBytes: Int) { maximumBytes = max(0, capacityBytes - 1_024) }

    /// Adds a record.
    /// - Returns: the run before it, if this record begins a new one.
    mutating func add(
        _ topic: String, _ version: TopicVersion, _ reason: ShedRun.Reason, time: UnixMilliseconds
    ) -> ShedRun? {
        var full: ShedRun?
        let bytes = topic.utf8.count + Self.entryBytes
        if let run {
            let isFull = run.entries.count >= Self.maximumEntries || runBytes + bytes > maximumBytes
            if run.reason != reason || isFull { full = take() }
        }
        var run = self.run.take() ?? ShedRun(reason: reason, from: time, to: time, entries: [])
        run.to = max(run.to, time)
        if let last = run.entries.last, last.topic == topic {
            run.entries[run.entries.count - 1].records += 1
            run.entries[run.entries.count - 1].lastVersion = version
        } else {
            run.entries.append(ShedRun.Entry(topic: topic, records: 1, lastVersion: version))
            runBytes += bytes
        }
        self.run = run
        return full
    }

    /// Moves out what was gathered.
    mutating func take() -> ShedRun? {
        runBytes = 0
        return run.take()
    }
}
