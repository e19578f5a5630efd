internal import Configuration
internal import Crypto
internal import DiodeProtocol
internal import JSON
internal import SenderOTEmission
internal import SenderOTJournal
internal import Storage
internal import Threading
internal import Time

/// Asks every part of the sender how it is. The only place that does.
struct SenderReporter: Sendable {
    private let software: String
    private let fingerprint: String
    private let incarnation: Incarnation
    private let intake: Intake
    private let subscriber: Subscriber
    private let watch: BrokerWatch
    private let faults: BrokerFaults
    private let reconciler: DeletionReconciler
    private let journal: Journal
    private let echo: EchoPlayer
    private let reserve: DiskReserve
    private let queue: TransmissionQueue
    private let emitter: FrameEmitter
    private let conditions: Lock<Conditions>
    private let rate = Lock(JournalRate())

    init(
        software: String, fingerprint: String, incarnation: Incarnation, intake: Intake, subscriber: Subscriber,
        watch: BrokerWatch, faults: BrokerFaults, reconciler: DeletionReconciler, journal: Journal, echo: EchoPlayer,
        reserve: DiskReserve,
        queue: TransmissionQueue, emitter: FrameEmitter
    ) {
        self.software = software
        self.fingerprint = fingerprint
        self.incarnation = incarnation
        self.intake = intake
        self.subscriber = subscriber
        self.watch = watch
        self.faults = faults
        self.reconciler = reconciler
        self.journal = journal
        self.echo = echo
        self.reserve = reserve
        self.queue = queue
        self.emitter = emitter
        conditions = Lock(Conditions(at: UnixClock.now()))
    }

    /// - Parameter configuration: the one that holds.
    func report(under configuration: SenderConfiguration) -> SenderReport {
        let now = UnixClock.now()
        let journal = self.journal.report
        let parts = SenderReport.Parts(
            at: now, software: software, fingerprint: fingerprint, configuration: configuration.digest,
            incarnation: incarnation, core: intake.progress, broker: subscriber.report, losses: watch.report,
            faults: faults.report, heldDeletions: reconciler.alarms, journal: journal,
            earlierEpochs: self.journal.earlierEpochs,
            echo: echo.report,
            reach: reach(configuration, journal, now),
            isReserveHeld: reserve.isHeld, diskTrouble: reserve.trouble, left: queue.newestLeft,
            leftSnapshot: queue.newestSnapshot,
            unsentBlocks: queue.unsentBlocks, emitter: emitter.progress)
        return conditions.withLock { SenderReport(parts, following: &$0) }
    }

    private func reach(
        _ configuration: SenderConfiguration, _ journal: JournalReport, _ now: UnixMilliseconds
    ) -> JournalReach {
        let rate = rate.withLock { $0.note(journal.writtenBytes, at: MonotonicClock.now()) }
        return JournalReach(
            configuration,
            JournalReach.Measured(
                oldest: journal.oldest, isWhole: journal.isWhole, usedBytes: journal.usedBytes,
                reusableBytes: journal.reusableBytes,
                freeBytes: FreeSpace.bytes(at: configuration.state.resolved),
                removesForRoom: journal.removesForRoom, bytesPerSecond: rate), now: now)
    }
}

extension SenderConfiguration {
    /// What a beat names the effective configuration by.
    var digest: Digest32 { SHA256Hasher.hash(effective.line.utf8.span.bytes) }
}
