import DiodeProtocol
import Outbox

/// Turns released units into effects (deliveries, events, the replica's stamps) and hands them over as one batch.
///
/// All effects of one round leave in one ``Commit``; what they changed in the tracker and in the replica goes with it, into
/// the same transaction.
struct Committer: Sendable {
    private(set) var commit = Commit()

    mutating func note(_ event: LinkEvent) { commit.events.append(event) }

    /// Applies the content of a released unit, item by item.
    /// - Parameter content: that of the unit, checked.
    /// - Returns: what its records and items came to.
    mutating func apply(
        _ released: ReleasedUnit, _ content: borrowing LiveContent, to replica: inout Replica, now: MonotonicInstant
    ) -> Applied {
        var applied = Applied()
        let unit = released.unit
        var deliveries: [Delivery] = []
        deliveries.reserveCapacity(Int(clamping: unit.records))
        content.forEachItem { item, offset in
            let stamp = Stamp(epoch: unit.epoch, sequence: SequenceNumber(rawValue: unit.firstSequence + offset))
            switch item {
            case .record(let record):
                applied.records += 1
                let standing = replica.apply(
                    topic: record.topic, retain: record.flags.retain, stamp: stamp, version: record.version)
                if standing == .untracked { applied.untracked += 1 }
                deliveries.append(delivery(of: record, in: released, standing: standing, stamp: stamp, now: now))
            case .shedRun(let run):
                applied.shed += run.records
                commit.events.append(.shed(run, at: stamp))
            default: note(item, before: stamp, &applied)
            }
        }
        if !deliveries.isEmpty {
            commit.units.append(
                DeliveryUnit(
                    content: unit.content, epoch: unit.epoch,
                    firstSequence: SequenceNumber(rawValue: unit.firstSequence), sequences: unit.records,
                    deliveries: deliveries))
        }
        return applied
    }

    /// The same for a unit that waited, whose content was checked when it came.
    mutating func apply(_ released: ReleasedUnit, to replica: inout Replica, now: MonotonicInstant) -> Applied {
        do throws(ContentError) {
            let content = try LiveContent(
                decoding: released.unit.content.span.bytes, sequenceCount: released.unit.records)
            return apply(released, content, to: &replica, now: now)
        } catch {
            preconditionFailure("a content is checked before its unit is accepted")
        }
    }

    /// What applying a unit came to.
    struct Applied {
        var records: UInt64 = 0
        var shed: UInt64 = 0
        var untracked: UInt64 = 0
        var skipped: UInt64 = 0
    }

    /// Moves the commit out; the next one is empty.
    mutating func take() -> Commit {
        defer { commit = Commit() }
        return commit
    }

    /// Control items take no sequence: they stand behind the record before them.
    private mutating func note(_ item: borrowing LiveItem, before next: Stamp, _ applied: inout Applied) {
        let stamp = Stamp(epoch: next.epoch, sequence: SequenceNumber(rawValue: next.sequence.rawValue - 1))
        switch item {
        case .checkpoint(let checkpoint): commit.events.append(.checkpoint(checkpoint, at: stamp))
        case .action(let action): commit.events.append(.action(action, at: stamp))
        case .unobserved(let unobserved): commit.events.append(.unobserved(unobserved, at: stamp))
        case .brokerDrop(let drop): commit.events.append(.brokerDropped(drop, at: stamp))
        case .rotation(let rotation): commit.events.append(.rotation(rotation, at: stamp))
        case .skipped: applied.skipped += 1
        case .record, .shedRun: break
        }
    }

    private func delivery(
        of record: borrowing RecordView, in released: ReleasedUnit, standing: Replica.Standing, stamp: Stamp,
        now: MonotonicInstant
    ) -> Delivery {
        let lateness: Delivery.Lateness
        switch standing {
        case .superseded: lateness = .superseded
        case .newest: lateness = released.isLate ? .newest : .none
        case .untracked: lateness = released.isLate ? .superseded : .none
        }
        let content = released.unit.content.span.bytes
        return Delivery(
            bytes: released.unit.content, topic: content.byteOffsets(of: record.topic) ?? 0..<0,
            properties: content.byteOffsets(of: record.properties) ?? 0..<0,
            payload: content.byteOffsets(of: record.payload) ?? 0..<0, qos: record.flags.qos,
            retain: record.flags.retain, lateness: lateness, stamp: stamp, version: record.version,
            sourceTime: record.time, releasedAt: now)
    }
}
