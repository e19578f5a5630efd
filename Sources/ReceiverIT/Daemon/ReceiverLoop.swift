internal import DatagramListening
internal import Datagrams
internal import DiodeProtocol
internal import EventLog
internal import ReceiverITCore
internal import Threading
internal import Time

/// A listening socket on the core thread: where its batches come from, and which links it may carry.
///
/// A class, because the move-only ends of its rings need a place of their own; the core thread alone touches it.
final class ListeningPort {
    let listener: FrameListener
    private var source: FrameListener.Source
    /// The links that it may carry, and which of its paths it is to each.
    private let carried: [(link: LinkWorker, path: Int)]
    var links: [LinkWorker] { carried.map(\.link) }
    private(set) var malformed: UInt64 = 0
    private(set) var unknownLink: UInt64 = 0
    private var knownDrops: UInt64 = 0
    private var knownErrors: UInt64 = 0

    init(listener: FrameListener, source: consuming FrameListener.Source, carried: [(link: LinkWorker, path: Int)]) {
        self.listener = listener
        self.source = source
        self.carried = carried
    }

    var isFinished: Bool { source.filled.isFinished }
    func prepareToSleep() -> Bool { source.filled.prepareToSleep() }
    func awake() { source.filled.awake() }

    /// Reads one batch, if there is one.
    func readBatch(now: MonotonicInstant, time: UnixMilliseconds) -> Bool {
        guard let batch = source.next() else { return false }
        batch.forEachDatagram { frame in dispatch(frame, now: now, time: time) }
        source.giveBack(batch)
        for (link, _) in carried { link.finishRound(now: now, time: time) }
        return true
    }

    /// - Returns: how many datagrams the socket dropped since the last call, and how many frames the interface could not take.
    func newDrops() -> (socket: UInt64, interface: UInt64) {
        let report = listener.report
        defer { (knownDrops, knownErrors) = (report.socketDrops, report.interfaceErrors) }
        return (report.socketDrops - knownDrops, report.interfaceErrors - min(report.interfaceErrors, knownErrors))
    }

    var snapshot: ListenerSnapshot {
        let report = listener.report
        return ListenerSnapshot(
            address: listener.place.description, datagrams: report.datagrams, socketDrops: report.socketDrops,
            interfaceErrors: report.interfaceErrors,
            malformed: malformed + report.truncated, unknownLink: unknownLink,
            wantedBufferBytes: listener.wantedBufferBytes, receiveBufferBytes: listener.receiveBufferBytes,
            fault: report.fault)
    }

    /// W-02 and W-04: magic first, then the link that the frame names.
    private func dispatch(_ frame: RawSpan, now: MonotonicInstant, time: UnixMilliseconds) {
        guard let fingerprint = FramePreamble.link(of: frame) else {
            malformed += 1
            return
        }
        for (link, path) in carried where link.hasKey(fingerprint) {
            return link.receive(frame, path: path, now: now, time: time)
        }
        for (link, path) in carried where link.hadKey(fingerprint) {
            return link.receive(frame, path: path, now: now, time: time)
        }
        unknownLink += 1
    }
}

/// The core thread: reads what the listeners filled, lets every link decide, and hands over commits.
struct ReceiverLoop: ~Copyable {
    /// How often status is made.
    private static let statusPeriod = Duration.milliseconds(250)
    /// Batches of one socket between two looks at the others.
    private static let batchesPerTurn = 16

    private let ports: [ListeningPort]
    private let links: [LinkWorker]
    private let wakeup: Wakeup
    private let stopping: StopFlag
    private let shared: Lock<ReceiverStatus>
    private let log: EventLog
    private var shares: VerificationShares
    private var nextStatus = MonotonicInstant(nanoseconds: 0)

    init(
        ports: [ListeningPort], links: [LinkWorker], shares: consuming VerificationShares, wakeup: Wakeup,
        stopping: StopFlag, shared: Lock<ReceiverStatus>, log: EventLog
    ) {
        self.shares = shares
        self.ports = ports
        self.links = links
        self.wakeup = wakeup
        self.stopping = stopping
        self.shared = shared
        self.log = log
    }

    /// Runs until the wish to stop was raised and everything that the listeners filled is read.
    mutating func run() {
        do throws(SystemError) {
            var poller = try Poller(maximumEvents: ports.count + 1)
            try poller.add(wakeup.fileDescriptor, tag: 0, interest: .reading)
            for (index, port) in ports.enumerated() {
                try poller.add(port.listener.wakeup.fileDescriptor, tag: UInt64(index + 1), interest: .reading)
            }
            while !isDone {
                let isIdle = turn()
                if isIdle { try sleep(&poller) }
            }
        } catch {
            log.error("receiver.failed", "\(error)")
        }
        makeStatus(Self.now, isLast: true)
        for link in links { link.tellLast(now: Self.now) }
    }

    private var isDone: Bool { stopping.isRaised && ports.allSatisfy { $0.isFinished } }

    private static var now: MonotonicInstant { MonotonicClock.now() }
    private static var time: UnixMilliseconds { UnixClock.now() }

    /// - Returns: whether there was nothing to read.
    private mutating func turn() -> Bool {
        var isIdle = true
        for port in ports {
            var batches = 0
            while batches < Self.batchesPerTurn, port.readBatch(now: Self.now, time: Self.time) { batches += 1 }
            if batches > 0 { isIdle = false }
        }
        let now = Self.now
        let time = Self.time
        for port in ports {
            noteDrops(of: port, now: now)
        }
        for link in links { link.finishRound(now: now, time: time) }
        shares.look(at: links, now: now)
        if nextStatus <= now { makeStatus(now) }
        return isIdle
    }

    private func noteDrops(of port: ListeningPort, now: MonotonicInstant) {
        let drops = port.newDrops()
        let address = EventField.text(port.listener.place.description)
        if drops.socket > 0 {
            for link in port.links { link.note(.socket, now: now) }
            log.warning(
                "socket.drops", "the receive buffer was full",
                [
                    "address": address, "datagrams": .number(drops.socket),
                    "buffer": .number(port.listener.receiveBufferBytes),
                ])
        }
        if drops.interface > 0 {
            for link in port.links { link.note(.nic, now: now) }
            log.warning(
                "interface.errors", "the network interface could not take every frame",
                ["address": address, "frames": .number(drops.interface)])
        }
    }

    /// - Parameter isLast: the audit is to know all that was heard before the stop.
    private mutating func makeStatus(_ now: MonotonicInstant, isLast: Bool = false) {
        nextStatus = now.advanced(by: Self.statusPeriod)
        let time = Self.time
        for link in links {
            let carrying = ports.filter { port in port.links.contains { $0 === link } }
            link.refreshSnapshot(
                malformed: carrying.reduce(0) { $0 + $1.snapshot.malformed },
                unknownLink: carrying.reduce(0) { $0 + $1.unknownLink }, time: time)
            link.storeVitals(now: now, time: time, isDue: isLast)
        }
        var status = ReceiverStatus(at: time)
        status.links = links.map(\.snapshot)
        status.listeners = ports.map(\.snapshot)
        let made = status
        shared.withLock { $0 = made }
    }

    /// Sleeps until a batch is filled, a deadline comes, or somebody wants something.
    private func sleep(_ poller: inout Poller) throws(SystemError) {
        var deadline = nextStatus
        for link in links { if let next = link.nextDeadline { deadline = min(deadline, next) } }
        var mayAllSleep = true
        for port in ports where !port.isFinished { mayAllSleep = port.prepareToSleep() && mayAllSleep }
        let timeout = mayAllSleep ? max(.zero, Self.now.duration(to: deadline)) : .zero
        try poller.wait(timeout: timeout) { _ in }
        for port in ports { port.awake() }
        wakeup.take()
    }
}
