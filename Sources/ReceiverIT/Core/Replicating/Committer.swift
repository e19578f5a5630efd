internal import Account
internal import Collections
internal import Deliveries
internal import DiodeProtocol
internal import Time

/// Turns released units into effects (deliveries, events, the replica's stamps) and hands them over as one batch.
///
/// All effects of one round leave in one ``Commit``; what they changed in the tracker and in the replica goes with it, into
/// the same transaction.
struct Committer: Sendable {
    private(set) var commit = Commit()
    /// What the sender's clock shows now; nil while nobody knows.
    private var sourceClock: UnixMilliseconds?
    private var sums = VersionSums()

    /// Says what the sender's clock shows now: it tells how old a record is that is delivered.
    mutating func setSourceClock(_ clock: UnixMilliseconds?) { sourceClock = clock }

    mutating func note(_ event: LinkEvent) { commit.events.append(event) }
    mutating func beginReading(_ number: UInt64) { commit.beginsReading = number }

    /// Applies the content of a released unit, item by item.
    /// - Parameter content: that of the unit, checked.
    /// - Returns: what its records and items came to.
    mutating func apply(
        _ released: ReleasedUnit, _ content: borrowing LiveContent, to replica: inout Replica,
        with hasher: inout SymbolHasher, now: MonotonicInstant
    ) -> Applied {
        var applied = Applied()
        let unit = released.unit
        var deliveries: [Delivery] = []
        var duplicates: [Int] = []
        var records = 0
        // A run of shed records has many sequences in a few bytes.
        deliveries.reserveCapacity(min(Int(clamping: unit.records), content.itemCount))
        content.forEachItem { item, offset in
            let stamp = Stamp(epoch: unit.epoch, sequence: SequenceNumber(rawValue: unit.firstSequence + offset))
            switch item {
            case .record(let record):
                records += 1
                guard released.duplicates.isEmpty || !released.duplicates.contains(stamp.sequence.rawValue) else {
                    return duplicates.append(records - 1)
                }
                let slot = SlotContent(record, in: unit.content)
                if released.gap != 0, replica.hasHeard(record.version, of: record.topic) {
                    applied.found.append(
                        FoundRecords(
                            topic: [UInt8](copying: record.topic),
                            versions: record.version.rawValue...record.version.rawValue, from: stamp, through: stamp))
                }
                let standing = replica.apply(slot, stamp: stamp, version: record.version, with: &hasher)
                if standing == .untracked { applied.untracked += 1 }
                deliveries.append(
                    Delivery(
                        slot, lateness: lateness(standing, isLate: released.isLate), stamp: stamp,
                        version: record.version, sourceTime: record.time, releasedAt: now,
                        waitedBefore: age(record.time)))
            case .shedRun(let run):
                applied.shed += run.records
                let last = Stamp(
                    epoch: stamp.epoch, sequence: SequenceNumber(rawValue: stamp.sequence.rawValue + run.records - 1))
                if released.gap != 0 { applied.found += found(run, from: stamp, through: last, in: replica) }
                replica.apply(run, last: last, with: &hasher)
                commit.events.append(.shed(run, at: stamp))
            case .checkpoint(let checkpoint):
                note(item, before: stamp, &applied)
                // One that comes late speaks of a state that was.
                guard !released.isLate else { return }
                let at = Self.before(stamp)
                let isCounted = sums.agree(with: checkpoint, at: at)
                applied.comparison = DigestComparison(
                    at: at, isEqual: replica.agrees(with: checkpoint, with: &hasher) && isCounted)
            default: note(item, before: stamp, &applied)
            }
        }
        applied.records = UInt64(deliveries.count)
        if !deliveries.isEmpty {
            commit.units.append(
                DeliveryUnit(
                    content: unit.content, epoch: unit.epoch,
                    firstSequence: SequenceNumber(rawValue: unit.firstSequence), sequences: unit.records,
                    deliveries: deliveries, duplicates: duplicates))
        }
        return applied
    }

    /// The shed records that later records of their topics had told of: they are not missing any more.
    private func found(
        _ run: ShedRun, from: Stamp, through: Stamp, in replica: borrowing Replica
    ) -> [FoundRecords] {
        run.entries.compactMap { entry in
            let topic = Array(entry.topic.utf8)
            let last = entry.lastVersion.rawValue
            guard last > 0, entry.records > 0, replica.hasHeard(entry.lastVersion, of: topic.span.bytes) else {
                return nil
            }
            return FoundRecords(
                topic: topic, versions: max(1, last.minus(entry.records).plus(1))...last, from: from, through: through)
        }
    }

    /// How long ago the sender got a record: in its journal, on the link and in a gap its message expiry interval runs down, too. By the
    /// sender's clock, so that the two need not agree; a record from before a step of that clock is wrong by the step.
    private func age(_ time: UnixMilliseconds) -> Duration {
        guard let sourceClock, sourceClock > time else { return .zero }
        return .milliseconds(min(sourceClock.rawValue - time.rawValue, Self.longestAge))
    }

    /// The longest interval is 136 years.
    private static let longestAge: UInt64 = 1 << 42

    /// The same for a unit that waited, whose content was checked when it came.
    mutating func apply(
        _ released: ReleasedUnit, to replica: inout Replica, with hasher: inout SymbolHasher, now: MonotonicInstant
    ) -> Applied {
        do throws(ContentError) {
            let content = try LiveContent(
                decoding: released.unit.content.span.bytes, sequenceCount: released.unit.records)
            return apply(released, content, to: &replica, with: &hasher, now: now)
        } catch {
            preconditionFailure("a content is checked before its unit is accepted")
        }
    }

    /// A slot of the carousel that is delivered: as a content of its own, so that the outbox keeps it like any other.
    mutating func deliver(
        _ record: borrowing RecordView, stamp: Stamp, lateness: Delivery.Lateness, now: MonotonicInstant
    ) {
        var encoder = LiveContentEncoder()
        encoder.append(
            topic: record.topic, flags: record.flags, version: record.version, time: record.time,
            properties: record.properties, payload: record.payload)
        append(&encoder, stamp: stamp, lateness: lateness, now: now)
    }

    /// The deletion of a retained value that the IT broker has and the sender has not.
    /// - Parameter stamp: of that value.
    mutating func refreshDeletion(
        of topic: [UInt8], stamp: Stamp, version: TopicVersion, time: UnixMilliseconds, now: MonotonicInstant
    ) {
        var encoder = LiveContentEncoder()
        encoder.append(
            topic: topic.span.bytes, flags: RecordFlags(qos: .atLeastOnce, retain: true, hasProperties: false),
            version: version, time: time, properties: RawSpan(), payload: RawSpan())
        append(&encoder, stamp: stamp, lateness: .refresh, now: now)
    }

    private mutating func append(
        _ encoder: inout LiveContentEncoder, stamp: Stamp, lateness: Delivery.Lateness, now: MonotonicInstant
    ) {
        var content: [UInt8] = []
        encoder.finish(into: &content)
        var deliveries: [Delivery] = []
        do throws(ContentError) {
            let read = try LiveContent(decoding: content.span.bytes, sequenceCount: 1)
            read.forEachItem { item, _ in
                guard case .record(let record) = item else { return }
                deliveries.append(
                    Delivery(
                        SlotContent(record, in: content), lateness: lateness, stamp: stamp, version: record.version,
                        sourceTime: record.time, releasedAt: now, waitedBefore: age(record.time)))
            }
        } catch {
            preconditionFailure("what was encoded just now is a content")
        }
        commit.units.append(
            DeliveryUnit(
                content: content, epoch: stamp.epoch, firstSequence: stamp.sequence, sequences: 1,
                deliveries: deliveries))
    }

    /// What applying a unit came to.
    struct Applied {
        var records: UInt64 = 0
        var shed: UInt64 = 0
        var untracked: UInt64 = 0
        var skipped: UInt64 = 0
        /// Records whose absence was known by name.
        var found: [FoundRecords] = []
        /// Slots go that no record tells of (W-42).
        var isNarrowed = false
        /// Of the last checkpoint in it.
        var comparison: DigestComparison?
    }

    /// Moves the commit out; the next one is empty.
    mutating func take() -> Commit {
        defer { commit = Commit() }
        return commit
    }

    private mutating func note(_ item: borrowing LiveItem, before next: Stamp, _ applied: inout Applied) {
        let stamp = Self.before(next)
        switch item {
        case .checkpoint(let checkpoint): commit.events.append(.checkpoint(checkpoint, at: stamp))
        case .action(let action):
            if action.what == Action.narrowed { applied.isNarrowed = true }
            commit.events.append(.action(action, at: stamp))
        case .unobserved(let unobserved): commit.events.append(.unobserved(unobserved, at: stamp))
        case .brokerDrop(let drop): commit.events.append(.brokerDropped(drop, at: stamp))
        case .skipped: applied.skipped += 1
        case .record, .shedRun: break
        }
    }

    private func lateness(_ standing: Replica.Standing, isLate: Bool) -> Delivery.Lateness {
        switch standing {
        case .superseded: .superseded
        case .newest: isLate ? .newest : .none
        case .untracked: isLate ? .superseded : .none
        }
    }

    /// Control items take no sequence: they stand behind the record before them.
    private static func before(_ next: Stamp) -> Stamp {
        Stamp(epoch: next.epoch, sequence: SequenceNumber(rawValue: next.sequence.rawValue - 1))
    }
}

/// The sender's double entry (ADR 0013, W-37): by topic it has given out as many versions as it has numbered records. Only what it added
/// since the checkpoint before can be compared: what came before an epoch is in its versions, too, and not in its sequences.
private struct VersionSums: Sendable {
    private var last: (at: Stamp, sum: UInt64)?

    /// Notes a checkpoint.
    /// - Returns: whether both sums have grown alike since the last one of its epoch.
    mutating func agree(with checkpoint: Checkpoint, at: Stamp) -> Bool {
        // Both are below 2⁶³ (W-31).
        let sum = checkpoint.versions + checkpoint.forgotten
        defer { last = (at, sum) }
        guard let last, last.at.epoch == at.epoch, last.at <= at else { return true }
        return sum &- last.sum == at.sequence.rawValue - last.at.sequence.rawValue
    }
}

/// What the replica said where a checkpoint stood.
struct DigestComparison: Sendable, Equatable {
    var at: Stamp
    var isEqual: Bool
}

extension Delivery {
    init(
        _ content: SlotContent, lateness: Lateness, stamp: Stamp, version: TopicVersion, sourceTime: UnixMilliseconds,
        releasedAt: MonotonicInstant, waitedBefore: Duration
    ) {
        self.init(
            bytes: content.bytes, topic: content.topicRange, properties: content.propertiesRange,
            payload: content.payloadRange, qos: content.qos, retain: content.retain, lateness: lateness, stamp: stamp,
            version: version, sourceTime: sourceTime, releasedAt: releasedAt, waitedBefore: waitedBefore)
    }
}
