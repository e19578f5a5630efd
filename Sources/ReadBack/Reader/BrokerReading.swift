package import EventLog
package import MQTT
package import MQTTProtocol
package import Outbox
package import ReadBack
package import Threading
package import Time

/// When the IT broker is read: at each connection, each period beside it, and once the core wishes to know whether a repair worked. The
/// publisher owns it and tells it of its connection.
package struct BrokerReading: ~Copyable {
    /// What has ended meanwhile is gone after this, from a broker that counts whole seconds.
    private static let soon = Duration.seconds(5)

    private let scope: ReadingScope
    private let mailbox: ReadBackMailbox
    /// The publisher's.
    private let wakeup: Wakeup
    private let log: EventLog
    private let changed: @Sendable (ConnectionState) -> Void
    /// What reads, while it does.
    private var reader: RetainedReader?
    /// When the next reading is due.
    private var due = MonotonicInstant(nanoseconds: 0)
    /// Of the connection that stands, if what it leads to can be read at all.
    private var version: ProtocolVersion?

    /// - Parameters:
    ///   - wakeup: signalled when `advance` has something to do.
    ///   - changed: what becomes of a connection that reads; on its thread.
    package init(
        _ scope: ReadingScope, mailbox: ReadBackMailbox, wakeup: Wakeup, log: EventLog,
        changed: @escaping @Sendable (ConnectionState) -> Void
    ) {
        self.scope = scope
        self.mailbox = mailbox
        self.wakeup = wakeup
        self.log = log
        self.changed = changed
    }

    /// When `advance` has something to do if it may begin, and nothing wakes the publisher before. What reads does so at its end.
    package var deadline: MonotonicInstant? { version == nil || reader != nil ? nil : due }

    /// The publisher has a connection.
    package mutating func connected(_ version: ProtocolVersion, now: MonotonicInstant) {
        guard version == .v5 || !scope.isEverything else { return mailbox.cancel() }
        self.version = version
        due = now.advanced(by: scope.period)
        mailbox.request(isNewConnection: true)
    }

    /// Something is to be read back soon, and not only with the next period.
    package mutating func hasten(now: MonotonicInstant) { due = min(due, now.advanced(by: Self.soon)) }

    /// Starts what was accepted, ends what is over, and asks again when it is due.
    /// - Parameters:
    ///   - settled: of the outbox: every delivery before it has left.
    ///   - mayBegin: false while the publisher stops.
    package mutating func advance(settled: OutboxPosition, mayBegin: Bool, now: MonotonicInstant) {
        if let reader, reader.isEnded {
            reader.stop()
            self.reader = nil
        }
        guard let version, reader == nil, mayBegin else { return }
        if mailbox.takeWish() || due <= now {
            due = now.advanced(by: scope.period)
            mailbox.request(isNewConnection: false)
        }
        guard mailbox.start(settled: settled) else { return }
        do {
            reader = try RetainedReader(
                scope, version: version, mailbox: mailbox, wakeup: wakeup, log: log, changed: changed)
        } catch {
            log.error("it_broker.unread", "\(error)", ["link": .text(scope.link)])
            mailbox.cancel()
        }
    }

    /// What reads gives way to the publisher's connection.
    package mutating func rest() {
        reader?.stop()
        reader = nil
    }

    /// The connection is lost, or the publisher ends: whatever was known of the broker is void.
    package mutating func lost() {
        version = nil
        mailbox.cancel()
        reader?.stop()
        reader = nil
    }
}
