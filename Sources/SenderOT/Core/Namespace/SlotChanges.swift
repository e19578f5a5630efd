package import DiodeProtocol

/// What of the slots is on disk, and how it comes back: the table of slots lags behind them, and the blocks behind it say the rest.
///
/// ```text
/// change ─▶ changed, first come first written ─▶ SlotBatch ─▶ table       a freed place: its row is removed
/// forget ─▶ unwrittenForgotten ──────────────────────┘                    and its version forgotten, in one commit
/// ```
extension NamespaceSlots {
    /// Moves out topics that changed, the one that waits longest first.
    /// - Parameter newest: the stamp given last.
    /// - Returns: what is to be written, and the block of the first change that is left, nil if none is.
    mutating func takeChanged(_ limit: Int, newest: Stamp) -> (batch: SlotBatch, left: BlockNumber?) {
        var batch = SlotBatch()
        batch.newest = newest
        while batch.rows.count + batch.removed.count < limit, let next = changed.popFirst() {
            unwrittenForgottenSum -= unwrittenForgotten.removeValue(forKey: next.index) ?? 0
            guard entries.indices.contains(next.index) else {
                batch.removed.append(next.index)
                continue
            }
            entries[next.index].isChanged = false
            let entry = entries[next.index]
            if entry.isFree {
                batch.removed.append(next.index)
            } else {
                batch.rows.append(
                    SlotRow(
                        id: next.index, topic: entry.topic, version: entry.version, retained: entry.retained.encoded,
                        event: entry.event.encoded))
            }
        }
        // Neighbours in the table share pages.
        batch.rows.sort { $0.id < $1.id }
        // What is forgotten leaves the table together with this.
        batch.forgotten = forgotten - unwrittenForgottenSum
        return (batch, changed.first?.block)
    }

    /// Every topic has to be written again: the table is gone.
    mutating func noteAllChanged(in block: BlockNumber) {
        for index in entries.indices where !entries[index].isFree { noteChange(index, in: block) }
        (unwrittenForgotten, unwrittenForgottenSum) = ([:], 0)
    }

    /// Takes a row of the table, in the order of ids; what cannot be read counts as empty.
    package mutating func restore(id: Int, topic: RawSpan, version: UInt64, retained: RawSpan, event: RawSpan) {
        let known = find(topic)
        guard let place = (known ?? insertAgain(topic, at: id))?.index else {
            changed.append((id, BlockNumber(rawValue: 0)))
            return forget(version, at: id)
        }
        if place != id {
            noteChange(place, in: BlockNumber(rawValue: 0))
            changed.append((id, BlockNumber(rawValue: 0)))
        }
        let row = (retained: Value(encoded: retained), event: Value(encoded: event))
        if known != nil {
            // One of two rows is older: from before the topic was forgotten and came back, or moved.
            let (held, new) = (entries[place].newest, max(row.retained.stamp, row.event.stamp))
            if new < held { return forget(version, at: id) }
            guard new > held else { return }
            forget(entries[place].version, at: place)
            versions -= entries[place].version
        }
        entries[place].version = version
        versions += version
        change(place) { entry in
            entry.retained = row.retained
            entry.event = row.event
        }
    }

    /// Takes a record of the journal, unless it is known already.
    package mutating func replay(_ record: borrowing RecordView, stamp: Stamp) {
        guard let id = insertAgain(record.topic) else { return countUnnamed() }
        if stamp > entries[id.index].newest, record.version.rawValue <= entries[id.index].version {
            // The topic was forgotten and came back, and the table knows nothing of it yet.
            forget(entries[id.index].version, at: id.index)
            versions -= entries[id.index].version
            entries[id.index].version = 0
        }
        raiseVersion(id, to: record.version)
        let known = record.flags.retain ? entries[id.index].retained.stamp : entries[id.index].event.stamp
        guard known < stamp else { return }
        put(
            Content(
                properties: record.properties, payload: record.payload, qos: record.flags.qos,
                retain: record.flags.retain), in: id, stamp: stamp, version: record.version, time: record.time)
    }

    /// Takes a run of shed records, whose last stamp is given.
    /// - Parameter counted: up to here `forgotten` holds those that have no topic.
    package mutating func replay(_ run: ShedRun, last stamp: Stamp, counted: Stamp) {
        for entry in run.entries {
            let topic = Array(entry.topic.utf8)
            guard entry.lastVersion.rawValue > 0, let id = insertAgain(topic.span.bytes) else {
                if counted < stamp { countUnnamed(entry.records) }
                continue
            }
            raiseVersion(id, to: entry.lastVersion)
            noteShed(id, time: run.to)
        }
    }

    private mutating func raiseVersion(_ id: TopicID, to version: TopicVersion) {
        noteChange(id.index, in: BlockNumber(rawValue: 0))
        guard entries[id.index].version < version.rawValue else { return }
        versions += version.rawValue - entries[id.index].version
        entries[id.index].version = version.rawValue
    }

    /// Counts a version as forgotten, which leaves the table with a row.
    mutating func forget(_ version: UInt64, at place: Int) {
        forgotten += version
        unwrittenForgotten[place, default: 0] += version
        unwrittenForgottenSum += version
    }
}
