internal import DiodeProtocol
internal import Time

/// Gathers records that were shed one after the other, so that a run names many of them at once.
///
/// Bounds: one run of at most 64 names; another reason, or a 65th name, begins the next run.
struct ShedGatherer {
    /// Names of one run at most.
    private static let maximumEntries = 64

    private var run: ShedRun?

    /// Adds a record.
    /// - Returns: the run before it, if this record begins a new one.
    mutating func add(
        _ topic: String, _ version: TopicVersion, _ reason: ShedRun.Reason, time: UnixMilliseconds
    ) -> ShedRun? {
        var full: ShedRun?
        if let run, run.reason != reason || run.entries.count >= Self.maximumEntries { full = take() }
        var run = self.run.take() ?? ShedRun(reason: reason, from: time, to: time, entries: [])
        run.to = max(run.to, time)
        if let last = run.entries.last, last.topic == topic {
            run.entries[run.entries.count - 1].records += 1
            run.entries[run.entries.count - 1].lastVersion = version
        } else {
            run.entries.append(ShedRun.Entry(topic: topic, records: 1, lastVersion: version))
        }
        self.run = run
        return full
    }

    /// Moves out what was gathered.
    mutating func take() -> ShedRun? { run.take() }
}
