internal import Crypto
internal import DiodeProtocol
internal import SenderOTCore
internal import SenderOTEmission
internal import SenderOTJournal
internal import Sparkplug
internal import Storage
internal import Time

/// What the sender knows of itself at one moment: everything that beat and `status` tell.
///
/// ```text
/// the parts ─▶ SenderReporter ─▶ SenderReport ─┬─▶ surroundings: the beat
///                                              └─▶ SenderStatus: the answer to `status`
/// ```
///
/// Whoever shows the sender takes it from here and adds nothing of his own, so that all of them say the same.
struct SenderReport: Sendable {
    /// What the parts say, as they said it.
    struct Parts: Sendable {
        let at: UnixMilliseconds
        let software: String
        let fingerprint: String
        /// Of the effective configuration.
        let configuration: Digest32
        let incarnation: Incarnation
        let core: Intake.Progress
        let broker: Subscriber.Report
        /// What the OT broker loses, or keeps to itself.
        let losses: BrokerWatch.Report
        /// How the OT broker breaks MQTT.
        let faults: BrokerFaults.Report
        /// Why deletions are held, or in doubt; empty if none are.
        let heldDeletions: [String]
        let journal: JournalReport
        /// What was committed under earlier epochs.
        let earlierEpochs: (listed: [Beat.EpochSummary], older: Beat.Pair?)
        let echo: EchoPlayer.Report
        let reach: JournalReach
        /// Whether room on the disk is kept back for the next epoch.
        let isReserveHeld: Bool
        /// Why the disk may not take the next epoch; nil while it will.
        let diskTrouble: String?
        /// The newest live block that has left, of any epoch.
        let left: LeftBlock
        /// The newest snapshot block that has left.
        let leftSnapshot: BlockNumber
        let unsentBlocks: Int
        let emitter: FrameEmitter.Counters
        /// How long this machine was suspended since it was started.
        let suspended: Duration
    }

    let parts: Parts
    /// How link and sender are, and since when.
    private(set) var conditions: Conditions

    /// - Parameter conditions: those of the report before; they become those of now.
    init(_ parts: Parts, following conditions: inout Conditions) {
        self.parts = parts
        self.conditions = conditions
        conditions.update(failure: parts.emitter.failure, alarm: alarms.first, at: parts.at)
        self.conditions = conditions
    }

    /// What an operator should know and do, one line each; the beat carries them to the other side.
    var alarms: [String] {
        let echoAlarm = parts.echo.failure.map { "blocks cannot be read back to be repeated: \($0)" }
        let paths = parts.emitter.paths.compactMap { path in path.failure.map { "path \(path.path): \($0)" } }
        let first = [parts.journal.alarm, echoAlarm].compactMap(\.self) + parts.reach.alarms
        let rest = [JournalReach.alarm(lags: parts.echo.lags), parts.diskTrouble, parts.core.edgeNodesAlarm]
        return first + rest.compactMap(\.self) + paths + brokerAlarms
    }

    /// Those of them that concern the OT broker.
    var brokerAlarms: [String] {
        parts.broker.alarms + parts.losses.alarms + parts.heldDeletions + parts.faults.alarms
    }

    /// The OT broker's connection as a condition.
    var otBroker: Condition {
        Condition(
            parts.broker.isOnline ? .online : .offline, since: parts.broker.since, reason: parts.broker.reason)
    }

    /// The next step, where what is wrong does not say it; empty where all is well. An alarm says it itself.
    var advice: String {
        if conditions.link.state == .offline { return "look at the interface, its neighbour entry and link.paths" }
        guard otBroker.state == .offline else { return "" }
        return "diode-send check tests the OT broker's address, certificate, account and password"
    }

    /// What the next beat says of everything around the core.
    var surroundings: BeatScheduler.Surroundings {
        var told = BeatScheduler.Surroundings()
        let hasLeft = parts.left.epoch == parts.core.newest.epoch
        told.sent =
            hasLeft
            ? (parts.left.sequence, parts.left.block) : (SequenceNumber(rawValue: 0), BlockNumber(rawValue: 0))
        told.sentSnapshot = parts.leftSnapshot
        told.isDurable = parts.journal.failure == nil
        told.journalled = parts.journal.syncedSequence
        told.floor = parts.journal.floor
        (told.earlierEpochs, told.olderEpochs) = parts.earlierEpochs
        told.software = parts.software
        told.configuration = parts.configuration
        told.broker = Beat.BrokerState(
            isOnline: parts.broker.isOnline, since: parts.broker.since,
            reason: Subscriber.shortened(parts.broker.reason, to: Beat.maximumTextBytes))
        told.echoShed = parts.echo.shed
        told.brokerDropped = parts.losses.dropped
        told.emitErrors = parts.emitter.refusedFrames
        told.suspended = parts.suspended
        told.journalBacklog = UInt64(parts.journal.backlogBlocks + parts.unsentBlocks)
        told.alarms = alarms.prefix(Beat.maximumAlarms).map { Subscriber.shortened($0, to: Beat.maximumTextBytes) }
        return told
    }
}

/// How link and sender are. They outlive a report: `since` moves only when a state does.
struct Conditions: Sendable {
    private(set) var link: Condition
    private(set) var sender: Condition

    init(at now: UnixMilliseconds) {
        link = Condition(.online, since: now)
        sender = Condition(.online, since: now)
    }

    /// - Parameters:
    ///   - failure: why frames do not leave; nil if they do.
    ///   - alarm: the first thing that an operator should know; nil if there is nothing.
    mutating func update(failure: String?, alarm: String?, at now: UnixMilliseconds) {
        if let failure { link.become(.offline, reason: failure, at: now) } else { link.become(.online, at: now) }
        if let alarm { sender.become(.degraded, reason: alarm, at: now) } else { sender.become(.online, at: now) }
    }
}
