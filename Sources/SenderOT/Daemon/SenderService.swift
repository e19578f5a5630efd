internal import Configuration
public import Crypto
internal import Datagrams
public import DiodeProtocol
public import EventLog
internal import FEC
internal import Glibc
public import JSON
internal import KeyFiles
internal import MQTT
public import MQTTProtocol
internal import SenderOTCore
internal import SenderOTEmission
public import SenderOTJournal
internal import Storage
internal import Synchronization
internal import Threading
internal import Time

/// The sender as a daemon runs it: everything between the OT broker's socket and the link's.
///
/// ```text
/// thread         owns                                  gets from             gives to
/// mqtt           Connection (in Subscriber)            OT broker             Intake ─▶ Journal
/// mqtt           Connection of RetainedSetFetcher      OT broker             Intake ─▶ Journal
/// mqtt-retained  the walk over the retained set        RetainedSetFetcher    DeletionReconciler ─▶ Intake
/// mqtt           BrokerWatch                           OT broker             Intake ─▶ Journal
/// pulse          when blocks and beats are due         clock                 Intake ─▶ Journal, TransmissionQueue
/// journal        what is written (JournalWriter)       Journal               JournalFeed, JournalSync
/// feed           what the link had no room for         JournalFeed, send.db  TransmissionQueue
/// echo           what is repeated (EchoPlayer)         send.db               TransmissionQueue
/// sync           what survives a loss of power         JournalSync           Subscriber: acknowledge
/// emit           encoder, pacer, sockets               TransmissionQueue     the link
/// control        answers, takes commands               Unix socket           DeletionReconciler, EchoPlayer
/// ```
///
/// `init` reads the key, reserves the epoch, brings back what earlier lifetimes knew, and opens nothing to the outside; `start` begins; `stop` drains.
public final class SenderService: Sendable {
    /// The longest drain of a stop, which may take 15 s in all (C1).
    public static let drain = Duration.seconds(14)
    /// The pause between two attempts to take back the room on the disk that was given up.
    private static let reservePause = Duration.seconds(60)
    /// The part of `drain` that is kept for saying goodbye to the broker.
    private static let farewell = Duration.seconds(1)

    public var epoch: Epoch { reserved.epoch }
    public var incarnation: Incarnation { reserved.incarnation }
    public let publicKey: Ed25519PublicKey
    private let reserved: ReservedEpoch
    private let setAside: String?
    private let reserve: DiskReserve
    private let reserveLookedAt = Lock(MonotonicClock.now())
    private let clock = ClockWatch(unix: UnixClock.now(), boot: BootClock.now())
    private let software: String
    private let log: EventLog
    private let queue: TransmissionQueue
    private let journal: Journal
    private let intake: Intake
    private let echo: EchoPlayer
    private let reconciler: DeletionReconciler
    private let watch: BrokerWatch
    private let faults: BrokerFaults
    private let subscriber: Subscriber
    private let emitter: FrameEmitter
    private let configuration: Lock<SenderConfiguration>
    private let reporter: SenderReporter
    private let stopping = Atomic<Bool>(false)
    private let pulse = Lock<WorkerThread?>(nil)

    /// - Parameters:
    ///   - broker: server, credentials and identity of the OT broker.
    ///   - software: what the beat tells of this program, at most 64 bytes.
    ///   - epoch: what the operator demands; nil takes it from the clock.
    ///   - clockStep: by how many milliseconds the clock was set since this process started.
    /// - Throws: what keeps the sender from starting.
    public init(
        _ configuration: SenderConfiguration, broker: ConnectionSettings, software: String, epoch demanded: UInt64?,
        clockStep: Int64 = 0, log: EventLog
    ) throws(SenderServiceError) {
        self.configuration = Lock(configuration)
        self.software = software
        reserve = DiskReserve(beside: configuration.state.resolved)
        self.log = log
        let now = UnixClock.now()
        let signer: Ed25519Signer
        do throws(KeyFileError) {
            signer = try KeyFile.readEd25519(configuration.link.key.resolved)
        } catch { throw .key(error) }
        publicKey = signer.publicKey
        let beside = CardBesideKey(
            of: configuration.link.key.resolved, link: configuration.link.name, publicKey: publicKey)
        if let mismatch = beside?.nameMismatch(link: configuration.link.name) { log.warning("link.name", mismatch) }
        let statements = try Self.statements(configuration, leadingTo: publicKey, log)
        let sealer = try Self.sealer(configuration)
        let paths = try Self.paths(configuration)
        let settings = Self.settings(configuration, isIPv6: paths.contains(where: \.destination.isIPv6))
        var start: SenderStart
        do throws(EpochError) {
            start = try SenderStart.prepare(
                path: configuration.state.resolved, limits: settings.slots, now: now,
                lowest: beside?.card.lowestEpoch, demanded: demanded)
        } catch { throw .epoch(error) }
        reserved = start.journal.epoch
        let restored = start.journal
        let schedule = try Self.echoes(configuration, restored, now)
        Self.announce(start, log)
        if let lowest = beside?.card.lowestEpoch, demanded == nil, lowest >= Epoch(rawValue: now.rawValue) {
            log.warning(
                "epoch.raised",
                "the clock is behind the card's lowest epoch: it was set back since the card was issued; the epoch is above it all the same",
                ["epoch": .number(reserved.epoch.rawValue), "card": .text(beside?.path ?? "")])
        }
        setAside = start.setAside
        let found = start.takeFound()
        let held = found.held
        let deliveries = found.deliveries
        let isWhole = found.isWhole
        let began = MonotonicClock.now()
        var core = SenderCore(
            epoch: reserved.epoch, incarnation: reserved.incarnation, settings: settings, slots: found.takeSlots(),
            sealer: sealer, now: began)
        core.restore(held, now: began)
        core.noteClockStep(clockStep)
        // If the slots are not the whole state, snapshots begin when the first fetch of the retained set has completed them.
        if isWhole { core.beginSnapshots(now: began) }
        do throws(SystemError) {
            queue = try TransmissionQueue()
            journal = try Journal(
                Self.journal(configuration), path: configuration.state.resolved, restored: restored, queue: queue,
                log: log)
            intake = try Intake(core: core, deliveries: deliveries, journal: journal, queue: queue)
            echo = try EchoPlayer(
                path: configuration.state.resolved, schedule: schedule, queue: queue, journal: journal, log: log)
            emitter = try FrameEmitter(
                Self.emission(configuration, settings.geometry.framing, statements), signer: signer, paths: paths,
                queue: queue)
        } catch { throw .system(error) }
        var broker = broker
        if broker.clientIdentifier.isEmpty { broker.clientIdentifier = "diode-send-\(configuration.link.name)" }
        reconciler = DeletionReconciler(
            hold: configuration.deletionHold, isAccepted: restored.deletionsAccepted, intake: intake, log: log)
        // What is noted of the broker: a line of the watch, then the session's filters.
        let noted = restored.broker.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        watch = BrokerWatch(
            broker, filters: settings.policy.subscriptions, noted: noted.first ?? "", intake: intake, log: log)
        faults = BrokerFaults(log: log)
        subscriber = Subscriber(
            broker, filters: settings.policy.subscriptions, narrower: settings.policy.narrower,
            session: SessionFilters(
                noted: noted.count > 1 ? noted[1] : "", rules: settings.policy.rules.map(\.filter)),
            intake: intake, reconciler: reconciler, watch: watch, faults: faults,
            requestsBirths: configuration.sparkplug.requestsRebirth, log: log)
        reporter = SenderReporter(
            software: software, fingerprint: LinkCard.fingerprint(of: publicKey), incarnation: reserved.incarnation,
            intake: intake, subscriber: subscriber, watch: watch, faults: faults, reconciler: reconciler,
            journal: journal, echo: echo,
            reserve: reserve, queue: queue, emitter: emitter)
    }

    /// Starts to send beats, to journal and to subscribe.
    /// - Throws: what the broker's settings make impossible, or no room for a thread. Then `stop` ends what was begun.
    public func start() throws(SenderServiceError) {
        let store: JournalStore
        do throws(StorageError) {
            let path = configuration.withLock { $0.state.resolved }
            store = try JournalStore(
                try Database(path: path, schema: SenderDatabase.schema), epoch: reserved,
                limits: journal.settings.limits)
        } catch { throw .epoch(.storage(error)) }
        do throws(SystemError) {
            try journal.start(
                store,
                observer: Journal.Observer(
                    acknowledge: { [subscriber] in subscriber.acknowledge($0) },
                    note: { [intake] in intake.note($0) },
                    takeDirtySlots: { [intake] in intake.takeChangedSlots($0) },
                    databaseReplaced: { [intake, echo] in
                        intake.noteDatabaseReplaced()
                        echo.forgetDatabase()
                    },
                    echoes: { [echo] in echo.note },
                    broker: { [watch, subscriber] in watch.note + "\n" + subscriber.note }))
            try echo.start()
            let thread = try WorkerThread(name: "pulse") { [self] in beat() }
            pulse.withLock { $0 = thread }
        } catch { throw .system(error) }
        note("start", "\(software), configuration \(fingerprintOfConfiguration)")
        let queued = journal.queuedResends
        if queued > 0 { note("resend", "\(queued) blocks were queued before the start") }
        note("export", configuration.withLock { Self.exportText($0.effective) })
        narrow()
        if let setAside { note("journal set aside", "damaged at the start, now \(setAside)") }
        do throws(ConnectionError) {
            try subscriber.start()
        } catch { throw .broker(error) }
        log.notice(
            "started", "sending",
            [
                "link": .text(configuration.withLock { $0.link.name }),
                "fingerprint": .text(LinkCard.fingerprint(of: publicKey)), "epoch": .number(epoch.rawValue),
            ])
    }

    /// What has to be looked at now and then. Call it about each second.
    /// - Returns: by how many milliseconds the clock has stepped, so that another service, with an epoch of its own, has to take over.
    public func tick() -> Int64? {
        subscriber.tick()
        watch.tick()
        keepReserve()
        let now = UnixClock.now()
        // No epoch can be begun with a clock that is certainly wrong; the one that runs goes on.
        guard let step = clock.step(unix: now, boot: BootClock.now()), now >= EpochReservation.earliestClock
        else { return nil }
        log.warning("clock.step", "the clock has stepped: a new epoch begins", ["milliseconds": .number(step)])
        note("clock step", "\(step) ms")
        return step
    }

    private func keepReserve() {
        let isDue = reserveLookedAt.withLock { last in
            let now = MonotonicClock.now()
            guard now >= last.advanced(by: Self.reservePause) else { return false }
            last = now
            return true
        }
        guard isDue, !reserve.isHeld, reserve.take() else { return }
        log.notice("reserve.taken", "the disk has room again: the reserve beside the database is held again")
    }

    /// Takes policy and key of a configuration that was read again. Anything else takes effect at the next start, and is
    /// said so; a key that cannot be used, or is another one, leaves the one in use.
    public func reload(_ new: SenderConfiguration) {
        let old = configuration.withLock { $0 }
        checkKey(new)
        if new.export != old.export {
            // The namespaces of Sparkplug take effect at a start alone, so the old ones are used here.
            let policy = ExportPolicy(rules: new.export, sparkplugNamespaces: old.sparkplug.namespaces)
            intake.replacePolicy(policy)
            narrow()
            subscriber.replace(filters: policy.subscriptions, narrower: policy.narrower)
        }
        configuration.withLock { $0 = new }
        note("configuration", "\(fingerprintOfConfiguration)")
        if new.export != old.export { note("export", Self.exportText(new.effective)) }
        log.notice(
            "reloaded", new.export == old.export ? "the export policy is the same" : "the export policy has changed",
            ["rules": .number(new.export.count)])
        let rest = Self.withoutExport(new.effective) != Self.withoutExport(old.effective)
        if rest { log.warning("reload.partial", "what changed besides export takes effect at the next start") }
    }

    /// The answer to `status`.
    public var status: JSONValue { SenderStatus(report).json }

    /// Stops reading, sends and acknowledges what was taken, says goodbye; at most `drain`.
    /// - Returns: whether everything was sent.
    @discardableResult
    public func stop() -> Bool {
        let deadline = MonotonicClock.now().advanced(by: Self.drain - Self.farewell)
        note("stop", software)
        watch.stop()
        intake.close()
        echo.stop()
        let left = journal.finish(until: deadline)
        // The last beat must not overtake what it announces.
        while !queue.isIdle, MonotonicClock.now() < deadline { usleep(1_000) }
        stopping.store(true, ordering: .releasing)
        intake.wakePulse()
        pulse.withLock { $0 }?.join()
        intake.lastBeat { report.surroundings }
        queue.finish()
        emitter.drain(until: max(deadline, MonotonicClock.now().advanced(by: .seconds(1))))
        let unsent = queue.unsentBlocks + left
        subscriber.stop(drain: Self.farewell)
        if unsent > 0 {
            log.error(
                "stop.unsent", "blocks were not sent before the stop; they go out at the next start",
                ["blocks": .number(unsent)])
        }
        return unsent == 0
    }

    // The pulse's thread.

    private func beat() {
        while !stopping.load(ordering: .acquiring) {
            let next = intake.pulse { report.surroundings }
            intake.waitForPulse(until: next)
        }
    }

    /// Deletes on the IT side what the policy does not export any more. `deletions.hold` does not apply, because the operator changed the
    /// policy on purpose.
    private func narrow() {
        let found = intake.unexported
        guard !found.isEmpty else { return }
        note(Action.narrowed, "\(found.words) are not exported any more")
        intake.endUnexported()
        note(Action.narrowed, "they are deleted")
        log.notice(
            Action.narrowed, "what is no longer exported was deleted",
            ["retained": .number(found.retained), "events": .number(found.events)])
    }

    /// What other rules would change for the topics that are held.
    func compare(with rules: [ExportPolicy.Rule]) -> PolicyComparison {
        let namespaces = configuration.withLock { $0.sparkplug.namespaces }
        return intake.compare(with: ExportPolicy(rules: rules, sparkplugNamespaces: namespaces))
    }

    /// The rules that hold.
    var effectiveExport: JSONValue { configuration.withLock { $0.effective["export"] ?? [] } }

    /// Releases deletions that are held.
    /// - Returns: how many topics that were.
    public func acceptDeletions(by account: String) -> Int {
        let count = reconciler.accept()
        note("accept-deletions", "\(count) topics; \(account)")
        return count
    }

    /// Queues the blocks of a bundle of this link again, as far as the journal holds them.
    public func resend(_ bundle: ResendBundle, by account: String) throws(ResendError) -> ResendAnswer {
        let answer = try ResendQueue.add(bundle, in: configuration.withLock { $0.state.resolved })
        note(
            "resend",
            "bundle of \(CalendarTime.text(bundle.written)): \(answer.held) blocks queued, \(answer.gone) no more in the journal;"
                + " \(account)"
        )
        echo.wake()
        return answer
    }

    private static func announce(_ start: borrowing SenderStart, _ log: EventLog) {
        if let setAside = start.setAside {
            log.error(
                "journal.set_aside", "the database was damaged and set aside; the journal begins anew",
                ["file": .text(setAside)])
        }
        if start.unreadable > 0 {
            log.error(
                "journal.unreadable", "blocks of the journal cannot be decoded", ["blocks": .number(start.unreadable)])
        }
        guard let unsent = start.journal.unsent else { return }
        log.notice(
            "journal.backlog", "blocks of an earlier start go out first", ["blocks": .number(unsent.count)])
    }

    /// What the sender knows of itself.
    private var report: SenderReport { reporter.report(under: configuration.withLock { $0 }) }

    private func note(_ what: String, _ detail: String) {
        intake.note(Action(at: UnixClock.now(), what: what, detail: detail))
    }

    private func checkKey(_ new: SenderConfiguration) {
        do throws(KeyFileError) {
            let signer = try KeyFile.readEd25519(new.link.key.resolved)
            guard signer.publicKey != publicKey else { return }
            log.error("reload.key", "the key file holds another key; the one in use stays until the next start")
        } catch {
            log.error("reload.key", "the key file cannot be used; the key in use stays", ["reason": .text("\(error)")])
        }
    }

    private var fingerprintOfConfiguration: String { configuration.withLock { $0 }.digest.description }
}
