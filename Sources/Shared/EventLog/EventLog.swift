// EventLog: what happened, one line an event on standard error, for people or for machines.
//
//   event ─▶ EventLog ─▶ EventThrottle (at most 20 lines per name and 10 s) ─▶ EventFormat ─▶ one write
//
//   EventLevel.swift — how much an event matters
//   EventField.swift — a value beside the message
//   EventThrottle.swift — keeps one event from drowning the others
//   EventFormat.swift — an event as a line of text or of JSON

internal import Glibc
internal import Threading

/// Writes events to standard error, one line and one system call each. Any thread may write.
///
/// ```swift
/// log.warning("link.stale", "no beat for 3 s", ["link": "plant-a", "since": .text(since)])
/// ```
///
/// An event has a short name that never changes (`link.stale`), by which operators find it and by which it is
/// throttled: at most 20 lines in 10 s, then one line that says how many more there were.
public final class EventLog: Sendable {
    private let format: EventFormat
    private let threshold: EventLevel
    private let descriptor: Int32
    private let journal: Bool
    private let throttle = Lock(EventThrottle())

    /// - Parameters:
    ///   - format: for people or for machines.
    ///   - threshold: the least important level that is written.
    ///   - descriptor: where lines go; standard error.
    public init(format: EventFormat = .text, threshold: EventLevel = .info, descriptor: Int32 = 2) {
        self.format = format
        self.threshold = threshold
        self.descriptor = descriptor
        journal = Self.isJournal(descriptor, stream: getenv("JOURNAL_STREAM").map { String(cString: $0) })
    }

    /// Something promised does not hold.
    public func error(_ event: String, _ message: String, _ fields: KeyValuePairs<String, EventField> = [:]) {
        write(.error, event, message, fields)
    }

    /// Something will not hold if nobody acts.
    public func warning(_ event: String, _ message: String, _ fields: KeyValuePairs<String, EventField> = [:]) {
        write(.warning, event, message, fields)
    }

    /// A change of state that an operator wants to find again.
    public func notice(_ event: String, _ message: String, _ fields: KeyValuePairs<String, EventField> = [:]) {
        write(.notice, event, message, fields)
    }

    /// What is normal and explains the rest.
    public func info(_ event: String, _ message: String, _ fields: KeyValuePairs<String, EventField> = [:]) {
        write(.info, event, message, fields)
    }

    /// What only a developer asks for.
    public func debug(_ event: String, _ message: String, _ fields: KeyValuePairs<String, EventField> = [:]) {
        write(.debug, event, message, fields)
    }

    /// Writes an event of a level that is computed.
    public func write(
        _ level: EventLevel, _ event: String, _ message: String, _ fields: KeyValuePairs<String, EventField> = [:]
    ) {
        guard level <= threshold else { return }
        let now = MonotonicClock.now()
        let (suppressed, admitted) = throttle.withLock { ($0.closed(now: now), $0.admits(event, now: now)) }
        tell(suppressed)
        guard admitted else { return }
        put(
            Event(
                level: level, name: event,
                // A reason that somebody else gave may be empty; a line never is.
                message: message.isEmpty ? "no reason was given" : message,
                fields: fields.map { (name: $0.key, value: $0.value) },
                time: UnixClock.now()))
    }

    /// Tells what was held back, before the program ends.
    public func finish() {
        tell(throttle.withLock { $0.closed(now: MonotonicClock.now(), all: true) })
    }

    private func tell(_ suppressed: [EventThrottle.Suppressed]) {
        for each in suppressed {
            put(
                Event(
                    level: .warning, name: "log.suppressed",
                    message: "\(each.count) more lines of \(each.event) within 10 s were not written",
                    fields: [("of", .text(each.event)), ("lines", .number(each.count))], time: UnixClock.now()))
        }
    }

    private func put(_ event: Event) {
        var bytes = Array(event.line(format, journal: journal).utf8)
        bytes.append(0x0A)
        // One call, so that lines of several threads and processes do not mix. If nobody reads them any more, the
        // program goes on without.
        while Glibc.write(descriptor, bytes, bytes.count) < 0, errno == EINTR {}
    }

    /// Whether journald reads this descriptor: `JOURNAL_STREAM` names the device and inode of its socket
    /// (systemd.exec(5)), and both are compared since the variable survives a redirection.
    static func isJournal(_ descriptor: Int32, stream: String?) -> Bool {
        var status = stat()
        guard let stream, fstat(descriptor, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }
}
