public import Account
internal import DiodeProtocol
public import EventLog
public import MQTT
public import Outbox
public import ReadBack
public import Threading
internal import Time

/// Publishes one link on the IT broker, on a thread of its own.
///
/// It takes deliveries from the outbox as the broker acknowledges earlier ones, at most a window of them. When the
/// connection is lost, nothing of the window is given up: what was under way at QoS 2 goes on, on the same session; then the window is
/// repeated in order from the oldest delivery whose fate is unknown, so that no older value lands behind a newer one.
public final class Publisher: Sendable {
    private let settings: PublisherSettings
    private let output: OutboxOutput
    private let readBack: ReadBackMailbox
    private let mailbox: PublisherMailbox
    private let shared: Lock<PublisherReport>
    private let log: EventLog
    private let compare: @Sendable (String) -> Bool
    private let thread = Lock<WorkerThread?>(nil)

    /// Opens nothing yet; `start` does.
    /// - Parameters:
    ///   - output: what it publishes.
    ///   - readBack: where it tells the receiver what the IT broker retains.
    ///   - compare: takes the head that the IT broker retains, on the publisher's thread; returns whether it may be replaced.
    public init(
        _ settings: PublisherSettings, output: OutboxOutput, readBack: ReadBackMailbox, log: EventLog,
        compare: @escaping @Sendable (String) -> Bool = { _ in true }
    ) throws(ConnectionError) {
        self.settings = settings
        self.output = output
        self.readBack = readBack
        self.log = log
        self.compare = compare
        shared = Lock(PublisherReport(since: UnixClock.now()))
        do throws(SystemError) { mailbox = try PublisherMailbox() } catch { throw .network(error) }
        // Made and thrown away: a file that cannot be read is an error now, not at the first reconnection.
        _ = try Connection(
            settings.ofConnections, observer: .init(changed: { _ in }, received: { _ in }))
    }

    /// Starts the thread, which dials until `stop`. Once.
    public func start() throws(SystemError) {
        let loop = PublisherLoop(
            settings, output: output, readBack: readBack, mailbox: mailbox, shared: shared, log: log,
            compare: compare)
        let worker = try WorkerThread(name: "publish", owning: loop) { loop in
            var loop = loop
            loop.run()
        }
        thread.withLock { $0 = worker }
    }

    /// The link's status, for `diode/<link>/status`.
    /// - Parameter hearing: what was heard of it, for edge nodes that fell silent; nil: nobody knows.
    public func post(_ status: LinkStatus, _ hearing: LinkHearing? = nil) { mailbox.post(.status(status, hearing)) }

    /// An episode that opened or is over, for `diode/<link>/gap`.
    public func post(_ episode: GapEpisode) { mailbox.post(.notice(episode)) }

    public var report: PublisherReport { shared.withLock { $0 } }

    /// Publishes what the outbox holds, at most for `drain`, says goodbye and waits for the thread to end.
    public func stop(drain: Duration) {
        mailbox.post(.stop(drain: drain))
        thread.withLock { $0 }?.join()
    }
}
