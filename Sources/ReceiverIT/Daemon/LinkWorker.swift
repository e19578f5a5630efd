internal import Account
internal import DiodeProtocol
internal import EventLog
internal import Outbox
internal import ReadBack
internal import ReceiverITCore
internal import ReceiverITStore
internal import Time

/// One link on the core thread: its core, the queue it commits to, and what is told about it.
///
/// A class, because a table of cores that must not be copied needs a place for each; the core thread alone touches it.
final class LinkWorker {
    let name: String
    private var core: ReceiverCore
    private let queue: DeliveryQueue
    private let readBack: ReadBackMailbox
    private let store: ReceiverStore
    /// Among the store's links.
    private let index: Int
    /// What earlier processes counted.
    private let countedBefore: ReceiverCounters
    private var nextVitals = MonotonicInstant(nanoseconds: 0)
    private var episodes = GapEpisodes()
    private var rejections = RejectionWatch()
    /// The verdict has changed since vitals were stored.
    private var isNews = false
    /// When two senders under one key are worth another line.
    private var nextEquivocation = MonotonicInstant(nanoseconds: 0)
    private let log: EventLog
    private let observer: ReceiverService.Observer
    private(set) var snapshot: LinkSnapshot

    init(
        name: String, core: consuming ReceiverCore, queue: DeliveryQueue,
        readBack: ReadBackMailbox, store: ReceiverStore, index: Int, countedBefore: ReceiverCounters, log: EventLog,
        observer: ReceiverService.Observer
    ) {
        self.name = name
        self.core = core
        self.queue = queue
        self.readBack = readBack
        self.store = store
        self.index = index
        self.countedBefore = countedBefore
        self.log = log
        self.observer = observer
        snapshot = LinkSnapshot(
            name: name, fingerprint: self.core.keys.inUse.fingerprint, facts: self.core.facts,
            since: self.core.state.since)
    }

    /// - Parameter path: the place of its address in `listen`.
    func receive(_ frame: RawSpan, path: Int, now: MonotonicInstant, time: UnixMilliseconds) {
        core.receive(frame: frame, path: path, now: now, time: time)
    }

    /// Whether a frame names a key in use of this link, or one that was before it.
    func hasKey(_ name: LinkFingerprint) -> Bool { core.isInUse(name) }
    func hadKey(_ name: LinkFingerprint) -> Bool { core.isFormer(name) }

    func note(_ sign: LossEvidence.Sign, now: MonotonicInstant) { core.note(sign, now: now) }

    /// What a verification costs was measured again, or this link's share of the core has changed.
    func note(_ price: Price, now: MonotonicInstant) { core.note(price, now: now) }

    /// Frames that its sender did not sign or that could not be verified, and verifications, since the start.
    var verificationCounts: (refused: UInt64, verifications: UInt64) {
        let counters = core.counters
        return (counters.badSignature + counters.overBudget, core.occupancy.verifications)
    }

    var nextDeadline: MonotonicInstant? { core.nextDeadline }

    /// Does what time brings, and hands over what was decided. Waits while the store has too much to do.
    func finishRound(now: MonotonicInstant, time: UnixMilliseconds) {
        readBack.serve(wishes: core.takeReadingWish()) { core.serve($0, now: now, time: time) }
        core.advance(now: now, time: time)
        let commit = store.takeWholeWish(index) ? core.takeWholeCommit() : core.takeCommit()
        for event in commit.events { tell(event, now: now) }
        for episode in episodes.takeClosed(now: now) { tellClosed(episode) }
        guard !commit.isEmpty else { return }
        store.submit(StoreSubmission(link: index, commit: commit, vitals: nil, time: time))
    }

    /// About once a second, when the verdict has changed, and when it `isDue`: how the link is, for the audit and for the next start.
    func storeVitals(now: MonotonicInstant, time: UnixMilliseconds, isDue: Bool) {
        guard isDue || isNews || nextVitals <= now else { return }
        isNews = false
        nextVitals = now.advanced(by: .seconds(1))
        let vitals = LinkVitals(
            at: time, state: snapshot.state, since: snapshot.since, reason: snapshot.verdict.line,
            heardUntil: snapshot.heardUntil, clockOffsetMilliseconds: snapshot.clockOffsetMilliseconds,
            beat: snapshot.beat, form: snapshot.form, counters: countedBefore + snapshot.counters, paths: snapshot.paths
        )
        store.submit(StoreSubmission(link: index, commit: Commit(), vitals: vitals, time: time))
    }

    /// - Parameter rejected: what the listening sockets of this link refused before a link was known.
    func refreshSnapshot(malformed: UInt64, unknownLink: UInt64, time: UnixMilliseconds) {
        var snapshot = snapshot
        snapshot.fingerprint = core.keys.inUse.fingerprint
        snapshot.rotations = core.keys.rotations.count
        snapshot.senders = core.senders
        snapshot.paths = core.paths
        snapshot.heardUntil = core.heardUntil
        snapshot.beginsAt = core.beginsAt
        snapshot.decided = core.decided
        snapshot.account = core.account
        snapshot.pending = core.pending
        snapshot.epochs = core.epochs
        let gaps = core.gaps
        snapshot.gapCount = gaps.count
        snapshot.gaps = Array(gaps.suffix(LinkSnapshot.gapLimit))
        snapshot.counters = core.counters
        snapshot.counters.malformed += malformed
        snapshot.counters.unknownLink += unknownLink
        snapshot.occupancy = core.occupancy
        snapshot.beat = core.beat
        snapshot.form = core.form
        snapshot.clockOffsetMilliseconds = core.clockOffsetMilliseconds
        tellClock(from: snapshot.clockDifference, to: core.clockDifference)
        snapshot.clockDifference = core.clockDifference
        snapshot.replica = core.replica
        snapshot.outbox = queue.mqtt.totals
        snapshot.outboxLoad = queue.mqtt.load
        snapshot.outboxFault = outboxFault(after: snapshot.outboxFault, time: time)
        snapshot.durability = store.durability
        snapshot.head = store.head
        if snapshot.judge(by: facts(snapshot), at: time) {
            tell(snapshot.verdict)
            isNews = true
        }
        self.snapshot = snapshot
        observer.status(snapshot)
    }

    /// What the core hears, with what only those around it know.
    private func facts(_ snapshot: LinkSnapshot) -> LinkFacts {
        var facts = core.facts
        let differs = facts.account.differs
        facts.account = store.matters(of: index)
        facts.account.differs = differs
        facts.rejected = rejections.look(at: snapshot.counters)
        if let durability = snapshot.durability, !durability.isDurable { facts.storeFault = durability.reason }
        facts.diskTrouble = snapshot.durability?.disk?.reason
        facts.missingCause = Gap.Cause.most(of: snapshot.gaps)
        facts.itBroker = observer.itBroker(snapshot)
        return facts
    }

    private func tell(_ verdict: LinkVerdict) {
        log.write(
            verdict.state == .online ? .notice : .warning, "link.\(verdict.state.wordInLog)",
            verdict.reason.isEmpty ? "beats come in time and nothing is missing" : verdict.line, ["link": .text(name)])
    }

    /// Says once that the clocks have parted, and once that they agree.
    private func tellClock(from known: ClockDifference?, to new: ClockDifference?) {
        guard let new, new.isNotable != known?.isNotable ?? false else { return }
        if let words = new.words {
            log.warning("clock.differs", words, ["link": .text(name), "milliseconds": .number(new.milliseconds)])
        } else {
            log.notice("clock.agrees", "the sender's clock agrees with this machine's again", ["link": .text(name)])
        }
    }

    /// What the publisher cannot read from disk, it cannot publish.
    private func outboxFault(after known: Condition?, time: UnixMilliseconds) -> Condition? {
        // Where nothing waits, nothing has to be read: the file was set aside, or everything has left.
        guard let error = queue.mqtt.readError, queue.mqtt.load.waiting > 0 else {
            if known != nil { log.notice("outbox.readable", "what waits is read again", ["link": .text(name)]) }
            return nil
        }
        let reason = "what waits for it cannot be read: \(error)"
        guard known?.reason != reason else { return known }
        log.error("outbox.unreadable", "\(error)", ["link": .text(name)])
        return Condition(
            .degraded, since: known?.since ?? time, reason: reason)
    }

    /// Nothing more comes: what is decided is told without waiting for more of the same.
    func tellLast(now: MonotonicInstant) {
        for episode in episodes.takeClosed(now: now, isEnding: true) { tellClosed(episode) }
    }

    private func tellClosed(_ episode: GapEpisode) {
        observer.episode(name, episode)
        let level: EventLevel = episode.state == .lost ? .error : .notice
        log.write(
            level, "gap.\(episode.state.wordInLog)",
            episode.state == .lost
                ? "\(episode.lost) of \(episode.records) records are lost" : "all \(episode.records) records came late",
            [
                "link": .text(name), "gap": .number(episode.id), "gaps": .number(episode.runs.count),
                "range": .text(episode.rangeText), "cause": .text(episode.cause.wordInLog),
            ])
    }

    private func tell(_ event: LinkEvent, now: MonotonicInstant) {
        switch event {
        case .gapOpened(let gap):
            guard let episode = episodes.open(gap, now: now) else { return }
            observer.episode(name, episode)
            log.warning(
                "gap.opened", "\(gap.records) records are missing",
                [
                    "link": .text(name), "gap": .number(gap.id), "range": .text(episode.rangeText),
                    "cause": .text(gap.cause.wordInLog),
                ])
        case .gapClosed(let gap), .gapGrew(let gap): episodes.change(gap, now: now)
        case .epochBegan(let epoch, let incarnation, let sender):
            log.notice(
                "epoch.began", "first heard of an epoch",
                [
                    "link": .text(name), "epoch": .number(epoch.rawValue),
                    "incarnation": .text(String(incarnation.rawValue, radix: 16)), "card": .number(sender + 1),
                ])
        case .voided(let epoch, let behind, let delivered, let absent):
            log.warning(
                "epoch.void", "the sender lost its power: it repeats what it had not committed",
                [
                    "link": .text(name), "epoch": .number(epoch.rawValue), "behind": .number(behind.rawValue),
                    "repeated": .number(delivered), "absent": .number(absent),
                ])
        case .superseded(let epoch, let newest):
            log.warning(
                "epoch.superseded", "the sender's database was lost, or an older one was put back",
                ["link": .text(name), "epoch": .number(epoch.rawValue), "by": .number(newest.rawValue)])
        case .unsaid(let ending):
            log.error(
                "epoch.unsaid",
                "an epoch ended without the sender's last word: what it acknowledged in between may be lost"
                    + " (compare with the plant's historian, then `diode-recv ack`)",
                [
                    "link": .text(name), "behind": .text(ending.last.text), "next": .number(ending.successor.rawValue),
                    "from": .text(CalendarTime.text(ending.from)), "to": .text(CalendarTime.text(ending.to)),
                ])
        case .refused(let statement):
            log.error("statement.refused", statement.description, ["link": .text(name)])
        case .equivocation(let block, let first, let last):
            guard nextEquivocation <= now else { return }
            nextEquivocation = now.advanced(by: .seconds(60))
            log.error(
                "equivocation", "two senders use one key, or a sender's disk was rolled back",
                [
                    "link": .text(name), "epoch": .number(block.epoch.rawValue), "block": .number(block.block.rawValue),
                    "first": .number(first.rawValue), "last": .number(last.rawValue),
                ])
        case .shed(let run, let stamp):
            log.error(
                "sender.shed", "the sender shed records (\(run.reason.wordInLog))",
                ["link": .text(name), "records": .number(run.records), "first": .text(stamp.text)])
        case .unobserved(let interval, _):
            log.warning(
                "sender.unobserved", interval.reason.isEmpty ? "the sender was not subscribed" : interval.reason,
                [
                    "link": .text(name), "from": .text(CalendarTime.text(interval.from)),
                    "to": .text(CalendarTime.text(interval.to)), "resumed": .flag(interval.sessionResumed),
                ])
        case .brokerDropped(let drop, _):
            log.write(
                drop.isCounted ? .error : .notice, drop.isCounted ? "broker.dropped" : "broker.uncounted",
                drop.isCounted
                    ? "the OT broker lost messages before the sender could have them (\(drop.reason.wordInLog))"
                    : "the OT broker may have had messages that nobody counts (\(drop.reason.wordInLog))",
                [
                    "link": .text(name), "from": .text(CalendarTime.text(drop.from)),
                    "to": .text(CalendarTime.text(drop.to)),
                    "records": .text(drop.isCounted ? "\(drop.records ?? 0)" : "unknown"),
                ])
        case .action(let action, _):
            log.info(
                "sender.\(action.what)", action.detail.isEmpty ? "the sender says no more of it" : action.detail,
                ["link": .text(name)])
        case .digest(let matches, let stamp):
            log.write(
                matches ? .notice : .error, matches ? "digest.matches" : "digest.differs",
                matches
                    ? "the replica equals the sender's state again"
                    : "the replica does not equal the sender's state although nothing is missing",
                ["link": .text(name), "behind": .text(stamp.text)])
        case .diverged(let slots, let stamp):
            log.error(
                "replica.diverged", "values differed from what the sender says; the carousel has put them right",
                ["link": .text(name), "slots": .number(slots), "behind": .text(stamp.text)])
        case .itDiffers(let wrong, let ghosts, let refused):
            if wrong + ghosts > 0 {
                log.warning(
                    "it_broker.differs", "the IT broker does not retain what it was given: it is being repaired",
                    ["link": .text(name), "wrong": .number(wrong), "ghosts": .number(ghosts)])
            }
            if refused > 0 {
                log.warning(
                    "it_broker.refuses", "the IT broker does not retain values that it has refused: dead letters",
                    ["link": .text(name), "refused": .number(refused)])
            }
        case .leased(let change, let key):
            log.notice(
                "lease.changed", "another sender of the link speaks from here on",
                [
                    "link": .text(name), "card": .number(change.sender + 1), "key": .text(key),
                    "epoch": .number(change.lease.rawValue),
                ])
        case .contested(let contest, let key):
            log.error(
                "lease.contested", "two senders of the link speak: what the one without the lease says counts as late",
                [
                    "link": .text(name), "card": .number(contest.sender + 1), "key": .text(key),
                    "epoch": .number(contest.older.rawValue), "lease": .number(contest.lease.rawValue),
                ])
        case .rotated(let rotation, let card):
            log.notice(
                "key.rotated", "the sender's key has handed over to another one, which is in use from here on",
                ["link": .text(name), "key": .text(card.fingerprint), "former": .text(rotation.former.shown)])
        case .checkpoint: break
        }
    }
}

extension GapEpisode {
    /// `epoch:first-last` of its gaps, at most ten.
    fileprivate var rangeText: String {
        let shown = runs.prefix(10).map {
            "\($0.epoch.rawValue):\($0.firstSequence.rawValue)-\($0.lastSequence.rawValue)"
        }
        return shown.joined(separator: " ") + (runs.count > shown.count ? " …" : "")
    }
}
